"""A table of centres comes in whole or not at all, every error names row, column and remedy, and what goes out comes back."""

from __future__ import annotations

import csv
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from hotline.knowledge.centre_tables import COLUMNS, BrokenTable, read_centres, write_centres
from hotline.knowledge.centres import Centre
from hotline.knowledge.places import GermanPlaces
from hotline.settings import ROOT

PLACES = GermanPlaces.load(ROOT / "content" / "places")
LANGUAGES = ("de", "ar", "tr", "en", "fr", "es", "fa", "ru", "sr", "sq")
ROW = {
    "name": "Beratung, am Markt", "body": "independent", "address": "Markt 1", "postcode": "01067", "city": "Dresden",
    "land": "DE-SN", "phone": "+49 351 123456", "email": "rat@beratung.test", "url": "https://beratung.test/rat",
    "hours": "Mo-Fr 9-12", "languages": "de|ar", "source_title": "Seite", "source_url": "https://beratung.test/",
    "source_date": "2026-01", "checked_on": "2026-11-20", "confidence": "H", "valid_until": "2027-06-30",
}  # fmt: skip
EVERYBODY = {**ROW, "name": "Everybody", "land": "DE", "postcode": "", "city": ""}


def _csv(folder: Path, *rows: dict[str, str], delimiter: str = ",", encoding: str = "utf-8") -> Path:
    path = folder / "centres.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


def _xlsx(folder: Path, *rows: dict[str, object]) -> Path:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(list(rows[0]))
    for row in rows:
        sheet.append(list(row.values()))
    path = folder / "centres.xlsx"
    book.save(path)
    return path


def _read(path: Path) -> list[Centre]:
    return read_centres(path, PLACES, LANGUAGES)


def _problems(path: Path) -> list[str]:
    with pytest.raises(BrokenTable) as broken:
        _read(path)
    return broken.value.problems


def test_shipped_directory_has_a_source_for_every_row_and_serves_every_land() -> None:
    centres = _read(ROOT / "content" / "centres.csv")
    assert [centre.url for centre in centres if centre.land == "DE"] == ["https://www.returningfromgermany.de/en/centres"]
    assert all(centre.source_url and centre.source_date for centre in centres)


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_round_trip_loses_nothing(tmp_path: Path, ending: str) -> None:
    tricky = {**ROW, "name": '=1+1; "Rat" – مشورة', "hours": "+49", "address": "@Markt, Ecke"}
    centres = [*_read(_csv(tmp_path, ROW, EVERYBODY, tricky)), *_read(ROOT / "content" / "centres.csv")[1:]]
    out = tmp_path / f"out{ending}"
    assert write_centres(out, centres) == len(centres)
    assert _read(out) == centres
    again = tmp_path / f"again{ending}"
    write_centres(again, _read(out))
    assert _read(again) == centres


def test_written_sheet_holds_text_only_so_that_nothing_is_reckoned_and_no_zero_is_lost(tmp_path: Path) -> None:
    write_centres(tmp_path / "out.xlsx", _read(_csv(tmp_path, {**ROW, "name": "=HYPERLINK(1)"}, EVERYBODY)))
    cells = [
        cell for row in load_workbook(tmp_path / "out.xlsx").worksheets[0].iter_rows() for cell in row if cell.value is not None
    ]
    assert {cell.data_type for cell in cells} == {"s"}
    assert "01067" in [cell.value for cell in cells]


def test_spreadsheet_that_made_numbers_and_dates_of_cells_is_read_all_the_same(tmp_path: Path) -> None:
    typed = {
        **ROW, "postcode": 1067, "source_date": 2026, "checked_on": datetime.fromisoformat("2026-11-20"),
        "valid_until": date(2027, 6, 30), "hours": None,
    }  # fmt: skip
    (centre, _) = _read(_xlsx(tmp_path, typed, EVERYBODY))
    assert (centre.postcode, centre.source_date, centre.checked_on) == ("01067", "2026", date(2026, 11, 20))
    assert (centre.valid_until, centre.hours) == (date(2027, 6, 30), "")


