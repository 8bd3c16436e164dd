"""Regression questions: texts with the topic they must find, asked before and after every training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, select

from hotline.knowledge.problems import Refused
from hotline.privacy.audit import note_action
from hotline.store.database import Database, insert_returning_id
from hotline.store.tables import regressions
from hotline.training.phrase_files import PhraseFiles, key_of
from hotline.training.phrases import LONGEST


@dataclass(frozen=True)
class Question:
    """One question; without an id it is of the starter set and stays."""

    language: str
    topic: str
    text: str
    id: int = 0
    author: str = ""


@dataclass(frozen=True)
class Answer:
    """What a model makes of a question."""

    topic: str | None
    decision: str
    danger: str | None = None


@dataclass(frozen=True)
class ChangedAnswer:
    """A question whose answer is another one now."""

    question: Question
    before: Answer
    after: Answer

    @property
    def verdict(self) -> str:
        """better, worse, or other: right is the question's own topic."""
        was, now = (answer.topic == self.question.topic for answer in (self.before, self.after))
        return "other" if was == now else "better" if now else "worse"

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        question = {"language": self.question.language, "text": self.question.text, "topic": self.question.topic}
        return {**question, "before": vars(self.before), "after": vars(self.after), "verdict": self.verdict}


def _now() -> datetime:
    return datetime.now(UTC)


class Regressions:
    """Lists, adds and removes regression questions."""

    def __init__(self, database: Database, files: PhraseFiles, clock: Callable[[], datetime] = _now) -> None:
        """Hold what is needed.

        Args:
            database: where the rows are.
            files: the starter set.
            clock: gives aware UTC.
        """
        self._database = database
        self._files = files
        self._clock = clock

    def all(self, connection: Connection, language: str = "") -> list[Question]:
        """Every question, of one language where one is named: added ones first, newest first."""
        rows = connection.execute(select(regressions).order_by(regressions.c.id.desc()))
        added = [Question(row.language, row.topic, row.text, row.id, row.author) for row in rows]
        starters = [Question(item.language, item.topic, item.text) for item in self._files.regressions()]
        return [question for question in (*added, *starters) if language in ("", question.language)]

    def add(self, language: str, topic: str, text: str, author: str) -> int:
        """Add a question.

        Raises:
            Refused: it is empty, too long or there already.
        """
        clean = " ".join(text.split())
        if not clean:
            raise Refused("phrase_empty")
        if len(clean) > LONGEST:
            raise Refused("phrase_long", limit=LONGEST)
        with self._database.begin() as connection:
            same = [question for question in self.all(connection, language) if key_of(question.text) == key_of(clean)]
            if same:
                raise Refused("phrase_known", topic=same[0].topic)
            now = self._clock()
            values = {"language": language, "topic": topic, "text": clean, "author": author, "added_at": now}
            new_id = insert_returning_id(connection, regressions, values)
            note_action(connection, author, "regression.add", f"regression {new_id}", now)
        return new_id

    def remove(self, question_id: int, author: str) -> None:
        """Remove an added question; nothing happens when somebody was faster."""
        with self._database.begin() as connection:
            connection.execute(delete(regressions).where(regressions.c.id == question_id))
            note_action(connection, author, "regression.remove", f"regression {question_id}", self._clock())


def changed_answers(questions: list[Question], before: list[Answer], after: list[Answer]) -> list[ChangedAnswer]:
    """The questions that are answered otherwise: those that got worse first."""
    found = [ChangedAnswer(question, was, now) for question, was, now in zip(questions, before, after, strict=True) if was != now]
    return sorted(found, key=lambda change: ("worse", "other", "better").index(change.verdict))
