"""The approved answers, as one snapshot in memory that follows the database: published text is live at the next turn."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property, lru_cache
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from babel.dates import format_skeleton
from sqlalchemy import Connection, select

from hotline.knowledge.centre_store import read_directory
from hotline.knowledge.centres import NO_CENTRES, Directory
from hotline.knowledge.countries import NOTHING_KNOWN, CountryBook
from hotline.knowledge.country_store import read_book
from hotline.knowledge.fact_rows import read_facts
from hotline.knowledge.facts import LOCALES, FactBook
from hotline.knowledge.wording import fill
from hotline.store.counters import read_counter
from hotline.store.tables import articles, topics, translations

CONTENT_REVISION = "content_revision"
REVIEWED = "reviewed"


@dataclass(frozen=True)
class Article:
    """One approved answer in one language, with the facts of the day filled in.

    ``as_of`` is YYYY, YYYY-MM or YYYY-MM-DD; ``valid_until`` is the last day it holds. ``source`` is the site of its first
    source, ``left_out`` are facts that could not be said.
    """

    topic: str
    language: str
    title: str
    short: str
    full: str
    as_of: str
    valid_until: date
    version: int
    review: str
    source: str = ""
    follow_ups: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Library:
    """All answers of one day, the policy of every topic, the facts, the directory of centres and what is known of countries."""

    articles: Mapping[tuple[str, str], Article]
    topics: tuple[str, ...]
    policies: Mapping[str, str]
    facts: FactBook
    directory: Directory = NO_CENTRES
    countries: CountryBook = NOTHING_KNOWN
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

    @cached_property
    def follow_ups(self) -> Mapping[str, tuple[str, ...]]:
        """Topic -> topics people ask about afterwards."""
        return {topic: article.follow_ups for (topic, _), article in self.articles.items()}

    def title(self, topic: str, language: str) -> str | None:
        """The name of a topic for menus, or None."""
        article = self.articles.get((topic, language))
        return article.title if article else None

    def days_of_change(self, today: date) -> list[date]:
        """Today and every later day on which a fact leaves the answers: what is said then must be speakable, too."""
        ends = {fact.valid_until + timedelta(days=1) for fact in self.facts.values() if fact.is_said(today)}
        return [today, *sorted(ends)]


class LibraryReader:
    """Gives the library of a day; makes it again only when the content or the day changed."""

    def __init__(self, ask_a_counsellor: Callable[[str], str | None], *, is_reviewed_only: bool = False) -> None:
        """Hold what is needed.

        Args:
            ask_a_counsellor: gives the sentence of a language that stands in for a fact that cannot be said.
            is_reviewed_only: leave out texts no native speaker of the field has read.
        """
        self._ask_a_counsellor = ask_a_counsellor
        self._is_reviewed_only = is_reviewed_only
        self._made_for: tuple[int, date] | None = None
        self._library = Library({}, (), {}, {})
        self._lock = threading.Lock()

    def current(self, connection: Connection, today: date, revision: int | None = None) -> Library:
        """The library as the database has it now.

        Args:
            connection: to the database.
            today: the day in Germany.
            revision: of the content, where it has been read just now; else it is looked up.
        """
        wanted = (read_counter(connection, CONTENT_REVISION) if revision is None else revision, today)
        if wanted != self._made_for:
            with self._lock:
                self._library, self._made_for = self.on_day(connection, today), wanted
        return self._library

    def on_day(self, connection: Connection, today: date) -> Library:
        """The library of any day, made anew."""
        rows = connection.execute(select(topics.c.slug, topics.c.policy).order_by(topics.c.position)).all()
        columns = (
            articles.c.topic, translations.c.language, translations.c.title, translations.c.short, translations.c.full,
            articles.c.as_of, articles.c.valid_until, translations.c.version, translations.c.review,
            articles.c.sources, articles.c.follow_ups,
        )  # fmt: skip
        found = connection.execute(select(*columns).join_from(articles, translations)).all()
        facts = read_facts(connection)
        made = (self._fill(row, facts, today) for row in found if row.review == REVIEWED or not self._is_reviewed_only)
        return Library(
            articles={(article.topic, article.language): article for article in made},
            topics=tuple(row.slug for row in rows),
            policies={row.slug: row.policy for row in rows},
            facts=facts,
            directory=read_directory(connection),
            countries=read_book(connection),
        )

    def with_draft(self, connection: Connection, today: date, key: tuple[str, str], words: Mapping[str, str]) -> Library:
        """The library as it would be with other words in one place, for a preview; nothing is kept.

        Args:
            connection: to the database.
            today: the day in Germany.
            key: topic and language.
            words: title, short and full.
        """
        library = self.current(connection, today)
        topic, language = key
        columns = (articles.c.as_of, articles.c.valid_until, articles.c.sources, articles.c.follow_ups)
        found = connection.execute(select(*columns).where(articles.c.topic == topic)).first()
        about = dict(found._mapping) if found else {"as_of": "", "valid_until": today, "sources": [], "follow_ups": []}
        row = SimpleNamespace(topic=topic, language=language, version=0, review="machine", **about, **words)
        drafted = self._fill(row, library.facts, today)
        return replace(library, articles={**library.articles, key: drafted})

    def _fill(self, row: Any, facts: FactBook, today: date) -> Article:
        instead = self._ask_a_counsellor(row.language) or ""
        short = fill(row.short, row.language, facts, today, instead)
        full = fill(row.full, row.language, facts, today, instead)
        return Article(
            topic=row.topic,
            language=row.language,
            title=row.title,
            short=short.text,
            full=full.text,
            as_of=row.as_of,
            valid_until=row.valid_until,
            version=row.version,
            review=row.review,
            source=site_of(row.sources),
            follow_ups=tuple(row.follow_ups),
            left_out=tuple(dict.fromkeys((*short.left_out, *full.left_out))),
        )


def site_of(sources: Iterable[Mapping[str, Any]]) -> str:
    """The site people can look the answer up at: that of the first source."""
    for source in sources:
        return urlsplit(str(source["url"])).netloc.removeprefix("www.")
    return ""


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


def menu_topics(library: Library, wanted: Iterable[str]) -> tuple[str, ...]:
    """The topics of the menu, in the order wanted first, then as listed."""
    first = tuple(topic for topic in wanted if topic in library.policies)
    return first + tuple(topic for topic in library.topics if topic not in first)
