"""Where counselling is found: the directory of centres and how one is looked up. Knows no database.

``centre_tables`` reads and writes the directory as CSV and XLSX, ``content/centres.csv`` is the one to begin with.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from hotline.knowledge.places import POSTCODE_DIGITS, Place

# The Land of an entry that serves the whole of Germany: the federal directory.
NATIONWIDE = "DE"
BODIES = ("state", "independent")


@dataclass(frozen=True)
class Centre:
    """One counselling centre. Empty texts are not known; an empty ``body`` means that the source does not say.

    ``city`` is empty where the entry serves a whole Land. ``languages`` are codes; ``source_date`` is YYYY, YYYY-MM or
    YYYY-MM-DD; ``checked_on`` the day somebody looked, ``valid_until`` the last day the entry is shown.
    """

    name: str
    body: str
    address: str
    postcode: str
    city: str
    land: str
    phone: str
    email: str
    url: str
    hours: str
    languages: tuple[str, ...]
    source_title: str
    source_url: str
    source_date: str
    checked_on: date
    confidence: str
    valid_until: date


@dataclass(frozen=True)
class CentreQuery:
    """What is looked for: a place, maybe only independent centres, maybe only those that speak a language (a code)."""

    place: Place
    is_independent: bool = False
    language: str | None = None


@dataclass(frozen=True)
class Directory:
    """All centres that may be shown."""

    centres: tuple[Centre, ...] = ()

    def on(self, day: date) -> Directory:
        """The directory as it may be shown on a day (Europe/Berlin): nothing past its date and nothing of low confidence."""
        return Directory(tuple(c for c in self.centres if c.valid_until >= day and c.confidence != "L"))

    @property
    def nationwide(self) -> tuple[Centre, ...]:
        """What serves every place: the federal directory."""
        return tuple(centre for centre in self.centres if centre.land == NATIONWIDE)

    def find(self, query: CentreQuery) -> tuple[Centre, ...]:
        """The centres of the Laender of a place, the nearest first."""
        found = (centre for centre in self.centres if centre.land in query.place.lands and _is_wanted(centre, query))
        return tuple(sorted(found, key=lambda centre: _distance(centre, query.place)))

    def has_both_bodies(self, query: CentreQuery) -> bool:
        """Whether asking for independent centres only would leave some out and some in."""
        return self._narrows(query, replace(query, is_independent=True))

    def has_some_of(self, query: CentreQuery, language: str | None) -> bool:
        """Whether asking for centres of a language only would leave some out and some in."""
        return language is not None and self._narrows(query, replace(query, language=language))

    def _narrows(self, query: CentreQuery, narrower: CentreQuery) -> bool:
        return 0 < len(self.find(narrower)) < len(self.find(query))


NO_CENTRES = Directory()


def _is_wanted(centre: Centre, query: CentreQuery) -> bool:
    if query.is_independent and centre.body != "independent":
        return False
    return query.language is None or query.language in centre.languages


def _distance(centre: Centre, place: Place) -> tuple[bool, int, int, bool]:
    """How far a centre is: the same city, then the digits its postcode shares, then how far the numbers lie apart."""
    is_elsewhere = place.city is None or centre.city.casefold() != place.city.casefold()
    if not (place.postcode and centre.postcode):
        # One that serves the whole Land stands behind those of a town.
        return is_elsewhere, POSTCODE_DIGITS, 0, not centre.city
    pairs = zip(place.postcode, centre.postcode, strict=False)
    shared = next((index for index, (left, right) in enumerate(pairs) if left != right), POSTCODE_DIGITS)
    return is_elsewhere, POSTCODE_DIGITS - shared, abs(int(place.postcode) - int(centre.postcode)), not centre.city


def lands_without(centres: Iterable[Centre], lands: Iterable[str]) -> list[str]:
    """The Laender nobody is listed for; none of them when an entry serves the whole of Germany."""
    served = {centre.land for centre in centres if centre.confidence != "L"}
    return [] if NATIONWIDE in served else [land for land in lands if land not in served]
