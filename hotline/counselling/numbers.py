"""Telephone numbers as people type them. Pure."""

from __future__ import annotations

import re

from hotline.understanding.folding import fold

GERMANY = "+49"
_E164 = re.compile(r"\+[1-9][0-9]{7,14}")
_PARTING = str.maketrans("", "", " -/().\u00a0\u200e\u200f")
# What costs dearly or reaches no person: 0900, 0137, 0138, 018, 0700, 012, 019, 032, 0118.
_DEAR = re.compile(r"\+49(900|137|138|18|700|12|19|32|118)")


def read_number(typed: str) -> str | None:
    """A telephone number in E.164, or None when it is none.

    Args:
        typed: with or without the country, in whatever figures ("0151 / 234 56 78", "٠١٥١…", "0049 …"); without it, Germany's.
    """
    kept = fold(typed).translate(_PARTING)
    if kept.startswith("00"):
        kept = "+" + kept[2:]
    elif kept.startswith("0"):
        kept = GERMANY + kept[1:]
    kept = kept.replace("+490", GERMANY, 1) if kept.startswith("+490") else kept
    return kept if _E164.fullmatch(kept) else None


def read_callback_number(typed: str) -> str | None:
    """A number a person may ask to be called at: in Germany, and none that costs dearly. None when it is another one.

    Anybody could otherwise have us call far countries or dear services, at our expense.
    """
    number = read_number(typed)
    is_ours = number is not None and number.startswith(GERMANY) and not _DEAR.match(number)
    return number if is_ours else None
