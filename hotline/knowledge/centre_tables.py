"""The directory of centres as a table for people: CSV and XLSX, read with every error by row and column, and written."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font
from openpyxl.utils.exceptions import InvalidFileException

from hotline.errors import CannotStart
from hotline.knowledge.centres import BODIES, NATIONWIDE, Centre, lands_without
from hotline.knowledge.places import LANDS, GermanPlaces
from hotline.knowledge.sourced import is_url, source_problems

COLUMNS = tuple(field.name for field in fields(Centre))
LANGUAGES_PARTED_BY = "|"
# A longer name leaves no room for its address in a message.
NAME_CHARACTERS = 80
DAYS = ("checked_on", "valid_until")
_PHONE = re.compile(r"\+?[0-9][0-9 ()/-]{4,24}")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class BrokenTable(CannotStart):
    """A table of centres cannot be imported. ``problems`` names row, column and remedy of each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def read_centres(path: Path, places: GermanPlaces, languages: Collection[str]) -> list[Centre]:
    """Read and check a table.

    Args:
        path: a ``.csv`` (UTF-8, parted by comma or semicolon) or ``.xlsx`` file (its first sheet); row 1 names the columns.
        places: tells the Land of a postcode.
        languages: codes a centre may speak.

    Returns:
        The centres, in the order of the rows.

    Raises:
        BrokenTable: with every problem found; rows are counted as a spreadsheet shows them.
    """
    rows = _read_rows(path)
    header = rows[0][1] if rows else []
    problems = [f"{path.name}, row 1: the column {name!r} is missing." for name in COLUMNS if name not in header]
    problems += [
        f"{path.name}, row 1: {name!r} is no column; use {', '.join(COLUMNS)}." for name in header if name not in COLUMNS
    ]
    problems += [f"{path.name}, row 1: the column {name!r} is there twice." for name in COLUMNS if header.count(name) > 1]
    if problems:
        raise BrokenTable(problems)
    centres, seen = [], dict[tuple[str, str, str], int]()
    for number, cells in rows[1:]:
        row = dict(zip(header, [*cells, *[""] * len(header)], strict=False))
        found = [f"{path.name}, row {number}, column {column}: {remedy}" for column, remedy in _problems(row, places, languages)]
        same = seen.setdefault((row["name"], row["city"], row["postcode"]), number)
        if same != number:
            found.append(f"{path.name}, row {number}, column name: the same centre stands in row {same}; remove one.")
        problems += found
        if not found:
            centres.append(_centre(row))
    if not problems and (missing := lands_without(centres, LANDS)):
        problems.append(f"{path.name}: nobody is listed for {', '.join(missing)}; add a row with the land {NATIONWIDE}.")
    if problems:
        raise BrokenTable(problems)
    return centres


def _problems(row: Mapping[str, str], places: GermanPlaces, languages: Collection[str]) -> Iterator[tuple[str, str]]:
    yield from ((column, "remove the control characters.") for column, text in row.items() if _CONTROL.search(text))
    if not 0 < len(row["name"]) <= NAME_CHARACTERS:
        yield "name", f"write a name of at most {NAME_CHARACTERS} characters."
    if row["body"] not in ("", *BODIES):
        yield "body", f"write {' or '.join(BODIES)}, or leave it empty where the source does not say."
    yield from _place_problems(row, places)
    if row["phone"] and not _PHONE.fullmatch(row["phone"]):
        yield "phone", "write figures only, such as +49 30 123456."
    if row["email"] and not _EMAIL.fullmatch(row["email"]):
        yield "email", "write an address such as name@example.org."
    if row["url"] and not is_url(row["url"]):
        yield "url", "write the whole address, such as https://www.bamf.de/."
    unknown = [code for code in _split(row["languages"]) if code not in languages]
    if unknown:
        yield (
            "languages",
            f"{unknown[0]!r} is no code of translations/languages.csv; write codes parted by {LANGUAGES_PARTED_BY}.",
        )
    yield from source_problems(row)


def _place_problems(row: Mapping[str, str], places: GermanPlaces) -> Iterator[tuple[str, str]]:
    land, postcode = row["land"], row["postcode"]
    if land not in (NATIONWIDE, *LANDS):
        yield "land", f"write {NATIONWIDE} for the whole of Germany, or one of {', '.join(LANDS)}."
    elif postcode and not (lands := places.lands_of(postcode)):
        yield "postcode", "write five figures of a German postcode; format the column as text, so that a leading 0 stays."
    elif postcode and land not in (NATIONWIDE, *lands):
        yield "postcode", f"{postcode} lies in {' and '.join(lands)}, not in {land}; mend one of them."


