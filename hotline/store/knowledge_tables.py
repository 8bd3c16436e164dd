"""Tables of what the hotline knows: topics, texts with all their revisions, facts, centres, countries, phrases."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Date, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

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

phrases = Table(
    "phrases",
    metadata,
    id_column(),
    Column("language", String(8), nullable=False),
    Column("topic", String(40), nullable=False),
    Column("text", Text, nullable=False),
    Column("author", String(60), nullable=False),
    Column("origin", String(20), nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    Index("ix_phrases_language_topic", "language", "topic"),
)

regressions = Table(
    "regressions",
    metadata,
    id_column(),
    Column("language", String(8), nullable=False),
    Column("text", Text, nullable=False),
    Column("topic", String(40), nullable=False),
    Column("author", String(60), nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
)
