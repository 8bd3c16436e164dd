"""What all tables share: names of keys, aware UTC times, common columns."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, Date, DateTime, ForeignKey, Integer, MetaData, String, Text, TypeDecorator
from sqlalchemy.engine import Dialect

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time on every database (SQLite stores none): a naive one is refused, a read one is aware."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("Times must be aware; use datetime.now(UTC).")
        return value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if not isinstance(value, datetime):
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value


def id_column() -> Column[int]:
    """The number of a row."""
    return Column("id", Integer, primary_key=True)


def reference(name: str, target: str, *, nullable: bool = False) -> Column[int]:
    """The number of a row of another table, which takes its rows along when it goes."""
    return Column(name, ForeignKey(f"{target}.id", ondelete="CASCADE"), nullable=nullable, index=True)


def staff_reference(name: str) -> Column[int]:
    """An account of staff; what it did outlives it."""
    return Column(name, ForeignKey("staff_accounts.id", ondelete="SET NULL"), index=True)


def source_columns() -> tuple[Column[Any], ...]:
    """Where a row comes from and how long it holds. ``source_date`` is YYYY, YYYY-MM or YYYY-MM-DD."""
    return (
        Column("source_title", Text, nullable=False),
        Column("source_url", Text, nullable=False),
        Column("source_date", String(10), nullable=False),
        Column("checked_on", Date, nullable=False),
        Column("confidence", String(1), nullable=False),
        Column("valid_until", Date, nullable=False),
    )
