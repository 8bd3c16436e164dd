"""Loads ``content/`` into the database: topics, articles, translations, centres and countries, checked first, all or nothing."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Connection, delete, insert, select, update

from hotline.errors import CannotStart
from hotline.knowledge.centre_store import has_own_directory, replace_centres
from hotline.knowledge.centre_tables import BrokenTable, read_centres
from hotline.knowledge.centres import Centre
from hotline.knowledge.country_files import CountryRows, read_countries
from hotline.knowledge.country_store import replace_countries
from hotline.knowledge.library import CONTENT_REVISION
from hotline.knowledge.places import GermanPlaces
from hotline.store.counters import count
from hotline.store.database import Database, insert_returning_id
from hotline.store.tables import articles, topics, translations

TITLE_CHARACTERS = 40
SHORT_CHARACTERS = 201
FULL_CHARACTERS = 900
SOURCE_LANGUAGE = "de"
REVIEWS = ("machine", "reviewed")
# Confidence L (single, old or contradicted) is never published.
CONFIDENCES = ("H", "M")
_AS_OF = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")


class BrokenContent(CannotStart):
    """The content folder cannot be loaded. ``problems`` names each file and what to mend in it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass
class Content:
    """What a content folder holds."""

    policies: dict[str, str] = field(default_factory=dict)
    articles: dict[str, dict[str, Any]] = field(default_factory=dict)
    translations: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    centres: list[Centre] = field(default_factory=list)
    countries: CountryRows = field(default_factory=CountryRows)


def read_policies(folder: Path) -> dict[str, str]:
    """Topic -> its policy, as ``topics.csv`` of a content folder lists them."""
    with (folder / "topics.csv").open(encoding="utf-8", newline="") as file:
        return {row["slug"]: row["policy"] for row in csv.DictReader(file)}


def read_content(folder: Path, languages: Collection[str]) -> Content:
    """Read and check a content folder.

    Args:
        folder: holds ``topics.csv``, ``topics/<slug>/``, ``centres.csv``, ``countries/`` and ``places/``.
        languages: codes a translation may have.

    Raises:
        BrokenContent: with every problem found.
    """
    content, problems = Content(policies=read_policies(folder)), []
    for path in sorted((folder / "topics").glob("*/*.yml")):
        topic = path.parent.name
        try:
            raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        except yaml.YAMLError as error:
            problems.append(f"{path}: this is not valid YAML ({str(error).splitlines()[0]}).")
            continue
        if topic not in content.policies:
            problems.append(f"{path}: {topic!r} is no topic of topics.csv.")
        elif not isinstance(raw, dict):
            problems.append(f"{path}: must be a mapping.")
        elif path.stem == "article":
            content.articles[topic] = raw
            problems += [f"{path}: {problem}" for problem in _article_problems(raw, topic, content.policies)]
        else:
            content.translations[topic, path.stem] = raw
            problems += [f"{path}: {problem}" for problem in _translation_problems(raw, path.stem, languages)]
    problems += [f"{topic}: article.yml is missing." for topic in {t for t, _ in content.translations} - set(content.articles)]
    problems += [
        f"{topic}: de.yml, the source, is missing."
        for topic in content.articles
        if (topic, SOURCE_LANGUAGE) not in content.translations
    ]
    try:
        content.centres = read_centres(folder / "centres.csv", GermanPlaces.load(folder / "places"), languages)
    except BrokenTable as error:
        problems += error.problems
    content.countries = read_countries(folder / "countries", languages)
    problems += content.countries.problems
    if problems:
        raise BrokenContent(problems)
    return content


def _article_problems(raw: Mapping[str, Any], topic: str, policies: Mapping[str, str]) -> list[str]:
    problems = []
    if raw.get("topic") != topic:
        problems.append(f"topic must be {topic!r}, as the folder.")
    if not _AS_OF.fullmatch(str(raw.get("as_of", ""))):
        problems.append("as_of must be YYYY, YYYY-MM or YYYY-MM-DD.")
    if not isinstance(raw.get("valid_until"), date):
        problems.append("valid_until must be a day, YYYY-MM-DD.")
    problems += [f"follow_ups: {name!r} is no topic." for name in raw.get("follow_ups", []) if name not in policies]
    sources = raw.get("sources")
    if not isinstance(sources, list) or not sources:
        return [*problems, "sources: at least one is needed."]
    for number, source in enumerate(sources, 1):
        missing = [key for key in ("title", "url", "checked_on", "confidence") if not source.get(key)]
        problems += [f"source {number}: {key} is missing." for key in missing]
        if source.get("confidence") not in CONFIDENCES:
            problems.append(f"source {number}: confidence must be H or M; a fact of confidence L is not published.")
    return problems


def _translation_problems(raw: Mapping[str, Any], language: str, languages: Collection[str]) -> list[str]:
    problems = []
    if language not in languages or raw.get("language") != language:
        problems.append("language must be the file's name and stand in translations/languages.csv.")
    if raw.get("review") not in REVIEWS:
        problems.append("review must be machine or reviewed.")
    if not isinstance(raw.get("version"), int) or (
        language != SOURCE_LANGUAGE and not isinstance(raw.get("source_version"), int)
    ):
        problems.append("version (and source_version in translations) must be whole numbers.")
    for key, limit in (("title", TITLE_CHARACTERS), ("short", SHORT_CHARACTERS), ("full", FULL_CHARACTERS)):
        text = raw.get(key)
        if not isinstance(text, str) or not text.strip():
            problems.append(f"{key} is missing.")
        elif len(text.strip()) > limit:
            problems.append(f"{key} has {len(text.strip())} characters; at most {limit} fit.")
    return problems


def load_content(database: Database, content: Content) -> None:
    """Make the database hold exactly this content, in one unit of work. A directory an operator has imported stays."""
    with database.begin() as connection:
        connection.execute(delete(translations))
        connection.execute(delete(articles))
        _store_topics(connection, content.policies)
        for topic, raw in content.articles.items():
            article_id = insert_returning_id(connection, articles, _article_row(topic, raw))
            rows = [
                _translation_row(article_id, language, text)
                for (owner, language), text in content.translations.items()
                if owner == topic
            ]
            connection.execute(insert(translations), rows)
        if not has_own_directory(connection):
            replace_centres(connection, content.centres, is_imported=False)
        replace_countries(connection, content.countries)
        count(database, connection, CONTENT_REVISION)


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
    connection.execute(delete(topics).where(topics.c.slug.not_in(policies)))


def _article_row(topic: str, raw: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "topic": topic,
        "as_of": str(raw["as_of"]),
        "valid_until": raw["valid_until"],
        "follow_ups": raw.get("follow_ups", []),
        "sources": [
            {key: str(value) if value is not None else None for key, value in source.items()} for source in raw["sources"]
        ],
    }


def _translation_row(article_id: int, language: str, raw: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "article_id": article_id,
        "language": language,
        "version": raw["version"],
        "source_version": raw.get("source_version", raw["version"]),
        "review": raw["review"],
        "title": raw["title"].strip(),
        "short": raw["short"].strip(),
        "full": raw["full"].strip(),
    }
