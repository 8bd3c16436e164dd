"""When somebody is there: several slots a day, holidays by Land, special days, clock changes; and nobody is called at night."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.counselling.hours import BERLIN, SAFE_TIMES, Hours, Slot, look_up, may_call, next_call, next_opening

MORNING, AFTERNOON = Slot(time(9), time(12, 30)), Slot(time(13, 30), time(16))
WEEK = Hours(dict.fromkeys(range(5), (MORNING, AFTERNOON)))
WINDOW = Slot(time(8), time(20))
ROUND_THE_CLOCK = Hours(dict.fromkeys(range(7), (Slot(time(0), time(0)),)))


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-11-24 08:59", False),
        ("2026-11-24 09:00", True),
        ("2026-11-24 12:29", True),
        ("2026-11-24 12:30", False),
        ("2026-11-24 13:29", False),
        ("2026-11-24 13:30", True),
        ("2026-11-24 16:00", False),
        ("2026-11-28 10:00", False),
    ],
)
def test_several_slots_a_day_with_a_break_between(at: str, is_open: bool) -> None:
    assert look_up(WEEK, _at(at), None).is_open == is_open


def test_in_the_break_it_opens_again_the_same_day_and_after_friday_on_monday() -> None:
    assert look_up(WEEK, _at("2026-11-24 13:00"), None).next_at == _at("2026-11-24 13:30")
    assert look_up(WEEK, _at("2026-11-27 17:00"), None).next_at == _at("2026-11-30 09:00")


def test_epiphany_closes_bavaria_and_not_berlin() -> None:
    at = _at("2027-01-06 10:00")
    bavaria = look_up(WEEK, at, "DE-BY")
    assert (bavaria.is_open, bavaria.reason, bavaria.holiday) == (False, "holiday", "Heilige Drei Könige")
    assert bavaria.next_at == _at("2027-01-07 09:00")
    assert look_up(WEEK, at, "DE-BE").is_open
    assert look_up(WEEK, at, None).is_open, "who named no Land gets the nationwide holidays only"


def test_holidays_may_be_those_of_one_land_or_the_nationwide_ones_for_everybody() -> None:
    at = _at("2027-01-06 10:00")
    assert not look_up(Hours(WEEK.weekly, holidays_of="DE-BY"), at, "DE-BE").is_open
    assert look_up(Hours(WEEK.weekly, holidays_of="none"), at, "DE-BY").is_open
    assert not look_up(Hours(WEEK.weekly, holidays_of="none"), _at("2026-10-03 10:00"), "DE-BY").is_open


def test_special_day_stands_above_holiday_and_week() -> None:
    day = date(2027, 1, 6)
    assert look_up(Hours(WEEK.weekly, {day: (MORNING,)}), _at("2027-01-06 10:00"), "DE-BY").is_open
    closed = look_up(Hours(WEEK.weekly, {date(2026, 11, 24): ()}), _at("2026-11-24 10:00"), None)
    assert (closed.is_open, closed.reason, closed.next_at) == (False, "special_day", _at("2026-11-25 09:00"))


def test_queue_without_hours_is_never_open() -> None:
    opening = look_up(Hours({}), _at("2026-11-24 10:00"), None)
    assert (opening.is_open, opening.reason, opening.next_at) == (False, "no_hours", None)


def test_round_the_clock_is_not_closed_for_a_minute_at_midnight() -> None:
    hours = Hours(ROUND_THE_CLOCK.weekly, holidays_of="none")
    for minute in range(-2, 3):
        assert look_up(hours, _at("2026-11-25 00:00") + timedelta(minutes=minute), None).is_open


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_clock_change_moves_no_opening_and_makes_no_gap(day: str) -> None:
    sunday = date.fromisoformat(day)
    hours = Hours({6: (Slot(time(9), time(12)),), 0: (Slot(time(9), time(12)),)})
    opens = next_opening(hours, _at(f"{day} 00:30"), None)
    assert opens is not None
    assert opens.astimezone(BERLIN).time() == time(9)
    utc_hour = {"2026-03-29": 7, "2026-10-25": 8}[day]
    assert opens.astimezone(UTC).hour == utc_hour
    whole_day = datetime.combine(sunday, time(0), BERLIN).astimezone(UTC)
    length = datetime.combine(sunday + timedelta(days=1), time(0), BERLIN).astimezone(UTC) - whole_day
    assert length == timedelta(hours=23 if day == "2026-03-29" else 25)
    for minute in range(0, int(length.total_seconds() // 60), 10):
        assert look_up(Hours(ROUND_THE_CLOCK.weekly, holidays_of="none"), whole_day + timedelta(minutes=minute), None).is_open


def test_hour_that_comes_twice_in_october_is_closed_both_times_after_a_slot_that_ends_before_it() -> None:
    hours = Hours({6: (Slot(time(0), time(2)),)})
    first, second = (datetime(2026, 10, 25, 2, 15, tzinfo=BERLIN, fold=fold) for fold in (0, 1))
    assert not look_up(hours, first.astimezone(UTC), None).is_open
    assert not look_up(hours, second.astimezone(UTC), None).is_open
    assert look_up(hours, first.astimezone(UTC) - timedelta(minutes=20), None).is_open


moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants it


@given(moments, st.sampled_from(SAFE_TIMES), st.sampled_from([None, "DE-BY", "DE-BE"]))
def test_nobody_is_ever_called_at_night_or_outside_their_safe_time(at: datetime, safe: str, land: str | None) -> None:
    due = next_call(at, WINDOW, safe, WEEK, land)
    assert due is not None
    assert due >= at
    assert due.tzinfo is UTC
    assert may_call(due, WINDOW, safe)
    here = due.astimezone(BERLIN).time()
    assert time(8) <= here < time(20)
    first, last = {"morning": (8, 12), "afternoon": (12, 17), "evening": (17, 21), "any": (0, 24)}[safe]
    assert first <= here.hour < last


@given(moments, st.sampled_from(["morning", "afternoon", "any"]))
def test_calls_are_due_while_somebody_is_there_to_make_them(at: datetime, safe: str) -> None:
    due = next_call(at, WINDOW, safe, WEEK, "DE-BY")
    assert due is not None
    assert look_up(WEEK, due, "DE-BY").is_open


def test_safe_time_in_which_nobody_works_still_holds() -> None:
    due = next_call(_at("2026-11-24 10:00"), WINDOW, "evening", WEEK, None)
    assert due == _at("2026-11-24 17:00")


def test_window_narrower_than_a_part_of_the_day_narrows_it() -> None:
    assert next_call(_at("2026-11-24 03:00"), Slot(time(10), time(18)), "morning", Hours({}), None) == _at("2026-11-24 10:00")
    assert not may_call(_at("2026-11-24 18:30"), Slot(time(10), time(18)), "evening")
    assert next_call(_at("2026-11-24 03:00"), Slot(time(10), time(16)), "evening", Hours({}), None) is None