def test_semicolons_byte_order_marks_and_empty_rows_are_read(tmp_path: Path) -> None:
    path = _csv(tmp_path, ROW, dict.fromkeys(ROW, ""), EVERYBODY, delimiter=";", encoding="utf-8-sig")
    assert [centre.name for centre in _read(path)] == ["Beratung, am Markt", "Everybody"]


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"name": ""}, "row 2, column name: write a name"),
        ({"name": "x" * 81}, "row 2, column name: write a name of at most 80 characters"),
        ({"name": "a\u202eb"}, "row 2, column name: remove the control characters"),
        ({"body": "private"}, "row 2, column body: write state or independent"),
        ({"land": "Sachsen"}, "row 2, column land: write DE for the whole of Germany, or one of DE-BW"),
        ({"postcode": "1067"}, "row 2, column postcode: write five figures"),
        ({"postcode": "00815"}, "row 2, column postcode: write five figures"),
        ({"postcode": "80331"}, "row 2, column postcode: 80331 lies in DE-BY, not in DE-SN"),
        ({"phone": "Vanity"}, "row 2, column phone: write figures only"),
        ({"email": "nobody"}, "row 2, column email: write an address"),
        ({"url": "beratung.test"}, "row 2, column url: write the whole address"),
        ({"languages": "de|deutsch"}, "row 2, column languages: 'deutsch' is no code"),
        ({"source_title": ""}, "row 2, column source_title: name the page"),
        ({"source_url": "memory"}, "row 2, column source_url: write the whole address"),
        ({"source_date": "last year"}, "row 2, column source_date: write YYYY, YYYY-MM or YYYY-MM-DD"),
        ({"source_date": "2026-02-30"}, "row 2, column source_date: write YYYY, YYYY-MM or YYYY-MM-DD"),
        ({"source_date": "2026-13"}, "row 2, column source_date: write YYYY, YYYY-MM or YYYY-MM-DD"),
        ({"checked_on": "20.11.2026"}, "row 2, column checked_on: write a day"),
        ({"confidence": "sure"}, "row 2, column confidence: write H, M or L"),
        ({"valid_until": ""}, "row 2, column valid_until: write a day"),
    ],
)
@pytest.mark.parametrize("make", [_csv, _xlsx])
def test_wrong_cell_is_named_by_row_and_column_with_the_remedy(
    tmp_path: Path, make, changed: dict[str, str], problem: str
) -> None:  # type: ignore[no-untyped-def]
    (found,) = _problems(make(tmp_path, {**ROW, **changed}, EVERYBODY))
    assert problem in found


def test_all_errors_of_all_rows_are_named_at_once(tmp_path: Path) -> None:
    path = _csv(tmp_path, {**ROW, "land": "?", "phone": "?"}, ROW, EVERYBODY, {**ROW, "body": "x", "city": "Y"}, ROW)
    found = _problems(path)
    assert [problem.split(": ", 1)[0] for problem in found] == [
        "centres.csv, row 2, column land", "centres.csv, row 2, column phone", "centres.csv, row 3, column name",
        "centres.csv, row 5, column body", "centres.csv, row 6, column name",
    ]  # fmt: skip
    assert "stands in row 2" in found[-1]


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ([name for name in COLUMNS if name != "phone"], "row 1: the column 'phone' is missing."),
        ([*COLUMNS, "fax"], "row 1: 'fax' is no column; use name, body"),
        ([*COLUMNS, "name"], "row 1: the column 'name' is there twice."),
    ],
)
def test_wrong_columns_are_named(tmp_path: Path, header: list[str], problem: str) -> None:
    path = tmp_path / "centres.csv"
    path.write_text(",".join(header) + "\n", encoding="utf-8")
    assert problem in _problems(path)[0]


def test_directory_without_anybody_for_some_land_is_refused(tmp_path: Path) -> None:
    (problem,) = _problems(_csv(tmp_path, ROW))
    assert "nobody is listed for DE-BW" in problem
    assert "DE-SN" not in problem


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("centres.ods", b"", "save the table as .csv or .xlsx"),
        ("centres.xlsx", b"no zip", "is no XLSX file"),
        ("centres.csv", "name\nMünchen\n".encode("latin-1"), "is not UTF-8"),
        ("centres.csv", b"", "row 1: must name the columns"),
        ("centres.csv", b'name\n"open', "is no CSV"),
    ],
)
def test_unreadable_file_is_refused_with_a_remedy(tmp_path: Path, name: str, content: bytes, problem: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert problem in _problems(tmp_path / name)[0]


def test_missing_file_and_unwritable_name_are_one_sentence(tmp_path: Path) -> None:
    assert "cannot be read" in _problems(tmp_path / "nowhere.csv")[0]
    with pytest.raises(BrokenTable, match=r"must end in \.csv or \.xlsx"):
        write_centres(tmp_path / "out.txt", [])
    with pytest.raises(BrokenTable, match="cannot be written"):
        write_centres(tmp_path / "no" / "out.csv", [])
