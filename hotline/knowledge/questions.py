"""Questions that were left without an answer that helps, so that editors learn what people ask.

A text comes here stripped of what could tell who wrote it, and without a way back to a contact or a conversation: a random id, a
day and no time. It is encrypted all the same and forgotten after some weeks.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from sqlalchemy import Connection, insert, select, update

from hotline.privacy.cipher import Cipher
from hotline.store.tables import questions

OPEN = "open"
Outcome = Literal["assigned", "dismissed"]
REASONS = ("not_understood", "gave_up", "none_of_these", "unhelpful")
# More than an editor can look through; the newest are shown.
MOST = 5000
ID_BYTES = 16


@dataclass(frozen=True)
class NewQuestion:
    """A question to keep. ``text`` is stripped; ``topic`` and ``score`` (percent) are what the model thought of it."""

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
        """Keep a question that was stripped.

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
            "state": OPEN,
            "day": day,
        }
        connection.execute(insert(questions).values(**row))

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
