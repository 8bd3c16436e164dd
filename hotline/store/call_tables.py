"""Tables of talks by telephone: a conference, the calls in it, and what the provider has still to be told about them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, false

from hotline.store.columns import UtcDateTime, id_column, metadata, reference

talks = Table(
    "talks",
    metadata,
    id_column(),
    reference("handoff_id", "handoffs"),
    # Set where we call the person; else the person called us and holds the line.
    reference("callback_id", "callbacks", nullable=True),
    # Random: the provider shows names of conferences, and they must say nothing.
    Column("name", String(32), nullable=False, unique=True),
    Column("conference_sid", String(64), unique=True),
    Column("state", String(10), nullable=False),
    # Why it ended: see ``counselling.calls``.
    Column("ending", String(20), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("timer_at", UtcDateTime),
    Column("closed_at", UtcDateTime),
    Index("ix_talks_timer_at", "timer_at"),
)

call_legs = Table(
    "call_legs",
    metadata,
    id_column(),
    reference("talk_id", "talks"),
    Column("role", String(12), nullable=False),
    Column("account_id", ForeignKey("staff_accounts.id", ondelete="SET NULL"), index=True),
    # A caller who waits has one before there is a talk, and may come into several talks.
    Column("call_sid", String(64), index=True),
    Column("number_encrypted", LargeBinary),
    Column("language", String(8)),
    Column("state", String(10), nullable=False),
    Column("ending", String(20), nullable=False),
    Column("is_held", Boolean, nullable=False, server_default=false()),
    Column("is_muted", Boolean, nullable=False, server_default=false()),
    Column("created_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
)

call_orders = Table(
    "call_orders",
    metadata,
    id_column(),
    reference("leg_id", "call_legs"),
    Column("kind", String(12), nullable=False),
    Column("status", String(10), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error_code", String(16)),
    Column("due_at", UtcDateTime, nullable=False),
    Column("claimed_until", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_call_orders_status_due_at", "status", "due_at"),
)

# Messages callers left, only where a queue takes them and only after a notice and a key.
voicemails = Table(
    "voicemails",
    metadata,
    id_column(),
    reference("handoff_id", "handoffs"),
    Column("recording_sid", String(64), nullable=False, unique=True),
    # new: still at the provider; fetched: here and still there; kept: here alone; lost: the provider has it no more.
    Column("state", String(10), nullable=False),
    Column("sound_encrypted", LargeBinary),
    Column("seconds", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)
