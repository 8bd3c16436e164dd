"""Whose telephone rings for whom: for people who hold the line as soon as they are offered, for callbacks as they come due."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select

from hotline.counselling.assignment import is_on_the_line
from hotline.counselling.callbacks import Callbacks
from hotline.counselling.counsellors import read_counsellors
from hotline.counselling.handoff import UnknownHandoff, get_open
from hotline.counselling.hours import look_up
from hotline.counselling.queues import find_queue, read_queues
from hotline.counselling.routing import AVAILABLE, Offer, Waiting, choose_counsellor
from hotline.counselling.states import IN_QUEUE
from hotline.counselling.talk_rows import Follow
from hotline.counselling.talks import CALLBACK_RUNG_AGAIN_AFTER, CannotRing, Talks
from hotline.store.tables import call_legs, conversations, handoffs, talks


class Ringing:
    """Every method takes the unit of work it is part of."""

    def __init__(self, talks_: Talks, callbacks: Callbacks) -> None:
        self._talks = talks_
        self._callbacks = callbacks

    def ring_offered(self, connection: Connection, offers: Iterable[Offer], now: datetime) -> Follow:
        """Ring those to whom somebody in a call was offered; who cannot be rung finds the offer at the screen."""
        follow = Follow()
        for offer in offers:
            holds = select(handoffs.c.id).join(conversations, conversations.c.id == handoffs.c.conversation_id)
            if connection.execute(holds.where(handoffs.c.id == offer.handoff_id, is_on_the_line(now))).first() is None:
                continue
            try:
                follow.add(self._talks.ring_for_caller(connection, offer.handoff_id, offer.counsellor_id, now))
            except CannotRing:
                continue
        return follow

    def ring_due(self, connection: Connection, now: datetime) -> Follow:
        """Ring somebody for every due callback for which there is a free telephone, in the order of the callbacks."""
        follow = Follow()
        people = {known.counsellor.id: known.counsellor for known in read_counsellors(connection)}
        for row in self._callbacks.list_due(connection):
            there = [one for one in people.values() if one.has_phone and not one.is_on_phone]
            if not there:
                break
            asked = _rung_lately(connection, row["handoff_id"], now)
            names = ("language", "topic", "land", "is_urgent")
            waiting = Waiting(row["id"], requested_at=row["place_at"], asked=asked, **{name: row[name] for name in names})
            chosen = choose_counsellor(waiting, there)
            if chosen is None:
                continue
            try:
                # Locked as everybody does, before the talk begins.
                get_open(connection, row["handoff_id"])
                follow.add(self._talks.ring_for_callback(connection, row["id"], chosen, now))
            except (CannotRing, UnknownHandoff):
                continue
            people[chosen] = replace(people[chosen], is_on_phone=True)
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


def _rung_lately(connection: Connection, handoff_id: int, now: datetime) -> frozenset[int]:
    recent = (talks.c.handoff_id == handoff_id) & (talks.c.created_at > now - CALLBACK_RUNG_AGAIN_AFTER)
    query = select(call_legs.c.account_id).join(talks, talks.c.id == call_legs.c.talk_id)
    return frozenset(connection.execute(query.where(recent, call_legs.c.account_id.is_not(None))).scalars())
