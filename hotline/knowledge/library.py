"""The approved answers, as one snapshot in memory that follows the database: published text is live at the next turn."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache

from babel.dates import format_skeleton
from sqlalchemy import Connection, select

from hotline.store.counters import read_counter
from hotline.store.tables import articles, topics, translations

CONTENT_REVISION = "content_revision"
# CLDR's plain English is American: month before day.
LOCALES = {"en": "en_GB"}


@dataclass(frozen=True)
class Article:
    """One approved answer in one language. ``as_of`` is YYYY, YYYY-MM or YYYY-MM-DD; ``valid_until`` is the last day it holds."""

    topic: str
    language: str
    title: str
    short: str
    full: str
    as_of: str
    valid_until: date
    version: int
    review: str


@dataclass(frozen=True)
class Library:
    """All answers and the policy of every topic."""

    articles: Mapping[tuple[str, str], Article]
    topics: tuple[str, ...]
    policies: Mapping[str, str]
    # A library never changes, so what every turn asks of it is found out once a day.
    _answerable: dict[date, frozenset[tuple[str, str]]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def answerable(self, today: date) -> frozenset[tuple[str, str]]:
        """Which (topic, language) have an answer that still holds on this day (Europe/Berlin)."""
        found = self._answerable.get(today)
        if found is None:
            found = frozenset(key for key, article in self.articles.items() if article.valid_until >= today)
            self._answerable.clear()
            self._answerable[today] = found
        return found

    @cached_property
    def handed_over(self) -> frozenset[str]:
        """Topics a machine must not answer (policy C)."""
        return frozenset(topic for topic, policy in self.policies.items() if policy == "C")

    def title(self, topic: str, language: str) -> str | None:
        """The name of a topic for menus, or None."""
        article = self.articles.get((topic, language))
        return article.title if article else None


class LibraryReader:
    """Gives the current library; reads it again only when the content changed."""

    def __init__(self) -> None:
        self._revision = -1
        self._library = Library({}, (), {})
        self._lock = threading.Lock()

    def current(self, connection: Connection) -> Library:
        """The library as the database has it now."""
        revision = read_counter(connection, CONTENT_REVISION)
        if revision != self._revision:
            with self._lock:
                self._library, self._revision = _read(connection), revision
        return self._library


def _read(connection: Connection) -> Library:
    rows = connection.execute(select(topics.c.slug, topics.c.policy).order_by(topics.c.position)).all()
    columns = (
        articles.c.topic, translations.c.language, translations.c.title, translations.c.short, translations.c.full,
        articles.c.as_of, articles.c.valid_until, translations.c.version, translations.c.review,
    )  # fmt: skip
    found = connection.execute(select(*columns).join_from(articles, translations)).all()
    return Library(
        articles={(row.topic, row.language): Article(*row) for row in found},
        topics=tuple(row.slug for row in rows),
        policies={row.slug: row.policy for row in rows},
    )


@lru_cache(maxsize=1000)
def format_as_of(as_of: str, language: str) -> str:
    """A source date as people of a language write it, as exact as it is known.

    Args:
        as_of: YYYY, YYYY-MM or YYYY-MM-DD.
        language: language code.
    """
    parts = [int(part) for part in as_of.split("-")]
    if len(parts) == 1:
        return as_of
    # Two digits for day and month, as on a letter; CLDR gives the order of a language.
    shown = format_skeleton(
        "yMMdd" if len(parts) == 3 else "yMM", date(*parts, *[1] * (3 - len(parts))), locale=LOCALES.get(language, language)
    )
    return shown.replace("\u200f", "")


def languages_with_answers(library: Library) -> set[str]:
    """Languages in which at least one answer is there."""
    return {language for _, language in library.articles}


def menu_topics(library: Library, wanted: Iterable[str]) -> tuple[str, ...]:
    """The topics of the menu, in the order wanted first, then as listed."""
    first = tuple(topic for topic in wanted if topic in library.policies)
    return first + tuple(topic for topic in library.topics if topic not in first)
