"""Calls of which nothing is heard any more: the report of their end got lost, and the worker's clock ends them.

Who holds the line is heard of about every minute, who talks with the machine at every key or silence. A call in a talk says
nothing by itself: the timers of the talk end that one first.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, exists, func, select, update

from hotline.counselling.callbacks import Callbacks, leave_line
from hotline.counselling.handoff import CONVERSATION_CLOSED, find_open, lock_conversation
from hotline.counselling.states import IN_QUEUE, STATUS_OF_OWNER
from hotline.privacy.audit import note_action
from hotline.store.tables import audit, conversations, handoffs, talks

# No document of ours lasts so long, not the longest answer spoken slowly.
CALL_ENDS_AFTER = timedelta(minutes=10)
# Calls in which nobody was asked for are looked for so far back: longer the worker is not away, and the table is long.
LOOKED_BACK = timedelta(days=2)
CLOSE_SILENT_CALL = "close_silent_call"
SYSTEM = "hotline"
MOST_AT_ONCE = 500


def find_silent_calls(connection: Connection, now: datetime) -> list[int]:
    """Conversations that are calls, open, and silent for too long; nothing is locked."""
    silent = select(conversations.c.id).where(_is_silent(now)).limit(MOST_AT_ONCE)
    waits = silent.join(handoffs, handoffs.c.conversation_id == conversations.c.id).where(handoffs.c.state.in_(IN_QUEUE))
    lately = silent.where(conversations.c.opened_at >= now - LOOKED_BACK)
    return sorted({row.id for query in (waits, lately) for row in connection.execute(query)})


def close_silent_call(connection: Connection, callbacks: Callbacks, conversation_id: int, now: datetime) -> bool:
    """End a silent call as its report would have: who waited is called back, what a counsellor has stays with them.

    Args:
        connection: a unit of work.
        callbacks: books the call back.
        conversation_id: of the call.
        now: aware UTC.

    Returns:
        False when it was heard of again meanwhile, or is over.
    """
    lock_conversation(connection, conversation_id)
    status = connection.execute(
        select(conversations.c.status).where(conversations.c.id == conversation_id, _is_silent(now))
    ).scalar_one_or_none()
    if status is None:
        return False
    over = {"closed_at": now, "status": CONVERSATION_CLOSED if status == STATUS_OF_OWNER["bot"] else status}
    connection.execute(update(conversations).where(conversations.c.id == conversation_id).values(over))
    handoff = find_open(connection, conversation_id)
    if handoff is not None and handoff["state"] in IN_QUEUE:
        leave_line(connection, callbacks, handoff, now)
    note_action(connection, SYSTEM, CLOSE_SILENT_CALL, f"conversation {conversation_id}", now)
    return True


def was_silent(connection: Connection, conversation_id: int) -> bool:
    """Whether a call was ended so, and nobody knows when the person hung up."""
    wanted = (audit.c.action == CLOSE_SILENT_CALL) & (audit.c.object == f"conversation {conversation_id}")
    return connection.execute(select(audit.c.id).where(wanted).limit(1)).first() is not None


def count_silent_calls(connection: Connection, since: datetime) -> int:
    """How many calls were ended so since then."""
    wanted = (audit.c.action == CLOSE_SILENT_CALL) & (audit.c.happened_at >= since)
    return connection.execute(select(func.count()).select_from(audit).where(wanted)).scalar_one()


def _is_silent(now: datetime) -> ColumnElement[bool]:
    before = now - CALL_ENDS_AFTER
    in_talk = (
        select(talks.c.id)
        .join(handoffs, handoffs.c.id == talks.c.handoff_id)
        # After a talk the person comes back to the machine, and needs a moment for it.
        .where(handoffs.c.conversation_id == conversations.c.id, (talks.c.closed_at.is_(None)) | (talks.c.closed_at > before))
    )
    return (
        (conversations.c.channel == "voice")
        & conversations.c.closed_at.is_(None)
        & (conversations.c.last_inbound_at <= before)
        & ~exists(in_talk)
    )
