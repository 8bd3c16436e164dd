"""What a step wants of others than the flow: a person, a callback, data, a code; what is read back, and what is remembered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from hotline.dialogue.by_ear import PRESSED
from hotline.dialogue.days import DEADLINE
from hotline.dialogue.definition import Kept, Step
from hotline.dialogue.events import (
    CallbackWanted,
    CodeWanted,
    CountryRead,
    DataWished,
    DayRead,
    Event,
    NumberRead,
    PersonRequested,
    PlaceRead,
    RecordWanted,
    Told,
    WithdrawWanted,
)
from hotline.dialogue.session import Session, World

CALLBACK_NUMBER, CALLBACK_ALIAS, CALLBACK_TIMES = "callback_number", "callback_alias", "callback_times"
COUNTRY, NATIONALITY = "country", "nationality"
# What was heard, until the caller has said whether it is right, and what it is remembered as then.
HEARD: Mapping[Kept, str] = {"country": "heard_country", "day": "heard_day"}
KEPT: Mapping[Kept, str] = {"country": COUNTRY, "day": DEADLINE}
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
    """What was named: a place, a country, a day, or the number that is to be called (nothing where there is none)."""
    if step.read_back == "place":
        place = world.places.find(session.slots)
        return [PlaceRead(place) if place else Told("answer.missing")]
    if step.read_back == "country" or step.read_back == "day":
        value = session.slots.get(HEARD[step.read_back])
        if value is None:
            return [Told("answer.missing")]
        return [CountryRead(value) if step.read_back == "country" else DayRead(date.fromisoformat(value))]
    number = session.slots.get(CALLBACK_NUMBER) or world.own_number
    return [NumberRead(number)] if number is not None else []


def heard_slots(kept: Kept, value: str) -> dict[str, str]:
    """What to remember of a country or a day until the caller has said whether it is right."""
    return {HEARD[kept]: value}


def kept_slots(kept: Kept, slots: Mapping[str, str]) -> dict[str, str]:
    """Everything that is remembered, now that the caller has said that what was heard is right."""
    rest = {name: value for name, value in slots.items() if name != HEARD[kept]}
    return {**rest, KEPT[kept]: slots[HEARD[kept]]} if HEARD[kept] in slots else rest
