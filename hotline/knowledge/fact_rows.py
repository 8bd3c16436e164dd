"""The facts in the database and in ``content/facts.csv``: read, checked, and turned from one into the other."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from babel import Locale
from sqlalchemy import Connection, select

from hotline.knowledge.facts import CONFIDENCES, KEY, Fact, FactBook, WrongFact, check_value
from hotline.store.tables import facts

COLUMNS = (
    "key", "value", "unit", "applies_to", "source_title", "source_url", "source_date", "checked_on", "valid_until", "confidence",
    "owner", "note",
)  # fmt: skip
_NEEDED = ("key", "value", "unit", "source_title", "source_url", "checked_on", "valid_until", "confidence", "owner")
_COUNTRIES = Locale("en").territories


def read_facts(connection: Connection) -> dict[str, Fact]:
    """All facts by key."""
    columns = [facts.c[name] for name in COLUMNS]
    return {row.key: fact_of_row(dict(row._mapping)) for row in connection.execute(select(*columns).order_by(facts.c.key))}


def fact_of_row(row: Mapping[str, Any]) -> Fact:
    """A fact from its row, which holds dates as dates and countries parted by spaces."""
    return Fact(**{**{name: row[name] for name in COLUMNS}, "applies_to": tuple(row["applies_to"].split())})


def row_of_fact(fact: Fact) -> dict[str, Any]:
    """The row a fact is stored as."""
    return {**asdict(fact), "applies_to": " ".join(fact.applies_to)}


def parse_fact(raw: Mapping[str, str | None]) -> Fact:
    """A fact from written columns.

    Args:
        raw: column -> text; dates as YYYY-MM-DD.

    Raises:
        WrongFact: the first thing that is wrong, with the remedy.
    """
    values = {name: (raw.get(name) or "").strip() for name in COLUMNS}
    for name in _NEEDED:
        if not values[name]:
            raise WrongFact("missing", part=name)
    if not KEY.fullmatch(values["key"]):
        raise WrongFact("fact_key", value=values["key"])
    check_value(values["value"], values["unit"])
    if values["confidence"] not in CONFIDENCES:
        raise WrongFact("confidence")
    if not values["source_url"].startswith(("https://", "http://")):
        raise WrongFact("url", name="source_url")
    unknown = [code for code in values["applies_to"].split() if code not in _COUNTRIES]
    if unknown:
        raise WrongFact("country", value=unknown[0])
    days = {name: _day(name, values[name]) for name in ("checked_on", "valid_until")}
    return fact_of_row({**values, **days})


def _day(name: str, value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise WrongFact("day", name=name) from None


def read_fact_file(path: Path) -> tuple[FactBook, list[str]]:
    """Read a CSV file of facts.

    Returns:
        The facts by key, and every problem with its line.
    """
    found: dict[str, Fact] = {}
    problems = []
    with path.open(encoding="utf-8", newline="") as file:
        for line, raw in enumerate(csv.DictReader(file), start=2):
            try:
                fact = parse_fact(raw)
            except WrongFact as error:
                problems.append(f"{path}, line {line}: {error}")
                continue
            if fact.key in found:
                problems.append(f"{path}, line {line}: the key {fact.key!r} stands in the file twice.")
            found[fact.key] = fact
    return found, problems


def hash_values(values: Iterable[object]) -> str:
    """A hash by which a starter text or fact is known again."""
    return hashlib.sha256("\x1f".join(str(value) for value in values).encode()).hexdigest()
