"""How many parts an SMS is sent in, by the alphabet it needs. ``static/segments.js`` counts the same in the simulator."""

from __future__ import annotations

GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_DOUBLE = frozenset("^{}\\[~]|€")
# Units that fit into a message alone, and into each part of a longer one.
GSM_UNITS, OTHER_UNITS = (160, 153), (70, 67)
# What one reply may take; more is asked for with "more".
SMS_SEGMENTS = 3


def count_segments(text: str) -> int:
    """The parts a text is sent in."""
    if set(text) <= GSM | GSM_DOUBLE:
        units, (alone, joined) = len(text) + sum(letter in GSM_DOUBLE for letter in text), GSM_UNITS
    else:
        units, (alone, joined) = len(text.encode("utf-16-le")) // 2, OTHER_UNITS
    return 1 if units <= alone else -(-units // joined)
