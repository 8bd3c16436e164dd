"""Which links our content has, how they were when last checked, and the run that checks them.

The table says what is to be checked; a job is only a doorbell. Where no network is there, nothing is stored: a link that nobody
could look at is no dead link.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Connection, delete, insert, or_, select, update

from hotline.knowledge.fact_rows import read_facts
from hotline.knowledge.facts import FactBook
from hotline.knowledge.link_fetch import Outcome
from hotline.store.database import Database
from hotline.store.tables import articles, job_runs, links

CHECK_LINKS = "check_links"
RECHECK_AFTER = timedelta(days=7)
# A fault may pass: it is looked at again sooner.
RECHECK_BROKEN_AFTER = timedelta(days=1)
# A run ends soon, so that a worker told to stop need not wait long; what is left is for the next one.
RUN_LASTS = timedelta(seconds=30)
# Longer than any run may take: whoever claimed it so long ago has died.
CLAIM_LASTS = timedelta(minutes=10)
# After so many links that nobody answers for, and none that somebody does, there is no network.
SILENT_LINKS = 3
OK, DEAD, UNCLEAR, REFUSED, UNREACHABLE = "ok", "dead", "unclear", "refused", "unreachable"
DONE, NO_NETWORK = "done", "no_network"


class Fetcher(Protocol):
    """Asks for one address."""

    def check(self, url: str) -> Outcome:
        """How it is now."""


@dataclass(frozen=True)
class LinkState:
    """How a link was; ``status`` is empty until it was checked."""

    url: str
    status: str
    code: int | None
    checked_at: datetime | None
    broken_since: datetime | None
    asked_at: datetime | None


@dataclass(frozen=True)
class LastRun:
    """When links were last checked, how it ended (done or no_network) and how many were checked."""

    ran_at: datetime
    outcome: str
    done: int


def fact_links(book: FactBook) -> dict[str, list[str]]:
    """Every link of the facts, with the keys of the facts that have it."""
    found: dict[str, list[str]] = {}
    for fact in book.values():
        for url in {fact.source_url, full_address(fact.value) if fact.unit == "url" else ""} - {""}:
            found.setdefault(url, []).append(fact.key)
    return found


def full_address(text: str) -> str:
    """An address as people say it, as one that can be asked."""
    return text if "://" in text else f"https://{text}"


def read_links(connection: Connection) -> dict[str, LinkState]:
    """What is known of every link, by address."""
    columns = [links.c[name] for name in LinkState.__dataclass_fields__]
    return {row.url: LinkState(**row._mapping) for row in connection.execute(select(*columns))}


def read_last_run(connection: Connection) -> LastRun | None:
    """The last run, or None before the first."""
    row = connection.execute(select(job_runs).where(job_runs.c.name == CHECK_LINKS)).first()
    return LastRun(row.ran_at, row.outcome, row.done) if row and row.ran_at else None


def _now() -> datetime:
    return datetime.now(UTC)


class LinkChecks:
    """Asks for checks and makes them."""

    def __init__(self, database: Database, fetcher: Fetcher, clock: Callable[[], datetime] = _now) -> None:
        """Hold what is needed.

        Args:
            database: where the content and the links are.
            fetcher: asks for an address.
            clock: gives aware UTC.
        """
        self._database = database
        self._fetcher = fetcher
        self._clock = clock

    def ask(self, url: str) -> bool:
        """Ask for a check of one link soon.

        Returns:
            False where our content has no such link: nothing else is ever asked for.
        """
        with self._database.begin() as connection:
            if url not in _addresses(connection):
                return False
            self._keep(connection, [url])
            connection.execute(update(links).where(links.c.hash == _hash(url)).values(asked_at=self._clock()))
        return True

    def run(self) -> LastRun | None:
        """Check what is due, as long as a run may last.

        Returns:
            How it ended, or None while another run is at it or nothing is due.
        """
        if not self._claim():
            return None
        started, held, done = self._clock(), dict[str, Outcome](), 0
        try:
            while self._clock() < started + RUN_LASTS and (url := self._next_due(held)) is not None:
                # Nothing is open at the database while a site thinks about its answer.
                outcome = self._fetcher.check(url)
                if outcome.status != UNREACHABLE:
                    self._store(url, outcome)
                    done += 1
                    continue
                held[url] = outcome
                if not done and len(held) >= SILENT_LINKS:
                    break
            is_online = bool(done) or self._anybody_answers(held)
            if is_online:
                for url, outcome in held.items():
                    self._store(url, outcome)
            return self._end(done + len(held), is_online) if done or held else None
        finally:
            self._release()

    def _anybody_answers(self, held: Iterable[str]) -> bool:
        """Whether a link that was well before still is: if not, it is our network that is missing."""
        silent = set(held)
        if not silent:
            return False
        with self._database.read() as connection:
            well = connection.execute(select(links.c.url).where(links.c.status == OK).order_by(links.c.id)).scalars().all()
        others = [url for url in well if url not in silent][:SILENT_LINKS]
        return any(self._fetcher.check(url).status != UNREACHABLE for url in others)

    def _claim(self) -> bool:
        now = self._clock()
        with self._database.begin() as connection:
            first = {"name": CHECK_LINKS, "outcome": "", "done": 0}
            self._database.insert_once(connection, job_runs, first, "name")
            is_free = or_(job_runs.c.claimed_at.is_(None), job_runs.c.claimed_at < now - CLAIM_LASTS)
            mine = update(job_runs).where(job_runs.c.name == CHECK_LINKS, is_free).values(claimed_at=now)
            if not connection.execute(mine).rowcount:
                return False
            wanted = _addresses(connection)
            self._keep(connection, wanted)
            gone = [row.id for row in connection.execute(select(links.c.id, links.c.url)) if row.url not in wanted]
            connection.execute(delete(links).where(links.c.id.in_(gone)))
        return True

    def _keep(self, connection: Connection, urls: Iterable[str]) -> None:
        known = set(connection.execute(select(links.c.url)).scalars())
        new = [{"hash": _hash(url), "url": url, "status": ""} for url in urls if url not in known]
        if new:
            connection.execute(insert(links), new)

    def _next_due(self, held: Iterable[str]) -> str | None:
        now = self._clock()
        is_due = or_(
            links.c.asked_at.is_not(None),
            links.c.checked_at.is_(None),
            links.c.checked_at < now - RECHECK_AFTER,
            (links.c.status != OK) & (links.c.checked_at < now - RECHECK_BROKEN_AFTER),
        )
        # Those an editor waits for come first, then those never looked at.
        order = (links.c.asked_at.is_(None), links.c.checked_at.is_not(None), links.c.checked_at, links.c.id)
        with self._database.read() as connection:
            due = connection.execute(select(links.c.url).where(is_due).order_by(*order)).scalars().all()
        silent = set(held)
        return next((url for url in due if url not in silent), None)

    def _store(self, url: str, outcome: Outcome) -> None:
        status, now = DEAD if outcome.status == UNREACHABLE else outcome.status, self._clock()
        values: dict[str, Any] = {"status": status, "code": outcome.code, "checked_at": now, "asked_at": None}
        of_link = links.c.hash == _hash(url)
        with self._database.begin() as connection:
            connection.execute(update(links).where(of_link).values(**values))
            if status == OK:
                connection.execute(update(links).where(of_link).values(broken_since=None))
            else:
                connection.execute(update(links).where(of_link, links.c.broken_since.is_(None)).values(broken_since=now))

    def _end(self, done: int, is_online: bool) -> LastRun:
        last = LastRun(self._clock(), DONE if is_online else NO_NETWORK, done if is_online else 0)
        values = {"ran_at": last.ran_at, "outcome": last.outcome, "done": last.done}
        with self._database.begin() as connection:
            connection.execute(update(job_runs).where(job_runs.c.name == CHECK_LINKS).values(**values))
        return last

    def _release(self) -> None:
        with self._database.begin() as connection:
            connection.execute(update(job_runs).where(job_runs.c.name == CHECK_LINKS).values(claimed_at=None))


def _hash(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()


def _addresses(connection: Connection) -> set[str]:
    """Every link of facts and articles."""
    found = set(fact_links(read_facts(connection)))
    for sources in connection.execute(select(articles.c.sources)).scalars():
        found |= {source["url"] for source in sources if source.get("url")}
    return found
