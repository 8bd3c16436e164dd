"""What a step wants of others than the flow: a person, a callback, data, a code; and what is remembered of a callback."""

from __future__ import annotations

from collections.abc import Mapping

from hotline.dialogue.by_ear import PRESSED
from hotline.dialogue.definition import Step
from hotline.dialogue.events import (
    CallbackWanted,
    CodeWanted,
    DataWished,
    Event,
    NumberRead,
    PersonRequested,
    PlaceRead,
    RecordWanted,
    SmsWanted,
    Told,
    WithdrawWanted,
)
from hotline.dialogue.session import Session, World

CALLBACK_NUMBER, CALLBACK_ALIAS, CALLBACK_TIMES = "callback_number", "callback_alias", "callback_times"
NOTHING: Mapping[str, str] = {}
# The reason of a handoff that the key for danger makes: what the danger is, nobody has said.
DANGER_KEY = "danger_key"


def wish_of(step: Step, session: Session, danger: str | None) -> tuple[Mapping[str, str], Event]:
    """What a step is to remember, and the wish itself.

    Args:
        step: one of those kinds.
        session: where the conversation stands.
        danger: category of the danger in the text at hand, if any.
    """
    match step.kind:
        case "callback":
            slots = session.slots
            # The ``same`` time keeps the one chosen before.
            chosen = slots.get(CALLBACK_TIMES, "any") if step.safe_times == "same" else step.safe_times
            return {CALLBACK_TIMES: chosen}, CallbackWanted(chosen, slots.get(CALLBACK_NUMBER), slots.get(CALLBACK_ALIAS))
        case "withdraw":
            return NOTHING, WithdrawWanted()
        case "send":
            return NOTHING, SmsWanted(session.topic or "")
        case "record":
            return NOTHING, RecordWanted()
        case "data":
            return NOTHING, DataWished(step.deed)
        case "code":
            return NOTHING, CodeWanted(is_next=step.code == "renew")
    if step.reason == DANGER_KEY:
        return NOTHING, PersonRequested("danger", session.topic, PRESSED)
    return NOTHING, PersonRequested(step.reason, session.topic, danger if step.reason == "danger" else None)


def read_back(step: Step, world: World, session: Session) -> list[Event]:
    """The place that was named, or the number that is to be called (nothing where there is none)."""
    if step.read_back == "place":
        place = world.places.find(session.slots)
        return [PlaceRead(place) if place else Told("answer.missing")]
    number = session.slots.get(CALLBACK_NUMBER) or world.own_number
    return [NumberRead(number)] if number is not None else []
