"""Alembic's entry: runs migrations on the connection handed to it by ``store.migrate``."""

from __future__ import annotations

from alembic import context

from hotline.store.tables import metadata

connection = context.config.attributes["connection"]
# SQLite cannot alter a column in place: batch mode copies the table.
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    transaction_per_migration=False,
)
context.run_migrations()
