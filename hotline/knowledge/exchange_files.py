"""Sheets as files for people: one XLSX workbook, or a CSV for each sheet, several of them packed in a ZIP."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from hotline.knowledge.exchange_rows import SHEETS, Snapshot, sheet_rows
from hotline.knowledge.problems import Problem, Refused
from hotline.knowledge.tables import (
    BROKEN_ARCHIVE,
    Rows,
    UnusableTable,
    check_unpacked_size,
    header_problems,
    read_csv,
    read_xlsx,
)
from hotline.knowledge.tables import write_csv as write_rows_csv
from hotline.knowledge.tables import write_xlsx as write_rows_xlsx

# Signs no XML can hold, and no text should.
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")
_WIDTHS = {"title": 30, "short": 50, "full": 80, "note": 40, "source_title": 40, "source_url": 40, "url": 40}
_DAY_OF_ARCHIVE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class ImportProblem:
    """What is wrong and where: the sheet (or file), the row as the program shows it, the column. Row 0 means the whole sheet."""

    sheet: str
    row: int
    column: str
    problem: Problem

    def __str__(self) -> str:
        place = (self.sheet, f"row {self.row}" if self.row else "", f"column {self.column}" if self.column else "")
        return f"{', '.join(filter(None, place))}: {self.problem}"


class BrokenImport(Exception):
    """A file cannot be imported, and nothing of it was stored. ``problems`` says what to mend where."""

    def __init__(self, problems: Sequence[ImportProblem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = list(problems)


@dataclass(frozen=True)
class SheetRow:
    """One row of a sheet that was read: which of ``SHEETS``, where it stands, column -> text."""

    sheet: str
    place: str
    row: int
    cells: Mapping[str, str]


# -- writing -------------------------------------------------------------------------------------------------------------------


def write_workbook(snapshot: Snapshot, sheets: Iterable[str], languages: Sequence[str]) -> bytes:
    """The sheets as one XLSX file."""
    return write_rows_xlsx({sheet: _clean(sheet_rows(snapshot, sheet, languages)) for sheet in sheets}, _WIDTHS)


def write_tables(snapshot: Snapshot, sheets: Sequence[str], languages: Sequence[str]) -> bytes:
    """One sheet as CSV; several as a ZIP with a CSV for each."""
    files = {}
    for sheet in sheets:
        header, *rows = _clean(sheet_rows(snapshot, sheet, languages))
        files[f"{sheet}.csv"] = write_rows_csv(header, rows)
    if len(files) == 1:
        return next(iter(files.values()))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, _DAY_OF_ARCHIVE), data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _clean(rows: list[list[str]]) -> list[list[str]]:
    return [[CONTROL.sub("", cell) for cell in row] for row in rows]


# -- reading -------------------------------------------------------------------------------------------------------------------


def read_sheets(name: str, data: bytes) -> list[SheetRow]:
    """Read the rows of a workbook, a CSV or a ZIP of them.

    Args:
        name: of the file; its ending tells what it is.
        data: its content.

    Raises:
        BrokenImport: it cannot be read, or its columns are others than ours.
    """
    problems: list[ImportProblem] = []
    found: list[SheetRow] = []
    for place, sheet, rows in _tables(name, data):
        columns = SHEETS[sheet]
        wrong = header_problems(rows, columns)
        problems += [ImportProblem(place, 1, "", problem) for problem in wrong]
        if not wrong:
            header = rows[0][1]
            found += [
                SheetRow(sheet, place, number, dict(zip(header, [*cells, *[""] * len(header)], strict=False)))
                for number, cells in rows[1:]
            ]
    if problems:
        raise BrokenImport(problems)
    return found


def _tables(name: str, data: bytes) -> list[tuple[str, str, Rows]]:
    """Where it stands, what sheet it is, its rows."""
    suffix = PurePath(name).suffix.lower()
    try:
        if suffix == ".xlsx":
            sheets = read_xlsx(data)
            unknown = [title for title in sheets if title not in SHEETS]
            if unknown:
                raise UnusableTable("sheet_unknown", name=unknown[0], known=", ".join(SHEETS))
            return [(title, title, rows) for title, rows in sheets.items()]
        files = _unpacked(data) if suffix == ".zip" else {name: data}
    except Refused as error:
        raise BrokenImport([ImportProblem(name, 0, "", error.problem)]) from None
    return [_csv_table(file, content) for file, content in files.items()]


def _unpacked(data: bytes) -> dict[str, bytes]:
    try:
        check_unpacked_size(data)
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            return {name: packed.read(name) for name in packed.namelist() if name.lower().endswith(".csv")}
    except BROKEN_ARCHIVE:
        raise UnusableTable("table_zip") from None


def _csv_table(name: str, data: bytes) -> tuple[str, str, Rows]:
    try:
        rows = read_csv(data)
    except UnusableTable as error:
        raise BrokenImport([ImportProblem(name, 0, "", error.problem)]) from None
    # The columns tell which sheet it is, whatever the file is called.
    header = set(rows[0][1]) if rows else set[str]()
    sheet = max(SHEETS, key=lambda one: len(header & set(SHEETS[one])) - len(header ^ set(SHEETS[one])))
    return PurePath(name).name, sheet, rows
