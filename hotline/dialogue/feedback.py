"""What a turn teaches: how answers were rated, and which questions were left without an answer that helps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection

from hotline.dialogue.events import Event, Rated, Unanswered
from hotline.dialogue.meaning import Understood
from hotline.dialogue.session import Session
from hotline.knowledge.library import Library
from hotline.knowledge.questions import NewQuestion, Questions
from hotline.knowledge.ratings import RatedAnswer, count_rating
from hotline.privacy.stripping import LONGEST
from hotline.store.database import Database
from hotline.understanding.port import UNKNOWN_LANGUAGE

# These are about the words at hand; the others about the question before.
ABOUT_THIS_TEXT = ("not_understood", "gave_up")
NO_QUESTION: Mapping[str, Any] = {}


@dataclass(frozen=True)
class AskedInput:
    """What one input was: on which channel it came, and the question in it, if any (see ``Feedback.read``)."""

    channel: str
    question: Mapping[str, Any]


class Feedback:
    """Keeps what editors need to know, and nothing of who it was."""

    def __init__(self, database: Database, questions: Questions) -> None:
        """Hold what is needed.

        Args:
            database: counts ratings.
            questions: keeps questions.
        """
        self._database = database
        self._questions = questions

    def read(self, body: str, understood: Understood) -> Mapping[str, Any]:
        """The question in a text: its text, topic, score and language; empty when it is none to be kept."""
        if not understood.is_question:
            return NO_QUESTION
        best = next((score for score in understood.alternatives if score.name == understood.meaning.topic), None)
        language = understood.language if understood.language != UNKNOWN_LANGUAGE else None
        return {
            "text": body[:LONGEST],
            "topic": best.name if best else None,
            "score": round(best.score * 100) if best else None,
            "language": language,
        }

    def note(
        self, connection: Connection, asked: AskedInput, session: Session, events: Sequence[Event], library: Library, day: date
    ) -> Session:
        """Store what the events of a turn teach.

        Args:
            connection: the unit of work of the turn.
            asked: the input.
            session: after the turn.
            events: of the flow.
            library: the answers of the day.
            day: in Germany.

        Returns:
            The session with the question to remember, until the person says whether the answer helped.
        """
        question = asked.question or session.question
        for event in events:
            if isinstance(event, Rated) and session.language:
                article = library.articles.get((event.topic, session.language))
                rated = RatedAnswer(event.topic, session.language, article.version if article else 0, asked.channel)
                count_rating(self._database, connection, rated, day, is_helpful=event.is_helpful)
            elif isinstance(event, Unanswered):
                about = asked.question if event.reason in ABOUT_THIS_TEXT else session.question
                self._keep(connection, event, about, asked.channel, session, day)
                question = NO_QUESTION
        if session.in_danger:
            question = NO_QUESTION
        return session if question == session.question else replace(session, question=question)

    def _keep(
        self,
        connection: Connection,
        event: Unanswered,
        about: Mapping[str, Any],
        channel: str,
        session: Session,
        day: date,
    ) -> None:
        if not about or session.in_danger:
            return
        language = session.language or about["language"]
        kept = NewQuestion(event.reason, channel, language, about["topic"], about["score"], text=about["text"])
        self._questions.keep(connection, kept, day)
