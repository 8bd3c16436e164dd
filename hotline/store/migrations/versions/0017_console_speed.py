"""what the console and the board ask for again and again is found by an index, however long the history

Revision ID: 0017
Revises: 0016
"""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

INDEXES = (("handoffs", "closed_at"), ("conversations", "opened_at"), ("callbacks", "closed_at"))


def upgrade() -> None:
    """Make the change."""
    for table, column in INDEXES:
        op.create_index(f"ix_{table}_{column}", table, [column], unique=False)


def downgrade() -> None:
    """Take it back."""
    for table, column in INDEXES:
        op.drop_index(f"ix_{table}_{column}", table_name=table)
