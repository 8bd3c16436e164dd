"""The line of those who wait: everybody stands in it in the order in which they are served, also who is to be called back now."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, exists, select

from hotline.counselling.assignment import CALL_IS_HEARD_WITHIN
from hotline.counselling.callbacks import CALLBACK_RUNG_AGAIN_AFTER, DUE
from hotline.counselling.routing import Waiting
from hotline.counselling.states import IN_QUEUE, OFFERED
from hotline.store.tables import call_legs, callbacks, conversations, handoffs, talks

_ABOUT = ("id", "language", "topic", "land", "is_urgent", "requested_at")
_CALL = (conversations.c.channel == "voice") & conversations.c.closed_at.is_(None)
_IN_LINE = (
    select(*(handoffs.c[name] for name in _ABOUT), handoffs.c.state, conversations.c.last_inbound_at, _CALL.label("is_call"))
    .join(conversations, conversations.c.id == handoffs.c.conversation_id)
    .where(handoffs.c.state.in_(sorted(IN_QUEUE)))
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


def read_line(connection: Connection, now: datetime) -> tuple[list[Waiting], list[Waiting]]:
    """Everybody who waits, and everybody for whom somebody is being asked just now, who keeps the place until it is taken.

    It is enough to tell a place and a time; ``assignment.read_waiting`` knows what an offer needs.
    """
    waiting, offered = read_due(connection, now), list[Waiting]()
    for row in connection.execute(_IN_LINE):
        is_on_the_line = bool(row.is_call) and row.last_inbound_at >= now - CALL_IS_HEARD_WITHIN
        known = Waiting(**{name: getattr(row, name) for name in _ABOUT}, is_on_the_line=is_on_the_line)
        (offered if row.state == OFFERED else waiting).append(known)
    return waiting, offered


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
