"""translations of messages by a machine, and the conversations they are allowed for

Revision ID: 0013
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "translation_switches",
        sa.Column("handoff_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("switched_by", sa.Integer(), nullable=True),
        sa.Column("switched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("warned_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["handoff_id"], ["handoffs.id"], name=op.f("fk_translation_switches_handoff_id_handoffs"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["switched_by"],
            ["staff_accounts.id"],
            name=op.f("fk_translation_switches_switched_by_staff_accounts"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["warned_id"],
            ["staff_accounts.id"],
            name=op.f("fk_translation_switches_warned_id_staff_accounts"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("handoff_id", name=op.f("pk_translation_switches")),
    )
    with op.batch_alter_table("translation_switches", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_translation_switches_switched_by"), ["switched_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_translation_switches_warned_id"), ["warned_id"], unique=False)

    op.create_table(
        "message_translations",
        sa.Column("message_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("target", sa.String(length=8), nullable=False),
        sa.Column("engine", sa.String(length=16), nullable=False),
        sa.Column("text_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_message_translations_message_id_messages"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", "target", "engine", name=op.f("pk_message_translations")),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("message_translations")
    op.drop_table("translation_switches")
