"""``make nlu-test``: measures understanding on the development sets by the hotline's own path; writes docs/understanding.md.

Every text goes through ``flask understand``, so rules, word lists, model and thresholds are judged together, as people meet them.
Fails when a language falls below its floor (``floors.json``). With ``--model NAME --figures FILE`` a model of the studio is
measured instead: the figures and the floors broken go to the file, the page stays, and progress is printed for the hotline.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import pyplot

from components.samples import read_samples

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
DOCS = ROOT / "docs"
REPORT = DOCS / "understanding.md"
START, END = "<!-- measured: begin -->", "<!-- measured: end -->"
DANGER_PREFIX, PLAIN_SUFFIX = "danger_", "_plain"
CALM = ("near", "none")
DECISIONS = ("answer", "confirm", "handoff", "clarify")
CONFUSIONS = 14
# Progress is told after so many texts.
TOLD_EVERY = 100


@dataclass(frozen=True)
class Case:
    """One text of a development set and what the hotline made of it."""

    language: str
    is_plain: bool
    label: str
    found: dict[str, Any]

    @property
    def is_right(self) -> bool:
        """Whether the best topic is the right one."""
        return bool(self.found["topic"] == self.label)

    @property
    def is_among_three(self) -> bool:
        """Whether the right topic is one of the best three."""
        return self.label in [item["topic"] for item in self.found["alternatives"][:3]]


def main() -> None:
    """Measure, write, judge."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--model", help="name of another model than the live one")
    arguments.add_argument("--figures", type=Path, help="file for the figures")
    options = arguments.parse_args()
    topics, dangers = _cases(options.model, tell=options.figures is not None)
    languages = sorted({case.language for case in topics})
    figures = {code: _figures(code, topics, dangers) for code in languages}
    if options.figures is not None:
        # Where there was nothing to count there is no figure, and JSON knows no such number.
        known = {code: {name: value for name, value in found.items() if not np.isnan(value)} for code, found in figures.items()}
        options.figures.write_text(json.dumps({"figures": known, "broken": _broken(figures)}), encoding="utf-8")
        return
    pictures = DOCS / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    _draw_confusions(topics, pictures / "confusions.png")
    _draw_calibration(topics, pictures / "calibration.png")
    table = _table(figures)
    _write(table)
    print(table)
    _judge(figures)


def _cases(model: str | None, *, tell: bool) -> tuple[list[Case], list[Case]]:
    """What the hotline makes of the development sets: of topics, of danger."""
    files = sorted((HERE / "dev").glob("*.tsv"))
    samples = [(path, label, text) for path in files for label, text in read_samples(path)]
    results = _understand([text for _, _, text in samples], model, tell=tell)
    found: tuple[list[Case], list[Case]] = ([], [])
    for (path, label, _), result in zip(samples, results, strict=True):
        is_danger = path.stem.startswith(DANGER_PREFIX)
        language = path.stem.removeprefix(DANGER_PREFIX).removesuffix(PLAIN_SUFFIX)
        found[is_danger].append(Case(language, path.stem.endswith(PLAIN_SUFFIX), label, result))
    return found


