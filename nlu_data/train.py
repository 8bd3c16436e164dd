"""Trains the model when its data changed, and leaves beside it what the hotline reads: phrases, thresholds.

Usage: ``python train.py [--force]`` from this folder, for the starter's model. The hotline calls it for a model of the studio:
``python train.py --further FOLDER --into FOLDER``, with what editors added and switched off; see ``further.py``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from components.samples import read_samples
from components.thresholds import Judged, find_thresholds
from further import put_together
from quiet import be_quiet
from shelf import FILE, HERE, MADE_WITH, MODELS, PHRASES, THRESHOLDS, components_digest

STAMP = MODELS / "trained_from"
DANGER_PREFIX = "danger_"
PHASES = {
    "train": "Training the model, one to three minutes ...",
    "thresholds": "Setting the thresholds from the development sets ...",
}


def main() -> None:
    """Train if needed."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--force", action="store_true", help="train even when nothing changed")
    arguments.add_argument("--further", type=Path, help="folder of what the studio added and switched off")
    arguments.add_argument("--into", type=Path, help="folder of the model; with it the model is always trained")
    options = arguments.parse_args()
    further, into = (path.resolve() if path else None for path in (options.further, options.into))
    os.chdir(HERE)
    if into is not None:
        _train_all(into, further, _tell_hotline)
        (into / MADE_WITH).write_text(components_digest())
        return
    digest = _digest()
    complete = all(path.exists() for path in (*(MODELS / name for name in (FILE, PHRASES, THRESHOLDS)), STAMP))
    if complete and STAMP.read_text() == digest and not options.force:
        print("The model is up to date.")
        return
    STAMP.unlink(missing_ok=True)
    started = time.monotonic()
    _train_all(MODELS, None, _tell_person)
    STAMP.write_text(digest)
    print(f"Trained in {time.monotonic() - started:.0f} s.")


def _digest() -> str:
    found = hashlib.sha256()
    folders = ("nlu", "danger", "dev", "components")
    files = [path for folder in folders for path in (HERE / folder).rglob("*") if path.suffix in (".yml", ".tsv", ".py")]
    single = ("config.yml", "domain.yml", "lexicon.tsv", "other_languages.tsv", "requirements.txt", "train.py")
    for path in sorted([*files, *(HERE / name for name in single)]):
        found.update(str(path.relative_to(HERE)).encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


def _train_all(folder: Path, further: Path | None, tell: Callable[[str, int | None], None]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    be_quiet()
    tell("train", None)
    with tempfile.TemporaryDirectory() as work:
        nlu, domain = HERE / "nlu", HERE / "domain.yml"
        if further is not None:
            nlu, domain = put_together(nlu, domain, further, Path(work))
        _train(folder, nlu, domain)
        _write_phrases(folder, nlu)
    _write_thresholds(folder, tell)


def _tell_hotline(phase: str, percent: int | None) -> None:
    print(json.dumps({"phase": phase, "percent": percent}), flush=True)


def _tell_person(phase: str, percent: int | None) -> None:
    if not percent:
        print(PHASES[phase], flush=True)


def _train(folder: Path, nlu: Path, domain: Path) -> None:
    # Rasa takes seconds to import; the check above must not.
    from rasa.model_training import train_nlu

    made = train_nlu(config="config.yml", nlu_data=str(nlu), output=str(folder), domain=str(domain), fixed_model_name=FILE)
    if made is None or Path(made).resolve() != folder / FILE:
        sys.exit("Rasa did not train a model; the lines above say why.")


def _write_phrases(folder: Path, nlu: Path) -> None:
    """What the fallback compares texts with when Rasa is down."""
    from rasa.shared.nlu.training_data.loading import load_data

    examples = load_data(str(nlu)).intent_examples
    lines = [
        f"{example.get('metadata')['intent']['language']}\t{example.get('intent')}\t{example.get('text')}" for example in examples
    ]
    (folder / PHRASES).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_thresholds(folder: Path, tell: Callable[[str, int | None], None]) -> None:
    import asyncio

    from rasa.core.agent import Agent

    agent = Agent.load(str(folder / FILE))
    judged = Judged()
    files = sorted((HERE / "dev").glob("*.tsv"))

    async def judge() -> None:
        for number, path in enumerate(files):
            tell("thresholds", 100 * number // len(files))
            is_danger = path.stem.startswith(DANGER_PREFIX)
            for label, text in read_samples(path):
                parse = await agent.parse_message(text)
                if is_danger:
                    judged.dangers.append((label, parse["danger"]["score"]))
                else:
                    judged.topics[path.stem.split("_")[0]].append(
                        (label == parse["intent"]["name"], parse["intent"]["confidence"])
                    )

    asyncio.run(judge())
    (folder / THRESHOLDS).write_text(json.dumps(find_thresholds(judged), indent=1) + "\n")


if __name__ == "__main__":
    main()
