"""Puts the phrases of the files and those of the studio together into one folder that Rasa can train from.

The hotline writes two tab-separated files, language, topic and text: ``phrases.tsv`` with what editors added, ``muted.tsv`` with
what they switched off.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from ruamel.yaml import YAML

ADDED, MUTED = "phrases.tsv", "muted.tsv"
STUDIO = "studio"


class Phrase(NamedTuple):
    """One phrase of the studio."""

    language: str
    topic: str
    text: str


class BrokenFurther(ValueError):
    """A file of the hotline cannot be used. The message names file and line."""


def read_phrases(path: Path) -> list[Phrase]:
    """The phrases of one file.

    Raises:
        BrokenFurther: a line has not three cells.
    """
    found = []
    with path.open(encoding="utf-8", newline="") as file:
        for number, line in enumerate(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE), start=1):
            if len(line) != 3 or not all(line):
                raise BrokenFurther(f"{path}, line {number}: must be a language, a topic and a text, parted by tabs.")
            found.append(Phrase(*line))
    return found


def put_together(starter: Path, domain: Path, further: Path, target: Path) -> tuple[Path, Path]:
    """Write all phrases and a domain that knows their topics.

    Args:
        starter: folder of the phrase files.
        domain: Rasa's domain of the files.
        further: folder with what the studio added and switched off.
        target: empty folder to write to.

    Returns:
        Folder of the phrases and file of the domain.
    """
    added, muted = read_phrases(further / ADDED), set(read_phrases(further / MUTED))
    yaml = YAML(typ="safe")
    yaml.default_flow_style = False
    phrases = target / "nlu"
    for path in sorted(starter.rglob("*.yml")):
        content = yaml.load(path.read_text(encoding="utf-8"))
        blocks = [kept for block in content["nlu"] if (kept := _without(block, muted))["examples"]]
        _write(yaml, phrases / path.relative_to(starter), blocks)
    by_place: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for phrase in added:
        by_place[phrase.language][phrase.topic].append(phrase.text)
    for language, topics in by_place.items():
        blocks = [_block(language, topic, texts) for topic, texts in topics.items()]
        _write(yaml, phrases / language / f"{STUDIO}.yml", blocks)
    known = yaml.load(domain.read_text(encoding="utf-8"))
    known["intents"] += sorted({phrase.topic for phrase in added} - set(known["intents"]))
    written = target / domain.name
    yaml.dump(known, written)
    return phrases, written


def _without(block: dict, muted: set[Phrase]) -> dict:
    language, topic = block["metadata"]["language"], block["intent"]
    lines = block["examples"].splitlines()
    kept = [line for line in lines if (language, topic, line.removeprefix("- ").strip()) not in muted]
    return {**block, "examples": "".join(f"{line}\n" for line in kept)}


def _block(language: str, topic: str, texts: list[str]) -> dict:
    return {"intent": topic, "metadata": {"language": language}, "examples": "".join(f"- {text}\n" for text in texts)}


def _write(yaml: YAML, path: Path, blocks: list[dict]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    yaml.dump({"version": "3.1", "nlu": blocks}, path)
