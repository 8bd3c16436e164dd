"""What docs/privacy.md tells data protection officers is what the code does."""

from __future__ import annotations

import re

from hotline.privacy.clocks import CLOCKS
from hotline.privacy.register import REGISTER
from hotline.settings import ROOT

TEXT = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")


def _rows(heading: str) -> list[list[str]]:
    """The rows of the first table after a heading, without its head."""
    lines = TEXT.split(heading, 1)[1].splitlines()
    first = next(place for place, line in enumerate(lines) if line.startswith("|"))
    table = [line for line in lines[first:] if line.startswith("|") or not line.strip()]
    end = next((place for place, line in enumerate(table) if not line.strip()), len(table))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:end]]


def test_clocks_of_the_deletion_concept_are_those_of_the_code() -> None:
    clocks = [
        [kind, str(clock.days), str(clock.least), str(clock.most), clock.what, clock.counted_from]
        for kind, clock in CLOCKS.items()
    ]
    assert _rows("## Deletion concept") == clocks


def test_every_table_of_the_register_is_in_the_record_of_processing_with_its_clock() -> None:
    rows = {name.strip("`"): (why, clock) for name, why, clock in _rows("## What is stored")}
    assert list(rows) == [entry.name for entry in REGISTER]
    for entry in REGISTER:
        why, clock = rows[entry.name]
        assert entry.clock in clock, entry.name
        assert set(re.findall(r"\w+", why.lower())) <= set(re.findall(r"\w+", entry.why.lower())), entry.name
