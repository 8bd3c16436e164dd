"""A matter with everything that can be stored of it, row by row, for tests of what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Table, insert, select

from hotline.staff.accounts import StaffAccounts
from hotline.store.database import insert_returning_id
from hotline.store.tables import (
    addresses,
    call_legs,
    call_orders,
    callbacks,
    case_conversations,
    case_notes,
    case_tasks,
    cases,
    continuation_codes,
    conversations,
    counsellors,
    handoff_notes,
    handoff_transfers,
    handoffs,
    message_translations,
    messages,
    rule_hints,
    staff_accounts,
    talks,
    translation_switches,
    voicemails,
    wrap_up_answers,
    wrap_ups,
)
from tests.conftest import Hotline
from tests.web import twilio

# Gone with the person; those with words are gone with the words of the conversation, too.
WORDS = ("handoff_notes", "handoff_transfers", "message_translations", "voicemails", "talks", "call_legs", "call_orders")
CASE = ("cases", "case_notes", "case_tasks")
OF_MATTER = (
    *WORDS,
    *CASE,
    "case_conversations",
    "continuation_codes",
    "translation_switches",
    "callbacks",
    "handoffs",
    "messages",
)


@dataclass(frozen=True)
class Matter:
    """What was stored: ids, and what the provider has of it. ``reference`` is that of the case."""

    handoff_id: int
    case_id: int
    reference: str
    copies: tuple[str, ...]


def store_matter(hotline: Hotline, number: str, sign: str, mark: str = "Wort") -> Matter:
    """Somebody writes and asks for a person; then every table that may hold something of it gets a row.

    Args:
        hotline: where.
        number: of the person.
        sign: one letter that parts this matter from others.
        mark: stands in everything that is encrypted.
    """
    services, now = hotline.services, hotline.clock()
    for place, body in enumerate((f"Guten Tag {mark}", "0", "4", "1")):
        twilio.text(hotline, f"SM-{sign}{place}", body, From=number)
    sealed = services.cipher.encrypt(mark)
    reference = f"CASE{sign}"
    with services.database.begin() as connection:
        if connection.execute(select(staff_accounts.c.id)).first() is None:
            accounts = StaffAccounts(services.passwords)
            for name in ("anna", "bert"):
                accounts.add(connection, name, ["counsellor"], None, "nobody", now)
            skills = {"languages": ["de"], "topics": [], "lands": [], "capacity": 5}
            row = {"account_id": 1, "presence": "away", "seen_at": now, "phone_encrypted": services.cipher.encrypt("+4930111111")}
            connection.execute(insert(counsellors).values(**row, **skills))
        talk_of = select(conversations.c.id).join(addresses).where(addresses.c.pseudonym == services.cipher.pseudonym(number))
        conversation_id = connection.execute(talk_of).scalars().first()
        handoff_id = connection.execute(select(handoffs.c.id).where(handoffs.c.conversation_id == conversation_id)).scalar_one()
        message_id = (
            connection.execute(select(messages.c.id).where(messages.c.conversation_id == conversation_id)).scalars().first()
        )
        callback_id = connection.execute(select(callbacks.c.id).where(callbacks.c.handoff_id == handoff_id)).scalar_one()
        connection.execute(callbacks.update().where(callbacks.c.id == callback_id).values(alias_encrypted=sealed))

        def put(table: Table, **values: object) -> int:
            return insert_returning_id(connection, table, values)

        at, of_handoff, said = {"created_at": now}, {"handoff_id": handoff_id}, {"text_encrypted": sealed}
        put(handoff_notes, conversation_id=conversation_id, author="anna", **said, **at)
        passed = {"from_id": 1, "to_id": 2, "outcome": "accepted", "note_encrypted": sealed}
        put(handoff_transfers, **of_handoff, **passed, expires_at=now, **at)
        connection.execute(insert(translation_switches).values(**of_handoff, switched_by=1, switched_at=now))
        made = {"message_id": message_id, "engine": "deepl", "is_whole": True, "made_at": now, **said}
        connection.execute(insert(message_translations), [{**made, "target": target} for target in ("de", "en")])
        put(
            voicemails, **of_handoff, recording_sid=f"RE{sign}", state="kept", sound_encrypted=sealed, seconds=9, attempts=0, **at
        )
        talked = {"state": "over", "ending": "done", "name": f"talk-{sign}", "closed_at": now, **at}
        talk_id = put(talks, **of_handoff, callback_id=callback_id, **talked)
        leg = {"role": "person", "state": "gone", "ending": "", "number_encrypted": services.cipher.encrypt(number)}
        leg_id = put(call_legs, talk_id=talk_id, call_sid=f"CA-leg-{sign}", **leg, **at)
        put(call_orders, leg_id=leg_id, kind="dial", status="done", attempts=1, due_at=now, **at)
        case_id = put(cases, reference=reference, state="open", alias_encrypted=sealed, owner_id=1, opened_at=now, changed_at=now)
        bundled = {"conversation_id": conversation_id, "case_id": case_id, "joined_by": "counsellor", "joined_at": now}
        connection.execute(insert(case_conversations).values(**bundled))
        put(case_notes, case_id=case_id, author_id=1, **said, **at)
        put(case_tasks, case_id=case_id, assignee_id=1, due_on=now.date(), **said, **at)
        code = {"conversation_id": conversation_id, "code_hash": f"hash-{sign}", "expires_at": now + timedelta(days=14)}
        connection.execute(insert(continuation_codes).values(**code))
        counted = {"counsellor_id": 1, "language": "de", "channel": "sms", "owed_at": now, "done_at": now}
        wrap_up_id = put(wrap_ups, **of_handoff, **counted)
        connection.execute(insert(wrap_up_answers).values(wrap_up_id=wrap_up_id, field="outcome", code="informed"))
        connection.execute(insert(rule_hints).values(id=f"hint-{sign}", month=now.date().replace(day=1), **said))
    return Matter(handoff_id, case_id, reference, (f"RE{sign}", f"CA-leg-{sign}"))


def amounts(hotline: Hotline, *tables: str) -> dict[str, int]:
    """How many rows these tables have."""
    return {name: len(hotline.rows(name)) for name in tables}
