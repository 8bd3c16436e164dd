"""How fast messages are handed over to the provider, measured on the rows of the outbox themselves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from hotline.delivery.outbox import CHECKING, OPTED_OUT, QUEUED, SENDING
from hotline.store.tables import outbox

PROMISED_SECONDS = 10
PROMISED_PERCENT = 95
GERMANY = ZoneInfo("Europe/Berlin")


@dataclass(frozen=True)
class HandOver:
    """How fast the messages of a time were handed over.

    Args:
        messages: how many there were; those still within their ten seconds do not count yet.
        within: how many were handed over within the promised seconds.
        p50_seconds: the middle one; None when it was never handed over, or there was none.
        p95_seconds: the 95th of 100, likewise.
    """

    messages: int
    within: int
    p50_seconds: float | None
    p95_seconds: float | None

    @property
    def percent(self) -> float | None:
        """The share handed over in time, rounded down, so that 94.96 is not called 95."""
        return math.floor(1000 * self.within / self.messages) / 10 if self.messages else None

    @property
    def is_kept(self) -> bool:
        """Whether the promise was kept."""
        return self.percent is None or self.percent >= PROMISED_PERCENT


@dataclass(frozen=True)
class Waiting:
    """What waits to be handed over now: how many, since when the oldest, and how many are in doubt."""

    messages: int
    oldest_at: datetime | None
    in_doubt: int


def read_days(connection: Connection, now: datetime, days: int) -> dict[date, HandOver]:
    """The last days in Germany, today first.

    Args:
        connection: to read with.
        now: aware UTC.
        days: how many.
    """
    today = now.astimezone(GERMANY).date()
    waits: dict[date, list[float]] = {today - timedelta(days=back): [] for back in range(days)}
    # A day more than is shown: the first one begins at midnight in Germany.
    for created_at, seconds in _read_waits(connection, now - timedelta(days=days + 1), now):
        day = created_at.astimezone(GERMANY).date()
        if day in waits:
            waits[day].append(seconds)
    return {day: _sum_up(found) for day, found in waits.items()}


def read_handover(connection: Connection, since: datetime, now: datetime) -> HandOver:
    """All messages since a moment."""
    return _sum_up([seconds for _, seconds in _read_waits(connection, since, now)])


def read_waiting(connection: Connection, now: datetime) -> Waiting:
    """What should have gone out by now; a message that waits for its next try is not due."""
    is_late = outbox.c.status.in_((QUEUED, SENDING)) & (outbox.c.due_at <= now)
    count, oldest = connection.execute(select(func.count(), func.min(outbox.c.due_at)).where(is_late)).one()
    in_doubt = connection.execute(select(func.count()).where(outbox.c.status == CHECKING)).scalar_one()
    return Waiting(count, oldest, in_doubt)


def _read_waits(connection: Connection, since: datetime, now: datetime) -> Sequence[tuple[datetime, float]]:
    """When each message was written, and the seconds until it was handed over, infinite for none."""
    columns = (outbox.c.created_at, outbox.c.handed_at)
    # Who wants no messages is not kept waiting.
    query = select(*columns).where(outbox.c.created_at >= since, outbox.c.status != OPTED_OUT)
    found = []
    for created_at, handed_at in connection.execute(query):
        if handed_at is not None:
            found.append((created_at, (handed_at - created_at).total_seconds()))
        elif now - created_at > timedelta(seconds=PROMISED_SECONDS):
            found.append((created_at, math.inf))
    return found


def _sum_up(waits: list[float]) -> HandOver:
    waits.sort()
    within = sum(seconds <= PROMISED_SECONDS for seconds in waits)
    return HandOver(len(waits), within, _quantile(waits, 0.5), _quantile(waits, 0.95))


def _quantile(waits: Sequence[float], share: float) -> float | None:
    if not waits:
        return None
    found = waits[math.ceil(share * len(waits)) - 1]
    return found if math.isfinite(found) else None
