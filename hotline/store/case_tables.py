"""Tables of matters over time: what counsellors note after a conversation, cases, and the codes that lead back to one.

Answers of a wrap-up are codes in rows, so that they can be counted; what is written in words is encrypted.
"""

from __future__ import annotations

from sqlalchemy import JSON, Column, Date, ForeignKey, Index, Integer, LargeBinary, String, Table, UniqueConstraint

from hotline.store.columns import UtcDateTime, id_column, metadata, reference, staff_reference

form_versions = Table(
    "form_versions",
    metadata,
    id_column(),
    Column("form", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    # Fields and options with their codes and names; never changed, a change is a new version.
    Column("definition", JSON, nullable=False),
    staff_reference("author_id"),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("form", "version"),
)

wrap_ups = Table(
    "wrap_ups",
    metadata,
    id_column(),
    # What was counted outlives the conversation: then nothing leads back to anybody.
    Column("handoff_id", ForeignKey("handoffs.id", ondelete="SET NULL"), unique=True),
    # Empty while it is owed.
    Column("form_version_id", ForeignKey("form_versions.id"), index=True),
    staff_reference("counsellor_id"),
    Column("language", String(8)),
    Column("channel", String(10), nullable=False),
    Column("owed_at", UtcDateTime, nullable=False),
    Column("done_at", UtcDateTime),
    Index("ix_wrap_ups_done_at", "done_at"),
)

wrap_up_answers = Table(
    "wrap_up_answers",
    metadata,
    Column("wrap_up_id", ForeignKey("wrap_ups.id", ondelete="CASCADE"), primary_key=True),
    Column("field", String(40), primary_key=True),
    Column("code", String(60), primary_key=True),
    Index("ix_wrap_up_answers_field_code", "field", "code"),
)

rule_hints = Table(
    "rule_hints",
    metadata,
    # A random id, a month and a Land: nothing leads from here to a person, a conversation or a counsellor.
    Column("id", String(22), primary_key=True),
    Column("month", Date, nullable=False, index=True),
    Column("land", String(5)),
    Column("text_encrypted", LargeBinary, nullable=False),
    # SQLite would number the rows in the order they came in.
    sqlite_with_rowid=False,
)

cases = Table(
    "cases",
    metadata,
    id_column(),
    # What people at the desk call it: it holds no name and no number.
    Column("reference", String(8), nullable=False, unique=True),
    Column("state", String(10), nullable=False),
    Column("alias_encrypted", LargeBinary),
    staff_reference("owner_id"),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Index("ix_cases_state_owner_id", "state", "owner_id"),
)

case_conversations = Table(
    "case_conversations",
    metadata,
    # A conversation belongs to one matter at most.
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    reference("case_id", "cases"),
    # counsellor or code: never the number.
    Column("joined_by", String(10), nullable=False),
    Column("joined_at", UtcDateTime, nullable=False),
)

case_notes = Table(
    "case_notes",
    metadata,
    id_column(),
    reference("case_id", "cases"),
    staff_reference("author_id"),
    Column("text_encrypted", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

case_tasks = Table(
    "case_tasks",
    metadata,
    id_column(),
    reference("case_id", "cases"),
    staff_reference("assignee_id"),
    Column("text_encrypted", LargeBinary, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("done_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_case_tasks_done_at_due_on", "done_at", "due_on"),
)

continuation_codes = Table(
    "continuation_codes",
    metadata,
    # Where the matter was last; a conversation has one valid code.
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("code_hash", String(64), nullable=False, unique=True),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)

continuation_tries = Table(
    "continuation_tries",
    metadata,
    # A keyed hash of an address, "withheld" or "all".
    Column("key", String(80), primary_key=True),
    Column("failures", Integer, nullable=False),
    # Forgetting one failure after the other counts from here.
    Column("since", UtcDateTime, nullable=False),
)
