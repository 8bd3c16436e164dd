"""What of the content needs somebody's hand: facts and answers past their date, broken links, texts missing, old or hard to read.

Everything is derived from what is there; each finding says who answers for it, since when, and where it is mended.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, and_, select

from hotline.knowledge.fact_rows import read_facts
from hotline.knowledge.facts import FactBook
from hotline.knowledge.links import DEAD, OK, REFUSED, UNCLEAR, LinkState, fact_links, read_links
from hotline.knowledge.loading import PUBLISHED
from hotline.knowledge.readability import Readability, measure_readability
from hotline.knowledge.starter import OWNER, SOURCE_LANGUAGE
from hotline.knowledge.states import EXPIRES_SOON
from hotline.knowledge.wording import fill
from hotline.store.tables import articles, revisions, topics, translations

# Worst first: what people are told wrongly or not at all, then what soon will be, then what could be better.
Kind = Literal[
    "fact_expired", "article_expired", "link_dead", "link_refused", "missing", "unspoken", "outdated", "fact_expiring",
    "article_expiring", "link_unclear", "hard", "middle", "machine", "link_unchecked", "easy",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
# Nothing to mend: shown only to who asks for it.
ALL_WELL: Kind = "easy"
LINK_KINDS: Mapping[str, Kind] = {"": "link_unchecked", DEAD: "link_dead", UNCLEAR: "link_unclear", REFUSED: "link_refused"}
GERMANY = ZoneInfo("Europe/Berlin")


@dataclass(frozen=True)
class Place:
    """Where something is mended: a fact by its key, a topic by its slug, a text by topic and language."""

    kind: Literal["fact", "topic", "text"]
    name: str
    language: str = ""


@dataclass(frozen=True)
class Finding:
    """One thing to mend.

    ``title`` names it for a reader, ``day`` is the date it is about (end, check, publication), ``places`` (one at least) is where
    to mend it; ``link`` and ``reading`` stand where it is about a link or about how hard a text is.
    """

    kind: Kind
    title: str
    owner: str
    day: date | None
    places: tuple[Place, ...]
    language: str = ""
    link: LinkState | None = None
    reading: Readability | None = None


@dataclass(frozen=True)
class _Article:
    topic: str
    title: str
    owner: str
    valid_until: date
    sources: tuple[str, ...]


def read_health(
    connection: Connection, languages: Collection[str], today: date, unspoken: Collection[tuple[str, str]] = ()
) -> list[Finding]:
    """Everything to mend, the worst first.

    Args:
        connection: to the database.
        languages: codes that should have every text.
        today: the day in Germany.
        unspoken: answers that a call cannot say, as (topic, language).
    """
    book, texts = read_facts(connection), _read_texts(connection, {SOURCE_LANGUAGE, *languages})
    found = _read_articles(connection, texts)
    slugs = connection.execute(select(topics.c.slug).order_by(topics.c.position)).scalars().all()
    everything = [
        *_of_facts(book, today),
        *_of_articles(found, today),
        *_of_links(book, found, read_links(connection)),
        *_missing(slugs, languages, texts, found),
        *(finding for row in texts.values() for finding in _of_text(row, texts, found, book, today, unspoken)),
    ]
    return sorted(everything, key=lambda finding: KINDS.index(finding.kind))


def count_kinds(findings: Collection[Finding]) -> dict[Kind, int]:
    """How many of each kind, also of those nothing was found of."""
    return {kind: sum(finding.kind == kind for finding in findings) for kind in KINDS}


def _read_texts(connection: Connection, languages: Collection[str]) -> dict[tuple[str, str], Any]:
    columns = (
        articles.c.topic, translations.c.language, translations.c.title, translations.c.short, translations.c.full,
        translations.c.version, translations.c.source_version, translations.c.review, revisions.c.published_at,
    )  # fmt: skip
    live = and_(
        revisions.c.topic == articles.c.topic,
        revisions.c.language == translations.c.language,
        revisions.c.number == translations.c.revision,
        revisions.c.state == PUBLISHED,
    )
    joined = articles.join(translations).join(revisions, live, isouter=True)
    rows = connection.execute(select(*columns).select_from(joined).order_by(articles.c.topic, translations.c.language))
    return {(row.topic, row.language): row for row in rows if row.language in languages}


def _read_articles(connection: Connection, texts: Mapping[tuple[str, str], Any]) -> dict[str, _Article]:
    columns = (articles.c.topic, articles.c.owner, articles.c.valid_until, articles.c.sources)
    found = {}
    for row in connection.execute(select(*columns).order_by(articles.c.topic)):
        source = texts.get((row.topic, SOURCE_LANGUAGE))
        urls = tuple(dict.fromkeys(source["url"] for source in row.sources if source.get("url")))
        title = source.title if source else row.topic
        found[row.topic] = _Article(row.topic, title, row.owner, row.valid_until, urls)
    return found


def _term(ends: date, today: date) -> str:
    """Whether something has ended, will end soon, or neither."""
    return "expired" if ends < today else "expiring" if ends <= today + EXPIRES_SOON else ""


def _of_facts(book: FactBook, today: date) -> Iterator[Finding]:
    kinds: dict[str, Kind] = {"expired": "fact_expired", "expiring": "fact_expiring"}
    for fact in book.values():
        if kind := kinds.get(_term(fact.valid_until, today)):
            yield Finding(kind, fact.key, fact.owner, fact.valid_until, (Place("fact", fact.key),))


def _of_articles(found: Mapping[str, _Article], today: date) -> Iterator[Finding]:
    kinds: dict[str, Kind] = {"expired": "article_expired", "expiring": "article_expiring"}
    for article in found.values():
        if kind := kinds.get(_term(article.valid_until, today)):
            yield Finding(kind, article.title, article.owner, article.valid_until, (Place("topic", article.topic),))


def _of_links(book: FactBook, found: Mapping[str, _Article], known: Mapping[str, LinkState]) -> Iterator[Finding]:
    """One finding for each link and each who answers for a place that has it."""
    places: dict[tuple[str, str], list[Place]] = {}
    for url, keys in fact_links(book).items():
        for key in keys:
            places.setdefault((url, book[key].owner), []).append(Place("fact", key))
    for article in found.values():
        for url in article.sources:
            places.setdefault((url, article.owner), []).append(Place("topic", article.topic))
    for (url, owner), where in places.items():
        link = known.get(url) or LinkState(url, "", None, None, None, None)
        if link.status != OK:
            since = link.broken_since or link.checked_at
            yield Finding(LINK_KINDS[link.status], url, owner, _day(since), tuple(where), link=link)


def _missing(
    slugs: Collection[str],
    languages: Collection[str],
    texts: Mapping[tuple[str, str], Any],
    found: Mapping[str, _Article],
) -> Iterator[Finding]:
    for topic in slugs:
        article = found.get(topic)
        title, owner = (article.title, article.owner) if article else (topic, OWNER)
        for code in languages:
            if (topic, code) not in texts:
                yield Finding("missing", title, owner, None, (Place("text", topic, code),), code)


def _of_text(
    row: Any,
    texts: Mapping[tuple[str, str], Any],
    found: Mapping[str, _Article],
    book: FactBook,
    today: date,
    unspoken: Collection[tuple[str, str]],
) -> Iterator[Finding]:
    place = Place("text", row.topic, row.language)
    about = Finding("machine", row.title, found[row.topic].owner, _day(row.published_at), (place,), row.language)
    source = texts.get((row.topic, SOURCE_LANGUAGE))
    if row.language != SOURCE_LANGUAGE and source is not None and row.source_version < source.version:
        # Since the German text said something else.
        yield replace(about, kind="outdated", day=_day(source.published_at))
    if row.review != "reviewed":
        yield about
    if (row.topic, row.language) in unspoken:
        yield replace(about, kind="unspoken")
    words = "\n".join(fill(text, row.language, book, today, "").text for text in (row.short, row.full))
    reading = measure_readability(words, row.language)
    yield replace(about, kind=reading.band, reading=reading)


def _day(moment: datetime | None) -> date | None:
    return moment.astimezone(GERMANY).date() if moment else None
