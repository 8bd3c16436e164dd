"""The state of every text, derived from versions and dates, never clicked: what is missing, outdated or about to expire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, select

from hotline.knowledge.editing import OPEN
from hotline.knowledge.fact_rows import read_facts
from hotline.knowledge.starter import SOURCE_LANGUAGE
from hotline.knowledge.wording import facts_named
from hotline.store.tables import articles, revisions, topics, translations

State = Literal["missing", "expired", "outdated", "expiring", "machine", "reviewed"]
# Worst first: what an editor should do next.
STATES: tuple[State, ...] = ("missing", "expired", "outdated", "expiring", "machine", "reviewed")
Work = Literal["", "draft", "in_review"]
EXPIRES_SOON = timedelta(days=30)


@dataclass(frozen=True)
class Cell:
    """One text of the matrix. ``state`` is of what people get now, ``work`` of what is
    under way, ``ends`` the day it loses something.
    """

    topic: str
    language: str
    title: str
    state: State
    work: Work
    version: int
    source_version: int
    ends: date | None


@dataclass(frozen=True)
class Matrix:
    """Every topic in every language."""

    topics: tuple[str, ...]
    languages: tuple[str, ...]
    cells: Mapping[tuple[str, str], Cell]

    def count(self, state: State) -> int:
        """How many texts are in a state."""
        return sum(cell.state == state for cell in self.cells.values())


def read_matrix(connection: Connection, languages: Iterable[str], today: date) -> Matrix:
    """Derive the state of all texts.

    Args:
        connection: to the database.
        languages: codes, in order; the source language comes first whatever the order.
        today: the day in Germany.
    """
    slugs = tuple(connection.execute(select(topics.c.slug).order_by(topics.c.position)).scalars())
    columns = (
        articles.c.topic, translations.c.language, translations.c.title, translations.c.version, translations.c.source_version,
        translations.c.review, translations.c.short, translations.c.full, articles.c.valid_until,
    )  # fmt: skip
    live = {(row.topic, row.language): row for row in connection.execute(select(*columns).join_from(articles, translations))}
    opened = select(revisions.c.topic, revisions.c.language, revisions.c.state, revisions.c.title).where(
        revisions.c.state.in_(OPEN)
    )
    work = {(row.topic, row.language): row for row in connection.execute(opened)}
    ends = {key: fact.valid_until for key, fact in read_facts(connection).items()}
    codes = tuple(dict.fromkeys((SOURCE_LANGUAGE, *languages)))
    cells = {}
    for topic in slugs:
        source = live.get((topic, SOURCE_LANGUAGE))
        for code in codes:
            row, open_ = live.get((topic, code)), work.get((topic, code))
            day = _ends(row, ends) if row else None
            cells[topic, code] = Cell(
                topic=topic,
                language=code,
                title=row.title if row else open_.title if open_ else "",
                state=_state(row, source, day, today),
                work=open_.state if open_ else "",
                version=row.version if row else 0,
                source_version=row.source_version if row else 0,
                ends=day,
            )
    return Matrix(slugs, codes, cells)


def _ends(row: Any, ends: Mapping[str, date]) -> date:
    """The first day on which this answer or one of its facts is past."""
    named = facts_named(f"{row.short} {row.full}")
    last: date = min([row.valid_until, *(ends[key] for key in named if key in ends)])
    return last


def _state(row: Any, source: Any, ends: date | None, today: date) -> State:
    if row is None or ends is None:
        return "missing"
    if ends < today:
        return "expired"
    if source is not None and row.source_version < source.version:
        return "outdated"
    if ends <= today + EXPIRES_SOON:
        return "expiring"
    return "reviewed" if row.review == "reviewed" else "machine"
