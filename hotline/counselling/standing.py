"""What a person who waits can be told truthfully: whether anybody is there, and about how long it takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select

from hotline.counselling.counsellors import read_counsellors
from hotline.counselling.hours import Opening, look_up
from hotline.counselling.queues import find_queue, read_queues
from hotline.counselling.routing import USUAL_HANDLING_SECONDS, Waiting, expected_wait, who_can_take
from hotline.counselling.states import WAITING
from hotline.store.tables import handoffs

# Fewer conversations say nothing about the next one.
FEWEST, LOOKED_AT = 5, 20
# One that was left open overnight was not talked about all night.
LONGEST = timedelta(hours=2)


@dataclass(frozen=True)
class Standing:
    """Where a handoff stands. ``wait_minutes`` is a band of ``routing.WAIT_BANDS``, 0 for longer, None while nobody is there."""

    opening: Opening
    place: int | None = None
    wait_minutes: int | None = None


def read_opening(connection: Connection, language: str | None, land: str | None, now: datetime) -> Opening:
    """Whether somebody is there for a language and a Land; without any queue nobody ever is."""
    queue = find_queue(read_queues(connection), language, land)
    return look_up(queue.hours, now, land) if queue else Opening(False, "no_hours")


def read_standing(connection: Connection, handoff_id: int, now: datetime) -> Standing:
    """Where an open handoff stands in its queue now.

    The queue itself is not read: somebody asks for a person in every sixth turn, and hundreds may wait.
    """
    row = connection.execute(select(handoffs).where(handoffs.c.id == handoff_id)).one()
    opening = read_opening(connection, row.language, row.land, now)
    if not opening.is_open or row.state not in WAITING:
        return Standing(opening)
    own = Waiting(row.id, row.language, row.topic, row.land, row.is_urgent, row.requested_at)
    able = who_can_take(own, [known.counsellor for known in read_counsellors(connection)])
    if not able:
        return Standing(opening)
    place = _place(connection, row)
    return Standing(opening, place, expected_wait(place, able, _handling_seconds(connection)))


def _place(connection: Connection, own: Row[Any]) -> int:
    """The place of a handoff in its queue, from 1: those before it that somebody of its language has to take.

    The order is that of ``routing.in_order``.
    """
    is_earlier = or_(
        handoffs.c.requested_at < own.requested_at,
        (handoffs.c.requested_at == own.requested_at) & (handoffs.c.id < own.id),
    )
    is_before = is_earlier & handoffs.c.is_urgent if own.is_urgent else is_earlier | handoffs.c.is_urgent
    query = select(func.count()).where(handoffs.c.state.in_(WAITING), is_before, handoffs.c.id != own.id)
    if own.language is not None:
        query = query.where(or_(handoffs.c.language == own.language, handoffs.c.language.is_(None)))
    return int(connection.execute(query).scalar_one()) + 1


def _handling_seconds(connection: Connection) -> float:
    """How long the last conversations with a counsellor took."""
    query = (
        select(handoffs.c.accepted_at, handoffs.c.closed_at)
        .where(handoffs.c.closed_at.is_not(None), handoffs.c.accepted_at.is_not(None))
        .order_by(handoffs.c.closed_at.desc())
        .limit(LOOKED_AT)
    )
    took = [min(row.closed_at - row.accepted_at, LONGEST).total_seconds() for row in connection.execute(query)]
    return sum(took) / len(took) if len(took) >= FEWEST else USUAL_HANDLING_SECONDS
