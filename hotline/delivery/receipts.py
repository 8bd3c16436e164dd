"""What became of a sent message, as the provider reports it: tied back to the outbox row and the message, forward only."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from hotline.store.tables import messages, outbox
from hotline.telephony.inbound import StatusUpdate, is_forward


def note_status(connection: Connection, status: StatusUpdate, outbox_id: int | None) -> bool:
    """Store a status.

    Args:
        connection: a unit of work.
        status: as the provider reports it; reports overtake each other and come twice.
        outbox_id: the row the callback address names. It ties back even a report that is faster than the answer to the send.

    Returns:
        True when the status was news.
    """
    is_it = outbox.c.provider_sid == status.provider_sid
    if outbox_id is not None:
        is_it |= (outbox.c.id == outbox_id) & outbox.c.provider_sid.is_(None)
    row = connection.execute(select(outbox).where(is_it).with_for_update()).one_or_none()
    if row is None or not is_forward(row.status, status.status):
        return False
    values = {"status": status.status, "error_code": status.error_code, "provider_sid": status.provider_sid}
    connection.execute(update(outbox).where(outbox.c.id == row.id).values(**values, claimed_until=None))
    if row.message_id is not None:
        connection.execute(update(messages).where(messages.c.id == row.message_id).values(**values))
    return True
