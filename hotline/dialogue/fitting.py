"""The ways one message may be written, from the fullest to the shortest; what fits is sent."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Literal

from hotline.dialogue.events import Answered, Asked, CentresShown, Event

# How what is said only if it fits is said: in words, as a sign, not at all, and then only the keys nobody can do without.
Spare = Literal["words", "signs", "none", "brief"]


def _is_bounded(event: Event) -> bool:
    """Whether an event should fit into the message it is told in; a whole answer was asked for and may be long."""
    return isinstance(event, CentresShown) or (isinstance(event, Answered) and event.part == "short")


def ways_to_write(events: Sequence[Event]) -> list[tuple[bool, Spare]]:
    """How a message may be written, the fullest way first: with or without what comes on "more", with more or fewer keys."""
    has_spare = any(choice.if_fits for event in events if isinstance(event, Asked) for choice in event.choices)
    spares: tuple[Spare, ...] = ("words", "signs", "none") if has_spare else ("none",)
    if not any(map(_is_bounded, events)):
        # Who asked for a whole answer gets as many segments as it takes.
        is_long = not has_spare or any(isinstance(event, Answered) for event in events)
        return [(False, "words")] if is_long else [(False, spare) for spare in spares]
    return [*product((False, True), spares), (True, "brief")]
