"""Finds many patterns in a text at once: words or several words in a row, ``*`` leaves a word open, ``#`` is any number.

Texts and patterns are folded the same way, so case, diacritics, Arabic letter variants and apostrophes do not matter.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

import ahocorasick

from hotline.understanding.folding import fold

NUMBER = "#"
OPEN = "*"
# Words are joined by this, so that a pattern's open ends can be told from word borders.
_BORDER = " "


class PatternFinder:
    """Patterns get numbers as they are added; ``find`` tells which of them a text holds."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._texts: list[str] = []
        self._shapes: dict[int, re.Pattern[str]] = {}
        self._automaton = ahocorasick.Automaton()

    def add(self, pattern: str) -> int | None:
        """Add a pattern; the same one twice is one.

        Returns:
            Its number, or None when nothing of it is left after folding.
        """
        folded = _fold_pattern(pattern)
        if not folded:
            return None
        if folded not in self._numbers:
            self._numbers[folded] = len(self._texts)
            self._texts.append(folded)
        return self._numbers[folded]

    def finish(self) -> None:
        """Build the automaton; call once, after the last ``add``."""
        by_piece: dict[str, list[int]] = defaultdict(list)
        for pattern, number in self._numbers.items():
            pieces = pattern.split(OPEN)
            if len(pieces) > 1:
                self._shapes[number] = re.compile(r"\w*".join(re.escape(piece) for piece in pieces))
            by_piece[max(pieces, key=len)].append(number)
        for piece, numbers in by_piece.items():
            self._automaton.add_word(piece, tuple(numbers))
        if self._numbers:
            self._automaton.make_automaton()

    def find(self, folded_words: Sequence[str]) -> frozenset[int]:
        """The numbers of the patterns in a text, given as its folded words."""
        if not self._numbers:
            return frozenset()
        prepared = _BORDER + _BORDER.join(NUMBER if word.isdigit() else word for word in folded_words) + _BORDER
        candidates = {number for _, numbers in self._automaton.iter(prepared) for number in numbers}
        return frozenset(n for n in candidates if n not in self._shapes or self._shapes[n].search(prepared))

    def find_longest(self, folded_words: Sequence[str]) -> frozenset[int]:
        """As ``find``, without patterns that are part of a longer one found: "Guinea" in "Guinea-Bissau"."""
        found = self.find(folded_words)
        texts = {number: self._texts[number] for number in found}
        return frozenset(n for n in found if not any(texts[n] in longer and texts[n] != longer for longer in texts.values()))


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
