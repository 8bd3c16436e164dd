"""Who wants no messages, on which channel. Known by a pseudonym alone, so that it holds when everything else is erased."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from hotline.store.database import Database
from hotline.store.tables import opt_outs

_OPTED_OUT = select(opt_outs.c.id).where(
    opt_outs.c.pseudonym == bindparam("of_number"), opt_outs.c.channel == bindparam("on_channel")
)


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
    return connection.execute(_OPTED_OUT, {"of_number": pseudonym, "on_channel": channel}).first() is not None
