"""What a conversation remembers of a callback that is being booked: another number, an alias, the safe time."""

from __future__ import annotations

from collections.abc import Mapping

from hotline.dialogue.definition import Step
from hotline.dialogue.events import CallbackWanted, NumberRead, RecordWanted, WithdrawWanted
from hotline.dialogue.session import Session, World

CALLBACK_NUMBER, CALLBACK_ALIAS, CALLBACK_TIMES = "callback_number", "callback_alias", "callback_times"


def wanted(step: Step, session: Session) -> tuple[Mapping[str, str], CallbackWanted | WithdrawWanted | RecordWanted]:
    """What a step that books or cancels is to remember, and the wish itself; the ``same`` time keeps the one chosen before."""
    if step.kind in ("withdraw", "record"):
        return {}, WithdrawWanted() if step.kind == "withdraw" else RecordWanted()
    slots = session.slots
    chosen = slots.get(CALLBACK_TIMES, "any") if step.safe_times == "same" else step.safe_times
    return {CALLBACK_TIMES: chosen}, CallbackWanted(chosen, slots.get(CALLBACK_NUMBER), slots.get(CALLBACK_ALIAS))


def read_number_back(world: World, session: Session) -> list[NumberRead]:
    """The number that is to be called; nothing where there is none."""
    number = session.slots.get(CALLBACK_NUMBER) or world.own_number
    return [NumberRead(number)] if number is not None else []
