"""What is asked most lately: topics, and languages of calls. Counted by day and name in ``counters``, without persons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Literal

from sqlalchemy import Connection, delete, select

from hotline.store.counters import Tally
from hotline.store.tables import counters

Kind = Literal["topic", "language"]
MARK = "asked"
# A menu must not change under somebody's fingers, nor between two processes: a day counts from the second night on, when every
# process has long written what it counted.
DAYS, RESTS = 28, 2


class MenuOrder:
    """Counts, and tells what the menus of a day go by. The same for the whole day and in all processes."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._known: tuple[date, Mapping[tuple[str, str], int]] | None = None

    def count(self, kind: Kind, name: str, day: date) -> None:
        """Count one more."""
        self._tally.add(f"{MARK}:{day.isoformat()}:{kind}:{name}")

    def asked(self, connection: Connection, kind: Kind, day: date) -> Mapping[str, int]:
        """Name -> how often it was asked for in the weeks before a day.

        Args:
            connection: any connection.
            kind: topics or languages.
            day: of the menu, in Germany.
        """
        if self._known is None or self._known[0] != day:
            self._known = (day, _read(connection, day))
        return {name: number for (of_kind, name), number in self._known[1].items() if of_kind == kind}


def forget_asked(connection: Connection, day: date) -> int:
    """Delete what is too old for any menu of a day or later; gives how many rows."""
    # Names of one mark sort by their day.
    old = (counters.c.name > f"{MARK}:") & (counters.c.name < f"{MARK}:{_first(day).isoformat()}")
    return connection.execute(delete(counters).where(old)).rowcount


def _read(connection: Connection, day: date) -> Mapping[tuple[str, str], int]:
    last = day - timedelta(days=RESTS)
    within = (counters.c.name > f"{MARK}:{_first(day).isoformat()}") & (counters.c.name < f"{MARK}:{last.isoformat()};")
    found = Counter[tuple[str, str]]()
    for name, value in connection.execute(select(counters.c.name, counters.c.value).where(within)):
        _, _, kind, what = name.split(":", 3)
        found[kind, what] += value
    return found


def _first(day: date) -> date:
    return day - timedelta(days=RESTS + DAYS)
