"""Handoffs: the machine asks a human to take over. Stored in the turn's own transaction, so none can be lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, select, update

from hotline.privacy.audit import note_action
from hotline.store.database import insert_returning_id
from hotline.store.tables import conversations, handoffs, messages

REQUESTED, CLOSED = "requested", "closed"


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


@dataclass(frozen=True)
class NotedHandoff:
    """What became of a request: ``is_new`` when none was open before, ``is_raised`` when an open one became urgent."""

    id: int
    is_new: bool
    is_raised: bool


def request_handoff(connection: Connection, request: HandoffRequest, now: datetime) -> NotedHandoff:
    """Store that a human is to take over; asking again for the same conversation opens no second handoff.

    Args:
        connection: the unit of work of the turn, which holds the conversation's lock.
        request: what is asked.
        now: aware UTC.

    Returns:
        The open handoff. A danger makes an open one urgent, and nothing makes it less urgent again.
    """
    found = connection.execute(
        select(handoffs.c.id, handoffs.c.is_urgent).where(
            handoffs.c.conversation_id == request.conversation_id, handoffs.c.state == REQUESTED
        )
    ).one_or_none()
    if found is None:
        row = {
            "conversation_id": request.conversation_id,
            "state": REQUESTED,
            "reason": request.reason,
            "danger": request.danger,
            "is_urgent": request.danger is not None,
            "language": request.language,
            "topic": request.topic,
            "channel": request.channel,
            "requested_at": now,
        }
        return NotedHandoff(insert_returning_id(connection, handoffs, row), is_new=True, is_raised=False)
    is_raised = request.danger is not None and not found.is_urgent
    changed: dict[str, Any] = {"language": request.language}
    if is_raised:
        changed |= {"reason": request.reason, "danger": request.danger, "is_urgent": True}
    connection.execute(update(handoffs).where(handoffs.c.id == found.id).values(**changed))
    return NotedHandoff(found.id, is_new=False, is_raised=is_raised)


def list_open(connection: Connection) -> Sequence[RowMapping]:
    """Open handoffs, urgent first, then by waiting time."""
    query = select(handoffs).where(handoffs.c.state == REQUESTED).order_by(handoffs.c.is_urgent.desc(), handoffs.c.requested_at)
    return connection.execute(query).mappings().all()


def get_open(connection: Connection, handoff_id: int) -> RowMapping:
    """One open handoff, locked for this unit of work.

    Raises:
        UnknownHandoff: it is not there or closed.
    """
    query = select(handoffs).where(handoffs.c.id == handoff_id, handoffs.c.state == REQUESTED).with_for_update()
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise UnknownHandoff(f"There is no open handoff {handoff_id}. `flask handoffs list` shows the open ones.")
    return row


def close_handoff(connection: Connection, handoff_id: int, actor: str, now: datetime) -> None:
    """Close an open handoff.

    Raises:
        UnknownHandoff: it is not there or closed.
    """
    get_open(connection, handoff_id)
    connection.execute(update(handoffs).where(handoffs.c.id == handoff_id).values(state=CLOSED, closed_at=now))
    write_audit(connection, actor, "close_handoff", handoff_id, now)


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


def write_audit(connection: Connection, actor: str, action: str, handoff_id: int, now: datetime) -> None:
    """Note who did what to which handoff: no text, no number."""
    note_action(connection, actor, action, f"handoff {handoff_id}", now)
