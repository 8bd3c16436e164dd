"""Tables of people and their conversations. Numbers and texts of people are encrypted bytes, never plain columns."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)

from hotline.store.columns import UtcDateTime, id_column, metadata, reference

_IS_OPEN = text("state NOT IN ('returned', 'closed')")


def _staff(name: str) -> Column[int]:
    """An account of staff; what people asked for outlives it."""
    return Column(name, ForeignKey("staff_accounts.id", ondelete="SET NULL"), index=True)


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
    Index("ix_conversations_opened_at", "opened_at"),
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
    # Which of the staff wrote it.
    Column("written_by", String(60)),
    # What a form was made with: sent twice, it is one message.
    Column("reply_key", String(60)),
    Column("created_at", UtcDateTime, nullable=False),
    Index("uq_messages_reply_key", "reply_key", unique=True),
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
    # A text WhatsApp has approved, by the provider's id: it may go out where free words may not.
    Column("content_sid", String(34)),
    Column("status", String(12), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("claimed_until", UtcDateTime),
    Column("provider_sid", String(64), unique=True),
    Column("error_code", String(16)),
    Column("created_at", UtcDateTime, nullable=False),
    # Of the last try, for one whose fate is in doubt: which account was asked, when, and how often its list was looked at.
    Column("provider", String(10)),
    Column("tried_at", UtcDateTime),
    Column("looks", Integer, nullable=False, server_default="0"),
    # When a provider first took it.
    Column("handed_at", UtcDateTime),
    # When a person said that nothing is left to do about it.
    Column("settled_at", UtcDateTime),
    Index("ix_outbox_status_due_at", "status", "due_at"),
    Index("ix_outbox_created_at", "created_at"),
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
    # Routing needs the Land in the clear; the place itself stays encrypted in the session.
    Column("land", String(5)),
    Column("queue", String(40)),
    Column("requested_at", UtcDateTime, nullable=False),
    # Who has it, or whom it is offered to: see ``counselling.states``.
    _staff("counsellor_id"),
    _staff("offered_to"),
    Column("accepted_at", UtcDateTime),
    # Whose word is awaited: counsellor or contact.
    Column("awaits", String(10), nullable=False, server_default="counsellor"),
    Column("timer_at", UtcDateTime),
    Column("reminders", Integer, nullable=False, server_default="0"),
    # The person has been told that somebody will answer.
    Column("is_told", Boolean, nullable=False, server_default=text("false")),
    Column("closed_at", UtcDateTime),
    Index("ix_handoffs_state_is_urgent_requested_at", "state", "is_urgent", "requested_at"),
    Index("ix_handoffs_timer_at", "timer_at"),
    Index("ix_handoffs_closed_at", "closed_at"),
    # A conversation has one owner: it can have one open handoff at most.
    Index("uq_handoffs_open", "conversation_id", unique=True, sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN),
)

# What became of each offer: who was asked before is asked last.
handoff_offers = Table(
    "handoff_offers",
    metadata,
    id_column(),
    reference("handoff_id", "handoffs"),
    reference("counsellor_id", "staff_accounts"),
    Column("offered_at", UtcDateTime, nullable=False),
    # Empty while it is open: accepted, declined, expired or withdrawn.
    Column("outcome", String(10), nullable=False),
    Column("ended_at", UtcDateTime),
)

counsellors = Table(
    "counsellors",
    metadata,
    Column("account_id", ForeignKey("staff_accounts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("languages", JSON, nullable=False),
    # Empty means all of them.
    Column("topics", JSON, nullable=False),
    Column("lands", JSON, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("presence", String(10), nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    # Where the counsellor is rung for callers; without it only what is written comes to them.
    Column("phone_encrypted", LargeBinary),
)

# Whether a conversation may be translated by a machine, as whoever has it decided: no row, no translation.
translation_switches = Table(
    "translation_switches",
    metadata,
    Column("handoff_id", ForeignKey("handoffs.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    _staff("switched_by"),
    Column("switched_at", UtcDateTime, nullable=False),
    # Who has read the warning that a machine's words are not to be relied on here.
    _staff("warned_id"),
)

# What was translated once is not sent out again; it goes with its message.
message_translations = Table(
    "message_translations",
    metadata,
    Column("message_id", ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("target", String(8), primary_key=True),
    # A service, or ``counsellor``: their own words, of which the message is the translation.
    Column("engine", String(16), primary_key=True),
    Column("text_encrypted", LargeBinary, nullable=False),
    Column("is_whole", Boolean, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
)

callbacks = Table(
    "callbacks",
    metadata,
    id_column(),
    reference("handoff_id", "handoffs"),
    Column("state", String(10), nullable=False),
    Column("number_encrypted", LargeBinary, nullable=False),
    # HMAC of the number: who answers from it may cancel.
    Column("number_pseudonym", String(64), index=True),
    # What the person wants to be called; no name is asked.
    Column("alias_encrypted", LargeBinary),
    Column("safe_times", String(10), nullable=False),
    # When the person first asked: the place in the queue stays theirs.
    Column("place_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime),
    Column("timer_at", UtcDateTime),
    Column("tries", Integer, nullable=False),
    _staff("counsellor_id"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Index("ix_callbacks_state_timer_at", "state", "timer_at"),
    Index("ix_callbacks_closed_at", "closed_at"),
)

queues = Table(
    "queues",
    metadata,
    Column("name", String(40), primary_key=True),
    # The first one that fits takes a handoff.
    Column("position", Integer, nullable=False),
    # Empty means all of them.
    Column("languages", JSON, nullable=False),
    Column("lands", JSON, nullable=False),
    # "caller", "none", or the Land whose public holidays close it.
    Column("holidays_of", String(8), nullable=False),
    # How long a person may wait, in minutes, and how long in danger.
    Column("target_minutes", Integer, nullable=False, server_default="15"),
    Column("danger_minutes", Integer, nullable=False, server_default="3"),
    # So many callers may hold the line at once; whoever comes then is called back.
    Column("most_waiting", Integer, nullable=False, server_default="10"),
    # Callers may leave a message while nobody is there.
    Column("takes_voicemail", Boolean, nullable=False, server_default=text("false")),
)

queue_slots = Table(
    "queue_slots",
    metadata,
    id_column(),
    Column("queue", ForeignKey("queues.name", ondelete="CASCADE"), nullable=False, index=True),
    # One of a weekday from 0 (Monday), or of one special day; a special day without slots has one empty row.
    Column("weekday", Integer),
    Column("day", Date),
    Column("opens", String(5), nullable=False),
    Column("closes", String(5), nullable=False),
    Column("note", Text, nullable=False),
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
    # Every open console asks what was erased lately.
    Index("ix_audit_action_happened_at", "action", "happened_at"),
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
