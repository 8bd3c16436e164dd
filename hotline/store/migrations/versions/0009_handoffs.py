"""handoffs with owners and timers, offers, counsellors, callbacks, queues and their hours

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "queues",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("lands", sa.JSON(), nullable=False),
        sa.Column("holidays_of", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_queues")),
    )
    op.create_table(
        "counsellors",
        sa.Column("account_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("lands", sa.JSON(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("presence", sa.String(length=10), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["staff_accounts.id"], name=op.f("fk_counsellors_account_id_staff_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_counsellors")),
    )
    op.create_table(
        "queue_slots",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("queue", sa.String(length=40), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=True),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("opens", sa.String(length=5), nullable=False),
        sa.Column("closes", sa.String(length=5), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["queue"], ["queues.name"], name=op.f("fk_queue_slots_queue_queues"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_slots")),
    )
    with op.batch_alter_table("queue_slots", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_queue_slots_queue"), ["queue"], unique=False)

    op.create_table(
        "callbacks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("handoff_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("number_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("safe_times", sa.String(length=10), nullable=False),
        sa.Column("place_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("timer_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("counsellor_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["counsellor_id"], ["staff_accounts.id"], name=op.f("fk_callbacks_counsellor_id_staff_accounts"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["handoff_id"], ["handoffs.id"], name=op.f("fk_callbacks_handoff_id_handoffs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callbacks")),
    )
    with op.batch_alter_table("callbacks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_callbacks_counsellor_id"), ["counsellor_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_callbacks_handoff_id"), ["handoff_id"], unique=False)
        batch_op.create_index("ix_callbacks_state_timer_at", ["state", "timer_at"], unique=False)

    op.create_table(
        "handoff_offers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("handoff_id", sa.Integer(), nullable=False),
        sa.Column("counsellor_id", sa.Integer(), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["counsellor_id"],
            ["staff_accounts.id"],
            name=op.f("fk_handoff_offers_counsellor_id_staff_accounts"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["handoff_id"], ["handoffs.id"], name=op.f("fk_handoff_offers_handoff_id_handoffs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handoff_offers")),
    )
    with op.batch_alter_table("handoff_offers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_handoff_offers_counsellor_id"), ["counsellor_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_handoff_offers_handoff_id"), ["handoff_id"], unique=False)

    with op.batch_alter_table("handoffs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("land", sa.String(length=5), nullable=True))
        batch_op.add_column(sa.Column("queue", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("counsellor_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("offered_to", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("awaits", sa.String(length=10), server_default="counsellor", nullable=False))
        batch_op.add_column(sa.Column("timer_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("reminders", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("is_told", sa.Boolean(), server_default=sa.text("false"), nullable=False))
        batch_op.create_index(batch_op.f("ix_handoffs_counsellor_id"), ["counsellor_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_handoffs_offered_to"), ["offered_to"], unique=False)
        batch_op.create_index("ix_handoffs_timer_at", ["timer_at"], unique=False)
        batch_op.create_index(
            "uq_handoffs_open",
            ["conversation_id"],
            unique=True,
            sqlite_where=sa.text("state NOT IN ('returned', 'closed')"),
            postgresql_where=sa.text("state NOT IN ('returned', 'closed')"),
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_handoffs_offered_to_staff_accounts"), "staff_accounts", ["offered_to"], ["id"], ondelete="SET NULL"
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_handoffs_counsellor_id_staff_accounts"),
            "staff_accounts",
            ["counsellor_id"],
            ["id"],
            ondelete="SET NULL",
        )

    # One owner for every conversation from now on: who waits is in the queue, and nobody's timer stands still.
    op.execute("UPDATE handoffs SET timer_at = requested_at WHERE state = 'requested'")
    op.execute(
        "UPDATE conversations SET status = 'waiting' WHERE id IN (SELECT conversation_id FROM handoffs WHERE state = 'requested')"
    )


def downgrade() -> None:
    """Take it back."""
    op.execute("UPDATE conversations SET status = 'bot' WHERE status NOT IN ('bot', 'closed')")
    # The tables of before know two states only.
    op.execute("UPDATE handoffs SET state = 'closed' WHERE state IN ('returned', 'abandoned')")
    op.execute("UPDATE handoffs SET state = 'requested' WHERE state <> 'closed'")
    with op.batch_alter_table("handoffs", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_handoffs_counsellor_id_staff_accounts"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_handoffs_offered_to_staff_accounts"), type_="foreignkey")
        batch_op.drop_index(
            "uq_handoffs_open",
            sqlite_where=sa.text("state NOT IN ('returned', 'closed')"),
            postgresql_where=sa.text("state NOT IN ('returned', 'closed')"),
        )
        batch_op.drop_index("ix_handoffs_timer_at")
        batch_op.drop_index(batch_op.f("ix_handoffs_offered_to"))
        batch_op.drop_index(batch_op.f("ix_handoffs_counsellor_id"))
        batch_op.drop_column("is_told")
        batch_op.drop_column("reminders")
        batch_op.drop_column("timer_at")
        batch_op.drop_column("awaits")
        batch_op.drop_column("accepted_at")
        batch_op.drop_column("offered_to")
        batch_op.drop_column("counsellor_id")
        batch_op.drop_column("queue")
        batch_op.drop_column("land")

    with op.batch_alter_table("handoff_offers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_handoff_offers_handoff_id"))
        batch_op.drop_index(batch_op.f("ix_handoff_offers_counsellor_id"))

    op.drop_table("handoff_offers")
    with op.batch_alter_table("callbacks", schema=None) as batch_op:
        batch_op.drop_index("ix_callbacks_state_timer_at")
        batch_op.drop_index(batch_op.f("ix_callbacks_handoff_id"))
        batch_op.drop_index(batch_op.f("ix_callbacks_counsellor_id"))

    op.drop_table("callbacks")
    with op.batch_alter_table("queue_slots", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_queue_slots_queue"))

    op.drop_table("queue_slots")
    op.drop_table("counsellors")
    op.drop_table("queues")
