"""What a conversation remembers of a callback that is being booked: another number, an alias, the safe time."""

from __future__ import annotations

from collections.abc import Mapping

from hotline.dialogue.definition import Step
from hotline.dialogue.events import CallbackWanted, NumberRead
from hotline.dialogue.session import Session, World

CALLBACK_NUMBER, CALLBACK_ALIAS, CALLBACK_TIMES = "callback_number", "callback_alias", "callback_times"


def times_of(step: Step, session: Session) -> Mapping[str, str]:
    """The slot of the safe time a step chooses; ``same`` keeps the one chosen before."""
    chosen = session.slots.get(CALLBACK_TIMES, "any") if step.safe_times == "same" else step.safe_times
    return {CALLBACK_TIMES: chosen}


def wanted_callback(session: Session) -> CallbackWanted:
    """The callback as it is wanted now."""
    slots = session.slots
    return CallbackWanted(slots[CALLBACK_TIMES], slots.get(CALLBACK_NUMBER), slots.get(CALLBACK_ALIAS))


def read_number_back(world: World, session: Session) -> list[NumberRead]:
    """The number that is to be called; nothing where there is none."""
    number = session.slots.get(CALLBACK_NUMBER) or world.own_number
    return [NumberRead(number)] if number is not None else []
