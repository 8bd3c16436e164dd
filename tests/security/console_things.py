"""Things of the console that belong to somebody, made as rows: each function gives the id of a new one."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select

from hotline.counselling.states import STATUS_OF_OWNER, owner_of
from hotline.delivery.outbox import OutgoingMessage
from hotline.store.database import insert_returning_id
from hotline.store.tables import (
    addresses,
    call_legs,
    callbacks,
    case_conversations,
    case_tasks,
    cases,
    contacts,
    conversations,
    handoff_transfers,
    handoffs,
    messages,
    outbox,
    talks,
    voicemails,
    wrap_ups,
)
from tests.conftest import NOW, Hotline
from tests.security.routes import Asker
from tests.web import twilio

SAID = "Mein Brief ist gestern gekommen"
_numbers = itertools.count(1)


def make_handoff(hotline: Hotline, **values: Any) -> int:
    """Somebody who waits, with one message; ``values`` say who has it."""
    number, cipher, now = next(_numbers), hotline.services.cipher, hotline.clock()
    phone = f"+49151{number:08}"
    status = STATUS_OF_OWNER[owner_of(values.get("state", "requested"))]
    talk = {"channel": "sms", "status": status, "session": {}, "turns": 1, "opened_at": now, "last_inbound_at": now}
    said = {"direction": "in", "author": "contact", "body_encrypted": cipher.encrypt(SAID), "created_at": now}
    row = {"state": "requested", "reason": "asked", "is_urgent": False, "language": "de", "channel": "sms", "requested_at": now}
    with hotline.services.database.begin() as connection:
        contact_id = insert_returning_id(connection, contacts, {"created_at": now})
        address = {"contact_id": contact_id, "pseudonym": cipher.pseudonym(phone), "number_encrypted": cipher.encrypt(phone)}
        talk["address_id"] = insert_returning_id(connection, addresses, address)
        talk["service_address_encrypted"] = cipher.encrypt(twilio.OURS)
        conversation_id = insert_returning_id(connection, conversations, talk)
        connection.execute(insert(messages).values(conversation_id=conversation_id, **said))
        return insert_returning_id(connection, handoffs, {**row, "conversation_id": conversation_id, **values})


def held_by(hotline: Hotline, asker: Asker) -> int:
    """A conversation somebody has."""
    return make_handoff(hotline, state="accepted", counsellor_id=asker.account_id, accepted_at=hotline.clock())


def offered_to(hotline: Hotline, asker: Asker) -> int:
    """A conversation the queue asks somebody to take."""
    return make_handoff(hotline, state="offered", offered_to=asker.account_id, timer_at=hotline.clock() + timedelta(hours=1))


def asked_of(hotline: Hotline, asker: Asker) -> int:
    """A conversation a colleague asks somebody to take."""
    handoff_id, now = held_by(hotline, Asker(hotline, "counsellor")), hotline.clock()
    note = hotline.services.cipher.encrypt("")
    row = {"handoff_id": handoff_id, "to_id": asker.account_id, "note_encrypted": note, "outcome": "", "created_at": now}
    with hotline.services.database.begin() as connection:
        giver = connection.execute(select(handoffs.c.counsellor_id).where(handoffs.c.id == handoff_id)).scalar_one()
        expires_at = now + timedelta(hours=1)
        connection.execute(insert(handoff_transfers).values(**row, from_id=giver, expires_at=expires_at))
    return handoff_id


def callback_of(hotline: Hotline, asker: Asker, state: str = "calling") -> int:
    """A callback somebody is making."""
    handoff_id, now = make_handoff(hotline, state="callback"), hotline.clock()
    number = hotline.services.cipher.encrypt("+4915100000000")
    row = {"handoff_id": handoff_id, "state": state, "number_encrypted": number, "safe_times": "any", "place_at": now}
    row |= {"tries": 1, "counsellor_id": asker.account_id, "created_at": now, "due_at": now}
    with hotline.services.database.begin() as connection:
        return insert_returning_id(connection, callbacks, row)


def case_of(hotline: Hotline, asker: Asker) -> int:
    """A case of somebody."""
    now = hotline.clock()
    row = {"reference": f"T{next(_numbers)}", "state": "open", "owner_id": asker.account_id, "opened_at": now, "changed_at": now}
    with hotline.services.database.begin() as connection:
        return insert_returning_id(connection, cases, row)


def wrap_up_of(hotline: Hotline, asker: Asker) -> int:
    """A wrap-up somebody owes."""
    row = {"handoff_id": held_by(hotline, asker), "counsellor_id": asker.account_id, "language": "de", "channel": "sms"}
    with hotline.services.database.begin() as connection:
        return insert_returning_id(connection, wrap_ups, {**row, "owed_at": hotline.clock()})


def undelivered_of(hotline: Hotline, asker: Asker) -> int:
    """A message of somebody that did not arrive."""
    services, handoff_id = hotline.services, held_by(hotline, asker)
    with services.database.begin() as connection:
        conversation_id = _conversation(connection, handoff_id)
        said = {"direction": "out", "author": "counsellor", "body_encrypted": services.cipher.encrypt(SAID)}
        said |= {"created_at": NOW, "written_by": asker.member.name, "conversation_id": conversation_id}
        message_id = insert_returning_id(connection, messages, said)
        outbox_id = services.outbox.put(connection, OutgoingMessage("sms", twilio.PERSON, twilio.OURS, SAID), hotline.clock())
        changed = outbox.update().where(outbox.c.id == outbox_id)
        connection.execute(changed.values(message_id=message_id, status="failed", attempts=1))
    return outbox_id


# -- what is named besides -------------------------------------------------------------------------------------------------


def message_in(hotline: Hotline, handoff_id: int) -> int:
    """The message of a conversation."""
    with hotline.services.database.read() as connection:
        query = select(messages.c.id).where(messages.c.conversation_id == _conversation(connection, handoff_id)).limit(1)
        return int(connection.execute(query).scalar_one())


def task_in(hotline: Hotline, case_id: int) -> int:
    """A task of a case, given to nobody in particular."""
    row = {"case_id": case_id, "text_encrypted": hotline.services.cipher.encrypt("x"), "due_on": NOW.date(), "created_at": NOW}
    with hotline.services.database.begin() as connection:
        return insert_returning_id(connection, case_tasks, row)


def conversation_in(hotline: Hotline, case_id: int) -> int:
    """A conversation of a case."""
    handoff_id = make_handoff(hotline)
    with hotline.services.database.begin() as connection:
        conversation_id = _conversation(connection, handoff_id)
        row = {"conversation_id": conversation_id, "case_id": case_id, "joined_by": "counsellor", "joined_at": NOW}
        connection.execute(insert(case_conversations).values(**row))
    return conversation_id


def _conversation(connection: Any, handoff_id: int) -> int:
    return int(connection.execute(select(handoffs.c.conversation_id).where(handoffs.c.id == handoff_id)).scalar_one())


def leg_in(hotline: Hotline, handoff_id: int) -> int:
    """The call of the person in a talk of a conversation."""
    now, number = hotline.clock(), next(_numbers)
    talk = {"handoff_id": handoff_id, "name": f"talk{number}", "state": "talking", "ending": "", "created_at": now}
    leg = {"role": "person", "state": "joined", "ending": "", "call_sid": f"CAthing{number}", "created_at": now}
    with hotline.services.database.begin() as connection:
        return insert_returning_id(connection, call_legs, {**leg, "talk_id": insert_returning_id(connection, talks, talk)})


def voicemail_in(hotline: Hotline, handoff_id: int) -> int:
    """A message the person left."""
    row = {"handoff_id": handoff_id, "recording_sid": f"RE{next(_numbers)}", "state": "kept", "seconds": 3, "attempts": 1}
    row |= {"sound_encrypted": hotline.services.cipher.encrypt("eA=="), "created_at": hotline.clock()}
    with hotline.services.database.begin() as connection:
        return insert_returning_id(connection, voicemails, row)