def _centre(row: Mapping[str, str]) -> Centre:
    values: dict[str, Any] = {**row, "languages": tuple(_split(row["languages"]))}
    return Centre(**{**values, **{column: date.fromisoformat(row[column]) for column in DAYS}})


def _split(text: str) -> list[str]:
    return [code for code in (part.strip() for part in text.split(LANGUAGES_PARTED_BY)) if code]


# -- files -----------------------------------------------------------------------------------------------------------------


def _read_rows(path: Path) -> list[tuple[int, list[str]]]:
    """The rows that hold anything, with their numbers."""
    try:
        read = {".csv": _read_csv, ".xlsx": _read_xlsx}[path.suffix.lower()]
    except KeyError:
        raise BrokenTable([f"{path.name}: save the table as .csv or .xlsx."]) from None
    try:
        rows = list(enumerate(read(path), start=1))
    except OSError as error:
        raise BrokenTable([f"{path.name}: cannot be read ({error.strerror})."]) from None
    if not rows or not any(rows[0][1]):
        raise BrokenTable([f"{path.name}, row 1: must name the columns."])
    return [(number, cells) for number, cells in rows if any(cells)]


def _read_csv(path: Path) -> list[list[str]]:
    try:
        # utf-8-sig: spreadsheet programs put a byte order mark in front.
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise BrokenTable([f"{path.name}: is not UTF-8; save it as CSV UTF-8."]) from None
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    try:
        return [
            [cell.strip() for cell in row] for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        ]
    except csv.Error as error:
        raise BrokenTable([f"{path.name}: is no CSV ({error}); check the quotes."]) from None


def _read_xlsx(path: Path) -> list[list[str]]:
    try:
        book = load_workbook(path, read_only=True, data_only=True)
        sheet = book.worksheets[0]
        rows = [list(row) for row in sheet.iter_rows(values_only=True)]
        book.close()
    except (InvalidFileException, zipfile.BadZipFile, KeyError, IndexError, ValueError):
        raise BrokenTable([f"{path.name}: is no XLSX file; save it anew from the spreadsheet program."]) from None
    header = [_text(cell, "") for cell in rows[0]] if rows else []
    names = [*header, *[""] * max((len(row) for row in rows), default=0)]
    return [[_text(cell, name) for cell, name in zip(row, names, strict=False)] for row in rows]


def _text(cell: Any, column: str) -> str:
    """A cell as it would stand in a CSV: spreadsheets turn days into dates and postcodes into numbers."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = str(cell).strip()
    return text.zfill(5) if column == "postcode" and isinstance(cell, int) else text


def write_centres(path: Path, centres: Iterable[Centre]) -> int:
    """Write a table that ``read_centres`` reads back without loss.

    Args:
        path: ``.csv`` or ``.xlsx``; a file of that name is replaced.
        centres: in the order of the rows.

    Returns:
        How many rows.

    Raises:
        BrokenTable: the name ends otherwise, or the file cannot be written.
    """
    rows = [_row(centre) for centre in centres]
    write = {".csv": _write_csv, ".xlsx": _write_xlsx}.get(path.suffix.lower())
    if write is None:
        raise BrokenTable([f"{path.name}: the name must end in .csv or .xlsx."])
    try:
        write(path, rows)
    except OSError as error:
        raise BrokenTable([f"{path.name}: cannot be written ({error.strerror})."]) from None
    return len(rows)


def _row(centre: Centre) -> list[str]:
    values = (getattr(centre, column) for column in COLUMNS)
    return [LANGUAGES_PARTED_BY.join(value) if isinstance(value, tuple) else str(value) for value in values]


def _write_csv(path: Path, rows: Sequence[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])


def _write_xlsx(path: Path, rows: Sequence[Sequence[str]]) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "centres"
    for number, row in enumerate([COLUMNS, *rows], start=1):
        for place, text in enumerate(row, start=1):
            cell = sheet.cell(number, place, text)
            # Text, whatever it looks like: no formula, and no number that loses its zero.
            cell.data_type, cell.number_format = "s", "@"
            if number == 1:
                cell.font = Font(bold=True)
    sheet.freeze_panes = "B2"
    book.save(path)
