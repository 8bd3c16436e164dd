"""What is asked most lately: topics, countries, and languages of calls. Counted by day in ``counters``, without persons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, delete, select

from hotline.store.counters import Tally
from hotline.store.tables import counters

Kind = Literal["topic", "language", "country"]
MARK = "asked"
# So many days before today count, and today so far.
DAYS = 28
# Each process reads the counters so often at the most: a call that begins waits for no more than that.
FRESH = timedelta(minutes=10)


class MenuOrder:
    """Counts, and tells what a call that begins goes by. A call keeps it to its end: no menu changes under somebody's fingers."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._known: tuple[datetime, Mapping[str, int]] | None = None

    def count(self, kind: Kind, name: str, day: date) -> None:
        """Count one more."""
        self._tally.add(f"{MARK}:{day.isoformat()}:{kind}:{name}")

    def asked(self, connection: Connection, now: datetime) -> Mapping[str, int]:
        """Topic, code of a language or code of a country -> how often it was asked for in these weeks, today included.

        Args:
            connection: any connection.
            now: in Germany.
        """
        if self._known is None or not self._known[0] <= now < self._known[0] + FRESH:
            self._known = (now, _read(connection, now.date()))
        return self._known[1]


def forget_asked(connection: Connection, day: date) -> int:
    """Delete what is too old for any menu of a day or later; gives how many rows."""
    # Names of one mark sort by their day.
    old = (counters.c.name > f"{MARK}:") & (counters.c.name < f"{MARK}:{_first(day).isoformat()}")
    return connection.execute(delete(counters).where(old)).rowcount


def _read(connection: Connection, day: date) -> Mapping[str, int]:
    within = (counters.c.name > f"{MARK}:{_first(day).isoformat()}") & (counters.c.name < f"{MARK}:{day.isoformat()};")
    found = Counter[str]()
    for name, value in connection.execute(select(counters.c.name, counters.c.value).where(within)):
        # Topics are words, languages have small letters and countries capital ones: no two share a name.
        found[name.rpartition(":")[2]] += value
    return found


def _first(day: date) -> date:
    return day - timedelta(days=DAYS)
