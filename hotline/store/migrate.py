"""Brings the database to the tables of this version (Alembic)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from hotline.store.database import Database
from hotline.store.tables import metadata

FOLDER = Path(__file__).parent / "migrations"
# One number for the whole product: two machines that start at once must not migrate at once.
_ADVISORY_LOCK = 724110


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the database to a revision, in one unit of work."""
    _run(database, lambda config: command.upgrade(config, revision))


def downgrade(database: Database, revision: str) -> None:
    """Take the database back to a revision, in one unit of work."""
    _run(database, lambda config: command.downgrade(config, revision))


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
            # Two that migrate at once: the second one waits, however long the first one takes.
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        config.attributes["connection"] = connection
        action(config)
