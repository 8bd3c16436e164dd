"""Nationwide means nationwide: every German postcode in use finds its Land, and what is none is not given one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.postcodes import make_ranges
from hotline.knowledge.places import LANDS, BrokenPostcodes, GermanPlaces, Place
from hotline.settings import ROOT

FOLDER = ROOT / "content" / "places"
PLACES = GermanPlaces.load(FOLDER)
USED = "used"


def _source() -> dict[str, str]:
    """Postcode -> Laender of the source, or ``used`` where the list of Deutsche Post alone has it."""
    lines = (Path(__file__).parent / "postcodes.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return {code: line.split("\t")[0] for line in lines for code in line.split("\t")[1].split()}


SOURCE = _source()


def test_every_postcode_of_the_source_finds_exactly_its_laender() -> None:
    assert len(SOURCE) > 8200
    listed = {code: lands for code, lands in SOURCE.items() if lands != USED}
    assert {code: "|".join(PLACES.lands_of(code)) for code in listed} == listed


def test_every_other_postcode_in_use_finds_one_land() -> None:
    others = [code for code, lands in SOURCE.items() if lands == USED]
    assert others
    assert [code for code in others if len(PLACES.lands_of(code)) != 1] == []


@pytest.mark.parametrize(
    ("postcode", "land"),
    [
        ("11011", "DE-BE"),  # the Bundestag
        ("14401", "DE-BB"),  # post office boxes of Potsdam
        ("27501", "DE-HB"),  # and of Bremerhaven, beside Hamburg's island
        ("30669", "DE-NI"),  # an airport
        ("99998", "DE-TH"),
    ],
)
def test_post_office_boxes_and_large_receivers_go_to_the_land_of_their_town(postcode: str, land: str) -> None:
    assert PLACES.lands_of(postcode) == (land,)


@pytest.mark.parametrize("land", LANDS)
def test_every_land_has_postcodes_and_cities(land: str) -> None:
    assert any(land in lands for _, _, lands in PLACES._ranges)
    assert land in PLACES._cities.values()


@pytest.mark.parametrize(
    "text", ["00815", "05000", "43000", "62000", "00000", "99999", "8033", "803311", "8033a", "", "٨٠٣٣١", "-1234"]
)
def test_what_is_no_postcode_in_use_finds_no_land(text: str) -> None:
    assert PLACES.lands_of(text) == ()


@given(st.integers(0, 99999))
def test_any_number_finds_known_laender_or_none(number: int) -> None:
    assert set(PLACES.lands_of(f"{number:05}")) <= set(LANDS)


def test_file_is_what_the_script_makes_of_the_source() -> None:
    known = {int(code): lands for code, lands in SOURCE.items() if lands != USED}
    made = "".join(f"{first:05}\t{last:05}\t{lands}\n" for first, last, lands in make_ranges(known))
    assert (FOLDER / "postcodes.tsv").read_text(encoding="utf-8") == made


def test_most_exact_slot_decides_and_unknown_ones_are_passed_over() -> None:
    assert PLACES.find({"postcode": "22145", "land": "DE-BY"}) == Place(("DE-HH", "DE-SH"), None, "22145")
    assert PLACES.find({"postcode": "00815", "city": "Köln"}) == Place(("DE-NW",), "Köln")
    assert PLACES.find({"city": "Atlantis", "land": "DE-SL"}) == Place(("DE-SL",))
    assert PLACES.find({"land": "DE-XX", "country": "SY"}) is None


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("01001\t01999", "line 1: must have 3 cells"),
        ("01999\t01001\tDE-SN", "line 1: must be first and last postcode, rising"),
        ("01001\t01999\tDE-SX", "line 1: must be first and last postcode, rising"),
        ("01001\t01999\tDE-SN\n01500\t02000\tDE-SN", "line 2: must be first and last postcode, rising"),
    ],
)
def test_broken_range_stops_the_start_with_file_line_and_remedy(tmp_path: Path, line: str, problem: str) -> None:
    (tmp_path / "postcodes.tsv").write_text(line + "\n", encoding="utf-8")
    (tmp_path / "cities.tsv").write_text("", encoding="utf-8")
    with pytest.raises(BrokenPostcodes, match=problem):
        GermanPlaces.load(tmp_path)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BrokenPostcodes, match=r"postcodes\.tsv is missing"):
        GermanPlaces.load(tmp_path)
