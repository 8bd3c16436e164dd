"""Was an answer helpful? Counts a day, with nobody's name or number in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Row, and_, select, update

from hotline.store.database import Database
from hotline.store.tables import ratings


@dataclass(frozen=True)
class RatedAnswer:
    """What was rated: the answer to a topic in a language, in the version people got, on a channel."""

    topic: str
    language: str
    article_version: int
    channel: str


def count_rating(database: Database, connection: Connection, rated: RatedAnswer, day: date, *, is_helpful: bool) -> None:
    """Count one more.

    Args:
        database: knows how to insert once.
        connection: the unit of work of the turn.
        rated: the answer.
        day: in Germany.
        is_helpful: what the person said.
    """
    key = {**vars(rated), "day": day}
    new = {"helpful": int(is_helpful), "unhelpful": int(not is_helpful)}
    if not database.insert_once(connection, ratings, {**key, **new}, *key):
        counted = ratings.c.helpful if is_helpful else ratings.c.unhelpful
        of_key = and_(*(ratings.c[name] == value for name, value in key.items()))
        connection.execute(update(ratings).where(of_key).values({counted: counted + 1}))


def read_ratings(connection: Connection) -> Sequence[Row[tuple[str, str, int, str, date, int, int]]]:
    """Every row, the newest day first."""
    return connection.execute(select(ratings).order_by(ratings.c.day.desc(), ratings.c.topic, ratings.c.language)).all()
