"""Slows guessing down: failures are counted per account name and per network address, in the database, so for all processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, delete, select, update

from hotline.store.database import Database
from hotline.store.tables import staff_throttles

FIRST_LOCK = timedelta(seconds=30)
LONGEST_LOCK = timedelta(hours=1)
# A counter nobody added to for so long is of no use.
SWEPT_AFTER = timedelta(days=2)


@dataclass(frozen=True)
class Limit:
    """A counter: its key, from how many failures on it locks, and how long it takes to forget one."""

    key: str
    failures: int
    forgets_every: timedelta


class Locked(Exception):
    """Too many failures; ``wait`` tells how long nothing more is tried."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__("Too many failed attempts.")
        self.wait = wait


class Throttle:
    """Counts attempts before they are made, so that many at once are no way around it."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def admit(self, limits: Iterable[Limit]) -> None:
        """Count an attempt as failed until ``forgive`` says otherwise.

        Raises:
            Locked: there were too many; this one is not counted, and must not be made.
        """
        now = self._clock()
        self._sweep(now)
        with self._database.begin() as connection:
            # Always in the same order, so that two attempts cannot wait for each other.
            ordered = sorted(limits, key=lambda limit: limit.key)
            counted = [(limit, self._count(connection, limit, now)) for limit in ordered]
            for limit, failures in counted:
                self._note(connection, limit, failures, now)

    def locked(self, connection: Connection, keys: Iterable[str]) -> dict[str, datetime]:
        """Which of these counters lock now, and until when."""
        table = staff_throttles.c
        query = select(table.key, table.locked_until).where(table.key.in_(list(keys)), table.locked_until > self._clock())
        return {row.key: row.locked_until for row in connection.execute(query)}

    def forgive(self, connection: Connection, limits: Iterable[Limit], *, wholly: bool = False) -> None:
        """An attempt was right: take it back, or forget everything before it too."""
        for limit in limits:
            mine = staff_throttles.c.key == limit.key
            if wholly:
                connection.execute(delete(staff_throttles).where(mine))
            else:
                back = {"failures": staff_throttles.c.failures - 1, "locked_until": None}
                connection.execute(update(staff_throttles).where(mine, staff_throttles.c.failures > 0).values(back))

    def _count(self, connection: Connection, limit: Limit, now: datetime) -> int:
        row = self._locked_row(connection, limit, now)
        if row["locked_until"] is not None and row["locked_until"] > now:
            raise Locked(row["locked_until"] - now)
        forgotten: int = (now - row["last_failed_at"]) // limit.forgets_every
        return max(0, int(row["failures"]) - forgotten) + 1

    def _locked_row(self, connection: Connection, limit: Limit, now: datetime) -> RowMapping:
        fresh = {"key": limit.key, "failures": 0, "last_failed_at": now, "locked_until": None}
        query = select(staff_throttles).where(staff_throttles.c.key == limit.key).with_for_update()
        while True:
            self._database.insert_once(connection, staff_throttles, fresh, "key")
            row = connection.execute(query).mappings().first()
            # Somebody may have signed in between the two, which removes the row.
            if row is not None:
                return row

    def _sweep(self, now: datetime) -> None:
        """Remove what is of no use. A unit of work of its own that waits for nobody, so that none can wait for it in a circle."""
        old = staff_throttles.c.last_failed_at < now - SWEPT_AFTER
        with self._database.begin() as connection:
            keys = connection.execute(select(staff_throttles.c.key).where(old).with_for_update(skip_locked=True)).scalars().all()
            connection.execute(delete(staff_throttles).where(staff_throttles.c.key.in_(keys)))

    def _note(self, connection: Connection, limit: Limit, failures: int, now: datetime) -> None:
        locked_until = now + lock_after(failures - limit.failures) if failures >= limit.failures else None
        values = {"failures": failures, "last_failed_at": now, "locked_until": locked_until}
        connection.execute(update(staff_throttles).where(staff_throttles.c.key == limit.key).values(values))


def lock_after(beyond: int) -> timedelta:
    """How long is waited after so many failures beyond the limit: half a minute, doubled each time, an hour at most."""
    doubled: int = 2 ** min(beyond, 20)
    return min(FIRST_LOCK * doubled, LONGEST_LOCK)
