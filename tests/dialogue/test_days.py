"""Which days a deadline can end on, typed or named, and when one is near."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.dialogue.days import can_be_deadline, is_near, named_day, read_digits, typed_day

TODAY = date(2027, 1, 10)


@pytest.mark.parametrize("digits", ["31022027", "00012027", "15132027", "1501202", "150120277", "٣١٠٢٢٠٢٧", ""])
def test_eight_keys_that_are_no_day(digits: str) -> None:
    assert typed_day(digits) is None


@given(st.dates(min_value=date(1000, 1, 1)))
def test_every_day_can_be_typed(day: date) -> None:
    assert typed_day(f"{day:%d%m}{day.year}") == day


@pytest.mark.parametrize(
    ("said", "digits"), [("03.12.2026", "03122026"), ("٠٣١٢٢٠٢٦", "03122026"), ("3.12.2026", None), ("80331", None)]
)
def test_figures_of_a_spoken_day(said: str, digits: str | None) -> None:
    assert read_digits(said) == digits


@pytest.mark.parametrize(
    ("day", "can"),
    [
        ("2027-01-01", True),
        ("2026-12-31", True),
        ("2026-11-12", True),
        ("2026-11-10", False),
        ("2020-01-20", False),
        ("2029-05-01", True),
    ],
)
def test_year_that_is_over_is_no_deadline_unless_it_was_just_now(day: str, can: bool) -> None:
    assert can_be_deadline(date.fromisoformat(day), TODAY) is can


def test_words_name_a_date_or_so_many_days() -> None:
    assert named_day({"date": "2027-02-01", "days": "3"}, TODAY) == date(2027, 2, 1)
    assert named_day({"days": "3"}, TODAY) == date(2027, 1, 13)
    assert named_day({"days": "99999999"}, TODAY) is None
    assert named_day({"country": "SY"}, TODAY) is None


@pytest.mark.parametrize(("days", "near"), [(-30, True), (0, True), (7, True), (8, False)])
def test_deadline_of_seven_days_or_less_or_one_that_is_over_is_near(days: int, near: bool) -> None:
    assert is_near({"deadline": (TODAY + timedelta(days=days)).isoformat()}, TODAY) is near
    assert not is_near({"date": TODAY.isoformat()}, TODAY), "another day is no deadline"
