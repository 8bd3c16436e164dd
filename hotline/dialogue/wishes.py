"""What a step wants of others than the flow: a person, a callback, data, a code; and what is remembered of a callback."""

from __future__ import annotations

from collections.abc import Mapping

from hotline.dialogue.definition import Step
from hotline.dialogue.events import (
    CallbackWanted,
    CodeWanted,
    DataWished,
    Event,
    NumberRead,
    PersonRequested,
    RecordWanted,
    WithdrawWanted,
)
from hotline.dialogue.session import Session, World

CALLBACK_NUMBER, CALLBACK_ALIAS, CALLBACK_TIMES = "callback_number", "callback_alias", "callback_times"
NOTHING: Mapping[str, str] = {}


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
    return NOTHING, PersonRequested(step.reason, session.topic, danger if step.reason == "danger" else None)


def read_number_back(world: World, session: Session) -> list[NumberRead]:
    """The number that is to be called; nothing where there is none."""
    number = session.slots.get(CALLBACK_NUMBER) or world.own_number
    return [NumberRead(number)] if number is not None else []
