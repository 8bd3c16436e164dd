"""Brings the database to the tables of this version (Alembic)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from hotline.errors import CannotStart
from hotline.store.database import Database
from hotline.store.tables import metadata
from hotline.store.trouble import explain

FOLDER = Path(__file__).parent / "migrations"
# One number for the whole product: two machines that start at once must not migrate at once.
_ADVISORY_LOCK = 724110


class SchemaBehind(CannotStart):
    """The database is not at the version this code needs."""


class DatabaseTrouble(CannotStart):
    """The database does not do what it is asked for. The message says what to do."""


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the database to a revision, in one unit of work."""
    _run(database, lambda config: command.upgrade(config, revision))


def downgrade(database: Database, revision: str) -> None:
    """Take the database back to a revision, in one unit of work."""
    _run(database, lambda config: command.downgrade(config, revision))


def check_revision(database: Database) -> None:
    """Refuse a database of another version.

    Raises:
        SchemaBehind: it must be migrated first.
        DatabaseTrouble: it cannot be asked.
    """
    head = ScriptDirectory(str(FOLDER)).get_current_head()
    try:
        with database.read() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
    except SQLAlchemyError as error:
        sentence = explain(error)
        if sentence is None:
            raise
        raise DatabaseTrouble(sentence) from None
    if found != head:
        raise SchemaBehind(f"The database is at version {found or 'none'}, this code needs {head}. Run `flask db upgrade`.")


def find_differences(connection: Connection) -> list[object]:
    """What the migrated database and the tables of the code do not agree on."""
    return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))


def make_config() -> Config:
    """Alembic's settings; a caller adds the connection."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return config


def _run(database: Database, action: Callable[[Config], object]) -> None:
    config = make_config()
    with database.begin() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        config.attributes["connection"] = connection
        action(config)
