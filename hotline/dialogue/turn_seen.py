"""What may be counted of a turn: nothing of anybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hotline.dialogue.events import Answered, Asked, CentresShown, Ended, Event, LanguageChosen, PersonRequested, Unanswered

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
    """One turn. ``outcome`` is person, answered, centres, not_understood, ended, asked or told.

    ``topic`` was answered in it, ``chosen`` is the language that was chosen in it, ``country`` was told of with an answer.
    """

    channel: str
    language: str | None
    outcome: str
    danger: str | None
    topic: str | None = None
    chosen: str | None = None
    country: str | None = None


def asked_in(events: Sequence[Event]) -> tuple[str | None, str | None, str | None]:
    """The topic that was answered first, the language chosen, and the country; more of the same answer is no new question."""
    answered = next((event for event in events if isinstance(event, Answered) and event.part == "short"), None)
    chosen = (event.language for event in events if isinstance(event, LanguageChosen))
    country = answered.country.country if answered is not None and answered.country is not None else None
    return answered.topic if answered is not None else None, next(chosen, None), country


def outcome_of(events: Sequence[Event], *, is_person_wanted: bool) -> str:
    """What came of a turn, in one word."""
    kinds = {type(event) for event in events}
    return "person" if is_person_wanted else next((name for kind, name in _OUTCOMES.items() if kind in kinds), "told")
