"""Telephones of a small office: who is rung, what happens to calls, and what the provider is asked for."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from hotline.counselling.counsellors import set_phone
from hotline.counselling.handoff import get_open
from hotline.counselling.talk_rows import list_calls
from hotline.store.tables import call_legs, conversations
from tests.counselling.desks import Office

PERSON, ANNAS, BERTS = "+4915112345678", "+4930111111", "+4930222222"


def with_phones(office: Office) -> Office:
    """Both counsellors get a telephone."""
    with office.database.begin() as connection:
        for account_id, number in ((office.anna, ANNAS), (office.bert, BERTS)):
            set_phone(connection, account_id, number, office.cipher, "anna", office.clock())
    return office


def hold_the_line(office: Office, call_sid: str = "CA-person", **asked: str) -> int:
    """Somebody who holds the line; gives the handoff."""
    conversation_id = office.open(PERSON, "voice")
    with office.database.begin() as connection:
        connection.execute(update(conversations).where(conversations.c.id == conversation_id).values(provider_sid=call_sid))
    return office.ask(conversation_id, **asked)


def due_callback(office: Office) -> int:
    """A due callback."""
    handoff_id = office.ask()
    with office.database.begin() as connection:
        office.callbacks.book(connection, get_open(connection, handoff_id), "any", office.clock())
    office.clock.move(minutes=1)
    return handoff_id


def tick(office: Office) -> None:
    """What the worker does at a tick: timers, then the orders."""
    office.set_clock(office.clock())
    office.timers.run()
    carry_out(office)


def carry_out(office: Office) -> None:
    """The orders that wait, in their order."""
    while office.ordered:
        office.book.carry_out(office.ordered.pop(0))


def happens(office: Office, leg_id: int, *happened: str) -> str:
    """What happens to a call, and what follows; gives the state of its talk."""
    state = ""
    for what in happened:
        state = office.note(leg_id, what)  # type: ignore[arg-type]
    carry_out(office)
    return state


def leg_of(office: Office, role: str) -> int:
    """The newest call of a role."""
    with office.database.read() as connection:
        query = select(call_legs.c.id).where(call_legs.c.role == role).order_by(call_legs.c.id.desc()).limit(1)
        return int(connection.execute(query).scalar_one())


def asked_for(office: Office) -> list[str]:
    """What the provider was asked for."""
    return [asked[0] for asked in office.provider.asked]


def begin_talk(office: Office) -> tuple[int, int]:
    """A caller and Anna in a conference; gives the handoff and the talk."""
    with_phones(office)
    handoff_id = hold_the_line(office)
    tick(office)
    happens(office, leg_of(office, "counsellor"), "answered", "accepted")
    happens(office, leg_of(office, "person"), "joined")
    with office.database.begin() as connection:
        connection.exec_driver_sql("UPDATE talks SET conference_sid = 'CF1'")
    return handoff_id, int(office.rows("talks")[-1]["id"])


def shown(office: Office, role: str) -> dict[str, Any]:
    """A call as the screen shows it."""
    with office.database.read() as connection:
        return next(leg for leg in list_calls(connection, office.rows("talks")[-1]["id"]) if leg["role"] == role)
