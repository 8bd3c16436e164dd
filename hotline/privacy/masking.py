"""Keeps numbers and addresses of people in the house when a text is sent out: marks go instead of them and come back.

Names stay in the text: a machine cannot translate around them. What leaves the house is still a person's words.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field

from hotline.privacy.stripping import FIGURES_PATTERN, HANDLE_PATTERN, LINK_PATTERN, MAIL_PATTERN

# Phone and file numbers, dates of birth, postcodes; amounts, ages and years are needed for a right sentence.
FEWEST_DIGITS = 5
LEFT_TO_RIGHT_MARK = "\u200e"
_NUMBER_BEGINS = frozenset("+(0123456789")
# Plain letters: models drop signs they have never seen.
_MARK = re.compile(r"\[\s*(\d{1,3})\s*\]")


@dataclass(frozen=True)
class Masked:
    """A text that may leave the house, and what its marks stand for."""

    text: str = field(repr=False)
    kept: tuple[str, ...] = field(repr=False)


def mask(text: str) -> Masked:
    """Put a mark such as [1] in the place of every mail address, link, account name and number of five digits or more."""
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(found.group())
        return f"[{len(kept)}]"

    def keep_long(found: re.Match[str]) -> str:
        return keep(found) if sum(map(str.isdigit, found.group())) >= FEWEST_DIGITS else found.group()

    # What looks like a mark of ours already would come back as something else.
    for pattern in (_MARK, MAIL_PATTERN, LINK_PATTERN, HANDLE_PATTERN):
        text = pattern.sub(keep, text)
    return Masked(FIGURES_PATTERN.sub(keep_long, text), tuple(kept))


def unmask(text: str, kept: tuple[str, ...]) -> tuple[str, bool]:
    """Put back what the marks stand for.

    Args:
        text: the translation of a masked text.
        kept: of ``mask``.

    Returns:
        The text, and whether every mark came back exactly once.
    """
    seen = Counter[int]()
    is_right_to_left = any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in text)

    def put_back(found: re.Match[str]) -> str:
        number = int(found.group(1))
        if not 1 <= number <= len(kept):
            return found.group()
        seen[number] += 1
        # Else the groups of a phone number change places between letters from right to left.
        mark = LEFT_TO_RIGHT_MARK if is_right_to_left and kept[number - 1][:1] in _NUMBER_BEGINS else ""
        return mark + kept[number - 1]

    shown = _MARK.sub(put_back, text)
    return shown, all(seen[number] == 1 for number in range(1, len(kept) + 1))
