"""What changed between two wordings, word by word, so that an approver reads only that."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

Kind = Literal["same", "removed", "added"]
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


class Piece(NamedTuple):
    """A run of words that stayed, went or came."""

    kind: Kind
    text: str


def difference(before: str, after: str) -> list[Piece]:
    """Compare two texts.

    Args:
        before: the old wording.
        after: the new one.

    Returns:
        Pieces in reading order; those kept and removed make the old text, those kept and added the new one.
    """
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    pieces = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", "".join(old[i1:i2])))
            continue
        if i2 > i1:
            pieces.append(Piece("removed", "".join(old[i1:i2])))
        if j2 > j1:
            pieces.append(Piece("added", "".join(new[j1:j2])))
    return pieces
