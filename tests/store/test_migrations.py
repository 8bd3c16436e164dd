"""The migrations and the tables of the code agree, up, down and up again."""

from __future__ import annotations

import pytest
from sqlalchemy import inspect

from hotline.store import migrate
from hotline.store.database import Database
from hotline.store.revision import SchemaBehind, check_revision


def test_migrated_database_has_exactly_the_tables_of_the_code(database: Database) -> None:
    with database.read() as connection:
        assert migrate.find_differences(connection) == []


def test_migrations_go_up_down_and_up_again(database_url: str) -> None:
    database = Database(database_url)
    migrate.upgrade(database)
    migrate.downgrade(database, "base")
    with database.read() as connection:
        assert set(inspect(connection).get_table_names()) <= {"alembic_version"}
    migrate.upgrade(database)
    with database.read() as connection:
        assert migrate.find_differences(connection) == []
    database.close()


def test_hotline_refuses_a_database_that_was_not_migrated(database_url: str) -> None:
    database = Database(database_url)
    with pytest.raises(SchemaBehind, match="flask db upgrade"):
        check_revision(database)
    migrate.upgrade(database)
    check_revision(database)
    database.close()
