"""What editors do with unanswered questions: teach the hotline a phrase, start a topic, or dismiss them.

Phrases and regression questions take effect with the next training; a new topic is there at once, without any text yet.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.sql.schema import Table

from hotline.knowledge.editing import CannotEdit, Edit, Editing
from hotline.knowledge.library import CONTENT_REVISION
from hotline.knowledge.questions import Outcome, Questions
from hotline.knowledge.starter import LIMITS, OWNER, SOURCE_LANGUAGE
from hotline.privacy.audit import note_action
from hotline.privacy.stripping import LONGEST, MARKS
from hotline.store.counters import count
from hotline.store.database import Database
from hotline.store.tables import articles, phrases, regressions, topics

# Where a phrase of the table comes from.
FROM_QUESTION = "question"
POLICIES = ("A", "B", "C")
_SLUG = re.compile(r"[a-z][a-z0-9_]{2,39}")
_MARK = re.compile("|".join(MARKS))


@dataclass(frozen=True)
class NewTopic:
    """A topic to start: its short name, its German title and who answers (A, B or C)."""

    slug: str
    title: str
    policy: str


def _now() -> datetime:
    return datetime.now(UTC)


class Teaching:
    """Every method is one unit of work and leaves a row in the audit."""

    def __init__(self, database: Database, questions: Questions, editing: Editing, clock: Callable[[], datetime] = _now) -> None:
        """Hold what is needed.

        Args:
            database: where everything is.
            questions: those that were not answered.
            editing: begins the text of a new topic.
            clock: gives aware UTC.
        """
        self._database = database
        self._questions = questions
        self._editing = editing
        self._clock = clock

    def assign(self, ids: Collection[str], language: str, topic: str, wording: str, author: str) -> None:
        """Teach that these words ask for a topic, and close the questions.

        Args:
            ids: of the questions.
            language: of the words.
            topic: slug.
            wording: the phrase, maybe worded anew.
            author: account of the editor.

        Raises:
            CannotEdit: nothing is ticked, the words cannot be used, or the topic is not there.
        """
        phrase = usable_phrase(wording)
        with self._database.begin() as connection:
            if connection.execute(select(topics.c.slug).where(topics.c.slug == topic)).first() is None:
                raise CannotEdit("unknown", name=topic)
            self._close(connection, ids, "assigned")
            about = {"language": language, "topic": topic, "text": phrase}
            made = {"author": author, "added_at": self._clock()}
            _add(connection, phrases, about, {**made, "origin": FROM_QUESTION})
            _add(connection, regressions, about, made)
            note_action(connection, author, "questions.assign", f"{topic}/{language} ({len(ids)})", self._clock())

    def dismiss(self, ids: Collection[str], author: str) -> None:
        """Close questions nothing is to be learnt from.

        Raises:
            CannotEdit: nothing is ticked, or somebody else was faster.
        """
        with self._database.begin() as connection:
            self._close(connection, ids, "dismissed")
            note_action(connection, author, "questions.dismiss", f"{len(ids)} questions", self._clock())

    def start_topic(self, new: NewTopic, valid_until: date, author: str) -> None:
        """Start a topic: it stands in the matrix as missing in every language, with a German draft that has a title.

        Args:
            new: the topic.
            valid_until: until when its article holds, at first.
            author: account of the editor.

        Raises:
            CannotEdit: the short name is taken or wrong, or the title or the policy is.
        """
        title = " ".join(new.title.split())
        if not _SLUG.fullmatch(new.slug):
            raise CannotEdit("slug", value=new.slug)
        if not 0 < len(title) <= LIMITS["title"]:
            raise CannotEdit("title", limit=LIMITS["title"])
        if new.policy not in POLICIES:
            raise CannotEdit("policy")
        with self._database.begin() as connection:
            last = connection.execute(select(func.max(topics.c.position))).scalar()
            row = {"slug": new.slug, "position": 0 if last is None else last + 1, "policy": new.policy}
            if not self._database.insert_once(connection, topics, row, "slug"):
                raise CannotEdit("topic_exists", value=new.slug)
            about = {"as_of": f"{self._clock().year}", "valid_until": valid_until, "owner": OWNER}
            # No starter hash: it is the editors', and no update of the content takes it away.
            empty = {"topic": new.slug, "follow_ups": [], "sources": [], "starter": ""}
            connection.execute(insert(articles).values(**about, **empty))
            note_action(connection, author, "questions.topic", new.slug, self._clock())
            count(self._database, connection, CONTENT_REVISION)
        self._editing.save(Edit(new.slug, SOURCE_LANGUAGE, title, "", "", lock=0, source_version=0), author)

    def _close(self, connection: Connection, ids: Collection[str], outcome: Outcome) -> None:
        if not ids:
            raise CannotEdit("no_questions")
        if not self._questions.close(connection, ids, outcome):
            raise CannotEdit("dealt_with")


def usable_phrase(wording: str) -> str:
    """The words of a training phrase on one line.

    Raises:
        CannotEdit: there are none, too many, or a mark stands for something that was taken out.
    """
    phrase = " ".join(wording.split())
    if not phrase:
        raise CannotEdit("phrase_missing")
    if len(phrase) > LONGEST:
        raise CannotEdit("too_long", part="phrase", characters=len(phrase), limit=LONGEST)
    if found := _MARK.search(phrase):
        raise CannotEdit("phrase_mark_left", mark=found[0])
    return phrase


def _add(connection: Connection, table: Table, about: dict[str, str], made: dict[str, object]) -> None:
    """Add a row unless the same words are there for the same topic."""
    known = select(table.c.id).where(*(table.c[name] == value for name, value in about.items()))
    if connection.execute(known).first() is None:
        connection.execute(insert(table).values(**about, **made))
