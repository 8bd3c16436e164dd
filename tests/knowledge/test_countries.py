"""What is said of a country is dated, sure enough and from a source; what has passed its date leaves by itself."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from hotline.knowledge.countries import CountryBook, CountryFact, CountryNote
from hotline.knowledge.country_files import read_countries
from hotline.settings import ROOT

FOLDER = ROOT / "content" / "countries"
LANGUAGES = ("de", "en", "ar", "tr", "ru", "fa", "fr", "sq", "sr", "ka", "ku", "uk")
TODAY = date(2026, 11, 24)
SOURCE = "Seite,https://x.test/,2025,2026-11-22,H,2026-12-31"
STATUS_HEADER = "country,status,since,source_title,source_url,source_date,checked_on,confidence,valid_until"
PROGRAMME_HEADER = "country,programme,kind,shown_as,source_title,source_url,source_date,checked_on,confidence,valid_until"
ROWS = read_countries(FOLDER, LANGUAGES)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the real folder."""
    return Path(shutil.copytree(FOLDER, tmp_path / "countries"))


def _fact(name: str = "eurp", confidence: str = "H", valid_until: date = TODAY, country: str = "SY") -> CountryFact:
    return CountryFact(country, "programme", name, "", False, "2025", confidence, valid_until)


def test_shipped_rows_have_no_problem() -> None:
    assert ROWS.problems == []


def test_only_what_holds_today_and_is_sure_enough_is_shown() -> None:
    good, over, low, other = _fact(), _fact("ura", valid_until=date(2026, 11, 23)), _fact("nrp_syria", "L"), _fact(country="IQ")
    view = CountryBook((good, over, low, other)).on("SY", TODAY)
    assert view.facts == (good,)
    assert view.has_expired


def test_low_confidence_past_its_date_was_never_shown_and_so_has_not_expired() -> None:
    assert not CountryBook((_fact(confidence="L", valid_until=date(2020, 1, 1)),)).on("SY", TODAY).has_expired


def test_note_past_its_date_leaves_too() -> None:
    note = CountryNote("SY", "contact", {}, ("Somebody",), "2025", "M", date(2026, 11, 23))
    view = CountryBook((), (note,)).on("SY", TODAY)
    assert view.notes == ()
    assert view.has_expired


def test_country_nobody_knows_anything_of_has_an_empty_view() -> None:
    view = CountryBook((_fact(),)).on("BR", TODAY)
    assert (view.facts, view.notes, view.has_expired, view.is_eu) == ((), (), False, False)


def test_national_programme_for_syria_has_ended_and_is_in_no_view() -> None:
    (row,) = [row for row in ROWS.facts if row["name"] == "nrp_syria"]
    assert row["valid_until"] == date(2025, 12, 14)


def test_lists_that_contradict_each_other_are_never_facts() -> None:
    assert all(row["is_listed"] for row in ROWS.facts if row["name"] in ("starthilfe_plus", "reag_garp"))


@pytest.mark.parametrize("country", ["UA", "IR", "SD", "YE"])
def test_countries_of_unknown_status_show_nothing(country: str) -> None:
    assert [row for row in ROWS.facts if row["country"] == country and row["confidence"] != "L"] == []


def test_germany_and_26_other_states_are_the_european_union() -> None:
    states = {row["country"] for row in ROWS.facts if row["name"] == "eu"}
    assert len(states) == 27
    assert {"DE", "FR", "HR"} <= states
    assert not {"GB", "CH", "TR", "XK", "RS"} & states


def test_kosovo_names_the_centre_and_no_number_that_is_not_sure() -> None:
    (contact,) = [note["content"] for note in ROWS.notes if note["country"] == "XK" and note["kind"] == "contact"]
    assert contact["address"] == "Rr. Arkitekt Karl Gega 38, 10000 Prishtina"
    assert contact["phone"] == ""


