"""Whether the database is at the version of this code. No web process carries Alembic, which brings it there."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Column, MetaData, String, Table, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from hotline.errors import CannotStart
from hotline.store.database import Database
from hotline.store.trouble import DatabaseTrouble, explain

VERSIONS = Path(__file__).parent / "migrations" / "versions"
# Alembic's own table, which it makes and fills.
_APPLIED = Table("alembic_version", MetaData(), Column("version_num", String(32)))


class SchemaBehind(CannotStart):
    """The database is not at the version this code needs."""


def newest_revision() -> str:
    """The last of the migrations: they are one chain, and their files begin with their numbers."""
    return max(path.name.partition("_")[0] for path in VERSIONS.glob("[0-9]*_*.py"))


def check_revision(database: Database) -> None:
    """Refuse a database of another version.

    Raises:
        SchemaBehind: it must be migrated first.
        DatabaseTrouble: it cannot be asked.
    """
    needed = newest_revision()
    try:
        with database.read() as connection:
            is_migrated = inspect(connection).has_table(_APPLIED.name)
            found = connection.execute(select(_APPLIED.c.version_num)).scalar_one_or_none() if is_migrated else None
    except SQLAlchemyError as error:
        sentence = explain(error)
        if sentence is None:
            raise
        raise DatabaseTrouble(sentence) from None
    if found != needed:
        raise SchemaBehind(f"The database is at version {found or 'none'}, this code needs {needed}. Run `flask db upgrade`.")
