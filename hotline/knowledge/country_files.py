"""Reads ``content/countries/``: two tables of facts, and one file for each country that has content of its own."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from hotline.knowledge.countries import PROGRAMMES, STATUSES
from hotline.knowledge.sourced import SOURCE_COLUMNS, source_problems
from hotline.yaml_file import read_yaml

STATUS_COLUMNS = ("country", "status", "since", *SOURCE_COLUMNS)
PROGRAMME_COLUMNS = ("country", "programme", "kind", "shown_as", *SOURCE_COLUMNS)
FACT, LISTED = "fact", "listed"
NOTE_LISTS = {"articles": "article", "contacts": "contact", "partners": "partner"}
TITLE_CHARACTERS, TEXT_CHARACTERS = 60, 500
CONTACT_KEYS = ("name", "address", "phone", "email", "url")
# A status without a day of its own has none to show.
WITH_A_DAY = ("supported", "lifted")
_COUNTRY = re.compile(r"[A-Z]{2}")


@dataclass
class CountryRows:
    """Rows for the tables ``country_facts`` and ``country_notes``, and what is wrong with the files."""

    facts: list[dict[str, Any]] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_countries(folder: Path, languages: Collection[str]) -> CountryRows:
    """Read and check the folder.

    Args:
        folder: holds ``status.csv``, ``programmes.csv`` and ``<ISO>.yml`` of countries with content of their own.
        languages: codes an article may be written in.

    Returns:
        The rows; ``problems`` names each file, row, column and remedy.
    """
    found = CountryRows()
    for number, row in _rows(folder / "status.csv", STATUS_COLUMNS, found):
        problems = list(_status_problems(row))
        found.problems += [f"status.csv, row {number}, column {column}: {remedy}" for column, remedy in problems]
        if not problems:
            found.facts.append(_fact(row, "status", row["status"], row["since"]))
    for number, row in _rows(folder / "programmes.csv", PROGRAMME_COLUMNS, found):
        problems = list(_programme_problems(row))
        found.problems += [f"programmes.csv, row {number}, column {column}: {remedy}" for column, remedy in problems]
        if not problems:
            found.facts.append(_fact(row, "programme", row["programme"], row["kind"]))
    for path in sorted(folder.glob("*.yml")):
        _read_own(path, languages, found)
    return found


def _rows(path: Path, columns: Collection[str], found: CountryRows) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="")
            missing = [column for column in columns if column not in (reader.fieldnames or ())]
            if missing:
                found.problems.append(f"{path.name}, row 1: the column {missing[0]!r} is missing.")
                return
            seen: dict[tuple[str, ...], int] = {}
            for number, row in enumerate(reader, start=2):
                same = seen.setdefault(tuple(row[column] for column in list(columns)[:3]), number)
                if same != number:
                    found.problems.append(f"{path.name}, row {number}: says the same as row {same}; remove one.")
                yield number, {column: (row[column] or "").strip() for column in columns}
    except OSError:
        found.problems.append(f"{path} is missing. Restore it from the repository.")
    except UnicodeDecodeError:
        found.problems.append(f"{path.name}: is not UTF-8; save it as CSV UTF-8.")


def _status_problems(row: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield from _country_problems(row["country"])
    if row["status"] not in STATUSES:
        yield "status", f"write one of {', '.join(STATUSES)}."
    elif (row["status"] in WITH_A_DAY) != bool(re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?", row["since"])):
        yield "since", f"write YYYY, YYYY-MM or YYYY-MM-DD with {' and '.join(WITH_A_DAY)}, else nothing."
    yield from source_problems(row)


def _programme_problems(row: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield from _country_problems(row["country"])
    if row["programme"] not in PROGRAMMES:
        yield "programme", f"write one of {', '.join(PROGRAMMES)}."
    elif row["kind"] not in PROGRAMMES[row["programme"]]:
        yield "kind", f"write one of {', '.join(kind or 'nothing' for kind in PROGRAMMES[row['programme']])}."
    if row["shown_as"] not in (FACT, LISTED):
        yield "shown_as", f"write {FACT}, or {LISTED} for what stood on a page of its date and may have changed."
    yield from source_problems(row, may_be_undated=row["shown_as"] == LISTED)


def _country_problems(country: str) -> Iterator[tuple[str, str]]:
    if not _COUNTRY.fullmatch(country):
        yield "country", "write the ISO code of two capital letters, XK for Kosovo."


def _fact(row: Mapping[str, str], kind: str, name: str, detail: str) -> dict[str, Any]:
    is_listed = row.get("shown_as") == LISTED
    about = {"country": row["country"], "kind": kind, "name": name, "detail": detail, "is_listed": is_listed}
    return about | _source(row)


def _source(row: Mapping[str, str]) -> dict[str, Any]:
    days = {column: date.fromisoformat(row[column]) for column in ("checked_on", "valid_until")}
    return {column: row[column] for column in SOURCE_COLUMNS} | days


# -- content of a country's own ----------------------------------------------------------------------------------------------


def _read_own(path: Path, languages: Collection[str], found: CountryRows) -> None:
    try:
        content = read_yaml(path)
    except yaml.YAMLError as error:
        found.problems.append(f"{path.name}: this is not valid YAML ({str(error).splitlines()[0]}).")
        return
    if not isinstance(content, dict) or content.get("country") != path.stem or list(_country_problems(path.stem)):
        found.problems.append(
            f"{path.name}: must be a mapping with `country: {path.stem}`, the ISO code and the name of the file."
        )
        return
    unknown = sorted(set(content) - {"country", *NOTE_LISTS})
    found.problems += [f"{path.name}: {key!r} is no key; use {', '.join(NOTE_LISTS)}." for key in unknown]
    for key, kind in NOTE_LISTS.items():
        entries = content.get(key) or []
        for number, entry in enumerate(entries if isinstance(entries, list) else [entries], start=1):
            problems = list(_note_problems(entry, kind, languages))
            found.problems += [f"{path.name}: {key}, entry {number}: {problem}" for problem in problems]
            if not problems:
                found.notes.append(_note(path.stem, kind, len(found.notes), entry))


def _note_problems(entry: Any, kind: str, languages: Collection[str]) -> Iterator[str]:
    if not isinstance(entry, dict):
        yield "must be a mapping."
        return
    source = {column: _string(entry.get(column)) for column in SOURCE_COLUMNS}
    yield from (f"{column}: {remedy}" for column, remedy in source_problems(source))
    known = {"texts"} if kind == "article" else set(CONTACT_KEYS)
    unknown = sorted(set(map(str, entry)) - known - set(SOURCE_COLUMNS))
    yield from (f"{key!r} is no key; use {', '.join(sorted(known))}." for key in unknown)
    if kind != "article":
        if not _string(entry.get("name")):
            yield "name is missing."
        return
    texts = entry.get("texts")
    if not isinstance(texts, dict) or not texts:
        yield "texts: needs a title and a text in at least one language."
        return
    for language, text in texts.items():
        if language not in languages:
            yield f"texts: {language!r} is no language of translations/languages.csv."
        for part, limit in (("title", TITLE_CHARACTERS), ("text", TEXT_CHARACTERS)):
            words = _string(text.get(part)) if isinstance(text, dict) else ""
            if not 0 < len(words) <= limit:
                yield f"texts, {language}: {part} must have 1 to {limit} characters."


def _note(country: str, kind: str, position: int, entry: Mapping[str, Any]) -> dict[str, Any]:
    content: dict[str, Any]
    if kind == "article":
        texts = entry["texts"].items()
        content = {language: {part: _string(text[part]) for part in ("title", "text")} for language, text in texts}
    else:
        content = {key: _string(entry.get(key)) for key in CONTACT_KEYS}
    source = _source({column: _string(entry[column]) for column in SOURCE_COLUMNS})
    return {"country": country, "kind": kind, "position": position, "content": content} | source


def _string(value: Any) -> str:
    # YAML reads a day as a date and a year as a number.
    return "" if value is None else " ".join(str(value).split())
