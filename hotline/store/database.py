"""The database: SQLite (WAL) on one machine, PostgreSQL on many, the same code on both."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from typing import Any

from sqlalchemy import Connection, Executable, create_engine, event, insert, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Engine
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.sql.schema import Table

from hotline.errors import CannotStart
from hotline.store.trouble import explain
from hotline.store.writers import WriterQueue

log = logging.getLogger(__name__)

# Twilio waits 15 seconds in all; a server that is silent must leave time for an answer that says so.
CONNECT_SECONDS = 4
# So long anybody waits for what another program has locked; without it, PostgreSQL would let them wait for ever.
LOCK_SECONDS = 12


class DatabaseMisconfigured(CannotStart):
    """The DATABASE_URL cannot be used. The message says what to set instead."""


class Database:
    """One engine and two ways in: ``begin`` for one unit of work that commits or leaves nothing, ``read`` for looking."""

    def __init__(self, url: str) -> None:
        """Connects nothing yet.

        Args:
            url: SQLAlchemy URL; ``sqlite:///…`` or ``postgresql://…``.

        Raises:
            DatabaseMisconfigured: no such database is supported.
        """
        try:
            parsed = make_url(url)
        except (ArgumentError, ValueError):  # a port that is no number
            raise DatabaseMisconfigured("DATABASE_URL is no database address; use sqlite:///file.db or postgresql://…") from None
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            raise DatabaseMisconfigured("DATABASE_URL must start with sqlite:/// or postgresql://")
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if not self.is_sqlite:
            parsed = parsed.set(drivername="postgresql+psycopg")
        options: dict[str, Any] = (
            {"connect_args": {"timeout": LOCK_SECONDS}}
            if self.is_sqlite
            else {"pool_pre_ping": True, "connect_args": {"connect_timeout": CONNECT_SECONDS}}
        )
        self.engine: Engine = create_engine(parsed, pool_size=16, max_overflow=16, hide_parameters=True, **options)
        event.listen(self.engine, "connect", _prepare_sqlite if self.is_sqlite else _prepare_postgres)
        self._writers = WriterQueue(str(parsed.database)) if self.is_sqlite else nullcontext()

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One unit of work: commits at the end, leaves nothing when anything is raised."""
        with _explained(), self._writers, self.engine.connect() as connection:
            if self.is_sqlite:
                # Takes the write lock at once: two units of work that both read first would fail at their first write.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            connection.commit()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A look that changes nothing."""
        with _explained(), self.engine.connect() as connection:
            yield connection

    def insert_once(self, connection: Connection, table: Table, values: dict[str, Any], *key: str) -> Any:
        """Insert a row unless one with the same unique ``key`` column, or columns, is there.

        Returns:
            The primary key of the new row, None when there is none.
        """
        return connection.execute(_insert_once(table, key, self.is_sqlite), values).scalar_one_or_none()

    def forget_deleted(self, *, is_whole_file: bool = False) -> None:
        """Take what was deleted out of the files, too.

        SQLite overwrites what it deletes (``secure_delete``), but its log keeps older copies until it is emptied; where another
        program reads at this moment, it is emptied the next time. PostgreSQL tidies up by itself (autovacuum).

        Args:
            is_whole_file: write the whole file anew, about two seconds for 100 MB in which writers wait. Needed once, for what
                was deleted before the hotline overwrote it.
        """
        if not self.is_sqlite:
            return
        with self._writers, self.engine.connect() as connection:
            if is_whole_file:
                connection.exec_driver_sql("VACUUM")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


@contextmanager
def _explained() -> Iterator[None]:
    """What the operator can do about an error of the database must not hide in a traceback; it is rolled back whole."""
    try:
        yield
    except SQLAlchemyError as error:
        if (sentence := explain(error)) is not None:
            log.error(sentence)
        raise


def insert_returning_id(connection: Connection, table: Table, values: dict[str, Any]) -> int:
    """Insert a row and return its id."""
    return int(connection.execute(_insert_returning_id(table), values).scalar_one())


# Building a statement costs more than running it; these are on the way of every turn.


@cache
def _insert_once(table: Table, key: tuple[str, ...], is_sqlite: bool) -> Executable:
    dialect = sqlite if is_sqlite else postgresql
    # What comes back tells, not the row count: drivers count an insert differently.
    new = dialect.insert(table).on_conflict_do_nothing(index_elements=key)
    statement: Executable = new.returning(*table.primary_key.columns)
    return statement


@cache
def _insert_returning_id(table: Table) -> Executable:
    return insert(table).returning(table.c.id)


def _prepare_postgres(connection: Any, _record: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{round(LOCK_SECONDS * 1000)}ms'")
    connection.commit()


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver must not open transactions behind our back: ``begin`` says when, and how.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
