"""Countries, places, days and numbers in any language of the hotline, counted from a fixed Tuesday."""

from __future__ import annotations

import shutil
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline.settings import ROOT
from hotline.telephony.languages import load_languages
from hotline.understanding.entities import BrokenPlaces, Entity, EntityFinder, days_left, slots_of

TODAY = date(2026, 11, 24)
PLACES = ROOT / "content" / "places"


@cache
def _finder() -> EntityFinder:
    return EntityFinder.load(PLACES, load_languages(ROOT / "translations" / "languages.csv"))


def _find(text: str, kind: str | None = None) -> list[str]:
    return [entity.value for entity in _finder().find(text, TODAY) if kind in (None, entity.kind)]


@pytest.mark.parametrize(
    "text",
    [
        "Ich komme aus Syrien",
        "I am from Syria",
        "أنا من سوريا",
        "من اهل سوریه هستم",
        "Suriye'den geldim",
        "Я из Сирии",
        "Я з Сирії",
        "Je viens de Syrie",
        "Jam nga Siria",
        "Dolazim iz Sirije",
        "Долазим из Сирије",
        "სირიიდან ვარ",
        "Ez ji Sûriyê me",
        "SYRIEN!!!",
        "\u202eSyrien\u202c",
    ],
)
def test_country_is_found_in_every_language_and_spelling(text: str) -> None:
    assert _find(text, "country") == ["SY"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Afghanistan", "AF"),
        ("Iraku", "IQ"),
        ("Türkiye", "TR"),
        ("Turkey", "TR"),
        ("Georgien", "GE"),
        ("Косово", "XK"),
        ("Kosova", "XK"),
    ],
)
def test_other_countries_are_found_by_their_names(text: str, code: str) -> None:
    assert _find(text, "country") == [code]


def test_country_whose_name_is_part_of_another_is_not_found_in_it() -> None:
    assert _find("Ich bin aus Guinea-Bissau", "country") == ["GW"]
    assert _find("Ich bin aus Guinea", "country") == ["GN"]


def test_germany_is_where_everybody_is_and_no_country_of_return() -> None:
    assert _find("Ich bin in Deutschland / Germany / Almanya / ألمانيا", "country") == []


@pytest.mark.parametrize(("text", "code"), [("Ich bin Syrer", "SY"), ("I am Afghan", "AF")])
def test_nationality_is_told_from_the_country(text: str, code: str) -> None:
    assert _find(text, "nationality") == [code]
    assert _find(text, "country") == []


def test_german_places_name_their_land() -> None:
    assert _find("Ich wohne in Berlin", "land") == ["DE-BE"]
    assert _find("Ich wohne in Köln", "city") == ["Köln"]
    assert _find("NRW", "land") == ["DE-NW"]


@pytest.mark.parametrize("text", ["أنا في برلين", "Ich wohne in Berlin", "Я в Берлине", "Berlin'deyim"])
def test_city_that_is_a_land_is_found_as_both(text: str) -> None:
    assert _find(text, "land") == ["DE-BE"]
    assert _find(text, "city") == ["Berlin"]


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("Ich muss in 5 Tagen weg", 5),
        ("in fünf Tagen", 5),
        ("in einer Woche", 7),
        ("in zwei Monaten", 60),
        ("in 5 days", 5),
        ("5 more days", 5),
        ("dans trois jours", 3),
        ("через 5 дней", 5),
        ("через три дня", 3),
        ("за 3 дні", 3),
        ("بعد 5 أيام", 5),
        ("بعد ٥ أيام", 5),
        ("تا ۳ روز دیگر", 3),
        ("5 gün içinde", 5),
        ("pas 3 ditësh", 3),
        ("za 3 dana", 3),
        ("3 დღეში", 3),
        ("3 rojan", 3),
    ],
)
def test_days_ahead_are_counted_in_every_language(text: str, days: int) -> None:
    assert _find(text, "days") == [str(days)]
    assert days_left(_finder().find(text, TODAY), TODAY) == days


