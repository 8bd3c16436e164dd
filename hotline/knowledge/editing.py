"""How a text changes: an editor's draft, a review by somebody else, then it is what people get at the next turn.

Every saved state is a revision that stays. ``number`` counts them all; ``version`` counts changes of meaning only, and a
translation keeps the version of the source it was made from, so "outdated" is a comparison and never a click.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, and_, func, insert, select, update

from hotline.knowledge.fact_rows import read_facts
from hotline.knowledge.library import CONTENT_REVISION
from hotline.knowledge.loading import PUBLISHED
from hotline.knowledge.neutrality import Neutrality
from hotline.knowledge.problems import Problem, Refused
from hotline.knowledge.starter import SOURCE_LANGUAGE, source_problems, text_problems
from hotline.store.counters import count
from hotline.store.database import Database, insert_returning_id
from hotline.store.tables import articles, audit, revisions, topics, translations

DRAFT, IN_REVIEW, SUPERSEDED, DISCARDED = "draft", "in_review", "superseded", "discarded"
OPEN = (DRAFT, IN_REVIEW)
PARTS = ("title", "short", "full")


class CannotEdit(Refused):
    """A change of a text, an article or a fact is refused. The message says what to do instead."""


class SavedByAnother(CannotEdit):
    """Somebody else saved this text meanwhile. ``theirs`` is what they saved."""

    def __init__(self, theirs: Revision) -> None:
        super().__init__("saved_by_another", author=theirs.author)
        self.theirs = theirs


@dataclass(frozen=True)
class Revision:
    """One saved state of a text."""

    id: int
    topic: str
    language: str
    number: int
    version: int
    source_version: int
    state: str
    review: str
    is_minor: bool
    title: str
    short: str
    full: str
    note: str
    author: str
    approver: str | None
    lock: int
    saved_at: datetime
    published_at: datetime | None

    @property
    def texts(self) -> dict[str, str]:
        """Title, short and full."""
        return {name: getattr(self, name) for name in PARTS}


@dataclass(frozen=True)
class Edit:
    """What an editor saves.

    ``lock`` is that of the revision the form was filled from (0 for a text nobody has begun), ``source_version`` the version of
    the German text that stood beside it.
    """

    topic: str
    language: str
    title: str
    short: str
    full: str
    lock: int
    source_version: int
    is_minor: bool = False
    note: str = ""


def _now() -> datetime:
    return datetime.now(UTC)


class Editing:
    """Saves, reviews, publishes and restores texts."""

    def __init__(self, database: Database, neutrality: Neutrality, clock: Callable[[], datetime] = _now) -> None:
        """Hold what is needed.

        Args:
            database: where the texts are.
            neutrality: what no text may say.
            clock: gives aware UTC.
        """
        self._database = database
        self._neutrality = neutrality
        self._clock = clock

    # -- looking -------------------------------------------------------------------------------------------------------

    def history(self, connection: Connection, topic: str, language: str) -> list[Revision]:
        """Every revision of a text, newest first."""
        return _find(connection, revisions.c.topic == topic, revisions.c.language == language)

    def published(self, connection: Connection, topic: str, language: str) -> Revision | None:
        """What people get now, or None."""
        return _first(_find(connection, *_of(topic, language), revisions.c.state == PUBLISHED))

    def opened(self, connection: Connection, topic: str, language: str) -> Revision | None:
        """The draft or the text in review, or None."""
        return _first(_find(connection, *_of(topic, language), revisions.c.state.in_(OPEN)))

    def in_review(self, connection: Connection) -> list[Revision]:
        """Every text that waits for somebody to approve it, the newest first."""
        return _find(connection, revisions.c.state == IN_REVIEW)

    def problems(self, connection: Connection, texts: Mapping[str, str], language: str) -> list[Problem]:
        """What stands against publishing these words."""
        return text_problems(texts, language, read_facts(connection)) + self._neutrality.find(texts, language)

    # -- changing ------------------------------------------------------------------------------------------------------

    def save(self, edit: Edit, author: str) -> Revision:
        """Keep a draft; it may be unfinished.

        Args:
            edit: the words and what they were made from.
            author: account of the editor.

        Raises:
            SavedByAnother: the text was saved meanwhile; nothing is overwritten.
            CannotEdit: it is in review.
        """
        with self._database.begin() as connection:
            return self.save_in(connection, edit, author)

    def save_in(self, connection: Connection, edit: Edit, author: str) -> Revision:
        """``save`` within a unit of work that holds more."""
        _lock_topic(connection, edit.topic)
        found = self.opened(connection, edit.topic, edit.language)
        if found is not None and found.state == IN_REVIEW:
            raise CannotEdit("in_review")
        if found is not None and found.lock != edit.lock:
            raise SavedByAnother(found)
        published = self.published(connection, edit.topic, edit.language)
        if found is None and edit.lock:
            raise CannotEdit("gone")
        words = {"title": edit.title.strip(), "short": edit.short.strip(), "full": edit.full.strip()}
        kept = {
            **words, "is_minor": edit.is_minor, "note": edit.note.strip(), "author": author, "lock": edit.lock + 1,
            "saved_at": self._clock(), "source_version": edit.source_version,
        }  # fmt: skip
        if found is not None:
            connection.execute(update(revisions).where(revisions.c.id == found.id).values(**kept))
            return _get(connection, found.id)
        new = {
            "topic": edit.topic, "language": edit.language, "number": _next_number(connection, edit.topic, edit.language),
            "version": published.version if published else 0, "state": DRAFT, "review": "machine", "starter": "",
        }  # fmt: skip
        return _get(connection, insert_returning_id(connection, revisions, {**new, **kept}))

    def submit(self, revision_id: int, lock: int, author: str) -> Revision:
        """Ask for a review.

        Raises:
            CannotEdit: it is no draft, or its texts cannot be published; ``problems`` says why.
        """
        with self._database.begin() as connection:
            return self.submit_in(connection, revision_id, lock, author)

    def submit_in(self, connection: Connection, revision_id: int, lock: int, author: str) -> Revision:
        """``submit`` within a unit of work that holds more."""
        draft = self._expect(connection, revision_id, lock, DRAFT)
        problems = [*self.problems(connection, draft.texts, draft.language), *_source_problems(connection, draft.topic)]
        if problems:
            raise CannotEdit("mend_first", tuple(problems))
        return self._set_state(connection, draft, IN_REVIEW, author, "content.submit")

    def take_back(self, revision_id: int, lock: int, actor: str, note: str = "") -> Revision:
        """Make a text in review a draft again: the author takes it back, or the reviewer returns it with a note."""
        with self._database.begin() as connection:
            found = self._expect(connection, revision_id, lock, IN_REVIEW)
            changed = self._set_state(connection, found, DRAFT, actor, "content.return")
            if note.strip():
                connection.execute(update(revisions).where(revisions.c.id == found.id).values(note=note.strip()))
            return changed

    def discard(self, revision_id: int, lock: int, actor: str) -> None:
        """Give a draft up; it stays in the history."""
        with self._database.begin() as connection:
            self._set_state(connection, self._expect(connection, revision_id, lock, DRAFT), DISCARDED, actor, "content.discard")

    def approve(self, revision_id: int, lock: int, approver: str, *, is_native: bool) -> Revision:
        """Publish a text in review: people get it at the next turn.

        Args:
            revision_id: of the text.
            lock: of what the approver has read.
            approver: account; not the author's.
            is_native: a native speaker of the field has read it, so it no longer counts as machine-made.

        Raises:
            CannotEdit: author and approver are the same, or the text changed meanwhile or cannot be published any more.
        """
        with self._database.begin() as connection:
            found = self._expect(connection, revision_id, lock, IN_REVIEW)
            if found.author == approver:
                raise CannotEdit("two_people")
            problems = self.problems(connection, found.texts, found.language)
            if problems:
                raise CannotEdit("not_publishable", tuple(problems))
            return self._publish(connection, found, approver, "reviewed" if is_native else "machine")

    def restore(self, revision_id: int, author: str) -> Revision:
        """Begin a draft with the words of an earlier revision.

        Raises:
            CannotEdit: another draft is open.
        """
        with self._database.read() as connection:
            old = _get(connection, revision_id)
            if self.opened(connection, old.topic, old.language) is not None:
                raise CannotEdit("open_draft")
        note = f"Restored from revision {old.number}."
        return self.save(Edit(old.topic, old.language, old.title, old.short, old.full, 0, old.source_version, note=note), author)

    def change_article(self, topic: str, values: Mapping[str, Any], actor: str) -> None:
        """Change sources, dates, owner and follow-up topics of an answer.

        Args:
            topic: slug.
            values: as_of, valid_until (a day), sources, follow_ups, owner.
            actor: account of the editor.

        Raises:
            CannotEdit: sources are missing or wrong.
        """
        with self._database.begin() as connection:
            self.change_article_in(connection, topic, values, actor)

    def change_article_in(self, connection: Connection, topic: str, values: Mapping[str, Any], actor: str) -> None:
        """``change_article`` within a unit of work that holds more."""
        problems = [problem for number, source in enumerate(values["sources"], 1) for problem in source_problems(number, source)]
        if problems or not values["sources"]:
            raise CannotEdit("no_sources" if not values["sources"] else "mend_first", tuple(problems))
        changed = connection.execute(update(articles).where(articles.c.topic == topic).values(**values, starter=""))
        if not changed.rowcount:
            connection.execute(insert(articles).values(topic=topic, **values, starter=""))
        self._note(connection, actor, "content.article", topic)
        count(self._database, connection, CONTENT_REVISION)

    def _publish(self, connection: Connection, found: Revision, approver: str, review: str) -> Revision:
        before = self.published(connection, found.topic, found.language)
        version = before.version if before and found.is_minor else (before.version if before else 0) + 1
        source_version = version if found.language == SOURCE_LANGUAGE else found.source_version
        now = self._clock()
        if before is not None:
            connection.execute(update(revisions).where(revisions.c.id == before.id).values(state=SUPERSEDED))
        values = {"version": version, "source_version": source_version, "review": review}
        connection.execute(
            update(revisions)
            .where(revisions.c.id == found.id)
            .values(**values, state=PUBLISHED, approver=approver, published_at=now, lock=found.lock + 1)
        )
        article_id = connection.execute(select(articles.c.id).where(articles.c.topic == found.topic)).scalar_one()
        of_text = and_(translations.c.article_id == article_id, translations.c.language == found.language)
        row = {**found.texts, **values, "revision": found.number}
        if not connection.execute(update(translations).where(of_text).values(**row)).rowcount:
            connection.execute(insert(translations).values(article_id=article_id, language=found.language, **row))
        self._note(connection, approver, "content.publish", f"{found.topic}/{found.language}/{found.number}")
        count(self._database, connection, CONTENT_REVISION)
        return _get(connection, found.id)

    def _expect(self, connection: Connection, revision_id: int, lock: int, state: str) -> Revision:
        _lock_topic(connection, _get(connection, revision_id).topic)
        found = _get(connection, revision_id)
        if found.lock != lock:
            raise SavedByAnother(found)
        if found.state != state:
            raise CannotEdit("other_state")
        return found

    def _set_state(self, connection: Connection, found: Revision, state: str, actor: str, action: str) -> Revision:
        connection.execute(update(revisions).where(revisions.c.id == found.id).values(state=state, lock=found.lock + 1))
        self._note(connection, actor, action, f"{found.topic}/{found.language}/{found.number}")
        return _get(connection, found.id)

    def _note(self, connection: Connection, actor: str, action: str, subject: str) -> None:
        connection.execute(insert(audit).values(actor=actor, action=action, object=subject, happened_at=self._clock()))


def read_revisions(connection: Connection) -> list[Revision]:
    """Every revision of every text, newest first."""
    return _find(connection)


def lock_topics(connection: Connection, slugs: Iterable[str]) -> None:
    """Hold the texts of several topics until the unit of work ends."""
    for slug in sorted(slugs):
        _lock_topic(connection, slug)


def _lock_topic(connection: Connection, topic: str) -> None:
    """One change of a topic's texts at a time, on PostgreSQL too."""
    if connection.execute(select(topics.c.slug).where(topics.c.slug == topic).with_for_update()).first() is None:
        raise CannotEdit("unknown", name=topic)


def _of(topic: str, language: str) -> tuple[Any, Any]:
    return revisions.c.topic == topic, revisions.c.language == language


_COLUMNS = [revisions.c[name] for name in Revision.__dataclass_fields__]


def _find(connection: Connection, *conditions: Any) -> list[Revision]:
    rows = connection.execute(select(*_COLUMNS).where(*conditions).order_by(revisions.c.number.desc()))
    return [Revision(*row) for row in rows]


def _first(found: list[Revision]) -> Revision | None:
    return found[0] if found else None


def _get(connection: Connection, revision_id: int) -> Revision:
    found = _find(connection, revisions.c.id == revision_id)
    if not found:
        raise CannotEdit("unknown", name=f"revision {revision_id}")
    return found[0]


def _next_number(connection: Connection, topic: str, language: str) -> int:
    return (connection.execute(select(func.max(revisions.c.number)).where(*_of(topic, language))).scalar() or 0) + 1


def _source_problems(connection: Connection, topic: str) -> list[Problem]:
    has_sources = connection.execute(select(articles.c.sources).where(articles.c.topic == topic)).scalar()
    return [] if has_sources else [Problem("no_sources")]
