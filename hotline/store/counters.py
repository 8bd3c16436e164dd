"""Named counters, for operators (refused webhooks) and for caches (content revision)."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from hotline.store.database import Database
from hotline.store.tables import counters


def read_counter(connection: Connection, name: str) -> int:
    """The value of a counter, 0 when it was never counted."""
    return connection.execute(select(counters.c.value).where(counters.c.name == name)).scalar() or 0


def count(database: Database, connection: Connection, name: str) -> None:
    """Count one more."""
    if not database.insert_once(connection, counters, {"name": name, "value": 1}, "name"):
        connection.execute(update(counters).where(counters.c.name == name).values(value=counters.c.value + 1))


def read_all(connection: Connection) -> dict[str, int]:
    """Every counter by name."""
    return {row.name: row.value for row in connection.execute(select(counters.c.name, counters.c.value))}
