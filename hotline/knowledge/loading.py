"""Loads the starter content into the database, all or nothing. What editors changed since stays theirs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from hotline.knowledge.centre_store import has_own_directory, replace_centres
from hotline.knowledge.centres import Centre
from hotline.knowledge.country_store import replace_countries
from hotline.knowledge.fact_rows import hash_values, row_of_fact
from hotline.knowledge.facts import FactBook
from hotline.knowledge.library import CONTENT_REVISION
from hotline.knowledge.starter import OWNER, SOURCE_LANGUAGE, Content
from hotline.store.counters import count
from hotline.store.database import Database, insert_returning_id
from hotline.store.tables import articles, facts, revisions, topics, translations

STARTER = "starter"
PUBLISHED = "published"


@dataclass
class LoadReport:
    """How many facts, articles and texts were stored, and how many stay as editors left them."""

    stored: int = 0
    kept: int = 0


def load_content(database: Database, content: Content) -> LoadReport:
    """Bring the starter content into the database, in one unit of work.

    A fact, an article or a text that somebody changed in the studio is left alone, and so is an imported directory of centres;
    everything else becomes what the files say, and what the files no longer hold goes.

    Args:
        database: where to.
        content: read and checked.
    """
    report = LoadReport()
    with database.begin() as connection:
        _store_topics(connection, content.policies)
        _store_facts(connection, content.facts, report)
        ids = _store_articles(connection, content.articles, report)
        _store_texts(connection, content, ids, report)
        if not has_own_directory(connection):
            replace_centres(connection, content.centres, is_imported=False)
        replace_countries(connection, content.countries)
        count(database, connection, CONTENT_REVISION)
    return report


def import_centres(database: Database, found: Iterable[Centre]) -> None:
    """Take over an operator's own directory of centres, in one unit of work; it is live at the next turn."""
    with database.begin() as connection:
        replace_centres(connection, found, is_imported=True)
        count(database, connection, CONTENT_REVISION)


def _store_topics(connection: Connection, policies: Mapping[str, str]) -> None:
    known = set(connection.execute(select(topics.c.slug)).scalars())
    for position, (slug, policy) in enumerate(policies.items()):
        if slug in known:
            connection.execute(update(topics).where(topics.c.slug == slug).values(position=position, policy=policy))
        else:
            connection.execute(insert(topics).values(slug=slug, position=position, policy=policy))


def _store_facts(connection: Connection, found: FactBook, report: LoadReport) -> None:
    stored = {row.key: row.starter for row in connection.execute(select(facts.c.key, facts.c.starter))}
    for key, fact in found.items():
        row = row_of_fact(fact)
        starter = hash_values(row.values())
        if key not in stored:
            connection.execute(insert(facts).values(**row, starter=starter))
        elif not stored[key]:
            report.kept += 1
            continue
        elif stored[key] != starter:
            connection.execute(update(facts).where(facts.c.key == key).values(**row, starter=starter))
        report.stored += 1
    gone = [key for key, starter in stored.items() if starter and key not in found]
    connection.execute(delete(facts).where(facts.c.key.in_(gone)))


def _store_articles(connection: Connection, found: Mapping[str, Mapping[str, Any]], report: LoadReport) -> dict[str, int]:
    stored = {row.topic: row for row in connection.execute(select(articles.c.id, articles.c.topic, articles.c.starter))}
    ids = {topic: row.id for topic, row in stored.items()}
    for topic, raw in found.items():
        row = _article_row(topic, raw)
        starter = hash_values(row.values())
        if topic not in stored:
            ids[topic] = insert_returning_id(connection, articles, {**row, "starter": starter})
        elif not stored[topic].starter:
            report.kept += 1
            continue
        elif stored[topic].starter != starter:
            connection.execute(update(articles).where(articles.c.topic == topic).values(**row, starter=starter))
        report.stored += 1
    return ids


def _article_row(topic: str, raw: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "topic": topic,
        "as_of": str(raw["as_of"]),
        "valid_until": raw["valid_until"],
        "follow_ups": raw.get("follow_ups", []),
        "sources": [
            {key: str(value) if value is not None else None for key, value in source.items()} for source in raw["sources"]
        ],
        "owner": raw.get("owner", OWNER),
    }


def _store_texts(connection: Connection, content: Content, ids: Mapping[str, int], report: LoadReport) -> None:
    now = datetime.now(UTC)
    newest = select(revisions.c.topic, revisions.c.language, func.max(revisions.c.number).label("number"))
    numbers = {
        (row.topic, row.language): row.number
        for row in connection.execute(newest.group_by(revisions.c.topic, revisions.c.language))
    }
    live = select(revisions.c.topic, revisions.c.language, revisions.c.starter).where(revisions.c.state == PUBLISHED)
    starters = {(row.topic, row.language): row.starter for row in connection.execute(live)}
    new_revisions, new_translations = [], []
    for (topic, language), raw in content.translations.items():
        row = _text_row(raw)
        starter = hash_values(row.values())
        found = starters.get((topic, language))
        if found == "":
            report.kept += 1
            continue
        report.stored += 1
        if found == starter:
            continue
        number = numbers.get((topic, language), 0) + 1
        if found is not None:
            _retire(connection, topic, language, ids[topic])
        state = {"is_minor": False, "note": "", "author": STARTER, "state": PUBLISHED, "lock": 0, "saved_at": now}
        new_revisions.append(
            {"topic": topic, "language": language, "number": number, **row, **state, "starter": starter, "published_at": now}
        )
        new_translations.append({"article_id": ids[topic], "language": language, "revision": number, **row})
    if new_revisions:
        connection.execute(insert(revisions), new_revisions)
        connection.execute(insert(translations), new_translations)
    for topic, language in starters:
        if starters[topic, language] and (topic, language) not in content.translations:
            _retire(connection, topic, language, ids[topic])


def _retire(connection: Connection, topic: str, language: str, article_id: int) -> None:
    """The published text of a language goes out of use; it stays in the history."""
    of_text = (revisions.c.topic == topic, revisions.c.language == language, revisions.c.state == PUBLISHED)
    connection.execute(update(revisions).where(*of_text).values(state="superseded"))
    connection.execute(delete(translations).where(translations.c.article_id == article_id, translations.c.language == language))


def _text_row(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "version": raw["version"],
        "source_version": raw["version"] if raw["language"] == SOURCE_LANGUAGE else raw["source_version"],
        "review": raw["review"],
        "title": raw["title"].strip(),
        "short": raw["short"].strip(),
        "full": raw["full"].strip(),
    }
