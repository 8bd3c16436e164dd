"""What a person who waits can be told truthfully: whether anybody is there, and about how long it takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from hotline.counselling.counsellors import read_counsellors
from hotline.counselling.hours import Opening, look_up
from hotline.counselling.line import find_waiting, read_before
from hotline.counselling.queues import find_queue, read_queues
from hotline.counselling.routing import USUAL_HANDLING_SECONDS, expected_wait, who_can_take
from hotline.counselling.states import OFFERED
from hotline.store.tables import handoffs

# Fewer conversations say nothing about the next one.
FEWEST, LOOKED_AT = 5, 20
# One that was left open overnight was not talked about all night.
LONGEST = timedelta(hours=2)


@dataclass(frozen=True)
class Standing:
    """Where a handoff stands. ``wait_minutes`` is a band of ``routing.WAIT_BANDS``, 0 for longer, None while nobody is there.

    ``place`` is the one in the queue, from 1; None while somebody is being asked, which ``is_offered`` tells.
    """

    opening: Opening
    place: int | None = None
    wait_minutes: int | None = None
    is_offered: bool = False


def read_opening(connection: Connection, language: str | None, land: str | None, now: datetime) -> Opening:
    """Whether somebody is there for a language and a Land; without any queue nobody ever is."""
    queue = find_queue(read_queues(connection), language, land)
    return look_up(queue.hours, now, land) if queue else Opening(False, "no_hours")


def read_standing(connection: Connection, handoff_id: int, now: datetime) -> Standing:
    """Where an open handoff stands in its queue now."""
    row = connection.execute(
        select(handoffs.c.language, handoffs.c.land, handoffs.c.state).where(handoffs.c.id == handoff_id)
    ).one()
    opening = read_opening(connection, row.language, row.land, now)
    if not opening.is_open or row.state == OFFERED:
        return Standing(opening, is_offered=opening.is_open)
    # Who is called back has kept the place, and is served in the same order.
    own = find_waiting(connection, handoff_id, now)
    able = who_can_take(own, [known.counsellor for known in read_counsellors(connection)]) if own is not None else []
    if own is None or not able:
        return Standing(opening)
    waiting, offered = read_before(connection, own, now)
    minutes = expected_wait(own, waiting, able, _handling_seconds(connection))
    # Who is being asked for is before all others until somebody takes them.
    return Standing(opening, len(waiting) + len(offered) + 1, minutes)


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
