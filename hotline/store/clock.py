"""A clock that is behind would order what people wrote wrongly and let deadlines pass unseen."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

from sqlalchemy import Connection, select

from hotline.errors import CannotStart
from hotline.store.tables import messages, outbox

# Two machines may differ by some minutes.
TOLERANCE = timedelta(minutes=5)


class WrongClock(CannotStart):
    """The clock of this machine cannot be right. The message says why and what to do."""


def check_clock(connection: Connection, now: datetime) -> None:
    """Refuse a clock that is before what has happened already.

    Args:
        connection: to read the newest events with.
        now: what the clock shows; aware UTC.

    Raises:
        WrongClock: it is before the newest stored event, or before our list of certificates was made.
    """
    released = _certificates_of()
    if released is not None and now < released:
        raise WrongClock(f"The clock shows {now:%Y-%m-%d}, which is before this version was made ({released:%Y-%m-%d}); set it.")
    for table in (messages, outbox):
        newest = connection.execute(select(table.c.created_at).order_by(table.c.id.desc()).limit(1)).scalar()
        if newest is not None and newest > now + TOLERANCE:
            raise WrongClock(
                f"The clock shows {now:%Y-%m-%d %H:%M} UTC, but something was stored at {newest:%Y-%m-%d %H:%M}; set the clock. "
                "If it was wrong then and is right now, start with TRUST_CLOCK=yes."
            )


def _certificates_of() -> datetime | None:
    """The day of our list of certificates, which its version names."""
    found = re.match(r"(\d{4})\.(\d{1,2})\.(\d{1,2})", version("certifi"))
    if found is None:
        return None
    year, month, day = map(int, found.groups())
    return datetime(year, month, day, tzinfo=UTC)
