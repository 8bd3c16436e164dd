"""Deletes what is older than its clock, every night, in small units of work beside the running hotline.

What is still open stays: a conversation somebody waits in, a message on its way. Of a conversation first the words, what it
remembers and the number go; its bare row and that of the handoff, which name nobody, stay for statistics until their own clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Date, Table, and_, delete, exists, func, or_, select, update

from hotline.privacy.provider_copies import order_deletion
from hotline.privacy.register import REGISTER, Entry, find_copies, has_open_handoff, has_unsent_message, is_bare
from hotline.store.database import Database
from hotline.store.tables import addresses, contacts, conversations, deletions, messages, outbox

BATCH = 200
VOICE = "voice"
BY_CLOCK, BY_WISH = "retention", "erasure"
BARE: Mapping[str, Any] = {
    "session": {},
    "address_id": None,
    "service_address_encrypted": None,
    "provider_sid": None,
    "status": "closed",
}


@dataclass(frozen=True)
class _Work:
    """Rows of a table whose time is over, and what is done with them."""

    kind: str
    table: Table
    is_over: ColumnElement[bool]
    do: Callable[[Connection, list[Any], datetime], Counter[str]]

    @property
    def key(self) -> Any:
        return next(iter(self.table.primary_key.columns))


class Retention:
    """Finds and deletes what is over."""

    def __init__(
        self, database: Database, days: Mapping[str, int], clock: Callable[[], datetime], *, orders_deletion: bool = True
    ) -> None:
        """Hold what is needed.

        Args:
            database: where everything is.
            days: of every kind of ``clocks.CLOCKS``.
            clock: gives aware UTC.
            orders_deletion: whether the provider is to delete its copies, too.
        """
        self._database = database
        self._days = days
        self._clock = clock
        self._orders_deletion = orders_deletion

    def count_due(self) -> dict[str, int]:
        """How much the next run would work on, by kind; kinds with nothing are left out."""
        found = Counter[str]()
        with self._database.read() as connection:
            for work in self._works(self._clock()):
                found[work.kind] += connection.execute(select(func.count()).where(work.is_over)).scalar_one()
        return {kind: amount for kind, amount in found.items() if amount}

    def run(self) -> dict[str, int]:
        """Delete what is over; gives how much, by kind, as the log of deletions keeps it."""
        now, done = self._clock(), Counter[str]()
        for work in self._works(now):
            while batch := self._run_batch(work, now):
                done += batch
        while gone := self._forget_addresses():
            done["addresses"] += gone
        if done:
            with self._database.begin() as connection:
                note_deletions(connection, BY_CLOCK, None, done, now)
        self._database.forget_deleted()
        return dict(done)

    def _run_batch(self, work: _Work, now: datetime) -> Counter[str]:
        with self._database.begin() as connection:
            query = select(work.key).where(work.is_over).order_by(work.key).limit(BATCH)
            # What somebody else works on at this moment is not over yet.
            keys = list(connection.execute(query.with_for_update(skip_locked=True, of=work.table)).scalars())
            return work.do(connection, keys, now) if keys else Counter()

    def _works(self, now: datetime) -> Iterator[_Work]:
        for entry in REGISTER:
            if entry.clock and entry.since is not None:
                yield _Work(entry.clock, entry.table, self._is_over(entry, now), self._deleter(entry))
        # After the rest, so that what outlasts its conversation needs no look at it.
        for kind, is_it in (("messages", conversations.c.channel != VOICE), ("calls", conversations.c.channel == VOICE)):
            before = now - timedelta(days=self._days[kind])
            is_new = exists(
                select(messages.c.id).where(messages.c.conversation_id == conversations.c.id, messages.c.created_at >= before)
            )
            stays = or_(is_bare(), has_open_handoff(), has_unsent_message(), is_new)
            yield _Work(kind, conversations, and_(is_it, conversations.c.last_inbound_at < before, ~stays), self._make_bare)

    def _is_over(self, entry: Entry, now: datetime) -> ColumnElement[bool]:
        assert entry.since is not None
        before: datetime | date = now - timedelta(days=self._days[entry.clock])
        if isinstance(entry.since.type, Date):
            before = now.date() - timedelta(days=self._days[entry.clock])
        return and_(entry.since < before, ~entry.stays())

    def _deleter(self, entry: Entry) -> Callable[[Connection, list[Any], datetime], Counter[str]]:
        key = next(iter(entry.table.primary_key.columns))

        def delete_rows(connection: Connection, keys: list[Any], now: datetime) -> Counter[str]:
            if entry.table is outbox:
                # Those with a message are ordered when the message goes.
                query = select(outbox.c.provider_sid).where(outbox.c.id.in_(keys), outbox.c.message_id.is_(None))
                self._order(connection, list(connection.execute(query).scalars()), now)
            self._order(connection, find_copies(connection, entry, key.in_(keys)), now)
            return Counter({entry.clock: connection.execute(delete(entry.table).where(key.in_(keys))).rowcount})

        return delete_rows

    def _make_bare(self, connection: Connection, ids: list[int], now: datetime) -> Counter[str]:
        """Take words, those of counsellors too, memory and number from conversations; their bare rows stay."""
        rows = connection.execute(select(conversations).where(conversations.c.id.in_(ids))).all()
        said = messages.c.conversation_id.in_(ids)
        sids = connection.execute(select(messages.c.provider_sid).where(said)).scalars()
        self._order(connection, [*sids, *(row.provider_sid for row in rows)], now)
        gone = Counter({"messages": connection.execute(delete(messages).where(said)).rowcount})
        for entry in REGISTER:
            if entry.bare_of is not None:
                gone[entry.name] = connection.execute(delete(entry.table).where(entry.bare_of(ids))).rowcount
        bare = {**BARE, "closed_at": func.coalesce(conversations.c.closed_at, conversations.c.last_inbound_at)}
        connection.execute(update(conversations).where(conversations.c.id.in_(ids)).values(bare))
        calls = sum(row.channel == VOICE for row in rows)
        # Nothing may be dropped here: a conversation without a word counts, too.
        gone.update({"conversations": len(rows) - calls, "calls": calls})
        return gone

    def _order(self, connection: Connection, sids: list[str | None], now: datetime) -> None:
        if self._orders_deletion:
            order_deletion(self._database, connection, sids, now)

    def _forget_addresses(self) -> int:
        """Delete numbers that no conversation belongs to any more, and their contacts."""
        with self._database.begin() as connection:
            has_none = ~exists(select(conversations.c.id).where(conversations.c.address_id == addresses.c.id))
            query = select(addresses.c.id).where(has_none).limit(BATCH).with_for_update(skip_locked=True, of=addresses)
            ids = list(connection.execute(query).scalars())
            return forget_addresses(connection, ids)


def forget_addresses(connection: Connection, ids: list[int]) -> int:
    """Delete addresses that no conversation belongs to, and contacts left without one; gives how many addresses.

    Args:
        connection: a unit of work that has locked them: a first message that comes meanwhile waits and makes them anew.
        ids: of the addresses.
    """
    # Asked again under the lock, by a statement of its own: a conversation may have begun just before it.
    has_none = ~exists(select(conversations.c.id).where(conversations.c.address_id == addresses.c.id))
    gone = delete(addresses).where(addresses.c.id.in_(ids), has_none).returning(addresses.c.contact_id)
    owners = list(connection.execute(gone).scalars())
    left = exists(select(addresses.c.id).where(addresses.c.contact_id == contacts.c.id))
    connection.execute(delete(contacts).where(contacts.c.id.in_(owners), ~left))
    return len(owners)


def note_deletions(connection: Connection, reason: str, receipt: str | None, amounts: Mapping[str, int], now: datetime) -> None:
    """Write down what was deleted: kinds and counts, never whose.

    Args:
        connection: a unit of work.
        reason: ``BY_CLOCK`` or ``BY_WISH``.
        receipt: the person's number, where there is one.
        amounts: kind -> how many.
        now: aware UTC.
    """
    common = {"reason": reason, "receipt": receipt, "happened_at": now}
    rows = [{**common, "kind": kind, "amount": amount} for kind, amount in amounts.items() if amount]
    if rows:
        connection.execute(deletions.insert(), rows)
