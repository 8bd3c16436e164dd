"""Tables as people keep them, CSV and XLSX: their rows as plain text, numbered as a spreadsheet shows them, and back.

What the columns mean is known to those who call: ``centre_tables`` and ``exchange_files``.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from hotline.knowledge.problems import Problem, Refused

Rows = list[tuple[int, list[str]]]
# No table of ours comes near; a small file can claim a million rows.
MOST_ROWS, MOST_COLUMNS = 20_000, 200
# Sixteen times what all of our content takes unpacked; reading such a workbook takes seconds, not minutes.
MOST_UNPACKED_BYTES = 20_000_000
# What the readers of packed files and of workbooks raise for one that was cut, changed or made to break them.
BROKEN_ARCHIVE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError)
# A spreadsheet runs a CSV cell that begins so; an apostrophe in front keeps it a text.
_FORMULA = re.compile(r"['=+\-@\t\n]")
_BROKEN_WORKBOOK = (*BROKEN_ARCHIVE, LookupError, SyntaxError, TypeError, AttributeError, ArithmeticError)


class UnusableTable(Refused):
    """A file is no table one can read. The message says how to save it."""


def read_csv(data: bytes) -> Rows:
    """The rows that hold anything, with their numbers.

    Args:
        data: UTF-8, parted by comma or semicolon.

    Raises:
        UnusableTable: it is something else.
    """
    try:
        # utf-8-sig: spreadsheet programs put a byte order mark in front.
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnusableTable("table_encoding") from None
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    try:
        return _numbered(
            [
                [_unguarded(cell.strip()) for cell in row]
                for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
            ]
        )
    except csv.Error as error:
        raise UnusableTable("table_csv", error=error) from None


def read_xlsx(data: bytes, figures: Mapping[str, int] | None = None) -> dict[str, Rows]:
    """The rows of every sheet that hold anything, with their numbers.

    Args:
        data: an XLSX file.
        figures: column -> how many figures its numbers have, where a spreadsheet drops the zeros in front.

    Raises:
        UnusableTable: it is something else, or larger than any table of ours.
    """
    # A web process takes no room for what a few editors use now and then.
    from openpyxl import load_workbook

    try:
        check_unpacked_size(data)
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheets = {sheet.title: _sheet_rows(sheet, figures or {}) for sheet in book.worksheets}
        book.close()
    except _BROKEN_WORKBOOK:
        raise UnusableTable("table_xlsx") from None
    if not sheets:
        raise UnusableTable("table_xlsx")
    return sheets


def check_unpacked_size(data: bytes) -> None:
    """Refuse a packed file that unpacks to more than a machine should hold.

    Raises:
        UnusableTable: it does.
        BROKEN_ARCHIVE: one of these; it is no packed file.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        if sum(entry.file_size for entry in packed.infolist()) > MOST_UNPACKED_BYTES:
            raise UnusableTable("table_large")


def _sheet_rows(sheet: Any, figures: Mapping[str, int]) -> Rows:
    if (sheet.max_column or 0) > MOST_COLUMNS:
        raise UnusableTable("table_large")
    rows: list[list[str]] = []
    names: list[str] = []
    for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
        if number > MOST_ROWS or len(row) > MOST_COLUMNS:
            raise UnusableTable("table_large")
        if number == 1:
            names = [_text(cell, 0) for cell in row]
        widths = [figures.get(name, 0) for name in names[: len(row)]]
        rows.append([_text(cell, width) for cell, width in zip(row, [*widths, *[0] * (len(row) - len(widths))], strict=True)])
    return _numbered(rows)


def _text(cell: Any, width: int) -> str:
    """A cell as it would stand in a CSV: spreadsheets turn days into dates and postcodes into numbers."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = str(cell).strip()
    return text.zfill(width) if isinstance(cell, int) else text


def _numbered(rows: list[list[str]]) -> Rows:
    return [(number, cells) for number, cells in enumerate(rows, start=1) if any(cells)]


def header_problems(rows: Rows, columns: Sequence[str]) -> list[Problem]:
    """What is wrong with the first row, which names the columns."""
    if not rows or rows[0][0] != 1:
        return [Problem("table_header")]
    header, known = rows[0][1], ", ".join(columns)
    problems = [Problem("column_missing", {"name": name}) for name in columns if name not in header]
    problems += [Problem("column_unknown", {"name": name, "known": known}) for name in header if name not in columns]
    return problems + [Problem("column_twice", {"name": name}) for name in columns if header.count(name) > 1]


def write_csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A table as UTF-8 CSV, parted by commas, in which no cell is a formula; ``read_csv`` reads it back as it was."""
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\n").writerows([header, *([guard(cell) for cell in row] for row in rows)])
    return file.getvalue().encode()


def guard(cell: str) -> str:
    """A cell of a CSV that no spreadsheet runs."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell[1:]) else cell


def write_xlsx(sheets: Mapping[str, Sequence[Sequence[str]]], widths: Mapping[str, int] | None = None) -> bytes:
    """Tables as one XLSX file.

    Args:
        sheets: title -> rows, the first of which names the columns.
        widths: column -> width in characters, for columns of long texts; those are wrapped.
    """
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font

    book = Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for number, row in enumerate(rows, start=1):
            for place, text in enumerate(row, start=1):
                cell = sheet.cell(number, place, text)
                # Text, whatever it looks like: no formula, and no number that loses its zero.
                cell.data_type, cell.number_format = "s", "@"
                if number == 1:
                    cell.font = Font(bold=True)
                elif widths and rows[0][place - 1] in widths:
                    cell.alignment = Alignment(wrap_text=True, vertical="top")
        for column in sheet.iter_cols(max_row=1):
            if widths and str(column[0].value) in widths:
                sheet.column_dimensions[column[0].column_letter].width = widths[str(column[0].value)]
        sheet.freeze_panes = "B2"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
