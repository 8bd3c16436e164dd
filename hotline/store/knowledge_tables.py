"""Tables of what the hotline knows: topics, texts with all their revisions, facts, links, centres, countries, phrases."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Date, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from hotline.store.columns import UtcDateTime, id_column, metadata, reference, source_columns

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
    id_column(),
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
    id_column(),
    reference("article_id", "articles"),
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
    id_column(),
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
    id_column(),
    Column("key", String(60), nullable=False, index=True),
    Column("state", String(12), nullable=False),
    Column("before", JSON, nullable=False),
    Column("after", JSON, nullable=False),
    Column("author", String(60), nullable=False),
    Column("approver", String(60)),
    Column("proposed_at", UtcDateTime, nullable=False),
    Column("decided_at", UtcDateTime),
)

links = Table(
    "links",
    metadata,
    id_column(),
    # Of the address, which may be longer than an index takes.
    Column("hash", String(64), nullable=False, unique=True),
    Column("url", Text, nullable=False),
    # Empty until it was checked; ``code`` is the HTTP status where a server answered.
    Column("status", String(12), nullable=False),
    Column("code", Integer),
    Column("checked_at", UtcDateTime),
    # The first check of those, one after another, that found it broken.
    Column("broken_since", UtcDateTime),
    # An editor waits for it to be checked.
    Column("asked_at", UtcDateTime),
)

# What comes back by itself: when it last ran, and how it ended. A run that claimed it and died is taken over later.
job_runs = Table(
    "job_runs",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("claimed_at", UtcDateTime),
    Column("ran_at", UtcDateTime),
    Column("outcome", String(12), nullable=False),
    Column("done", Integer, nullable=False),
)

# Files on their way in, until their sender confirms what they change; for an hour at most, and one for each account.
content_uploads = Table(
    "content_uploads",
    metadata,
    id_column(),
    Column("account_id", ForeignKey("staff_accounts.id"), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("language", String(8), nullable=False),
    Column("is_for_review", Boolean, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("uploaded_at", UtcDateTime, nullable=False),
)

# What people have spoken, in place of the machine's voice. It belongs to the words it was made for, not only to their place.
recordings = Table(
    "recordings",
    metadata,
    id_column(),
    Column("language", String(8), nullable=False),
    Column("prompt", String(120), nullable=False),
    Column("text_hash", String(40), nullable=False),
    Column("text", Text, nullable=False),
    # in_review, live, replaced, removed
    Column("state", String(12), nullable=False),
    # WAV as it is played; gone at once when it was removed.
    Column("sound", LargeBinary),
    Column("sound_hash", String(40), nullable=False),
    Column("milliseconds", Integer, nullable=False),
    # The one who uploaded it has said so; ``note`` is where that is filed.
    Column("speaker_consents", Boolean, nullable=False),
    Column("note", String(200), nullable=False),
    Column("author", String(60), nullable=False),
    Column("approver", String(60)),
    Column("uploaded_at", UtcDateTime, nullable=False),
    Column("decided_at", UtcDateTime),
    Column("closed_at", UtcDateTime),
    Index("ix_recordings_language_prompt", "language", "prompt"),
    Index("ix_recordings_state", "state"),
)

centres = Table(
    "centres",
    metadata,
    id_column(),
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
    *source_columns(),
)

country_facts = Table(
    "country_facts",
    metadata,
    id_column(),
    Column("country", String(2), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("name", String(20), nullable=False),
    Column("detail", String(20), nullable=False),
    Column("is_listed", Boolean, nullable=False),
    *source_columns(),
)

country_notes = Table(
    "country_notes",
    metadata,
    id_column(),
    Column("country", String(2), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("position", Integer, nullable=False),
    # Articles: language -> title and text. Contacts and partners: name, address, phone, email, url.
    Column("content", JSON, nullable=False),
    *source_columns(),
)
