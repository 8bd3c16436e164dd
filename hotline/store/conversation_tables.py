"""Tables of people and their conversations. Numbers and texts of people are encrypted bytes, never plain columns."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Date, Index, Integer, LargeBinary, String, Table, UniqueConstraint

from hotline.store.columns import UtcDateTime, id_column, metadata, reference

contacts = Table(
    "contacts",
    metadata,
    id_column(),
    Column("language", String(8)),
    Column("created_at", UtcDateTime, nullable=False),
)

addresses = Table(
    "addresses",
    metadata,
    id_column(),
    reference("contact_id", "contacts"),
    # HMAC of the number under a key of its own: finds the person again without storing who it is.
    Column("pseudonym", String(64), nullable=False, unique=True),
    Column("number_encrypted", LargeBinary, nullable=False),
)

opt_outs = Table(
    "opt_outs",
    metadata,
    id_column(),
    reference("address_id", "addresses"),
    Column("channel", String(10), nullable=False),
    Column("opted_out_at", UtcDateTime, nullable=False),
    UniqueConstraint("address_id", "channel"),
)

conversations = Table(
    "conversations",
    metadata,
    id_column(),
    # Withheld callers have no address; a call is known by its provider_sid then.
    reference("address_id", "addresses", nullable=True),
    Column("channel", String(10), nullable=False),
    Column("provider_sid", String(64), unique=True),
    Column("service_address_encrypted", LargeBinary),
    Column("status", String(10), nullable=False),
    Column("language", String(8)),
    Column("session", JSON, nullable=False),
    Column("turns", Integer, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("last_inbound_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Index("ix_conversations_address_channel_open", "address_id", "channel", "closed_at"),
)

messages = Table(
    "messages",
    metadata,
    id_column(),
    reference("conversation_id", "conversations"),
    Column("direction", String(3), nullable=False),
    Column("author", String(10), nullable=False),
    Column("body_encrypted", LargeBinary, nullable=False),
    Column("provider_sid", String(64), unique=True),
    Column("status", String(12)),
    Column("error_code", String(16)),
    Column("language", String(8)),
    Column("topic", String(40)),
    Column("article_version", Integer),
    Column("confidence", Integer),
    Column("engine", String(10)),
    Column("danger", String(16)),
    Column("created_at", UtcDateTime, nullable=False),
)

inbound_events = Table(
    "inbound_events",
    metadata,
    # MessageSid; CallSid + step; Sid + status: what makes an event of the provider take effect once.
    Column("key", String(120), primary_key=True),
    Column("reply_encrypted", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    id_column(),
    reference("message_id", "messages", nullable=True),
    Column("channel", String(10), nullable=False),
    Column("recipient_encrypted", LargeBinary, nullable=False),
    Column("sender_encrypted", LargeBinary, nullable=False),
    Column("body_encrypted", LargeBinary, nullable=False),
    Column("status", String(12), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("claimed_until", UtcDateTime),
    Column("provider_sid", String(64), unique=True),
    Column("error_code", String(16)),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_outbox_status_due_at", "status", "due_at"),
)

handoffs = Table(
    "handoffs",
    metadata,
    id_column(),
    reference("conversation_id", "conversations"),
    Column("state", String(10), nullable=False),
    Column("reason", String(20), nullable=False),
    Column("danger", String(16)),
    Column("is_urgent", Boolean, nullable=False),
    Column("language", String(8)),
    Column("topic", String(40)),
    Column("channel", String(10), nullable=False),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Index("ix_handoffs_state_is_urgent_requested_at", "state", "is_urgent", "requested_at"),
)

counters = Table(
    "counters",
    metadata,
    Column("name", String(60), primary_key=True),
    Column("value", Integer, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    id_column(),
    Column("actor", String(60), nullable=False),
    Column("action", String(40), nullable=False),
    Column("object", String(60), nullable=False),
    Column("happened_at", UtcDateTime, nullable=False),
)

ratings = Table(
    "ratings",
    metadata,
    # Counts of a day and nothing of anybody: who rated is not known here.
    Column("topic", String(40), primary_key=True),
    Column("language", String(8), primary_key=True),
    Column("article_version", Integer, primary_key=True),
    Column("channel", String(10), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("helpful", Integer, nullable=False),
    Column("unhelpful", Integer, nullable=False),
)

questions = Table(
    "questions",
    metadata,
    # A random id and a day, no time and no reference: nothing leads from here to a contact or a conversation.
    Column("id", String(22), primary_key=True),
    Column("reason", String(16), nullable=False),
    Column("channel", String(10), nullable=False),
    Column("language", String(8)),
    # What the model thought of it, in tens of percent.
    Column("topic", String(40)),
    Column("score", Integer),
    Column("text_encrypted", LargeBinary, nullable=False),
    Column("state", String(10), nullable=False),
    Column("day", Date, nullable=False),
    Index("ix_questions_state_day", "state", "day"),
    # SQLite would number the rows in the order they came in, as those of the messages are.
    sqlite_with_rowid=False,
)
