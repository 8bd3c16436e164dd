"""Tables of the console: what counsellors note, hand on and say again and again. Words about people are encrypted."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Integer, LargeBinary, String, Table, Text

from hotline.store.columns import UtcDateTime, id_column, metadata, reference

# For colleagues only; they belong to the conversation, so that whoever has it next reads them too.
handoff_notes = Table(
    "handoff_notes",
    metadata,
    id_column(),
    reference("conversation_id", "conversations"),
    Column("author", String(60), nullable=False),
    Column("text_encrypted", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

# A counsellor asks a colleague to take a conversation over; it stays where it is until the colleague does.
handoff_transfers = Table(
    "handoff_transfers",
    metadata,
    id_column(),
    reference("handoff_id", "handoffs"),
    Column("from_id", ForeignKey("staff_accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("to_id", ForeignKey("staff_accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("note_encrypted", LargeBinary, nullable=False),
    # Empty while it is open: accepted, declined, expired or withdrawn.
    Column("outcome", String(10), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

canned_replies = Table(
    "canned_replies",
    metadata,
    Column("slug", String(40), primary_key=True),
    Column("language", String(8), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("text", Text, nullable=False),
    # Somebody has changed it here; the file it came from changes it no more.
    Column("is_own", Boolean, nullable=False),
)
