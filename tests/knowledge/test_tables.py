"""Tables as spreadsheet programs really save them."""

from __future__ import annotations

import io
from datetime import datetime

import pytest
from openpyxl import Workbook

from hotline.knowledge.tables import MOST_COLUMNS, MOST_ROWS, UnusableTable, read_csv, read_xlsx, write_csv, write_xlsx


def saved(book: Workbook) -> bytes:
    """A workbook as a file."""
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_rows_keep_the_numbers_a_spreadsheet_shows() -> None:
    assert read_csv(b"name,city\n\nA,B\n") == [(1, ["name", "city"]), (3, ["A", "B"])]


@pytest.mark.parametrize("data", ["\ufeffname;city\nÄ;B\n".encode(), b'name,city\r\n"\xc3\x84",B\r\n'])
def test_semicolons_byte_order_marks_and_line_ends_of_other_systems_are_read(data: bytes) -> None:
    assert read_csv(data)[1] == (2, ["Ä", "B"])


def test_days_numbers_and_dropped_zeros_come_back_as_they_were_written() -> None:
    book = Workbook()
    book.active.append(["postcode", "checked_on", "count"])  # type: ignore[union-attr]
    book.active.append([1067, datetime(2026, 11, 25), 3.0])  # type: ignore[union-attr]  # noqa: DTZ001 - cells know no zone
    book.create_sheet("empty")
    sheets = read_xlsx(saved(book), {"postcode": 5})
    assert sheets["Sheet"][1] == (2, ["01067", "2026-11-25", "3"])
    assert sheets["empty"] == []


def test_what_looks_like_a_formula_or_a_number_is_written_as_text() -> None:
    rows = [["a", "b"], ["=1+1", "0012"], ["-", "line\nline"]]
    assert [cells for _, cells in read_xlsx(write_xlsx({"one": rows}))["one"]] == rows
    assert [cells for _, cells in read_csv(write_csv(rows[0], rows[1:]))] == rows


@pytest.mark.parametrize(("row", "column"), [(MOST_ROWS + 1, 1), (1, MOST_COLUMNS + 1)])
def test_a_sheet_that_claims_to_be_endless_is_refused(row: int, column: int) -> None:
    book = Workbook()
    book.active.cell(row, column, "x")  # type: ignore[union-attr]
    with pytest.raises(UnusableTable, match="larger"):
        read_xlsx(saved(book))
