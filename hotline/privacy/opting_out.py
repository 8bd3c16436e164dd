"""Who wants no messages, on which channel. Known by a pseudonym alone, so that it holds when everything else is erased."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from hotline.store.database import Database
from hotline.store.tables import opt_outs


def opt_out(database: Database, connection: Connection, pseudonym: str, channel: str, now: datetime) -> bool:
    """Write down that nothing more is to be sent.

    Args:
        database: knows how to insert a row once.
        connection: a unit of work.
        pseudonym: of the number.
        channel: on which nothing is sent.
        now: aware UTC.

    Returns:
        False when it was so before.
    """
    row = {"pseudonym": pseudonym, "channel": channel, "opted_out_at": now}
    return database.insert_once(connection, opt_outs, row, "pseudonym", "channel") is not None


def is_opted_out(connection: Connection, pseudonym: str, channel: str) -> bool:
    """Whether nothing is to be sent to a number on this channel."""
    query = select(opt_outs.c.id).where(opt_outs.c.pseudonym == pseudonym, opt_outs.c.channel == channel)
    return connection.execute(query).first() is not None
