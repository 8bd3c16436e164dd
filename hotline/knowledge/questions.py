"""Questions that were left without an answer that helps, so that editors learn what people ask.

A text comes here without a way back to a contact or a conversation: a random id, a day and no time. Within a minute the worker
strips it of what could tell who wrote it, and before that nobody is shown it. It is encrypted and forgotten after some weeks.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from sqlalchemy import Connection, delete, insert, select, update

from hotline.privacy.cipher import Cipher
from hotline.store.tables import questions

# As it was written, for the worker alone; stripped and waiting for an editor.
NEW, OPEN = "new", "open"
Outcome = Literal["assigned", "dismissed"]
REASONS = ("not_understood", "gave_up", "none_of_these", "unhelpful")
# More than an editor can look through; the newest are shown.
MOST = 5000
# So many are stripped in one unit of work.
BATCH = 200
ID_BYTES = 16


@dataclass(frozen=True)
class NewQuestion:
    """A question to keep. ``topic`` and ``score`` (percent) are what the model thought of it."""

    reason: str
    channel: str
    language: str | None
    topic: str | None
    score: int | None
    text: str = field(repr=False)


@dataclass(frozen=True)
class Question(NewQuestion):
    """A question that was kept."""

    id: str = ""
    day: date = date.min


class Questions:
    """Every method takes the unit of work it is part of."""

    def __init__(self, cipher: Cipher) -> None:
        """Hold what encrypts the texts."""
        self._cipher = cipher

    def keep(self, connection: Connection, question: NewQuestion, day: date) -> None:
        """Keep a question; editors see it once ``strip_new`` was here.

        Args:
            connection: the unit of work.
            question: the text and what is known of it.
            day: in Germany.
        """
        row = {
            "id": secrets.token_urlsafe(ID_BYTES),
            "reason": question.reason,
            "channel": question.channel,
            "language": question.language,
            "topic": question.topic,
            # Exact figures could be found again among the messages.
            "score": None if question.score is None else round(question.score, -1),
            "text_encrypted": self._cipher.encrypt(question.text),
            "state": NEW,
            "day": day,
        }
        connection.execute(insert(questions).values(**row))

    def strip_new(self, connection: Connection, strip: Callable[[str], str]) -> int:
        """Strip questions that came in since the last time and show them to editors; one of which nothing is left is deleted.

        Args:
            connection: the unit of work.
            strip: takes names and numbers out of a text.

        Returns:
            How many there were, ``BATCH`` at most.
        """
        query = select(questions.c.id, questions.c.text_encrypted).where(questions.c.state == NEW).limit(BATCH)
        found = connection.execute(query.with_for_update(skip_locked=True)).all()
        for row in found:
            text = strip(self._cipher.decrypt(row.text_encrypted))
            is_it = questions.c.id == row.id
            shown = update(questions).where(is_it).values(text_encrypted=self._cipher.encrypt(text), state=OPEN)
            connection.execute(shown if text else delete(questions).where(is_it))
        return len(found)

    def find_open(self, connection: Connection, language: str = "", reason: str = "") -> list[Question]:
        """The questions nobody has dealt with, the newest first.

        Args:
            connection: any.
            language: code, or empty for all.
            reason: one of ``REASONS``, or empty for all.
        """
        query = select(questions).where(questions.c.state == OPEN).order_by(questions.c.day.desc(), questions.c.id).limit(MOST)
        if language:
            query = query.where(questions.c.language == language)
        if reason:
            query = query.where(questions.c.reason == reason)
        return [
            Question(
                reason=row.reason,
                channel=row.channel,
                language=row.language,
                topic=row.topic,
                score=row.score,
                text=self._cipher.decrypt(row.text_encrypted),
                id=row.id,
                day=row.day,
            )
            for row in connection.execute(query)
        ]

    def close(self, connection: Connection, ids: Collection[str], outcome: Outcome) -> int:
        """Deal with questions; gives how many of them were still open."""
        wanted = (questions.c.id.in_(ids), questions.c.state == OPEN)
        return connection.execute(update(questions).where(*wanted).values(state=outcome)).rowcount
