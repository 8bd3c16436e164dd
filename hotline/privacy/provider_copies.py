"""What the provider keeps of messages and calls is deleted there, too: orders in a table, carried out by the worker."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Connection, delete, select, update

from hotline.store.database import Database
from hotline.store.tables import deletions, provider_deletions
from hotline.telephony.client import NotDeleted

log = logging.getLogger(__name__)
# A message that is still on its way, or a call that is not over, cannot be deleted there yet.
FIRST_TRY = timedelta(minutes=15)
NEXT_TRY = timedelta(hours=2)
MOST_TRIES = 30
AT_ONCE = 100
# The worker looks every minute.
LATELY = timedelta(minutes=3)


class Eraser(Protocol):
    """Deletes what the provider keeps of one message, call or recording; raises ``NotDeleted``."""

    def delete_copy(self, sid: str) -> None:
        """See ``telephony.client.TwilioSender``."""
        ...


def order_deletion(database: Database, connection: Connection, sids: Iterable[str | None], now: datetime) -> int:
    """Have the provider's copies deleted.

    Args:
        database: knows how to insert a row once.
        connection: the unit of work that deletes our own.
        sids: of messages, calls and recordings; None is passed over.
        now: aware UTC.

    Returns:
        How many orders are new.
    """
    rows = [{"sid": sid, "attempts": 0, "due_at": now + FIRST_TRY, "created_at": now} for sid in sids if sid]
    return sum(database.insert_once(connection, provider_deletions, row, "sid") is not None for row in rows)


class EveryAccount:
    """Deletes a copy at all accounts we have: nothing that is stored here tells for sure which one a message went through."""

    def __init__(self, accounts: Sequence[Eraser]) -> None:
        self._accounts = accounts

    def delete_copy(self, sid: str) -> None:
        """Delete a copy wherever it is; each account is asked, also when one before did not do it.

        Raises:
            NotDeleted: an account still has it, or may have.
        """
        problem = None
        for account in self._accounts:
            try:
                account.delete_copy(sid)
            except NotDeleted as failure:
                problem = failure
        if problem is not None:
            raise problem


class ProviderCopies:
    """The worker's side."""

    def __init__(self, database: Database, eraser: Eraser, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._eraser = eraser
        self._clock = clock

    def run(self) -> int:
        """Carry out the orders that are due; gives how many copies are gone now."""
        now = self._clock()
        self._forget_erased(now)
        with self._database.begin() as connection:
            due = select(provider_deletions).where(provider_deletions.c.due_at <= now, provider_deletions.c.attempts < MOST_TRIES)
            rows = connection.execute(
                due.order_by(provider_deletions.c.id).limit(AT_ONCE).with_for_update(skip_locked=True)
            ).all()
            # Claimed by being late again: if this process dies, the next try comes by itself.
            for row in rows:
                values = {"attempts": row.attempts + 1, "due_at": now + NEXT_TRY}
                connection.execute(update(provider_deletions).where(provider_deletions.c.id == row.id).values(values))
        return sum(self._delete(row.id, row.sid) for row in rows)

    def _forget_erased(self, now: datetime) -> None:
        """What somebody had erased since the last look leaves the file's log, too, and not only at night."""
        lately = select(deletions.c.id).where(deletions.c.receipt.is_not(None), deletions.c.happened_at >= now - LATELY)
        with self._database.read() as connection:
            is_erased = connection.execute(lately.limit(1)).first() is not None
        if is_erased:
            self._database.forget_deleted()

    def _delete(self, order_id: int, sid: str) -> bool:
        try:
            self._eraser.delete_copy(sid)
        except NotDeleted as problem:
            log.warning("the provider keeps a copy; tried again later", extra={"order": order_id, "code": problem.code})
            return False
        with self._database.begin() as connection:
            connection.execute(delete(provider_deletions).where(provider_deletions.c.id == order_id))
        return True
