"""Named counters, for operators (refused webhooks) and for caches (content revision)."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable

from sqlalchemy import Connection, ScalarSelect, bindparam, select, update
from sqlalchemy.exc import SQLAlchemyError

from hotline.store.database import Database
from hotline.store.tables import counters

log = logging.getLogger(__name__)
_VALUE = select(counters.c.value).where(counters.c.name == bindparam("counter"))
_MORE = update(counters).where(counters.c.name == bindparam("counter")).values(value=counters.c.value + bindparam("amount"))


def read_counter(connection: Connection, name: str) -> int:
    """The value of a counter, 0 when it was never counted."""
    return connection.execute(_VALUE, {"counter": name}).scalar() or 0


def value_of(name: str) -> ScalarSelect[int]:
    """The value of a counter as a part of another statement; NULL when it was never counted."""
    return select(counters.c.value).where(counters.c.name == name).scalar_subquery()


def count(database: Database, connection: Connection, name: str, amount: int = 1) -> None:
    """Count some more."""
    more = {"counter": name, "amount": amount}
    # Nearly every counter is there already: the other way round each would take two statements.
    if connection.execute(_MORE, more).rowcount or database.insert_once(
        connection, counters, {"name": name, "value": amount}, "name"
    ):
        return
    # Another process has made it in between.
    connection.execute(_MORE, more)


def read_all(connection: Connection) -> dict[str, int]:
    """Every counter by name."""
    return {row.name: row.value for row in connection.execute(select(counters.c.name, counters.c.value))}


class Tally:
    """Counts what may come in floods (forged requests): in memory, written at most once a second."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._waiting = Counter[str]()
        self._written_at = float("-inf")
        self._lock = threading.Lock()

    def add(self, name: str, amount: int = 1) -> None:
        """Count some more. Never raises: counting must not break what is counted."""
        with self._lock:
            self._waiting[name] += amount
            if self._clock() - self._written_at < 1:
                return
            self._written_at = self._clock()
        self.write()

    def write(self) -> None:
        """Write what waits; without a database it goes on waiting."""
        with self._lock:
            waiting, self._waiting = self._waiting, Counter()
        try:
            with self._database.begin() as connection:
                # In one order everywhere, so that two processes never wait for each other.
                for name, amount in sorted(waiting.items()):
                    count(self._database, connection, name, amount)
        except SQLAlchemyError:
            log.warning("counters could not be written")
            with self._lock:
                self._waiting.update(waiting)
