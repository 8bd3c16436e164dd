"""Every table of the hotline. Times are aware UTC; numbers and texts of people are encrypted bytes, never plain columns."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time on every database (SQLite stores none): a naive one is refused, a read one is aware."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("Times must be aware; use datetime.now(UTC).")
        return value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if not isinstance(value, datetime):
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value


def _id() -> Column[int]:
    return Column("id", Integer, primary_key=True)


def _reference(name: str, target: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, ForeignKey(f"{target}.id", ondelete="CASCADE"), nullable=nullable, index=True)


def _source() -> tuple[Column[Any], ...]:
    """Where a row comes from and how long it holds. ``source_date`` is YYYY, YYYY-MM or YYYY-MM-DD."""
    return (
        Column("source_title", Text, nullable=False),
        Column("source_url", Text, nullable=False),
        Column("source_date", String(10), nullable=False),
        Column("checked_on", Date, nullable=False),
        Column("confidence", String(1), nullable=False),
        Column("valid_until", Date, nullable=False),
    )


contacts = Table(
    "contacts",
    metadata,
    _id(),
    Column("language", String(8)),
    Column("created_at", UtcDateTime, nullable=False),
)

addresses = Table(
    "addresses",
    metadata,
    _id(),
    _reference("contact_id", "contacts"),
    # HMAC of the number under a key of its own: finds the person again without storing who it is.
    Column("pseudonym", String(64), nullable=False, unique=True),
    Column("number_encrypted", LargeBinary, nullable=False),
)

opt_outs = Table(
    "opt_outs",
    metadata,
    _id(),
    _reference("address_id", "addresses"),
    Column("channel", String(10), nullable=False),
    Column("opted_out_at", UtcDateTime, nullable=False),
    UniqueConstraint("address_id", "channel"),
)

conversations = Table(
    "conversations",
    metadata,
    _id(),
    # Withheld callers have no address; a call is known by its provider_sid then.
    _reference("address_id", "addresses", nullable=True),
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
    _id(),
    _reference("conversation_id", "conversations"),
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
    _id(),
    _reference("message_id", "messages", nullable=True),
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
    _id(),
    _reference("conversation_id", "conversations"),
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

topics = Table(
    "topics",
    metadata,
    Column("slug", String(40), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("policy", String(1), nullable=False),
)

articles = Table(
    "articles",
    metadata,
    _id(),
    Column("topic", ForeignKey("topics.slug"), nullable=False, index=True, unique=True),
    Column("as_of", String(10), nullable=False),
    Column("valid_until", Date, nullable=False),
    Column("follow_ups", JSON, nullable=False),
    Column("sources", JSON, nullable=False),
)

translations = Table(
    "translations",
    metadata,
    _id(),
    _reference("article_id", "articles"),
    Column("language", String(8), nullable=False),
    Column("version", Integer, nullable=False),
    Column("source_version", Integer, nullable=False),
    Column("review", String(10), nullable=False),
    Column("title", Text, nullable=False),
    Column("short", Text, nullable=False),
    Column("full", Text, nullable=False),
    UniqueConstraint("article_id", "language"),
)

centres = Table(
    "centres",
    metadata,
    _id(),
    # In the order of the file it came from, so that what is exported is what was imported.
    Column("position", Integer, nullable=False),
    # An operator's own directory, which the one of content/ never replaces.
    Column("is_imported", Boolean, nullable=False),
    Column("name", Text, nullable=False),
    Column("body", String(12), nullable=False),
    Column("address", Text, nullable=False),
    Column("postcode", String(5), nullable=False),
    Column("city", Text, nullable=False),
    Column("land", String(5), nullable=False),
    Column("phone", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("hours", Text, nullable=False),
    Column("languages", JSON, nullable=False),
    *_source(),
)

country_facts = Table(
    "country_facts",
    metadata,
    _id(),
    Column("country", String(2), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("name", String(20), nullable=False),
    Column("detail", String(20), nullable=False),
    Column("is_listed", Boolean, nullable=False),
    *_source(),
)

country_notes = Table(
    "country_notes",
    metadata,
    _id(),
    Column("country", String(2), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("position", Integer, nullable=False),
    # Articles: language -> title and text. Contacts and partners: name, address, phone, email, url.
    Column("content", JSON, nullable=False),
    *_source(),
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
    _id(),
    Column("actor", String(60), nullable=False),
    Column("action", String(40), nullable=False),
    Column("object", String(60), nullable=False),
    Column("happened_at", UtcDateTime, nullable=False),
)
