"""opt-outs under the pseudonym alone, what was deleted, what the provider is to delete

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_BY_ADDRESS = """
SELECT addresses.pseudonym, opt_outs.channel, opt_outs.opted_out_at
FROM opt_outs JOIN addresses ON addresses.id = opt_outs.address_id
"""
_BY_PSEUDONYM = """
SELECT addresses.id, opt_outs.channel, opt_outs.opted_out_at
FROM opt_outs JOIN addresses ON addresses.pseudonym = opt_outs.pseudonym
"""


def upgrade() -> None:
    """Make the change."""
    kept = op.get_bind().execute(sa.text(_BY_ADDRESS)).all()
    op.drop_table("opt_outs")
    opt_outs = op.create_table(
        "opt_outs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pseudonym", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("opted_out_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opt_outs")),
        sa.UniqueConstraint("pseudonym", "channel", name=op.f("uq_opt_outs_pseudonym_channel")),
    )
    for pseudonym, channel, opted_out_at in kept:
        _put(opt_outs, pseudonym=pseudonym, channel=channel, opted_out_at=opted_out_at)
    op.create_table(
        "deletions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=10), nullable=False),
        sa.Column("receipt", sa.String(length=12), nullable=True),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deletions")),
    )
    op.create_index(op.f("ix_deletions_receipt"), "deletions", ["receipt"], unique=False)
    op.create_table(
        "provider_deletions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sid", sa.String(length=64), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_deletions")),
        sa.UniqueConstraint("sid", name=op.f("uq_provider_deletions_sid")),
    )
    op.create_index(op.f("ix_provider_deletions_due_at"), "provider_deletions", ["due_at"], unique=False)


def downgrade() -> None:
    """Take the change back; opt-outs of people whose address was erased are lost."""
    op.drop_table("provider_deletions")
    op.drop_table("deletions")
    kept = op.get_bind().execute(sa.text(_BY_PSEUDONYM)).all()
    op.drop_table("opt_outs")
    opt_outs = op.create_table(
        "opt_outs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("opted_out_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["address_id"], ["addresses.id"], name=op.f("fk_opt_outs_address_id_addresses"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opt_outs")),
        sa.UniqueConstraint("address_id", "channel", name=op.f("uq_opt_outs_address_id_channel")),
    )
    op.create_index(op.f("ix_opt_outs_address_id"), "opt_outs", ["address_id"], unique=False)
    for address_id, channel, opted_out_at in kept:
        _put(opt_outs, address_id=address_id, channel=channel, opted_out_at=opted_out_at)


def _put(table: sa.Table, **values: object) -> None:
    # Times come as text from SQLite and as times from PostgreSQL: each goes back as it came.
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    op.get_bind().execute(sa.text(f"INSERT INTO {table.name} ({names}) VALUES ({marks})"), values)  # noqa: S608 - our own names
