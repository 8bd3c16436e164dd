"""Tables of what people decide about their data: no more messages, erased; and what was deleted, without saying whose."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table, UniqueConstraint

from hotline.store.columns import UtcDateTime, id_column, metadata

# Under the pseudonym alone and not the address: who has everything erased is not written to afterwards either.
opt_outs = Table(
    "opt_outs",
    metadata,
    id_column(),
    Column("pseudonym", String(64), nullable=False),
    Column("channel", String(10), nullable=False),
    Column("opted_out_at", UtcDateTime, nullable=False),
    UniqueConstraint("pseudonym", "channel"),
)

deletions = Table(
    "deletions",
    metadata,
    id_column(),
    # By its clock ("retention") or because the person wanted it ("erasure"), who got the receipt.
    Column("reason", String(10), nullable=False),
    Column("receipt", String(12), index=True),
    Column("kind", String(30), nullable=False),
    Column("amount", Integer, nullable=False),
    Column("happened_at", UtcDateTime, nullable=False),
)

# Copies of the provider that are to be deleted there, too; gone once they are.
provider_deletions = Table(
    "provider_deletions",
    metadata,
    id_column(),
    # Of a message or a call; nothing here tells whose.
    Column("sid", String(64), nullable=False, unique=True),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcDateTime, nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
)