def _understand(texts: Sequence[str], model: str | None, *, tell: bool) -> list[dict[str, Any]]:
    named = ["--model", model] if model is not None else []
    command = [str(ROOT / ".venv" / "bin" / "flask"), "understand", *named]
    environment = {**os.environ, "FLASK_APP": "app"}
    found = []
    with tempfile.TemporaryFile("w+", encoding="utf-8") as lines:
        lines.writelines(json.dumps({"text": text, "channel": "sms"}) + "\n" for text in texts)
        lines.seek(0)
        with subprocess.Popen(command, stdin=lines, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment) as process:
            for line in process.stdout or ():
                found.append(json.loads(line))
                if tell and len(found) % TOLD_EVERY == 1:
                    print(json.dumps({"phase": "evaluate", "percent": 100 * len(found) // len(texts)}), flush=True)
    if process.returncode:
        sys.exit("`flask understand` failed; the lines above say why.")
    return found


def _figures(code: str, topics: Sequence[Case], dangers: Sequence[Case]) -> dict[str, float]:
    own = [case for case in topics if case.language == code]
    alarms = [(case.label, case.found["danger"] is not None) for case in dangers if case.language == code]
    sure = [case for case in own if case.found["decision"] == "answer"]
    decisions = Counter(case.found["decision"] for case in own)
    plain, hard = [case for case in own if case.is_plain], [case for case in own if not case.is_plain]
    return {
        "top-1": _percent(case.is_right for case in plain),
        "top-3": _percent(case.is_among_three for case in plain),
        "hard top-1": _percent(case.is_right for case in hard),
        "hard top-3": _percent(case.is_among_three for case in hard),
        "language": _percent(case.found["language"] == code for case in own),
        "danger found": _percent(alarm for label, alarm in alarms if label not in CALM),
        "false alarms, near": _percent(alarm for label, alarm in alarms if label == "near"),
        "false alarms, ordinary": _percent(alarm for label, alarm in alarms if label == "none"),
        "wrong though sure": 100 * sum(not case.is_right for case in sure) / len(own),
        **{name: 100 * decisions[name] / len(own) for name in DECISIONS},
    }


def _percent(values: Any) -> float:
    kept = list(values)
    return 100 * sum(kept) / len(kept) if kept else float("nan")


def _table(figures: dict[str, dict[str, float]]) -> str:
    names = list(next(iter(figures.values())))
    rows = [f"| {code} | " + " | ".join(f"{figure[name]:.1f}" for name in names) + " |" for code, figure in figures.items()]
    means = " | ".join(f"**{np.nanmean([figure[name] for figure in figures.values()]):.1f}**" for name in names)
    return "\n".join([f"| | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|", *rows, f"| **all** | {means} |"])


def _write(table: str) -> None:
    """Put the table between the marks of the page; everything around it is written by hand."""
    page = REPORT.read_text(encoding="utf-8")
    before, after = page.split(START)[0], page.split(END)[1]
    REPORT.write_text(f"{before}{START}\n{table}\n{END}{after}", encoding="utf-8")


def _judge(figures: dict[str, dict[str, float]]) -> None:
    broken = [
        f"{item['language']}: {item['name']} is {item['value']:.1f}, the floor is {item['floor']}" for item in _broken(figures)
    ]
    if broken:
        sys.exit("Below the floor of floors.json:\n" + "\n".join(broken))


def _broken(figures: dict[str, dict[str, float]]) -> list[dict[str, Any]]:
    floors = json.loads((HERE / "floors.json").read_text(encoding="utf-8"))
    return [
        {"language": code, "name": name, "value": figure[name], "floor": floor}
        for code, figure in figures.items()
        for name, floor in floors.items()
        if figure[name] < floor
    ]


def _draw_confusions(cases: Sequence[Case], path: Path) -> None:
    pairs = Counter((case.label, case.found["topic"]) for case in cases if not case.is_right and case.found["topic"])
    common = pairs.most_common(CONFUSIONS)[::-1]
    figure, axes = pyplot.subplots(figsize=(9, 5))
    axes.barh([f"{true}  taken for  {taken}" for (true, taken), _ in common], [count for _, count in common], color="#27647b")
    axes.set_xlabel("texts of all development sets")
    axes.set_title("The most frequent confusions")
    figure.tight_layout()
    figure.savefig(path, dpi=100)
    pyplot.close(figure)


def _draw_calibration(cases: Sequence[Case], path: Path) -> None:
    confidence = np.array([case.found["confidence"] for case in cases])
    right = np.array([case.is_right for case in cases])
    edges = np.linspace(0, 1, 11)
    middles, shares = [], []
    for low, high in pairwise(edges):
        inside = (confidence >= low) & (confidence < high if high < 1 else confidence <= high)
        if inside.any():
            middles.append(confidence[inside].mean())
            shares.append(right[inside].mean())
    figure, axes = pyplot.subplots(figsize=(5.5, 5))
    axes.plot([0, 1], [0, 1], color="#999999", linestyle="--", label="perfect")
    axes.plot(middles, shares, marker="o", color="#27647b", label="ours")
    axes.set_xlabel("confidence")
    axes.set_ylabel("share that is right")
    axes.set_title("What a confidence is worth")
    axes.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=100)
    pyplot.close(figure)


if __name__ == "__main__":
    main()
