"""Reads the starter's phrases and samples as the training does; they are data, and the only thing we know of that project."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from hotline.understanding.folding import words

# Phrases of ordinary texts are no topic to answer, and no wish: the model must know them all the same.
OUT_OF_SCOPE = "out_of_scope"


@dataclass(frozen=True)
class StarterPhrase:
    """One phrase of the files."""

    language: str
    topic: str
    text: str


def key_of(text: str) -> str:
    """What makes two phrases one: case, diacritics and marks do not."""
    return " ".join(words(text)) or text.strip()


class PhraseFiles:
    """The files of the ``nlu_data`` folder. Nothing is kept: a language is read in a few hundredths of a second."""

    def __init__(self, folder: Path) -> None:
        """Look at nothing yet.

        Args:
            folder: ``nlu_data``.
        """
        self._folder = folder

    def starters(self, language: str) -> list[StarterPhrase]:
        """Every phrase of a language, in the order of its files."""
        paths = sorted((self._folder / "nlu" / language).glob("*.yml"))
        return [phrase for path in paths for phrase in _read_phrases(path)]

    def test_texts(self, language: str) -> set[str]:
        """Keys of the development sets: a model must never train on what it is judged by."""
        paths = (self._folder / "dev").glob(f"{language}*.tsv")
        return {key_of(text) for path in paths for _, text in read_samples(path)}

    def dangers(self) -> list[tuple[str, str]]:
        """(category, or near or none, text) of every known danger example of all languages."""
        paths = [*sorted((self._folder / "danger").glob("*.tsv")), *sorted((self._folder / "dev").glob("danger_*.tsv"))]
        return [sample for path in paths for sample in read_samples(path)]

    def everyday(self) -> list[tuple[str, str]]:
        """(topic, text) of the everyday questions of all languages."""
        return [sample for path in sorted((self._folder / "dev").glob("*_plain.tsv")) for sample in read_samples(path)]

    def regressions(self) -> list[StarterPhrase]:
        """The regression questions the hotline begins with."""
        path = self._folder / "regressions.tsv"
        return [StarterPhrase(*row) for row in _rows(path, 3)] if path.exists() else []

    def intents(self) -> list[str]:
        """Every topic and control intent the files know."""
        found = yaml.load((self._folder / "domain.yml").read_text(encoding="utf-8"), Loader=yaml.CBaseLoader)  # noqa: S506
        return list(found["intents"])


def read_samples(path: Path) -> Iterator[tuple[str, str]]:
    """(label, text) of every line of a development set."""
    return ((label, text) for label, text in _rows(path, 2))


def write_rows(path: Path, rows: Iterable[tuple[str, str, str]]) -> None:
    """Language, topic and text, one phrase a line; what the training reads besides its own files."""
    path.write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")


def _rows(path: Path, cells: int) -> Iterator[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from (row for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if len(row) == cells)


def _read_phrases(path: Path) -> Iterator[StarterPhrase]:
    # Words only: in YAML as this library reads it, the intents "yes" and "no" would be truth values.
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader)  # noqa: S506 - makes nothing but words
    for block in content["nlu"]:
        language = block["metadata"]["language"]
        for line in block["examples"].splitlines():
            yield StarterPhrase(language, block["intent"], line.removeprefix("- ").strip())
