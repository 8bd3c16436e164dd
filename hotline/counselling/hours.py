"""When somebody is there: opening slots, holidays by Land, special days; and when a person may be called. Pure.

All times of day are those of Germany. Days and moments are never added up as hours: a day of the clock change has 23 or 25.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo

import holidays

BERLIN = ZoneInfo("Europe/Berlin")
# Whose public holidays close a queue besides the nationwide ones: the Land of the person, none, or a Land such as DE-BY.
CALLERS_LAND, NATIONWIDE_ONLY = "caller", "none"
# Whoever is closed longer than this has no opening hours.
SEARCH_DAYS = 60
Reason = Literal["open", "closed_now", "closed_today", "holiday", "special_day", "no_hours"]


@dataclass(frozen=True)
class Slot:
    """A stretch of a day in Germany; ``closes`` is the first moment it is closed again, and midnight is the end of the day."""

    opens: time
    closes: time


@dataclass(frozen=True)
class Hours:
    """When a queue is open. ``weekly`` has weekdays from 0 (Monday) to 6, ``special`` the days that are different."""

    weekly: Mapping[int, Sequence[Slot]]
    special: Mapping[date, Sequence[Slot]] = field(default_factory=dict)
    holidays_of: str = CALLERS_LAND


@dataclass(frozen=True)
class Opening:
    """How it is at a moment. ``holiday`` is its German name; ``next_at`` is aware UTC, None when it is open or never opens."""

    is_open: bool
    reason: Reason
    holiday: str | None = None
    next_at: datetime | None = None


def look_up(hours: Hours, at: datetime, land: str | None) -> Opening:
    """Whether a queue is open.

    Args:
        hours: of the queue.
        at: aware.
        land: of the person, such as DE-BY; None when it is not known.
    """
    here = at.astimezone(BERLIN)
    if any(opens <= at < closes for opens, closes in _spans(hours, here.date(), land)):
        return Opening(True, "open")
    slots, reason, holiday = _day(hours, here.date(), land)
    opens_at = next_opening(hours, at, land)
    if opens_at is None:
        reason = "no_hours"
    elif slots:
        reason = "closed_now"
    return Opening(False, reason, holiday, opens_at)


def next_opening(hours: Hours, at: datetime, land: str | None) -> datetime | None:
    """The first open moment from ``at`` on, in UTC; ``at`` itself while it is open, None when it never opens."""
    for opens, closes in open_spans(hours, at, land):
        if closes > at:
            return max(opens, at).astimezone(UTC)
    return None


def open_spans(hours: Hours, at: datetime, land: str | None) -> Iterator[tuple[datetime, datetime]]:
    """Every open stretch from the day of ``at`` on."""
    first = at.astimezone(BERLIN).date()
    for number in range(SEARCH_DAYS):
        yield from _spans(hours, first + timedelta(days=number), land)


def _spans(hours: Hours, day: date, land: str | None) -> list[tuple[datetime, datetime]]:
    return [_span(day, slot) for slot in sorted(_day(hours, day, land)[0], key=lambda slot: slot.opens)]


def _span(day: date, slot: Slot) -> tuple[datetime, datetime]:
    ends_on = day + timedelta(days=1) if slot.closes == time(0) else day
    # In UTC, because two times of one zone are compared by what the clock shows, also where it shows an hour twice.
    opens, closes = (datetime.combine(d, t, BERLIN).astimezone(UTC) for d, t in ((day, slot.opens), (ends_on, slot.closes)))
    return opens, closes


def _day(hours: Hours, day: date, land: str | None) -> tuple[Sequence[Slot], Reason, str | None]:
    """The slots of a day, why they are what they are, and the holiday it is."""
    if day in hours.special:
        return hours.special[day], "special_day", None
    holiday = holiday_on(day, land if hours.holidays_of == CALLERS_LAND else hours.holidays_of)
    if holiday is not None:
        return (), "holiday", holiday
    return hours.weekly.get(day.weekday(), ()), "closed_today", None


def holiday_on(day: date, land: str | None) -> str | None:
    """The German name of the public holiday a day is in a Land (DE-BY), or everywhere when the Land is not known."""
    return _holidays(day.year, land.removeprefix("DE-") if land and land.startswith("DE-") else None).get(day)


@cache
def _holidays(year: int, land: str | None) -> dict[date, str]:
    return dict(holidays.country_holidays("DE", subdiv=land, years=year, language="de"))


# -- calls -----------------------------------------------------------------------------------------------------------------

# What people say of when it is safe to be called.
PARTS_OF_DAY: Mapping[str, Slot] = {
    "morning": Slot(time(8), time(12)),
    "afternoon": Slot(time(12), time(17)),
    "evening": Slot(time(17), time(21)),
}
ANY_TIME = "any"
SAFE_TIMES = (*PARTS_OF_DAY, ANY_TIME)


def may_call(at: datetime, window: Slot, safe: str) -> bool:
    """Whether a person may be called at a moment: within our window, and within their own safe time.

    Args:
        at: aware.
        window: in which we call at all.
        safe: of ``SAFE_TIMES``.
    """
    return any(opens <= at < closes for opens, closes in _callable(at.astimezone(BERLIN).date(), window, safe))


def next_call(at: datetime, window: Slot, safe: str, hours: Hours, land: str | None) -> datetime | None:
    """The first moment from ``at`` on to call somebody, in UTC.

    Where nobody of ours works in the safe time, the safe time still holds, and a counsellor has to stay longer: a call at a wrong
    moment can harm, a late one cannot.

    Args:
        at: aware.
        window: in which we call at all.
        safe: of ``SAFE_TIMES``.
        hours: of the queue.
        land: of the person.
    """
    first = at.astimezone(BERLIN).date()
    allowed = [span for n in range(SEARCH_DAYS) for span in _callable(first + timedelta(days=n), window, safe)]
    manned = list(open_spans(hours, at, land))
    both = [(max(a, b), min(c, d)) for a, c in allowed for b, d in manned if max(a, b) < min(c, d)]
    for opens, closes in both or allowed:
        if closes > at:
            return max(opens, at).astimezone(UTC)
    return None


def next_daytime(at: datetime, window: Slot) -> datetime:
    """The first moment from ``at`` on, in UTC, at which a telephone may make a sound."""
    first = at.astimezone(BERLIN).date()
    spans = [_span(first + timedelta(days=number), window) for number in (0, 1)]
    return next(max(opens, at).astimezone(UTC) for opens, closes in spans if closes > at)


def _callable(day: date, window: Slot, safe: str) -> Iterator[tuple[datetime, datetime]]:
    opens, closes = _span(day, window)
    if safe != ANY_TIME:
        safe_opens, safe_closes = _span(day, PARTS_OF_DAY[safe])
        opens, closes = max(opens, safe_opens), min(closes, safe_closes)
    if opens < closes:
        yield opens, closes
