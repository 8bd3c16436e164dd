"""What is known of a country of return: dated facts on support, programmes and who helps there. Knows no database.

Nothing here judges how things are in a country.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from hotline.knowledge.sourced import NEVER_SHOWN

# A status and what it says: supported again since a day, an earlier stop lifted, a state of the European Union.
STATUSES = ("supported", "lifted", "eu")
# A programme, its kinds, and its proper name, the same in every language.
PROGRAMMES: Mapping[str, tuple[str, ...]] = {
    "reag_garp": ("reduced",),
    "starthilfe_plus": ("regular", "reduced", "housing", "long_tolerated"),
    "eurp": ("", "special"),
    "ura": ("",),
    "nrp_syria": ("",),
}
PROGRAMME_NAMES = {
    "reag_garp": "REAG/GARP", "starthilfe_plus": "StarthilfePlus", "eurp": "EURP", "ura": "URA", "nrp_syria": "NRP SYR",
}  # fmt: skip
# Codes CLDR names that are no countries: groups of states, the unknown one, codes for tests.
NO_COUNTRIES = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"})
NOTE_KINDS = ("article", "contact", "partner")


@dataclass(frozen=True)
class CountryFact:
    """One row of ``content/countries/status.csv`` or ``programmes.csv``.

    ``name`` is a status or a programme, ``detail`` the day of a status or the kind of a programme. What ``is_listed`` is no fact
    for today: it stood on a page of its date.
    """

    country: str
    kind: Literal["status", "programme"]
    name: str
    detail: str
    is_listed: bool
    source_date: str
    confidence: str
    valid_until: date


@dataclass(frozen=True)
class CountryNote:
    """Extra content of a pilot country: an own article, a contact or a partner organisation there.

    ``texts`` of an article: language -> (title, text). ``lines`` of the others: name, address, phone, email, as far as known.
    """

    country: str
    kind: Literal["article", "contact", "partner"]
    texts: Mapping[str, tuple[str, str]]
    lines: tuple[str, ...]
    source_date: str
    confidence: str
    valid_until: date


@dataclass(frozen=True)
class CountryView:
    """What may be said of a country on a day. ``has_expired`` tells that more was known once and has passed its date."""

    country: str
    facts: tuple[CountryFact, ...] = ()
    notes: tuple[CountryNote, ...] = ()
    has_expired: bool = False

    @property
    def is_eu(self) -> bool:
        """Whether this is Germany or another state of the European Union."""
        return any(fact.kind == "status" and fact.name == "eu" for fact in self.facts)


@dataclass(frozen=True)
class CountryBook:
    """Everything known of all countries."""

    facts: tuple[CountryFact, ...] = ()
    notes: tuple[CountryNote, ...] = ()

    def on(self, country: str, day: date) -> CountryView:
        """A country as it may be shown on a day (Europe/Berlin): nothing past its date and nothing of low confidence.

        Args:
            country: ISO 3166 code, XK for Kosovo.
            day: in Germany.
        """
        facts = [fact for fact in self.facts if fact.country == country and fact.confidence != NEVER_SHOWN]
        notes = [note for note in self.notes if note.country == country and note.confidence != NEVER_SHOWN]
        return CountryView(
            country,
            tuple(fact for fact in facts if fact.valid_until >= day),
            tuple(note for note in notes if note.valid_until >= day),
            has_expired=any(fact.valid_until < day for fact in facts) or any(note.valid_until < day for note in notes),
        )

    def countries(self) -> tuple[str, ...]:
        """The codes of all countries anything is known of."""
        return tuple(sorted({fact.country for fact in self.facts} | {note.country for note in self.notes}))

    def outside_eu(self, day: date) -> tuple[str, ...]:
        """The codes of those people are helped to return to, as far as anything may be said of them on a day."""
        shown = [fact for fact in self.facts if fact.valid_until >= day and fact.confidence != NEVER_SHOWN]
        in_eu = {fact.country for fact in shown if fact.kind == "status" and fact.name == "eu"}
        return tuple(sorted({fact.country for fact in shown} - in_eu))


NOTHING_KNOWN = CountryBook()
