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
    Column("owner", String(60), nullable=False),
    # Hash of the starter file it came from; empty once somebody changed it in the studio, so that no update undoes that.
    Column("starter", String(64), nullable=False),
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
    # The revision these words are; what people get is always one that two editors have seen, or the starter's.
    Column("revision", Integer, nullable=False),
    UniqueConstraint("article_id", "language"),
)

revisions = Table(
    "revisions",
    metadata,
    _id(),
    Column("topic", ForeignKey("topics.slug"), nullable=False),
    Column("language", String(8), nullable=False),
    # Counts every state of a text ever saved; ``version`` counts changes of meaning only.
    Column("number", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("source_version", Integer, nullable=False),
    Column("state", String(12), nullable=False),
    Column("review", String(10), nullable=False),
    Column("is_minor", Boolean, nullable=False),
    Column("title", Text, nullable=False),
    Column("short", Text, nullable=False),
    Column("full", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("author", String(60), nullable=False),
    Column("approver", String(60)),
    # Hash of the starter file it came from; empty for the work of editors.
    Column("starter", String(64), nullable=False),
    # Raised by every save: who saves over another's work is told.
    Column("lock", Integer, nullable=False),
    Column("saved_at", UtcDateTime, nullable=False),
    Column("published_at", UtcDateTime),
    UniqueConstraint("topic", "language", "number"),
    Index("ix_revisions_state", "state"),
)

facts = Table(
    "facts",
    metadata,
    Column("key", String(60), primary_key=True),
    Column("value", Text, nullable=False),
    Column("unit", String(10), nullable=False),
    Column("applies_to", String(200), nullable=False),
    Column("source_title", Text, nullable=False),
    Column("source_url", Text, nullable=False),
    Column("source_date", String(10), nullable=False),
    Column("checked_on", Date, nullable=False),
    Column("valid_until", Date, nullable=False),
    Column("confidence", String(1), nullable=False),
    Column("owner", String(60), nullable=False),
    Column("note", Text, nullable=False),
    Column("starter", String(64), nullable=False),
)

fact_changes = Table(
    "fact_changes",
    metadata,
    _id(),
    Column("key", String(60), nullable=False, index=True),
    Column("state", String(12), nullable=False),
    Column("before", JSON, nullable=False),
    Column("after", JSON, nullable=False),
    Column("author", String(60), nullable=False),
    Column("approver", String(60)),
    Column("proposed_at", UtcDateTime, nullable=False),
    Column("decided_at", UtcDateTime),
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

staff_accounts = Table(
    "staff_accounts",
    metadata,
    _id(),
    Column("name", String(40), nullable=False, unique=True),
    Column("password_hash", String(200), nullable=False),
    # Set while the password is a one-time one: it must be changed, and is worth nothing after this time.
    Column("one_time_until", UtcDateTime),
    Column("totp_secret_encrypted", LargeBinary),
    # The newest thirty-second step a code was taken for; an older or equal one is a replay.
    Column("totp_last_step", Integer),
    Column("language", String(8)),
    Column("disabled_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_sign_in_at", UtcDateTime),
)

staff_roles = Table(
    "staff_roles",
    metadata,
    _id(),
    _reference("account_id", "staff_accounts"),
    Column("role", String(20), nullable=False),
    UniqueConstraint("account_id", "role"),
)

staff_recovery_codes = Table(
    "staff_recovery_codes",
    metadata,
    _id(),
    _reference("account_id", "staff_accounts"),
    Column("code_hash", String(64), nullable=False),
    Column("used_at", UtcDateTime),
)

staff_sessions = Table(
    "staff_sessions",
    metadata,
    _id(),
    _reference("account_id", "staff_accounts"),
    # SHA-256 of the random id in the cookie: who reads the database cannot sign in with it.
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("stage", String(16), nullable=False),
    Column("device", String(40), nullable=False),
    Column("destination", String(200)),
    Column("enrolment_encrypted", LargeBinary),
    Column("notices", JSON, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

staff_throttles = Table(
    "staff_throttles",
    metadata,
    # Pseudonym of an account name or of a network address.
    Column("key", String(80), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_failed_at", UtcDateTime, nullable=False),
    Column("locked_until", UtcDateTime),
)
