"""What is exchanged: texts, articles, sources and facts as rows of sheets, and the state of the database they are compared with.

Every row carries a ``revision``, the mark of what it was exported from. Who imports a row whose thing has another mark by now
would overwrite the work of somebody else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from hotline.knowledge.editing import OPEN, PARTS, SUPERSEDED, Revision, read_revisions
from hotline.knowledge.fact_editing import FactChange, read_waiting, written
from hotline.knowledge.fact_rows import COLUMNS, hash_values, read_facts
from hotline.knowledge.facts import Fact, FactBook
from hotline.knowledge.loading import PUBLISHED
from hotline.knowledge.starter import SOURCE_LANGUAGE
from hotline.store.tables import articles, topics

ARTICLE_FIELDS = ("as_of", "valid_until", "owner", "follow_ups")
SOURCE_FIELDS = ("title", "url", "date", "checked_on", "confidence")
SHEETS: dict[str, tuple[str, ...]] = {
    "texts": ("topic", "language", "version", "source_version", "review", *PARTS, "revision"),
    "articles": ("topic", *ARTICLE_FIELDS, "revision"),
    "sources": ("topic", *SOURCE_FIELDS, "revision"),
    "facts": (*COLUMNS, "revision"),
}
FOLLOW_UPS_PARTED_BY = " "
_MARK_CHARACTERS = 10


@dataclass(frozen=True)
class Snapshot:
    """What the hotline knows at one moment.

    ``shown`` is what an editor sees of a text: the open draft, else what people get. ``sources_seen`` are the German texts that
    are or were published, newest first.
    """

    topics: tuple[str, ...]
    shown: Mapping[tuple[str, str], Revision]
    sources_seen: Mapping[str, Sequence[Revision]]
    articles: Mapping[str, Mapping[str, Any]]
    facts: FactBook
    waiting: Mapping[str, FactChange]

    def german(self, topic: str) -> Revision | None:
        """The German text people get now."""
        return next((one for one in self.sources_seen.get(topic, ()) if one.state == PUBLISHED), None)

    def german_of(self, topic: str, version: int) -> Revision | None:
        """The German text of a version, in its last wording; else the one people get now."""
        found = (one for one in self.sources_seen.get(topic, ()) if one.version == version)
        return next(found, self.german(topic))


def read_snapshot(connection: Connection) -> Snapshot:
    """Read everything that can be exchanged."""
    slugs = tuple(connection.execute(select(topics.c.slug).order_by(topics.c.position)).scalars())
    shown: dict[tuple[str, str], Revision] = {}
    seen = defaultdict[str, list[Revision]](list)
    for one in read_revisions(connection):
        key = (one.topic, one.language)
        if one.state in OPEN or (one.state == PUBLISHED and key not in shown):
            shown[key] = one
        if one.language == SOURCE_LANGUAGE and one.state in (PUBLISHED, SUPERSEDED):
            seen[one.topic].append(one)
    rows = connection.execute(select(articles)).mappings()
    return Snapshot(
        topics=slugs,
        shown=shown,
        sources_seen=seen,
        articles={row["topic"]: dict(row) for row in rows},
        facts=read_facts(connection),
        waiting={change.key: change for change in read_waiting(connection)},
    )


# -- marks ---------------------------------------------------------------------------------------------------------------------


def mark_of_words(words: Mapping[str, str], source_version: object) -> str:
    """The part of a text's mark that tells whether somebody touched its row."""
    return hash_values([*(words[part] for part in PARTS), source_version])[:_MARK_CHARACTERS]


def mark_of_text(shown: Revision | None) -> str:
    """The mark of a text; empty for one that is not there."""
    if shown is None:
        return ""
    # The German text is made from nothing. A letter in front: a spreadsheet would take two numbers for a day.
    source_version = "" if shown.language == SOURCE_LANGUAGE else shown.source_version
    return f"r{shown.number}-{shown.lock}-{mark_of_words(shown.texts, source_version)}"


def mark_of(values: Iterable[object]) -> str:
    """The mark of a fact, an article or the sources of one, by what they say."""
    return "h" + hash_values(values)[:_MARK_CHARACTERS]


def article_values(row: Mapping[str, Any]) -> dict[str, str]:
    """An article as written columns."""
    return {
        **{name: str(row[name]) for name in ARTICLE_FIELDS},
        "follow_ups": FOLLOW_UPS_PARTED_BY.join(row["follow_ups"]),
    }


def source_values(source: Mapping[str, Any]) -> dict[str, str]:
    """A source as written columns."""
    return {name: str(source.get(name) or "") for name in SOURCE_FIELDS}


def mark_of_sources(sources: Iterable[Mapping[str, str]]) -> str:
    """The mark all sources of a topic carry together."""
    return mark_of(value for source in sources for value in (*source.values(), "\n"))


def fact_values(fact: Fact) -> dict[str, str]:
    """A fact as written columns."""
    found = written(fact)
    return {name: found[name] for name in COLUMNS}


# -- rows ----------------------------------------------------------------------------------------------------------------------


def sheet_rows(snapshot: Snapshot, sheet: str, languages: Iterable[str]) -> list[list[str]]:
    """The rows of a sheet, the names of its columns first.

    Args:
        snapshot: what to write.
        sheet: one of ``SHEETS``.
        languages: of the texts, in order.
    """
    makers = {"texts": _text_rows, "articles": _article_rows, "sources": _source_rows, "facts": _fact_rows}
    return [list(SHEETS[sheet]), *makers[sheet](snapshot, list(languages))]


def _text_rows(snapshot: Snapshot, languages: Sequence[str]) -> list[list[str]]:
    return [_text_row(snapshot, topic, language) for topic in snapshot.topics for language in languages]


def _text_row(snapshot: Snapshot, topic: str, language: str) -> list[str]:
    """A text that is not there has a row too, to be filled in; it names the German version it will be made from."""
    shown = snapshot.shown.get((topic, language))
    if shown is None:
        german = snapshot.german(topic)
        return [topic, language, "", str(german.version) if german else "", "", "", "", "", ""]
    fixed = [str(shown.version), str(shown.source_version), shown.review]
    return [topic, language, *fixed, *shown.texts.values(), mark_of_text(shown)]


def _article_rows(snapshot: Snapshot, _languages: Sequence[str]) -> list[list[str]]:
    found = [(topic, article_values(snapshot.articles[topic])) for topic in snapshot.topics if topic in snapshot.articles]
    return [[topic, *values.values(), mark_of(values.values())] for topic, values in found]


def _source_rows(snapshot: Snapshot, _languages: Sequence[str]) -> list[list[str]]:
    rows = []
    for topic in snapshot.topics:
        found = [source_values(source) for source in snapshot.articles.get(topic, {"sources": []})["sources"]]
        rows += [[topic, *values.values(), mark_of_sources(found)] for values in found]
    return rows


def _fact_rows(snapshot: Snapshot, _languages: Sequence[str]) -> list[list[str]]:
    found = [fact_values(fact) for fact in snapshot.facts.values()]
    return [[*values.values(), mark_of(values.values())] for values in found]
