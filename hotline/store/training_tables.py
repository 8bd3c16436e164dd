"""Tables of what understanding is made of: phrases, danger rules, regression questions, trainings and the models they made."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, Integer, String, Table, Text, UniqueConstraint

from hotline.store.columns import UtcDateTime, id_column, metadata

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

muted_phrases = Table(
    "muted_phrases",
    metadata,
    id_column(),
    # The words of the file, not its line: an update of the file may move it, and it stays switched off.
    Column("language", String(8), nullable=False),
    Column("topic", String(40), nullable=False),
    Column("text", Text, nullable=False),
    Column("author", String(60), nullable=False),
    Column("muted_at", UtcDateTime, nullable=False),
    UniqueConstraint("language", "topic", "text"),
)

danger_changes = Table(
    "danger_changes",
    metadata,
    id_column(),
    Column("language", String(8), nullable=False),
    Column("category", String(16), nullable=False),
    Column("rule", Text, nullable=False),
    Column("kind", String(6), nullable=False),
    Column("state", String(12), nullable=False),
    # What the check before the proposal counted.
    Column("figures", JSON, nullable=False),
    Column("author", String(60), nullable=False),
    Column("approver", String(60)),
    Column("proposed_at", UtcDateTime, nullable=False),
    Column("decided_at", UtcDateTime),
    Index("ix_danger_changes_state", "state"),
)

trainings = Table(
    "trainings",
    metadata,
    # Also the name of the model it makes.
    id_column(),
    Column("state", String(12), nullable=False),
    Column("phase", String(12), nullable=False),
    Column("percent", Integer),
    Column("problem", String(20), nullable=False),
    Column("author", String(60), nullable=False),
    Column("added", Integer, nullable=False),
    Column("muted", Integer, nullable=False),
    # Figures by language, floors broken, regression questions that changed their answer.
    Column("report", JSON, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    # Told every few seconds by the process that trains; silence means that it died.
    Column("seen_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
)

model_switches = Table(
    "model_switches",
    metadata,
    id_column(),
    Column("model", String(12), nullable=False),
    Column("actor", String(60), nullable=False),
    Column("switched_at", UtcDateTime, nullable=False),
)
