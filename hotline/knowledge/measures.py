"""What an editor must know of a text while writing it: how long it is, how many SMS it takes, how long it is to listen to."""

from __future__ import annotations

import math
from dataclasses import dataclass

# 3GPP TS 23.038: one letter outside it makes the whole message UCS-2; those of the extension count twice.
GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_7_DOUBLE = frozenset("^{}\\[~]|€\f")
_GSM_7_ALL = GSM_7 | GSM_7_DOUBLE
GSM_7_ALONE, GSM_7_JOINED = 160, 153
UCS_2_ALONE, UCS_2_JOINED = 70, 67
# A calm voice on the phone; measured on our own synthesised prompts it lies between 12 and 16.
SPOKEN_CHARACTERS_PER_SECOND = 14


@dataclass(frozen=True)
class Measures:
    """``alphabet`` is GSM-7 or UCS-2; ``foreign`` are the letters that make it UCS-2."""

    characters: int
    alphabet: str
    segments: int
    spoken_seconds: int
    foreign: str


def count_segments(text: str) -> int:
    """The parts a text is sent in. ``static/segments.js`` counts the same in the browser."""
    if set(text) <= _GSM_7_ALL:
        units, alone, joined = len(text) + sum(map(text.count, GSM_7_DOUBLE)), GSM_7_ALONE, GSM_7_JOINED
    else:
        units, alone, joined = len(text.encode("utf-16-le")) // 2, UCS_2_ALONE, UCS_2_JOINED
    return 1 if units <= alone else math.ceil(units / joined)


def measure(text: str) -> Measures:
    """Measure a text as it is sent and spoken."""
    foreign = "".join(dict.fromkeys(letter for letter in text if letter not in _GSM_7_ALL))
    return Measures(
        characters=len(text),
        alphabet="UCS-2" if foreign else "GSM-7",
        segments=count_segments(text),
        spoken_seconds=math.ceil(len(text) / SPOKEN_CHARACTERS_PER_SECOND),
        foreign=foreign,
    )
