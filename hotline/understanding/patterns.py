"""Finds many patterns in a text at once: words or several words in a row, ``*`` leaves a word open, ``#`` is any number.

Texts and patterns are folded the same way, so case, diacritics, Arabic letter variants and apostrophes do not matter.
"""

from __future__ import annotations

import re
from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence

import ahocorasick

from hotline.understanding.folding import fold

NUMBER = "#"
OPEN = "*"
# Words are joined by this, so that a pattern's open ends can be told from word borders.
_BORDER = " "


class PatternFinder:
    """Patterns get numbers as they are added; ``find`` tells which of them a text holds.

    There may be a hundred thousand in every web process, so the automaton keeps plain integers and nothing else.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._automaton = ahocorasick.Automaton(ahocorasick.STORE_INTS)
        # Of patterns with a star inside, the automaton finds the longest piece; the whole is looked for afterwards.
        self._shapes: dict[int, list[tuple[int, re.Pattern[str]]]] = defaultdict(list)
        self._lengths = array("H")

    def add(self, pattern: str) -> int | None:
        """Add a pattern; the same one twice is one.

        Returns:
            Its number, or None when nothing of it is left after folding.
        """
        folded = _fold_pattern(pattern)
        return self._numbers.setdefault(folded, len(self._numbers)) if folded else None

    def finish(self) -> None:
        """Build the automaton; call once, after the last ``add``."""
        for pattern in [pattern for pattern in self._numbers if OPEN in pattern]:
            pieces, number = pattern.split(OPEN), self._numbers[pattern]
            piece = self._numbers.setdefault(max(pieces, key=len), len(self._numbers))
            self._shapes[piece].append((number, re.compile(r"\w*".join(re.escape(part) for part in pieces))))
        self._lengths.extend(map(len, self._numbers))
        while self._numbers:
            # Each one gives its room to the automaton.
            pattern, number = self._numbers.popitem()
            if OPEN not in pattern:
                self._automaton.add_word(pattern, number)
        if self._lengths:
            self._automaton.make_automaton()

    def find(self, folded_words: Sequence[str]) -> frozenset[int]:
        """The numbers of the patterns in a text, given as its folded words."""
        return frozenset(number for number, _, _ in self._found(folded_words))

    def places(self, folded_words: Sequence[str]) -> frozenset[tuple[int, int, int]]:
        """Each pattern found with the places of the first and the last word it touches, from 0."""
        text = _joined(folded_words)
        # Every word has one border before it, so counting borders counts words.
        return frozenset(
            (number, text.count(_BORDER, 0, start) - 1, text.count(_BORDER, 0, end) - 1)
            for number, start, end in self._found(folded_words)
        )

    def find_longest(self, folded_words: Sequence[str]) -> frozenset[int]:
        """As ``find``, without patterns that stand inside a longer one found: "Guinea" in "Guinea-Bissau"."""
        found = set(self._found(folded_words))
        spans = {(start, end) for _, start, end in found}
        return frozenset(
            number
            for number, start, end in found
            if not any(far_start <= start and end <= far_end for far_start, far_end in spans - {(start, end)})
        )

    def _found(self, folded_words: Sequence[str]) -> Iterator[tuple[int, int, int]]:
        """The number of each pattern found, and from where to where it stands without its borders."""
        if not self._lengths:
            return
        text = _joined(folded_words)
        for last, number in self._automaton.iter(text):
            yield number, *_inside(text, last + 1 - self._lengths[number], last + 1)
            for shaped, shape in self._shapes.get(number, ()):
                if match := shape.search(text):
                    yield shaped, *_inside(text, match.start(), match.end())


def _joined(folded_words: Sequence[str]) -> str:
    return _BORDER + _BORDER.join(NUMBER if word.isdigit() else word for word in folded_words) + _BORDER


def _inside(text: str, start: int, end: int) -> tuple[int, int]:
    return start + (text[start] == _BORDER), end - (text[end - 1] == _BORDER)


def _fold_pattern(pattern: str) -> str:
    """The text to look for: a border at each end that no star leaves open, stars kept inside."""
    pieces = [_clean(piece) for piece in pattern.strip().strip(OPEN).split(OPEN)]
    if not any(piece.strip() for piece in pieces):
        return ""
    start = "" if pattern.strip().startswith(OPEN) else _BORDER
    end = "" if pattern.strip().endswith(OPEN) else _BORDER
    return start + OPEN.join(pieces).strip() + end


def _clean(piece: str) -> str:
    # A space at an edge of a piece is a word border and must survive the folding.
    kept = "".join(c if c.isalnum() or c == NUMBER else " " for c in fold(piece))
    before, after = (_BORDER if edge.isspace() else "" for edge in (piece[:1] or "x", piece[-1:] or "x"))
    return before + " ".join(kept.split()) + after
