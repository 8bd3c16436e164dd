"""One unit of work: all or nothing, one writer at a time, times that know their zone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError, StatementError

from hotline.store.counters import Tally, count, read_all, read_counter
from hotline.store.database import Database, DatabaseMisconfigured
from hotline.store.tables import contacts, inbound_events


def test_unit_of_work_that_fails_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.begin() as connection:
            connection.execute(insert(contacts).values(created_at=datetime.now(UTC)))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.read() as connection:
        assert connection.execute(select(contacts)).all() == []


def test_counters_lose_nothing_when_many_count_at_once(database: Database) -> None:
    def count_ten(_: int) -> None:
        for _ in range(10):
            with database.begin() as connection:
                count(database, connection, "seen")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count_ten, range(8)))
    with database.read() as connection:
        assert read_counter(connection, "seen") == 80


def test_same_event_cannot_be_stored_twice(database: Database) -> None:
    row = {"key": "SM1", "reply_encrypted": b"x", "created_at": datetime.now(UTC)}
    with database.begin() as connection:
        connection.execute(insert(inbound_events).values(**row))
    with pytest.raises(IntegrityError), database.begin() as connection:
        connection.execute(insert(inbound_events).values(**row))


def test_times_come_back_aware_and_naive_ones_are_refused(database: Database) -> None:
    with database.begin() as connection:
        connection.execute(insert(contacts).values(created_at=datetime(2026, 11, 24, 12, tzinfo=UTC)))
        stored = connection.execute(select(contacts.c.created_at)).scalar_one()
        assert stored == datetime(2026, 11, 24, 12, tzinfo=UTC)
    with pytest.raises(StatementError, match="aware"), database.begin() as connection:
        connection.execute(insert(contacts).values(created_at=datetime(2026, 11, 24, 12)))  # noqa: DTZ001 - the point of the test


def test_flood_is_counted_in_memory_and_written_once_a_second(database: Database) -> None:
    now = [0.0]
    tally = Tally(database, clock=lambda: now[0])
    for _ in range(100):
        tally.add("refused")
    with database.read() as connection:
        assert read_all(connection) == {"refused": 1}
    now[0] = 2.0
    tally.add("refused")
    with database.read() as connection:
        assert read_all(connection) == {"refused": 101}


@pytest.mark.parametrize("url", ["mysql://localhost/x", "nonsense", ""])
def test_unusable_database_address_is_named_with_its_remedy(url: str) -> None:
    with pytest.raises(DatabaseMisconfigured, match="DATABASE_URL"):
        Database(url)
