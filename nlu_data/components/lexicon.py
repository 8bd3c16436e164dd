"""The concept lexicon: what a text speaks of (passport, refuse, how long …), whatever language says it.

``lexicon.tsv`` has one concept a line and one column a language; a cell holds patterns parted by ``|``. A pattern is one word or
several in a row; ``*`` leaves a word open. One automaton finds all patterns of all languages at once.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import ahocorasick

from components.words import words

OPEN = "*"
# What Arabic writes together with the word behind it: the, and, with, for, so. Only before words long enough to be safe.
ARABIC_PREFIXES = ("ال", "وال", "بال", "لل", "و", "ب", "ل", "فال", "عال", "ف")
SHORTEST_PREFIXED = 4
SHORTEST_PATTERN = 2


class BrokenLexicon(ValueError):
    """The lexicon cannot be used. The message names the line and the remedy."""


class Lexicon:
    """Finds concepts in texts."""

    def __init__(self, rows: Iterable[tuple[str, dict[str, str]]]) -> None:
        """Build the automaton.

        Args:
            rows: concept, and its patterns by language, parted by ``|``.
        """
        found: dict[str, list[tuple[str, re.Pattern[str] | None]]] = defaultdict(list)
        for concept, cells in rows:
            for language, cell in cells.items():
                for pattern in filter(None, (part.strip() for part in cell.split("|"))):
                    for key, shape in _keys(pattern, language):
                        found[key].append((concept, shape))
        self._automaton = ahocorasick.Automaton()
        for key, concepts in found.items():
            self._automaton.add_word(key, tuple(dict.fromkeys(concepts)))
        self._automaton.make_automaton()

    @classmethod
    def load(cls, path: Path) -> Lexicon:
        """Read ``lexicon.tsv``.

        Raises:
            BrokenLexicon: a line has more or fewer cells than there are languages.
        """
        with path.open(encoding="utf-8", newline="") as file:
            header, *lines = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        for number, line in enumerate(lines, start=2):
            if len(line) != len(header):
                raise BrokenLexicon(f"{path.name}, line {number}: {len(line)} cells instead of {len(header)}; part them by tabs.")
        return cls((line[0], dict(zip(header[1:], line[1:], strict=True))) for line in lines)

    def find(self, folded_words: Sequence[str]) -> list[str]:
        """The concepts a text speaks of, given as its folded words: each once, in alphabetical order."""
        prepared = f" {' '.join(folded_words)} "
        return sorted(
            {
                concept
                for _, concepts in self._automaton.iter(prepared)
                for concept, shape in concepts
                if shape is None or shape.search(prepared)
            }
        )


def _keys(pattern: str, language: str) -> Iterable[tuple[str, re.Pattern[str] | None]]:
    """What to look for in a text whose words are parted by single blanks, and what must hold there besides."""
    pieces = [_prepare(piece) for piece in pattern.strip(OPEN).split(OPEN)]
    longest = max(pieces, key=len).strip()
    if len(longest) < SHORTEST_PATTERN:
        return
    if len(pieces) > 1:
        yield longest, re.compile(r"\w*".join(re.escape(piece) for piece in pieces))
        return
    start, end = ("" if pattern.startswith(OPEN) else " "), ("" if pattern.endswith(OPEN) else " ")
    yield start + longest + end, None
    if language == "ar" and start and len(longest) >= SHORTEST_PREFIXED:
        for prefix in ARABIC_PREFIXES:
            yield start + prefix + longest + end, None


def _prepare(piece: str) -> str:
    # A blank at an edge beside a star is a word border and must survive the folding.
    before, after = (" " if edge.isspace() else "" for edge in (piece[:1] or "x", piece[-1:] or "x"))
    return before + " ".join(words(piece)) + after
