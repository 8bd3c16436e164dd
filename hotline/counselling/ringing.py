"""Whose telephone rings for whom: for people who hold the line as soon as they are offered, for callbacks as they come due."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, select

from hotline.counselling.assignment import is_on_the_line
from hotline.counselling.counsellors import read_counsellors
from hotline.counselling.handoff import UnknownHandoff, get_open
from hotline.counselling.hours import look_up
from hotline.counselling.queues import find_queue, read_queues
from hotline.counselling.routing import AVAILABLE, Offer
from hotline.counselling.states import IN_QUEUE
from hotline.counselling.talk_rows import Follow
from hotline.counselling.talks import CannotRing, Talks
from hotline.store.tables import conversations, handoffs


class Ringing:
    """Every method takes the unit of work it is part of."""

    def __init__(self, talks: Talks) -> None:
        self._talks = talks

    def ring(self, connection: Connection, offers: Iterable[Offer], now: datetime) -> Follow:
        """Ring those to whom somebody in a call was offered, or who are to call somebody back, in the order of the queue.

        Who cannot be rung finds the offer at the screen, and the callback in the list.
        """
        follow = Follow()
        for offer in offers:
            try:
                if offer.callback_id is not None:
                    # Locked as everybody does, before the talk begins.
                    get_open(connection, offer.handoff_id)
                    follow.add(self._talks.ring_for_callback(connection, offer.callback_id, offer.counsellor_id, now))
                elif _is_in_call(connection, offer.handoff_id, now):
                    follow.add(self._talks.ring_for_caller(connection, offer.handoff_id, offer.counsellor_id, now))
            except (CannotRing, UnknownHandoff):
                continue
        return follow


def can_hold_the_line(
    connection: Connection, language: str | None, land: str | None, conversation_id: int, now: datetime
) -> bool:
    """Whether holding the line makes sense for a caller: it is open, somebody with a telephone is there, and there is room.

    Args:
        connection: a unit of work.
        language: of the call.
        land: of the person.
        conversation_id: of the call, which is not counted.
        now: aware UTC.
    """
    queue = find_queue(read_queues(connection), language, land)
    if queue is None or not look_up(queue.hours, now, land).is_open:
        return False
    there = [known.counsellor for known in read_counsellors(connection)]
    if not any(one.has_phone and one.presence == AVAILABLE and (language is None or language in one.languages) for one in there):
        return False
    holding = (
        select(handoffs.c.id)
        .join(conversations, conversations.c.id == handoffs.c.conversation_id)
        .where(handoffs.c.state.in_(IN_QUEUE), handoffs.c.queue == queue.name, is_on_the_line(now))
        .where(conversations.c.id != conversation_id)
    )
    return len(connection.execute(holding).all()) < queue.most_waiting


def _is_in_call(connection: Connection, handoff_id: int, now: datetime) -> bool:
    query = select(handoffs.c.id).join(conversations, conversations.c.id == handoffs.c.conversation_id)
    return connection.execute(query.where(handoffs.c.id == handoff_id, is_on_the_line(now))).first() is not None
