"""The day a deadline ends, as a caller names it: eight keys, or words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from hotline.dialogue.meaning import PRESSING_DAYS
from hotline.understanding.folding import fold

# Day, month and year.
DAY_DIGITS = 8
# The deadline a caller agreed to, as an ISO date.
DEADLINE = "deadline"
# What texts name of a time; a number of days counts from today.
DATE, DAYS = "date", "days"
# A deadline of last December is asked about in January.
LATELY = timedelta(days=60)
# More is no number of days anybody means.
MOST_DAYS = 3660


def read_digits(said: str) -> str | None:
    """The eight figures a text consists of ("03.12.2026"), or None when it is something else."""
    kept = "".join(sign for sign in fold(said) if sign not in " .,-/")
    return kept if len(kept) == DAY_DIGITS and kept.isascii() and kept.isdigit() else None


def typed_day(digits: str) -> date | None:
    """The day of eight figures: day, month, year; None when there is no such day."""
    if len(digits) != DAY_DIGITS or not (digits.isascii() and digits.isdigit()):
        return None
    try:
        return date(int(digits[4:]), int(digits[2:4]), int(digits[:2]))
    except ValueError:
        return None


def named_day(slots: Mapping[str, str], today: date) -> date | None:
    """The day words named: a date, else so many days from today; None when they named neither."""
    if DATE in slots:
        return date.fromisoformat(slots[DATE])
    days = int(slots[DAYS]) if DAYS in slots else None
    return today + timedelta(days=days) if days is not None and days < MOST_DAYS else None


def can_be_deadline(day: date, today: date) -> bool:
    """Whether a deadline can end on a day: not in a year that is over, unless that was just now."""
    return day.year >= today.year or today - day <= LATELY


def is_near(slots: Mapping[str, str], today: date) -> bool:
    """Whether the deadline a caller agreed to ends within days, or is over: that is for a person."""
    return DEADLINE in slots and (date.fromisoformat(slots[DEADLINE]) - today).days <= PRESSING_DAYS
