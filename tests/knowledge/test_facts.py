"""Facts in every language, and sentences that leave when their fact does."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.knowledge.fact_rows import parse_fact, row_of_fact
from hotline.knowledge.facts import UNITS, Fact, WrongFact, check_value, show_value
from hotline.knowledge.wording import fill

TODAY = date(2026, 11, 24)
ASK = "Fragen Sie eine Beratungsstelle."
SUM = Fact(
    "reag.startup_adult", "1000", "EUR", (), "Programm", "https://example.org", "2026-02", date(2026, 11, 22), date(2026, 12, 31),
    "H", "content",
)  # fmt: skip


def facts(*changed: Fact) -> dict[str, Fact]:
    """A small book."""
    made = [SUM, replace(SUM, key="reag.months", value="3", unit="months"), *changed]
    return {fact.key: fact for fact in made}


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("de", "1000 Euro"), ("en", "1000 euros"), ("ar", "1000 يورو"), ("tr", "1000 Euro"), ("ru", "1000 евро"),
        ("sr", "1000 evra"), ("ku", "1000 ewro"), ("ka", "1000 ევრო"),
    ],
)  # fmt: skip
def test_a_sum_is_written_as_people_of_the_language_write_it(language: str, shown: str) -> None:
    assert show_value(SUM, language) == shown
    assert show_value(SUM, language, is_bare=True) == "1000"


def test_days_times_and_large_numbers_follow_the_language() -> None:
    day = replace(SUM, value="2025-01-13", unit="date")
    assert (show_value(day, "de"), show_value(day, "en")) == ("13. Januar 2025", "13 January 2025")
    assert show_value(replace(day, value="2024-01-01"), "fr") == "1er janvier 2024"
    assert {show_value(replace(SUM, value="18:00", unit="time"), code) for code in ("de", "en", "ar", "sq")} == {"18:00"}
    people = replace(SUM, value="16576", unit="count")
    assert [show_value(people, code) for code in ("de", "en", "fr")] == ["16.576", "16,576", "16 576"]
    assert show_value(replace(SUM, value="12.5", unit="percent"), "de") == "12,5 %"


def test_the_groups_of_a_phone_number_stay_in_order_in_a_text_from_the_right() -> None:
    phone = replace(SUM, value="0800 111 0 111", unit="phone")
    assert show_value(phone, "de") == "0800 111 0 111"
    assert show_value(phone, "ar") == show_value(phone, "fa") == "0800\u00a0111\u00a00\u00a0111"


def test_one_change_of_a_fact_changes_every_language_that_names_it() -> None:
    raised = {**facts(), SUM.key: replace(SUM, value="1200")}
    for language in ("de", "ar", "ka"):
        assert "1200" in fill("… {reag.startup_adult}.", language, raised, TODAY, ASK).text


@pytest.mark.parametrize("broken", [replace(SUM, confidence="L"), replace(SUM, valid_until=TODAY - timedelta(days=1))])
def test_a_sentence_leaves_with_its_fact_and_says_who_knows(broken: Fact) -> None:
    text = "Das Programm hilft. Bis zu {reag.startup_adult} sind möglich. {reag.months|number} Monate lang."
    filled = fill(text, "de", facts(broken), TODAY, ASK)
    assert filled.text == f"Das Programm hilft. 3 Monate lang. {ASK}"
    assert filled.left_out == ("reag.startup_adult",)
    assert filled.said == ("reag.months",)


def test_a_list_line_leaves_as_a_whole_and_no_gap_stays() -> None:
    text = "Das Programm kann bezahlen:\n- Ticket\n- Startgeld: {reag.startup_adult}\n\n{reag.gone} Tage.\n\nEin Mensch hilft."
    book = facts(replace(SUM, confidence="L"))
    assert fill(text, "de", book, TODAY, ASK).text == f"Das Programm kann bezahlen:\n- Ticket\n\nEin Mensch hilft.\n\n{ASK}"


def test_the_last_day_still_counts() -> None:
    assert SUM.is_said(SUM.valid_until)
    assert not SUM.is_said(SUM.valid_until + timedelta(days=1))


@given(st.text(), st.sampled_from(["de", "ar", "fa", "xx"]))
def test_no_text_breaks_the_filling(text: str, language: str) -> None:
    filled = fill(text, language, facts(), TODAY, ASK)
    assert "{reag.startup_adult}" not in filled.text
    if "{" not in text:
        assert filled.text == text


@pytest.mark.parametrize(
    ("value", "unit"),
    [("", "EUR"), ("1.000", "EURO"), ("bis 1000", "EUR"), ("-5", "count"), ("13.01.2025", "date"), ("25:00", "time")],
)
def test_a_value_its_unit_cannot_be_read_from_is_refused_with_a_remedy(value: str, unit: str) -> None:
    with pytest.raises(WrongFact, match=r"must|missing|use one of"):
        check_value(value, unit)


def test_every_unit_shows_something_in_a_language_nobody_knows() -> None:
    values = {"date": "2025-01-13", "time": "08:00"}
    for unit in UNITS:
        assert show_value(replace(SUM, unit=unit, value=values.get(unit, "5")), "xx")


def test_a_fact_survives_the_way_through_its_written_form() -> None:
    written = {name: str(value) for name, value in row_of_fact(replace(SUM, applies_to=("SY", "XK"))).items()}
    assert parse_fact(written) == replace(SUM, applies_to=("SY", "XK"))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("key", "Reag"),
        ("confidence", "X"),
        ("valid_until", "bald"),
        ("source_url", "bamf.de"),
        ("applies_to", "ZZZ"),
        ("owner", ""),
    ],
)
def test_a_wrong_column_is_named(column: str, value: str) -> None:
    written = {name: str(found) for name, found in row_of_fact(SUM).items()} | {"applies_to": "", column: value}
    with pytest.raises(WrongFact, match=column.split("_")[0]):
        parse_fact(written)