@pytest.mark.parametrize("note", [note for note in ROWS.notes if note["kind"] == "article"], ids=lambda note: note["country"])
def test_own_articles_are_there_in_every_language(note: dict[str, dict[str, str]]) -> None:
    assert set(note["content"]) == set(LANGUAGES)


@pytest.mark.parametrize(
    ("name", "row", "problem"),
    [
        ("status.csv", f"Syria,supported,2025-01,{SOURCE}", "status.csv, row 2, column country: write the ISO code"),
        ("status.csv", f"SY,safe,,{SOURCE}", "status.csv, row 2, column status: write one of supported, lifted, eu"),
        ("status.csv", f"SY,supported,,{SOURCE}", "status.csv, row 2, column since: write YYYY"),
        ("status.csv", f"FR,eu,2025,{SOURCE}", "status.csv, row 2, column since: write YYYY"),
        ("status.csv", "SY,supported,2025,,,,,,", "status.csv, row 2, column source_title: name the page"),
        ("programmes.csv", f"SY,money,,fact,{SOURCE}", "programmes.csv, row 2, column programme: write one of reag_garp"),
        ("programmes.csv", f"SY,eurp,half,fact,{SOURCE}", "programmes.csv, row 2, column kind: write one of nothing, special"),
        ("programmes.csv", f"SY,eurp,,sure,{SOURCE}", "programmes.csv, row 2, column shown_as: write fact, or listed"),
        (
            "programmes.csv",
            "SY,eurp,,fact,Seite,https://x.test/,,2026-11-22,H,2026-12-31",
            "programmes.csv, row 2, column source_date",
        ),
        ("programmes.csv", f"SY,eurp,,fact,{SOURCE}\nSY,eurp,,listed,{SOURCE}", "row 3: says the same as row 2"),
    ],
)
def test_wrong_row_is_named_with_column_and_remedy(folder: Path, name: str, row: str, problem: str) -> None:
    header = STATUS_HEADER if name == "status.csv" else PROGRAMME_HEADER
    (folder / name).write_text(f"{header}\n{row}\n", encoding="utf-8")
    assert any(problem in found for found in read_countries(folder, LANGUAGES).problems)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("country: XK", "country: XX", "XK.yml: must be a mapping with `country: XK`"),
        ("partners: []", "friends: []", "XK.yml: 'friends' is no key; use articles, contacts, partners."),
        ("  - name: URA", "  - title: URA", "XK.yml: contacts, entry 1: name is missing."),
        ("confidence: M", "confidence: X", "XK.yml: contacts, entry 1: confidence: write H, M or L"),
        ("      de:\n", "      xx:\n", "XK.yml: articles, entry 1: texts: 'xx' is no language"),
        ('title: "URA in Prishtina"', 'title: ""', "XK.yml: articles, entry 1: texts, de: title must have 1 to 60 characters."),
        ("articles:", "articles: [", "XK.yml: this is not valid YAML"),
    ],
)
def test_broken_file_of_a_country_is_named_with_entry_and_remedy(folder: Path, old: str, new: str, problem: str) -> None:
    text = (folder / "XK.yml").read_text(encoding="utf-8")
    assert old in text
    (folder / "XK.yml").write_text(text.replace(old, new, 1), encoding="utf-8")
    assert any(problem in found for found in read_countries(folder, LANGUAGES).problems)


def test_pilot_country_gets_its_own_content_by_a_file_alone(folder: Path) -> None:
    text = (folder / "XK.yml").read_text(encoding="utf-8")
    (folder / "GE.yml").write_text(text.replace("country: XK", "country: GE"), encoding="utf-8")
    found = read_countries(folder, LANGUAGES)
    assert found.problems == []
    assert [note["kind"] for note in found.notes if note["country"] == "GE"] == ["article", "contact"]


def test_missing_table_is_named(folder: Path) -> None:
    (folder / "status.csv").unlink()
    assert any("status.csv is missing" in problem for problem in read_countries(folder, LANGUAGES).problems)
