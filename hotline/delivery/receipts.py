"""What became of a sent message, as the provider reports it: tied back to the outbox row and the message, forward only."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from hotline.delivery.outbox import AS_NEW, CHECKING, SENDING, UNSURE
from hotline.store.tables import messages, outbox
from hotline.telephony.inbound import StatusUpdate, is_forward
from hotline.telephony.retry import decide, next_attempt_seconds

UNDELIVERED = ("undelivered", "failed")


def note_status(connection: Connection, status: StatusUpdate, outbox_id: int | None, now: datetime) -> bool:
    """Store a status; what was not delivered for a passing reason is queued again, and the sweep finds it when its time comes.

    Args:
        connection: a unit of work.
        status: as the provider reports it; reports overtake each other and come twice.
        outbox_id: the row the callback address names. It ties back even a report that is faster than the answer to the send.
        now: aware UTC.

    Returns:
        True when the status was news.
    """
    is_it = outbox.c.provider_sid == status.provider_sid
    if outbox_id is not None:
        # Only while the answer to the send is still out: a queued row waits for a new send, whose Sid will be another one.
        is_awaited = outbox.c.provider_sid.is_(None) & outbox.c.status.in_((SENDING, CHECKING, UNSURE))
        is_it |= (outbox.c.id == outbox_id) & is_awaited
    row = connection.execute(select(outbox).where(is_it).with_for_update()).one_or_none()
    if row is None or not is_forward(row.status, status.status):
        return False
    wait_seconds = _wait_seconds(row, status)
    told: dict[str, Any] = {"status": status.status, "error_code": status.error_code, "provider_sid": status.provider_sid}
    again: dict[str, Any] = {"due_at": now + timedelta(seconds=wait_seconds)} if wait_seconds is not None else {}
    if again:
        told = AS_NEW
    # What is reported on was handed over, whatever became of it.
    again["handed_at"] = func.coalesce(outbox.c.handed_at, now)
    connection.execute(update(outbox).where(outbox.c.id == row.id).values(**told, **again, claimed_until=None))
    if row.message_id is not None:
        connection.execute(update(messages).where(messages.c.id == row.message_id).values(**told))
    return True


def _wait_seconds(row: Row[Any], status: StatusUpdate) -> int | None:
    """Seconds until a message that did not arrive is tried again, None when it is not."""
    if status.status not in UNDELIVERED or status.error_code is None or not status.error_code.isdigit():
        return None
    code = int(status.error_code)
    return next_attempt_seconds(row.attempts, code) if decide(None, code) == "retry" else None
