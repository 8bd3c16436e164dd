"""What every row of data carries besides what it says: where it comes from, how sure it is and how long it holds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

SOURCE_COLUMNS = ("source_title", "source_url", "source_date", "checked_on", "confidence", "valid_until")
# L (single, old or contradicted) may stand in the data and is never shown.
CONFIDENCES = ("H", "M", "L")
NEVER_SHOWN = "L"
_SOURCE_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-\d\d)?)?")
_URL = re.compile(r"https?://[^\s/]+\.[^\s/]+(/\S*)?")


def is_url(text: str) -> bool:
    """Whether a text is an address on the web."""
    return _URL.fullmatch(text) is not None


def is_day(text: str) -> bool:
    """Whether a text is a day, YYYY-MM-DD."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def source_problems(row: Mapping[str, str], *, may_be_undated: bool = False) -> Iterator[tuple[str, str]]:
    """What is wrong with the source of a row, as (column, remedy).

    Args:
        row: holds ``SOURCE_COLUMNS``.
        may_be_undated: whether the page may carry no date.
    """
    if not row["source_title"]:
        yield "source_title", "name the page the row comes from."
    if not is_url(row["source_url"]):
        yield "source_url", "write the whole address, such as https://www.bamf.de/."
    source_date = row["source_date"]
    if not (may_be_undated and not source_date) and not _is_source_date(source_date):
        yield "source_date", "write YYYY, YYYY-MM or YYYY-MM-DD, as exact as the page shows it."
    if row["confidence"] not in CONFIDENCES:
        yield "confidence", "write H, M or L; rows with L are never shown."
    for column in ("checked_on", "valid_until"):
        if not is_day(row[column]):
            yield column, "write a day as YYYY-MM-DD."


def _is_source_date(text: str) -> bool:
    return _SOURCE_DATE.fullmatch(text) is not None and (len(text) < 10 or is_day(text))
