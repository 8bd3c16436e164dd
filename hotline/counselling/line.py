"""The line of those who wait: everybody stands in it in the order in which they are served, also who is to be called back now."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, exists, or_, select, true

from hotline.counselling.assignment import is_on_the_line
from hotline.counselling.callbacks import CALLBACK_RUNG_AGAIN_AFTER, DUE
from hotline.counselling.routing import Waiting, is_served_before
from hotline.counselling.states import IN_QUEUE, OFFERED, WAITING
from hotline.store.tables import call_legs, callbacks, conversations, handoffs, talks

# Who has more people before them is told that it takes longer.
MOST_READ = 200
_ABOUT = select(*(handoffs.c[name] for name in ("id", "language", "topic", "land", "is_urgent", "requested_at", "state"))).join(
    conversations, conversations.c.id == handoffs.c.conversation_id
)
_IS_RUNG = exists(select(talks.c.id).where(talks.c.handoff_id == handoffs.c.id, talks.c.state != "over"))
_DUE = (
    select(
        *(callbacks.c[name] for name in ("id", "handoff_id", "place_at", "due_at", "tries")),
        *(handoffs.c[name] for name in ("language", "topic", "land", "is_urgent")),
    )
    .join(handoffs, handoffs.c.id == callbacks.c.handoff_id)
    .where(callbacks.c.state == DUE, ~_IS_RUNG)
)


def read_due(connection: Connection, now: datetime) -> list[Waiting]:
    """Everybody who is to be called back now and for whom nobody is being rung, at the place they kept.

    Who was called in vain stands where the next try began: nobody on the line waits for a telephone that nobody takes.
    """
    rows = connection.execute(_DUE).all()
    rung = _rung_lately(connection, now) if rows else {}
    return [
        Waiting(
            id=row.handoff_id,
            language=row.language,
            topic=row.topic,
            land=row.land,
            is_urgent=row.is_urgent,
            requested_at=row.due_at if row.tries and row.due_at else row.place_at,
            asked=frozenset(rung.get(row.handoff_id, ())),
            callback_id=row.id,
        )
        for row in rows
    ]


def find_waiting(connection: Connection, handoff_id: int, now: datetime) -> Waiting | None:
    """Somebody who waits, or is to be called back now; None for everybody else."""
    query = _about(now).where(handoffs.c.id == handoff_id, handoffs.c.state.in_(sorted(WAITING)))
    row = connection.execute(query).one_or_none()
    if row is not None:
        return _read(row)
    return next((due for due in read_due(connection, now) if due.id == handoff_id), None)


def read_before(connection: Connection, own: Waiting, now: datetime) -> tuple[list[Waiting], list[Waiting]]:
    """Who of one's language is served before: those who wait, and those for whom somebody is being asked, who keep their place.

    It is enough to tell a place and a time; ``assignment.read_waiting`` knows what an offer needs. No more than ``MOST_READ``
    are read: a turn must not last longer because thousands wait.
    """
    alike = true() if own.language is None else or_(handoffs.c.language == own.language, handoffs.c.language.is_(None))
    at, number = handoffs.c.requested_at, handoffs.c.id
    is_earlier = (at < own.requested_at) | ((at == own.requested_at) & (number < own.id))
    is_before = is_earlier & handoffs.c.is_urgent if own.is_urgent else is_earlier | handoffs.c.is_urgent
    query = _about(now).where(handoffs.c.state.in_(sorted(IN_QUEUE)), alike, is_before, number != own.id)
    rows = connection.execute(query.order_by(handoffs.c.is_urgent.desc(), at, number).limit(MOST_READ)).all()
    due = [
        one
        for one in read_due(connection, now)
        if is_served_before(one, own) and (own.language is None or one.language in (own.language, None))
    ]
    waiting = [_read(row) for row in rows if row.state != OFFERED]
    return [*due, *waiting], [_read(row) for row in rows if row.state == OFFERED]


def _about(now: datetime) -> Select[Any]:
    return _ABOUT.add_columns(is_on_the_line(now).label("is_on_the_line"))


def _read(row: Any) -> Waiting:
    return Waiting(
        row.id, row.language, row.topic, row.land, row.is_urgent, row.requested_at, is_on_the_line=bool(row.is_on_the_line)
    )


def _rung_lately(connection: Connection, now: datetime) -> dict[int, set[int]]:
    """Handoff -> whose telephones have rung for it, so that another one does next."""
    query = (
        select(talks.c.handoff_id, call_legs.c.account_id)
        .join(call_legs, call_legs.c.talk_id == talks.c.id)
        .where(talks.c.created_at > now - CALLBACK_RUNG_AGAIN_AFTER, call_legs.c.account_id.is_not(None))
    )
    found: dict[int, set[int]] = {}
    for handoff_id, account_id in connection.execute(query):
        found.setdefault(handoff_id, set()).add(account_id)
    return found
