"""What a person may do with what is stored of them: see how much there is, and have everything erased, with a receipt.

Whoever writes or calls from a number acts for it. So nothing is ever shown but kinds and counts: the telephone may be a shared
one. Opt-outs stay, under the pseudonym alone, so that nobody who erased everything is written to again.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, delete, func, select

from hotline.privacy.audit import note_action
from hotline.privacy.cipher import Cipher
from hotline.privacy.provider_copies import order_deletion
from hotline.privacy.register import REGISTER, Entry, Person, find_copies
from hotline.privacy.retention import BY_WISH, VOICE, forget_addresses, note_deletions
from hotline.store.database import Database
from hotline.store.tables import addresses, audit, case_conversations, cases, conversations, handoffs, messages, outbox

RECEIPT_DIGITS = 8
# Who did it, in the audit: nobody of the staff.
BY_PERSON = "person"
ERASED_MATTER = "erased_matter"


@dataclass(frozen=True)
class Stored:
    """What is stored of a person, by how many, and since when. ``cases`` are matters counsellors keep notes on."""

    messages: int
    calls: int
    requests: int
    callbacks: int
    voicemails: int
    cases: int
    since: datetime


@dataclass(frozen=True)
class ErasedMatter:
    """What is gone because the person had everything erased: a handoff by its number, or a case by its reference."""

    kind: Literal["handoff", "case"]
    name: str
    at: datetime


@dataclass(frozen=True)
class Erased:
    """What an erasure left: the receipt, and notices to counsellors that are to be sent."""

    receipt: str
    outbox_ids: tuple[int, ...]


class OwnData:
    """Every method takes the unit of work of a turn, which has locked the address and the conversation."""

    def __init__(
        self,
        database: Database,
        cipher: Cipher,
        tell_counsellors: Callable[[Connection, str, datetime], list[int]],
        *,
        orders_deletion: bool = True,
    ) -> None:
        """Hold what is needed.

        Args:
            database: knows how to insert a row once.
            cipher: reads the recipients of messages.
            tell_counsellors: sends them a notice; gives outbox ids.
            orders_deletion: whether the provider is to delete its copies, too.
        """
        self._database = database
        self._cipher = cipher
        self._tell_counsellors = tell_counsellors
        self._orders_deletion = orders_deletion

    def count(self, connection: Connection, address_id: int | None, conversation_id: int) -> Stored:
        """What is stored under an address; of a caller without a number, what is stored of this call."""
        person, begun = _find_person(connection, address_id, conversation_id, locks=False)
        found = {entry.shown: _count(connection, entry, person) for entry in REGISTER if entry.shown}
        return Stored(
            messages=found["messages"],
            calls=len(person.call_sids),
            requests=found["handoffs"],
            callbacks=found["callbacks"],
            voicemails=found["voicemails"],
            cases=found["cases"],
            since=begun,
        )

    def erase(
        self, connection: Connection, address_id: int | None, conversation_id: int, now: datetime, also: Iterable[str] = ()
    ) -> Erased:
        """Erase everything under an address; of a caller without a number, everything of this call.

        Args:
            connection: the unit of work.
            address_id: of the person; None where the number is withheld.
            conversation_id: the one the wish came in.
            now: aware UTC.
            also: the provider's ids of messages that are not stored yet, such as the one with the wish itself.
        """
        person, _ = _find_person(connection, address_id, conversation_id, locks=True)
        matters = list(_find_open_matters(connection, person))
        if self._orders_deletion:
            said = select(messages.c.provider_sid).where(messages.c.conversation_id.in_(person.conversation_ids))
            sids = [*connection.execute(said).scalars(), *person.call_sids, *also]
            for entry in REGISTER:
                sids += find_copies(connection, entry, entry.of(person)) if entry.of is not None else []
            order_deletion(self._database, connection, sids, now)
        done = {"outbox": self._erase_loose_messages(connection, address_id, now)}
        for entry in REGISTER:
            if entry.of is not None and entry.table is not addresses:
                gone = connection.execute(delete(entry.table).where(entry.of(person))).rowcount
                done[entry.name] = done.get(entry.name, 0) + gone
        if address_id is not None:
            done["addresses"] = forget_addresses(connection, [address_id])
        receipt = f"{secrets.randbelow(10**RECEIPT_DIGITS):0{RECEIPT_DIGITS}}"
        note_deletions(connection, BY_WISH, receipt, done, now)
        return Erased(receipt, tuple(self._tell(connection, matters, now)))

    def _tell(self, connection: Connection, matters: list[str], now: datetime) -> list[int]:
        """Whoever had the matter must not look for it: it is gone because the person wanted it."""
        outbox_ids = []
        for matter in matters:
            note_action(connection, BY_PERSON, ERASED_MATTER, matter, now)
            notice = f"{matter[0].upper()}{matter[1:]} is gone: the person had everything erased. Nothing is left to do."
            outbox_ids += self._tell_counsellors(connection, notice, now)
        return outbox_ids

    def _erase_loose_messages(self, connection: Connection, address_id: int | None, now: datetime) -> int:
        """Delete messages to the number that belong to no conversation, such as a confirmation."""
        number = connection.execute(select(addresses.c.number_encrypted).where(addresses.c.id == address_id)).scalar()
        if number is None:
            return 0
        wanted = self._cipher.decrypt(number)
        columns = (outbox.c.id, outbox.c.recipient_encrypted, outbox.c.provider_sid)
        loose = connection.execute(select(*columns).where(outbox.c.message_id.is_(None)))
        theirs = [row for row in loose if self._cipher.decrypt(row.recipient_encrypted) == wanted]
        if self._orders_deletion:
            order_deletion(self._database, connection, (row.provider_sid for row in theirs), now)
        return connection.execute(delete(outbox).where(outbox.c.id.in_([row.id for row in theirs]))).rowcount


def find_erased_matters(connection: Connection, since: datetime, most: int) -> tuple[ErasedMatter, ...]:
    """What is gone because somebody had everything erased, the newest first; for the counsellors' screens.

    Args:
        connection: any connection.
        since: aware UTC; how far back.
        most: how many.
    """
    query = select(audit.c.object, audit.c.happened_at).where(audit.c.action == ERASED_MATTER, audit.c.happened_at >= since)
    rows = connection.execute(query.order_by(audit.c.happened_at.desc(), audit.c.id.desc()).limit(most))
    parted = ((*row.object.split(" ", 1), row.happened_at) for row in rows)
    return tuple(ErasedMatter("case" if kind == "case" else "handoff", name, at) for kind, name, at in parted)


def _find_open_matters(connection: Connection, person: Person) -> Iterator[str]:
    """Open handoffs and cases, named as counsellors know them."""
    waiting = select(handoffs.c.id).where(handoffs.c.conversation_id.in_(person.conversation_ids), handoffs.c.closed_at.is_(None))
    yield from (f"handoff {handoff_id}" for handoff_id in connection.execute(waiting.order_by(handoffs.c.id)).scalars())
    bundled = select(case_conversations.c.case_id).where(case_conversations.c.conversation_id.in_(person.conversation_ids))
    kept = select(cases.c.reference).where(cases.c.id.in_(bundled), cases.c.closed_at.is_(None))
    yield from (f"case {reference}" for reference in connection.execute(kept.order_by(cases.c.id)).scalars())


def _find_person(connection: Connection, address_id: int | None, conversation_id: int, *, locks: bool) -> tuple[Person, datetime]:
    """Whose rows are meant, and when the first conversation began. Locked in one order, as everybody locks."""
    is_it = conversations.c.id == conversation_id
    if address_id is not None:
        is_it |= conversations.c.address_id == address_id
    query = select(conversations).where(is_it).order_by(conversations.c.id)
    rows = connection.execute(query.with_for_update() if locks else query).all()
    calls = tuple(row.provider_sid for row in rows if row.channel == VOICE and row.provider_sid)
    return Person(address_id, tuple(row.id for row in rows), calls), min(row.opened_at for row in rows)


def _count(connection: Connection, entry: Entry, person: Person) -> int:
    assert entry.of is not None
    return connection.execute(select(func.count()).select_from(entry.table).where(entry.of(person))).scalar_one()
