"""the console: notes, transfers, canned replies, who wrote a message, approved texts, how long people may wait

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "canned_replies",
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("is_own", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("slug", "language", name=op.f("pk_canned_replies")),
    )
    op.create_table(
        "handoff_notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(length=60), nullable=False),
        sa.Column("text_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_handoff_notes_conversation_id_conversations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handoff_notes")),
    )
    op.create_index(op.f("ix_handoff_notes_conversation_id"), "handoff_notes", ["conversation_id"])
    op.create_table(
        "handoff_transfers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("handoff_id", sa.Integer(), nullable=False),
        sa.Column("from_id", sa.Integer(), nullable=False),
        sa.Column("to_id", sa.Integer(), nullable=False),
        sa.Column("note_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["handoff_id"], ["handoffs.id"], name=op.f("fk_handoff_transfers_handoff_id_handoffs"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["from_id"], ["staff_accounts.id"], name=op.f("fk_handoff_transfers_from_id_staff_accounts"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["to_id"], ["staff_accounts.id"], name=op.f("fk_handoff_transfers_to_id_staff_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handoff_transfers")),
    )
    for column in ("handoff_id", "from_id", "to_id"):
        op.create_index(op.f(f"ix_handoff_transfers_{column}"), "handoff_transfers", [column])
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.add_column(sa.Column("written_by", sa.String(length=60), nullable=True))
        batch_op.add_column(sa.Column("reply_key", sa.String(length=60), nullable=True))
        batch_op.create_index("uq_messages_reply_key", ["reply_key"], unique=True)
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("content_sid", sa.String(length=34), nullable=True))
    with op.batch_alter_table("queues", schema=None) as batch_op:
        batch_op.add_column(sa.Column("target_minutes", sa.Integer(), server_default="15", nullable=False))
        batch_op.add_column(sa.Column("danger_minutes", sa.Integer(), server_default="3", nullable=False))


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("queues", schema=None) as batch_op:
        batch_op.drop_column("danger_minutes")
        batch_op.drop_column("target_minutes")
    # A text that only WhatsApp's approval lets out must not go out as free words.
    op.execute("UPDATE outbox SET status = 'failed' WHERE content_sid IS NOT NULL AND status = 'queued'")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_column("content_sid")
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.drop_index("uq_messages_reply_key")
        batch_op.drop_column("reply_key")
        batch_op.drop_column("written_by")
    op.drop_table("handoff_transfers")
    op.drop_table("handoff_notes")
    op.drop_table("canned_replies")
