"""The directory of centres as a table for people: CSV and XLSX, read with every error by row and column, and written."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

from hotline.errors import CannotStart
from hotline.knowledge.centres import BODIES, NATIONWIDE, Centre, lands_without
from hotline.knowledge.places import LANDS, GermanPlaces
from hotline.knowledge.sourced import is_url, source_problems
from hotline.knowledge.tables import Rows, UnusableTable, header_problems, read_csv, read_xlsx, write_csv, write_xlsx

COLUMNS = tuple(field.name for field in fields(Centre))
LANGUAGES_PARTED_BY = "|"
# A longer name leaves no room for its address in a message.
NAME_CHARACTERS = 80
DAYS = ("checked_on", "valid_until")
# A spreadsheet drops the zero in front.
POSTCODE_FIGURES = {"postcode": 5}
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
    problems = [f"{path.name}, row 1: {problem}" for problem in header_problems(rows, COLUMNS)]
    if problems:
        raise BrokenTable(problems)
    header = rows[0][1]
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


def _read_rows(path: Path) -> Rows:
    """The rows that hold anything, with their numbers."""
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".xlsx"):
        raise BrokenTable([f"{path.name}: save the table as .csv or .xlsx."])
    try:
        data = path.read_bytes()
        return read_csv(data) if suffix == ".csv" else next(iter(read_xlsx(data, POSTCODE_FIGURES).values()))
    except OSError as error:
        raise BrokenTable([f"{path.name}: cannot be read ({error.strerror})."]) from None
    except UnusableTable as error:
        raise BrokenTable([f"{path.name}: {error}"]) from None


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
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".xlsx"):
        raise BrokenTable([f"{path.name}: the name must end in .csv or .xlsx."])
    try:
        path.write_bytes(write_csv(COLUMNS, rows) if suffix == ".csv" else write_xlsx({"centres": [COLUMNS, *rows]}))
    except OSError as error:
        raise BrokenTable([f"{path.name}: cannot be written ({error.strerror})."]) from None
    return len(rows)


def _row(centre: Centre) -> list[str]:
    values = (getattr(centre, column) for column in COLUMNS)
    return [LANGUAGES_PARTED_BY.join(value) if isinstance(value, tuple) else str(value) for value in values]
