"""What may be counted of a turn: nothing of anybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hotline.dialogue.events import Answered, Asked, CentresShown, Ended, Event, PersonRequested, Unanswered

# The first of these kinds of event that came of a turn names its outcome.
_OUTCOMES: Mapping[type[object], str] = {
    PersonRequested: "person",
    Answered: "answered",
    CentresShown: "centres",
    Unanswered: "not_understood",
    Ended: "ended",
    Asked: "asked",
}


@dataclass(frozen=True)
class TurnSeen:
    """One turn. ``outcome`` is person, answered, centres, not_understood, ended, asked or told."""

    channel: str
    language: str | None
    outcome: str
    danger: str | None


def outcome_of(events: Sequence[Event], *, is_person_wanted: bool) -> str:
    """What came of a turn, in one word."""
    kinds = {type(event) for event in events}
    return "person" if is_person_wanted else next((name for kind, name in _OUTCOMES.items() if kind in kinds), "told")
