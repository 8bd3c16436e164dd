"""Makes ``content/places/postcodes.tsv`` anew from the German postcodes of the package ``countrystatecity-postal-codes``.

Usage: ``python deploy/postcodes.py FOLDER > content/places/postcodes.tsv``, the folder of the unpacked package. It carries the
list of OpenPLZ (ODbL 1.0): every postcode of a delivery area with each place in it and the Land of that place.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

PACKAGE_FILE = "countrystatecity_postal_codes/data/by-country/DE/postcodes.json"
FIRST, LAST = 1001, 99998
# Two leading digits that Deutsche Post has given to nobody. 11 is not among them: it belongs to federal institutions in Berlin.
UNUSED = frozenset({"00", "05", "43", "62"})


def lands_by_postcode(records: Iterable[Mapping[str, Any]]) -> dict[int, str]:
    """Postcode -> the codes of its Laender, joined by ``|`` where places of two lie in it."""
    lands = defaultdict(set)
    for record in records:
        lands[int(record["code"])].add(f"DE-{record['stateCode']}")
    return {code: "|".join(sorted(found)) for code, found in lands.items()}


def make_ranges(known: Mapping[int, str]) -> Iterator[tuple[int, int, str]]:
    """The fewest ranges that give every listed postcode exactly its Laender.

    Numbers between listed ones are post office boxes and large receivers, which have numbers beside those of their town: they go
    to the listed postcode that shares the most leading digits, and among those to the nearest.
    """
    first, lands = FIRST, ""
    for number in range(FIRST, LAST + 2):
        found = _lands(number, known) if number <= LAST else ""
        if found != lands:
            if lands:
                yield first, number - 1, lands
            first, lands = number, found


def _lands(number: int, known: Mapping[int, str]) -> str:
    text = f"{number:05}"
    if number in known or text[:2] in UNUSED:
        return known.get(number, "")
    # A postcode of two Laender says nothing about its neighbours.
    near = (code for code, lands in _around(number, known) if "|" not in lands)
    return known[min(near, key=lambda code: (-_shared(text, f"{code:05}"), abs(code - number)))]


def _around(number: int, known: Mapping[int, str]) -> Iterator[tuple[int, str]]:
    """The listed postcodes nearest to a number, some to either side."""
    for step in (-1, 1):
        found = 0
        code = number
        while found < 3 and FIRST <= code <= LAST:
            code += step
            if code in known:
                found += 1
                yield code, known[code]


def _shared(left: str, right: str) -> int:
    return next((place for place in range(5) if left[place] != right[place]), 5)


def main() -> None:
    """Print the file."""
    records = json.loads((Path(sys.argv[1]) / PACKAGE_FILE).read_text(encoding="utf-8"))
    for first, last, lands in make_ranges(lands_by_postcode(records)):
        print(f"{first:05}\t{last:05}\t{lands}")


if __name__ == "__main__":
    main()
