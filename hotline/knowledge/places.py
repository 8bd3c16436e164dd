"""Where in Germany somebody is: every postcode and every known city finds its Land. Knows no database.

``content/places/postcodes.tsv`` holds ranges of postcodes, ``cities.tsv`` the cities (``content/README.md``).
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hotline.errors import CannotStart

# In the order of the menu: as the German names sort.
LANDS = (
    "DE-BW", "DE-BY", "DE-BE", "DE-BB", "DE-HB", "DE-HH", "DE-HE", "DE-MV", "DE-NI", "DE-NW", "DE-RP", "DE-SL", "DE-SN", "DE-ST",
    "DE-SH", "DE-TH",
)  # fmt: skip
# What a slot may hold of a place, the most exact first.
PLACE_SLOTS = ("postcode", "city", "land")
POSTCODE_DIGITS = 5


class BrokenPostcodes(CannotStart):
    """The postcodes or the cities cannot be used. The message names the file, the line and the remedy."""


@dataclass(frozen=True)
class Place:
    """A place somebody named. ``lands`` has two codes where a postcode lies in two Laender."""

    lands: tuple[str, ...]
    city: str | None = None
    postcode: str | None = field(default=None, repr=False)


class GermanPlaces:
    """Finds the Land of postcodes and cities."""

    def __init__(self, ranges: Sequence[tuple[str, str, tuple[str, ...]]], cities: Mapping[str, str]) -> None:
        """Hold the places.

        Args:
            ranges: (first postcode, last one, codes of the Laender), rising and without overlap.
            cities: German name of a city -> code of its Land.
        """
        self._firsts = [first for first, _, _ in ranges]
        self._ranges = ranges
        self._cities = cities

    @classmethod
    def load(cls, folder: Path) -> GermanPlaces:
        """Read ``postcodes.tsv`` and ``cities.tsv`` of a folder.

        Raises:
            BrokenPostcodes: a file is missing or a line of another form.
        """
        return cls(list(_ranges(folder / "postcodes.tsv")), {line[0]: line[1] for _, line in _lines(folder / "cities.tsv")})

    def lands_of(self, postcode: str) -> tuple[str, ...]:
        """The codes of the Laender of a postcode; empty when it is none in use."""
        if len(postcode) != POSTCODE_DIGITS or not (postcode.isascii() and postcode.isdigit()):
            return ()
        index = bisect_right(self._firsts, postcode) - 1
        if index < 0 or postcode > self._ranges[index][1]:
            return ()
        return self._ranges[index][2]

    def find(self, slots: Mapping[str, str]) -> Place | None:
        """The place that slots hold, the most exact one first; None when they hold none that is known."""
        if (postcode := slots.get("postcode")) and (lands := self.lands_of(postcode)):
            return Place(lands, slots.get("city"), postcode)
        if (city := slots.get("city")) and city in self._cities:
            return Place((self._cities[city],), city)
        land = slots.get("land")
        return Place((land,)) if land in LANDS else None


NO_PLACES = GermanPlaces((), {})


def _ranges(path: Path) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    before = ""
    for number, line in _lines(path):
        first, last, lands = line[0], line[1], tuple(line[2].split("|"))
        if not before < first <= last or not set(lands) <= set(LANDS):
            raise BrokenPostcodes(f"{path}, line {number}: must be first and last postcode, rising, and codes such as DE-BY.")
        before = last
        yield first, last, lands


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for number, line in enumerate(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE), start=1):
                if len(line) != 3 or not all(line):
                    raise BrokenPostcodes(f"{path}, line {number}: must have 3 cells parted by tabs.")
                yield number, line
    except FileNotFoundError:
        raise BrokenPostcodes(f"{path} is missing. Restore it from the repository.") from None
    except UnicodeDecodeError:
        raise BrokenPostcodes(f"{path}: this is not UTF-8. Save the file in that encoding.") from None
