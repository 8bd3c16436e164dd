"""talks by telephone: conferences, their calls and the orders to the provider; callbacks to another number and with an alias

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def _moment(name: str, *, nullable: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _of(
    name: str, table: str, target: str, *, nullable: bool = False, ondelete: str = "CASCADE"
) -> tuple[sa.Column[Any], sa.ForeignKeyConstraint]:
    key = op.f(f"fk_{table}_{name}_{target}")
    return (
        sa.Column(name, sa.Integer(), nullable=nullable),
        sa.ForeignKeyConstraint([name], [f"{target}.id"], name=key, ondelete=ondelete),
    )


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "talks",
        sa.Column("id", sa.Integer(), nullable=False),
        *_of("handoff_id", "talks", "handoffs"),
        *_of("callback_id", "talks", "callbacks", nullable=True),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("conference_sid", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("ending", sa.String(length=20), nullable=False),
        _moment("created_at", nullable=False),
        _moment("timer_at"),
        _moment("closed_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_talks")),
        sa.UniqueConstraint("name", name=op.f("uq_talks_name")),
        sa.UniqueConstraint("conference_sid", name=op.f("uq_talks_conference_sid")),
    )
    op.create_index(op.f("ix_talks_handoff_id"), "talks", ["handoff_id"])
    op.create_index(op.f("ix_talks_callback_id"), "talks", ["callback_id"])
    op.create_index("ix_talks_timer_at", "talks", ["timer_at"])
    op.create_table(
        "call_legs",
        sa.Column("id", sa.Integer(), nullable=False),
        *_of("talk_id", "call_legs", "talks"),
        sa.Column("role", sa.String(length=12), nullable=False),
        *_of("account_id", "call_legs", "staff_accounts", nullable=True, ondelete="SET NULL"),
        sa.Column("call_sid", sa.String(length=64), nullable=True),
        sa.Column("number_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("ending", sa.String(length=20), nullable=False),
        sa.Column("is_held", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_muted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        _moment("created_at", nullable=False),
        _moment("closed_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_legs")),
    )
    for name in ("talk_id", "account_id", "call_sid"):
        op.create_index(op.f(f"ix_call_legs_{name}"), "call_legs", [name])
    op.create_table(
        "call_orders",
        sa.Column("id", sa.Integer(), nullable=False),
        *_of("leg_id", "call_orders", "call_legs"),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error_code", sa.String(length=16), nullable=True),
        _moment("due_at", nullable=False),
        _moment("claimed_until"),
        _moment("created_at", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_orders")),
    )
    op.create_index(op.f("ix_call_orders_leg_id"), "call_orders", ["leg_id"])
    op.create_index("ix_call_orders_status_due_at", "call_orders", ["status", "due_at"])
    op.create_table(
        "voicemails",
        sa.Column("id", sa.Integer(), nullable=False),
        *_of("handoff_id", "voicemails", "handoffs"),
        sa.Column("recording_sid", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("sound_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _moment("created_at", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voicemails")),
        sa.UniqueConstraint("recording_sid", name=op.f("uq_voicemails_recording_sid")),
    )
    op.create_index(op.f("ix_voicemails_handoff_id"), "voicemails", ["handoff_id"])
    op.add_column("queues", sa.Column("takes_voicemail", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("counsellors", sa.Column("phone_encrypted", sa.LargeBinary(), nullable=True))
    op.add_column("queues", sa.Column("most_waiting", sa.Integer(), server_default="10", nullable=False))
    op.add_column("callbacks", sa.Column("number_pseudonym", sa.String(length=64), nullable=True))
    op.add_column("callbacks", sa.Column("alias_encrypted", sa.LargeBinary(), nullable=True))
    op.create_index(op.f("ix_callbacks_number_pseudonym"), "callbacks", ["number_pseudonym"])


def downgrade() -> None:
    """Take it back."""
    op.execute("UPDATE callbacks SET state = 'due' WHERE state = 'unclear'")
    op.drop_index(op.f("ix_callbacks_number_pseudonym"), "callbacks")
    with op.batch_alter_table("callbacks", schema=None) as batch_op:
        batch_op.drop_column("alias_encrypted")
        batch_op.drop_column("number_pseudonym")
    with op.batch_alter_table("queues", schema=None) as batch_op:
        batch_op.drop_column("most_waiting")
        batch_op.drop_column("takes_voicemail")
    with op.batch_alter_table("counsellors", schema=None) as batch_op:
        batch_op.drop_column("phone_encrypted")
    op.drop_table("voicemails")
    op.drop_table("call_orders")
    op.drop_table("call_legs")
    op.drop_table("talks")