@pytest.mark.parametrize(
    "text",
    [
        "bis morgen",
        "until tomorrow",
        "demain",
        "завтра",
        "غدا",
        "بكرة",
        "فردا",
        "yarın",
        "yarin",
        "nesër",
        "sutra",
        "ხვალ",
        "sibe",
    ],
)
def test_tomorrow_is_the_day_after_today_in_every_language(text: str) -> None:
    assert _find(text, "date") == ["2026-11-25"]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("am 30.11.2026", "2026-11-30"),
        ("am 30.11.", "2026-11-30"),
        ("bis 30.11.", "2026-11-30"),
        ("bis 30.11", "2026-11-30"),
        ("30.11., und was nun?", "2026-11-30"),
        ("30.11.2026 12345", "2026-11-30"),
        ("30.11.26", "2026-11-30"),
        ("٣٠/١١/٢٠٢٦", "2026-11-30"),
        ("2026-12-01", "2026-12-01"),
        ("1/12/2026", "2026-12-01"),
        ("am 30. November", "2026-11-30"),
        ("1 december", "2026-12-01"),
        ("le 1 décembre", "2026-12-01"),
        ("1 декабря", "2026-12-01"),
        ("übermorgen", "2026-11-26"),
        ("après-demain", "2026-11-26"),
        ("apres demain", "2026-11-26"),
        ("بعد بكرة", "2026-11-26"),
        ("послезавтра", "2026-11-26"),
        ("پس فردا", "2026-11-26"),
        ("15 كانون الثاني", "2027-01-15"),
        ("heute", "2026-11-24"),
        ("am 1.1.", "2027-01-01"),
        ("am 1.11.", "2026-11-01"),
        ("29.2.2028", "2028-02-29"),
    ],
)
def test_days_are_read_as_people_write_them_and_one_without_a_year_is_the_next_or_just_over(text: str, day: str) -> None:
    assert _find(text, "date") == [day]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("am dritten Dezember", "2026-12-03"),
        ("15. Januar 2028", "2028-01-15"),
        ("3rd December 2027", "2027-12-03"),
        ("twenty fifth of december 2027", "2027-12-25"),
        ("1er décembre", "2026-12-01"),
        ("le vingt-cinq décembre", "2026-12-25"),
        ("الخامس والعشرين من كانون الأول", "2026-12-25"),
        ("خمسة عشر يناير", "2027-01-15"),
        ("yirmi beş Aralık", "2026-12-25"),
        ("двадцать пятого декабря 2027 года", "2027-12-25"),
        ("двадцять п'ятого грудня", "2026-12-25"),
        ("dvadeset peti decembar", "2026-12-25"),
        ("двадесет пети децембар", "2026-12-25"),
        ("njëzet e pesë dhjetor", "2026-12-25"),
        ("ოცდახუთ დეკემბერს", "2026-12-25"),
        ("بیست و پنجم دسامبر", "2026-12-25"),
        ("bîst û pênc mijdar", "2026-11-25"),
    ],
)
def test_days_are_read_as_people_say_them(text: str, day: str) -> None:
    assert [entity.value for entity in _finder().find(text, TODAY) if entity.kind in ("date", "days")] == [day]


@pytest.mark.parametrize("text", ["im dritten Monat schwanger", "31. Februar 2027", "die erste Woche", "sixième mois"])
def test_place_in_a_row_is_no_number_of_days(text: str) -> None:
    assert not {entity.kind for entity in _finder().find(text, TODAY)} & {"date", "days"}


@pytest.mark.parametrize("text", ["32.13.2026", "29.2.2027", "0.0.2026", "2026-13-40", "99.99.", "10.20.30.40", "Version 3.11.7"])
def test_what_is_no_day_is_no_date(text: str) -> None:
    assert _find(text, "date") == []


@pytest.mark.parametrize("text", ["in 2.5 Monaten", "in 2,5 Monaten", "2.5 Wochen"])
def test_broken_number_of_weeks_or_months_is_no_date_and_no_number_of_days(text: str) -> None:
    assert _find(text) == []


@pytest.mark.parametrize(
    "text", ["Guten Morgen, wie lange ist die Ausreisefrist", "guten morgen", "Gut Morgen!", "Guten Tag", "Schönen Tag noch"]
)
def test_greeting_is_no_time(text: str) -> None:
    assert _find(text) == []


def test_greeting_does_not_hide_a_time_beside_it() -> None:
    assert _find("Guten Morgen, ich muss bis morgen weg", "date") == ["2026-11-25"]


@pytest.mark.parametrize(
    "text",
    [
        "vor 5 Tagen",
        "vor drei Tagen",
        "seit 2 Wochen hier",
        "in den letzten 3 Monaten",
        "5 days ago",
        "since 3 weeks",
        "5 gün önce",
        "3 дня назад",
        "3 дні тому",
        "قبل 5 أيام",
        "منذ ثلاثة أيام",
        "3 روز پیش",
        "para 3 ditësh",
        "pre 3 dana",
        "3 დღის წინ",
        "berî 3 rojan",
        "depuis 3 jours",
        "il y a 3 jours",
        "il y a trois semaines",
        "më parë 3 ditë",
        "3 ditë më parë",
    ],
)
def test_time_that_is_over_is_no_deadline(text: str) -> None:
    assert days_left(_finder().find(text, TODAY), TODAY) is None


def test_past_and_future_in_one_text_are_told_apart() -> None:
    assert _find("Ich bin vor 2 Wochen gekommen und muss nun endgültig in 5 Tagen ausreisen", "days") == ["5"]


