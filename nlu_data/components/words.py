"""The words of a text, folded: what concepts and features are looked up in."""

from __future__ import annotations

import re

from components.fold import fold

_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """The words and numbers of a text, folded."""
    return _WORD.findall(fold(text))
