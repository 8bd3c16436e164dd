"""Labelled texts in tab-separated files: danger examples, samples of other languages, development sets."""

from __future__ import annotations

import csv
from pathlib import Path


class BrokenSamples(ValueError):
    """A line of a file is not ``label<TAB>text``. The message names file and line."""


def read_samples(path: Path) -> list[tuple[str, str]]:
    """(label, text) of every line.

    Raises:
        BrokenSamples: a line has no tab or no text.
    """
    found = []
    with path.open(encoding="utf-8", newline="") as file:
        for number, line in enumerate(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE), start=1):
            if len(line) != 2 or not line[1].strip():
                raise BrokenSamples(f"{path}, line {number}: must be a label, a tab and a text.")
            found.append((line[0], line[1]))
    return found