def test_earliest_time_named_counts_and_one_that_is_over_is_negative() -> None:
    assert days_left(_finder().find("am 30.11. oder in 3 Tagen", TODAY), TODAY) == 3
    assert days_left(_finder().find("bis 20.11.2026", TODAY), TODAY) == -4
    assert days_left((), TODAY) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0151 12345678", "+4915112345678"),
        ("0151/1234-5678", "+4915112345678"),
        ("(030) 123456-78", "+493012345678"),
        ("+49 151 12345678", "+4915112345678"),
        ("0049 151 12345678", "+4915112345678"),
        ("00963 11 1234567", "+963111234567"),
        ("+963911234567", "+963911234567"),
        ("رقمي ٠١٥١ ١٢٣٤٥٦٧٨", "+4915112345678"),
        ("Rufen Sie 015112345678 an, bitte.", "+4915112345678"),
    ],
)
def test_phone_number_becomes_e164_and_its_figures_nothing_else(text: str, number: str) -> None:
    assert [(entity.kind, entity.value) for entity in _finder().find(text, TODAY)] == [("phone", number)]


@pytest.mark.parametrize(
    "text",
    [
        "12345",
        "2000 Euro",
        "1.000 €",
        "30.11.2026",
        "0",
        "010115",
        "112",
        "999999",
        "30.11.2026 12345",
        "Aktenzeichen 1203456789",
        "Az. 2026 0123456",
    ],
)
def test_other_figures_are_no_phone_number(text: str) -> None:
    assert _find(text, "phone") == []


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("10115 Berlin", ["10115"]),
        ("PLZ ٥٠٦٦٧", ["50667"]),
        ("123456", []),
        ("1234", []),
        ("12345.67", []),
        ("30.11.2026 12345", ["12345"]),
    ],
)
def test_postcode_has_five_figures_of_its_own(text: str, codes: list[str]) -> None:
    assert _find(text, "postcode") == codes


# -- what is kept ----------------------------------------------------------------------------------------------------------


def test_conversation_keeps_what_is_clear_and_never_a_phone_number() -> None:
    found = _finder().find("Ich bin aus Syrien, wohne in 50667 Köln, muss in 5 Tagen weg, Tel. 0151 12345678", TODAY)
    slots = slots_of(found)
    assert (slots["country"], slots["postcode"], slots["days"]) == ("SY", "50667", "5")
    assert "phone" not in slots
    assert not [value for value in slots.values() if "12345678" in value]


def test_of_two_of_a_kind_none_is_kept_for_it_is_not_clear_which() -> None:
    slots = slots_of([Entity("country", "SY"), Entity("country", "IQ"), Entity("land", "DE-BE")])
    assert slots == {"land": "DE-BE"}


@given(st.text(alphabet="0123456789+-/ ().\u0660\u0661abc,", max_size=60))
@settings(max_examples=300, deadline=None)
def test_no_figures_whatever_break_the_finder_or_get_a_phone_number_kept(text: str) -> None:
    found = _finder().find(text, TODAY)
    assert "phone" not in slots_of(found)
    for entity in found:
        if entity.kind == "date":
            date.fromisoformat(entity.value)
        if entity.kind == "phone":
            assert 10 <= len(entity.value) <= 16


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_text_can_be_searched_and_each_thing_is_named_once(text: str) -> None:
    found = _finder().find(text, TODAY)
    assert len(found) == len(set(found))


def test_long_text_is_searched_at_once() -> None:
    assert len(_find("Syrien 0151 12345678 in 5 Tagen 30.11.2026 " * 1000)) >= 1


# -- files ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def places(tmp_path: Path) -> Path:
    """A copy of the files an editor may spoil."""
    return Path(shutil.copytree(PLACES, tmp_path / "places"))


@pytest.mark.parametrize("name", ["countries.tsv", "lands.tsv", "cities.tsv", "times.yml"])
def test_missing_file_is_named(places: Path, name: str) -> None:
    (places / name).unlink()
    with pytest.raises(BrokenPlaces, match=f"{name} is missing"):
        EntityFinder.load(places, ["de"])


@pytest.mark.parametrize("name", ["countries.tsv", "lands.tsv", "cities.tsv"])
def test_broken_line_is_named_by_its_number(places: Path, name: str) -> None:
    count = len((places / name).read_text(encoding="utf-8").splitlines())
    with (places / name).open("a", encoding="utf-8") as file:
        file.write("only one cell\n")
    with pytest.raises(BrokenPlaces, match=f"{name}, line {count + 1}: must have"):
        EntityFinder.load(places, ["de"])


@pytest.mark.parametrize("text", ["", "languages: 3", "languages: {de: {numbers: {x: [ein]}}}", "a: ["])
def test_broken_time_words_are_one_sentence_with_the_file(places: Path, text: str) -> None:
    (places / "times.yml").write_text(text, encoding="utf-8")
    with pytest.raises(BrokenPlaces, match=r"times\.yml"):
        EntityFinder.load(places, ["de"])
