"""What the options of a form are called: their own names, or those of topics, countries and Laender."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache

from babel import Locale

from hotline.counselling.forms import Field
from hotline.dialogue.turn import today_in_germany
from hotline.knowledge.places import LANDS
from hotline.services import Services

# Codes of CLDR that are no country anybody returns to.
_NO_COUNTRIES = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"})


@dataclass(frozen=True)
class Shown:
    """One option on the screen."""

    code: str
    label: str
    is_chosen: bool


def known_codes(services: Services) -> dict[str, Collection[str]]:
    """The codes of every source a field may take its options from."""
    with services.database.read() as connection:
        library = services.library.current(connection, today_in_germany())
    return {"topics": frozenset(library.topics), "countries": frozenset(country_names("en")), "lands": frozenset(LANDS)}


def options_of(services: Services, field: Field, chosen: Collection[str], shown_in: str) -> list[Shown]:
    """The options of a field that are on offer, and what was chosen though it is offered no more."""
    names = _names(services, field, shown_in)
    offered = names if field.source else {option.code for option in field.on_offer}
    return [Shown(code, label, code in chosen) for code, label in names.items() if code in offered or code in chosen]


@cache
def country_names(shown_in: str) -> Mapping[str, str]:
    """Countries by code, in the order of their names in a language."""
    found = Locale.parse(shown_in).territories.items()
    names = {code: str(name) for code, name in found if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES}
    return dict(sorted(names.items(), key=lambda item: item[1]))


def _names(services: Services, field: Field, shown_in: str) -> Mapping[str, str]:
    if field.source == "countries":
        return country_names(shown_in)
    if field.source == "lands":
        return {land: services.texts.find(shown_in, f"land.{land}") or land for land in LANDS}
    if field.source == "topics":
        with services.database.read() as connection:
            library = services.library.current(connection, today_in_germany())
        return {topic: library.title(topic, shown_in) or topic for topic in library.topics}
    return {option.code: option.labels[shown_in] for option in field.options}
