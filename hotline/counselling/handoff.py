"""Handoffs: the machine asks a human to take over. Stored in the turn's own transaction, so none can be lost.

Every change goes through ``move_handoff``, which keeps three things together: the state, its timer, and who owns the
conversation. Whoever changes something locks the conversation first and the handoff second, so that no two wait for each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, select, update

from hotline.counselling.queues import Queue, find_queue, read_queues, work_starts
from hotline.counselling.states import (
    ABANDONED,
    ACCEPTED,
    CALLBACK,
    FINAL,
    OFFERED,
    OPEN,
    REQUESTED,
    STAGES,
    STATUS_OF_OWNER,
    Clockwork,
    Move,
    move,
    owner_of,
    timer_of,
)
from hotline.counselling.wrap_ups import owe_wrap_up
from hotline.privacy.audit import note_action
from hotline.store.database import insert_returning_id
from hotline.store.tables import callbacks, conversations, handoff_offers, handoffs, messages

CONVERSATION_CLOSED = "closed"
# On the way of every turn in which somebody asks for a person, so built once: building a statement costs more than running it.
_LOCK = select(conversations.c.id).where(conversations.c.id == bindparam("conversation")).with_for_update()
_OPEN_HANDOFF = (
    select(handoffs).where(handoffs.c.conversation_id == bindparam("conversation"), handoffs.c.state.in_(OPEN)).with_for_update()
)
_CHANGE = update(handoffs).where(handoffs.c.id == bindparam("handoff"))
_CLOSED_AT = select(conversations.c.closed_at).where(conversations.c.id == bindparam("conversation"))
_GIVE = update(conversations).where(conversations.c.id == bindparam("conversation"))


class UnknownHandoff(LookupError):
    """There is no open handoff with this number."""


@dataclass(frozen=True)
class HandoffRequest:
    """What a counsellor must know before the first word. ``danger`` is a category of the danger net or None."""

    conversation_id: int
    reason: str
    danger: str | None
    language: str | None
    topic: str | None
    channel: str
    land: str | None = None


@dataclass(frozen=True)
class NotedHandoff:
    """What became of a request: ``is_new`` when none was open before, ``is_raised`` when an open one became urgent."""

    id: int
    is_new: bool
    is_raised: bool
    state: str = REQUESTED


def request_handoff(connection: Connection, request: HandoffRequest, now: datetime) -> NotedHandoff:
    """Store that a human is to take over; asking again for the same conversation opens no second handoff.

    Args:
        connection: the unit of work of the turn.
        request: what is asked.
        now: aware UTC.

    Returns:
        The open handoff. A danger makes an open one urgent, and nothing makes it less urgent again.
    """
    lock_conversation(connection, request.conversation_id)
    found = find_open(connection, request.conversation_id)
    if found is None:
        return NotedHandoff(_open(connection, request, now), is_new=True, is_raised=False)
    is_raised = request.danger is not None and not found["is_urgent"]
    land = request.land or found["land"]
    # Another language may belong to another queue.
    queue = find_queue(read_queues(connection), request.language, land)
    changed: dict[str, Any] = {"language": request.language, "land": land, "queue": queue.name if queue else None}
    if is_raised:
        changed |= {"reason": request.reason, "danger": request.danger, "is_urgent": True}
    state = found["state"]
    if state == ABANDONED:
        # It was given up once: the person begins to wait anew.
        changed |= {"requested_at": now, "reminders": 0}
    if state == ABANDONED or (is_raised and state == CALLBACK):
        # Whoever is in danger does not wait for the hour of a callback.
        state = move_handoff(connection, found, "request", now, **changed)
    else:
        connection.execute(update(handoffs).where(handoffs.c.id == found["id"]).values(**changed))
        if is_raised:
            set_timer(connection, {**found, **changed}, now)
    return NotedHandoff(found["id"], is_new=found["state"] == ABANDONED, is_raised=is_raised, state=state)


def _open(connection: Connection, request: HandoffRequest, now: datetime) -> int:
    known = read_queues(connection)
    queue = find_queue(known, request.language, request.land)
    row = {
        "conversation_id": request.conversation_id,
        "state": REQUESTED,
        "reason": request.reason,
        "danger": request.danger,
        "is_urgent": request.danger is not None,
        "language": request.language,
        "topic": request.topic,
        "channel": request.channel,
        "land": request.land,
        "queue": queue.name if queue else None,
        "requested_at": now,
        "awaits": "counsellor",
        "reminders": 0,
        "is_told": False,
    }
    new_id = insert_returning_id(connection, handoffs, row)
    set_timer(connection, {**row, "id": new_id}, now, known)
    _give_to_owner(connection, request.conversation_id, REQUESTED)
    return new_id


def change_language(connection: Connection, conversation_id: int, language: str, now: datetime) -> None:
    """A conversation goes on in another language: so does its open handoff, in the queue of that language."""
    lock_conversation(connection, conversation_id)
    found = find_open(connection, conversation_id)
    if found is None or found["state"] == ACCEPTED or found["language"] == language:
        return
    queue = find_queue(read_queues(connection), language, found["land"])
    changed: dict[str, Any] = {"language": language, "queue": queue.name if queue else None}
    connection.execute(update(handoffs).where(handoffs.c.id == found["id"]).values(**changed))
    set_timer(connection, {**found, **changed}, now)


# -- looking ---------------------------------------------------------------------------------------------------------------


def lock_conversation(connection: Connection, conversation_id: int | None) -> None:
    """Lock a conversation until the unit of work ends: the first thing everybody does who changes its handoff."""
    connection.execute(_LOCK, {"conversation": conversation_id})


def find_open(connection: Connection, conversation_id: int) -> dict[str, Any] | None:
    """The open handoff of a conversation, locked; whoever asks has locked the conversation."""
    row = connection.execute(_OPEN_HANDOFF, {"conversation": conversation_id}).one_or_none()
    return None if row is None else row._asdict()


def list_open(connection: Connection) -> Sequence[RowMapping]:
    """Open handoffs, urgent first, then by waiting time."""
    query = select(handoffs).where(handoffs.c.state.in_(OPEN)).order_by(handoffs.c.is_urgent.desc(), handoffs.c.requested_at)
    return connection.execute(query).mappings().all()


def get_open(connection: Connection, handoff_id: int) -> dict[str, Any]:
    """One open handoff, locked for this unit of work, and its conversation before it.

    Raises:
        UnknownHandoff: it is not there or closed.
    """
    owner = select(handoffs.c.conversation_id).where(handoffs.c.id == handoff_id)
    lock_conversation(connection, connection.execute(owner).scalar_one_or_none())
    query = select(handoffs).where(handoffs.c.id == handoff_id, handoffs.c.state.in_(OPEN)).with_for_update()
    row = connection.execute(query).one_or_none()
    if row is None:
        raise UnknownHandoff(f"There is no open handoff {handoff_id}. `flask handoffs list` shows the open ones.")
    return row._asdict()


def read_conversation(connection: Connection, handoff_id: int) -> Sequence[RowMapping]:
    """The messages of a handoff's conversation, oldest first, still encrypted.

    Raises:
        UnknownHandoff: it is not there or closed.
    """
    handoff = get_open(connection, handoff_id)
    query = select(messages).where(messages.c.conversation_id == handoff["conversation_id"]).order_by(messages.c.id)
    return connection.execute(query).mappings().all()


def conversation_of(connection: Connection, handoff_id: int) -> RowMapping:
    """The conversation a handoff belongs to.

    Raises:
        UnknownHandoff: it is not there or closed.
    """
    handoff = get_open(connection, handoff_id)
    query = select(conversations).where(conversations.c.id == handoff["conversation_id"])
    return connection.execute(query).mappings().one()


def find_disowned(connection: Connection) -> list[int]:
    """Conversations whose stored status is not that of the owner their handoff gives them: there must be none."""
    state = select(handoffs.c.state).where(handoffs.c.conversation_id == conversations.c.id, handoffs.c.state.in_(OPEN))
    rows = connection.execute(
        select(conversations.c.id, conversations.c.status, conversations.c.closed_at, state.scalar_subquery().label("state"))
    )
    return [row.id for row in rows if row.status != _status(row.state, is_over=row.closed_at is not None)]


# -- moving ----------------------------------------------------------------------------------------------------------------


def move_handoff(connection: Connection, handoff: Mapping[str, Any], made: Move, now: datetime, **changed: Any) -> str:
    """Move a handoff, set the timer of its new state and give the conversation to its new owner.

    Args:
        connection: a unit of work that has locked conversation and handoff.
        handoff: its row.
        made: the move.
        now: aware UTC.
        **changed: columns that change with it.

    Returns:
        The new state.

    Raises:
        IllegalMove: it cannot go this way from where it stands.
    """
    state = move(handoff["state"], made)
    values: dict[str, Any] = {"state": state, **changed}
    if state != OFFERED:
        values["offered_to"] = None
    if state not in FINAL and state != ACCEPTED:
        values |= {"counsellor_id": None, "awaits": "counsellor"}
    if state in FINAL:
        values["closed_at"] = now
    connection.execute(update(handoffs).where(handoffs.c.id == handoff["id"]).values(**values))
    set_timer(connection, {**handoff, **values}, now)
    end_offers(connection, handoff["id"], "withdrawn", now)
    if handoff["state"] == CALLBACK and state != CALLBACK:
        still_open = (callbacks.c.handoff_id == handoff["id"]) & callbacks.c.closed_at.is_(None)
        connection.execute(update(callbacks).where(still_open).values(state="expired", timer_at=None, closed_at=now))
    if state in FINAL and handoff["state"] == ACCEPTED:
        owe_wrap_up(connection, handoff, handoff["counsellor_id"], now)
    _give_to_owner(connection, handoff["conversation_id"], state)
    return state


def carry_handoff(
    connection: Connection, from_id: int, to_id: int, channel: str, language: str | None, now: datetime
) -> dict[str, Any] | None:
    """Carry the open handoff of a conversation over to another one, in which the person goes on: with its state, place and timer.

    Where both have one, one is left: that of the new conversation if a counsellor has it already, else the older one, which keeps
    its place and is urgent if either was.

    Args:
        connection: a unit of work that has locked both conversations.
        from_id: the conversation that was left.
        to_id: the one that goes on.
        channel: of the one that goes on.
        language: it is held in.
        now: aware UTC.

    Returns:
        The handoff the conversation has now; None when there is none.
    """
    old, new = find_open(connection, from_id), find_open(connection, to_id)
    if old is None:
        return new
    if new is not None and (new["state"] == ACCEPTED or old["state"] == ABANDONED):
        move_handoff(connection, old, "close", now)
        return new
    if new is not None:
        move_handoff(connection, new, "close", now)
    # A counsellor's next word goes where the person is now.
    changed: dict[str, Any] = {"conversation_id": to_id, "channel": channel, "language": language, "is_told": False}
    is_raised = new is not None and new["is_urgent"] and not old["is_urgent"]
    if new is not None and is_raised:
        changed |= {"reason": new["reason"], "danger": new["danger"], "is_urgent": True}
    connection.execute(update(handoffs).where(handoffs.c.id == old["id"]).values(**changed))
    carried = {**old, **changed}
    if is_raised and old["state"] == CALLBACK:
        carried["state"] = move_handoff(connection, carried, "request", now)
    elif is_raised:
        set_timer(connection, carried, now)
    _give_to_owner(connection, to_id, carried["state"])
    _give_to_owner(connection, from_id, None)
    return carried


def set_timer(connection: Connection, handoff: Mapping[str, Any], now: datetime, known: Sequence[Queue] | None = None) -> None:
    """Wind up the timer of the state a handoff stands in; ``known`` are the queues where they have been read just now."""
    names = ("state", "is_urgent", "awaits", "requested_at", "reminders")
    clockwork = Clockwork(**{name: handoff[name] for name in names})
    starts = work_starts(read_queues(connection) if known is None else known, handoff["queue"], handoff["land"], now)
    connection.execute(_CHANGE, {"handoff": handoff["id"], "timer_at": timer_of(clockwork, now, starts)})


def end_offers(connection: Connection, handoff_id: int, outcome: str, now: datetime) -> None:
    """Write down what became of an open offer."""
    still_open = (handoff_offers.c.handoff_id == handoff_id) & (handoff_offers.c.outcome == "")
    connection.execute(update(handoff_offers).where(still_open).values(outcome=outcome, ended_at=now))


def close_handoff(connection: Connection, handoff_id: int, actor: str, now: datetime) -> None:
    """Close an open handoff.

    Raises:
        UnknownHandoff: it is not there or closed.
    """
    move_handoff(connection, get_open(connection, handoff_id), "close", now)
    write_audit(connection, actor, "close_handoff", handoff_id, now)


def write_audit(connection: Connection, actor: str, action: str, handoff_id: int, now: datetime) -> int:
    """Note who did what to which handoff: no text, no number. Gives the id of the row."""
    return note_action(connection, actor, action, f"handoff {handoff_id}", now)


def _give_to_owner(connection: Connection, conversation_id: int, state: str | None) -> None:
    """Write the owner into the conversation; one that is over stays closed once nobody has it any more."""
    whose = {"conversation": conversation_id}
    status = _status(state, is_over=connection.execute(_CLOSED_AT, whose).scalar_one() is not None)
    connection.execute(_GIVE, {**whose, "status": status})


def _status(state: Any, *, is_over: bool) -> str:
    owner = owner_of(state if state in STAGES else None)
    return CONVERSATION_CLOSED if owner == "bot" and is_over else STATUS_OF_OWNER[owner]
