"""What was named where a question asks for it: a place, a telephone number, a country, a day. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from hotline.counselling.numbers import read_callback_number
from hotline.dialogue.days import DATE, DAYS, can_be_deadline, named_day, typed_day
from hotline.dialogue.definition import Step
from hotline.dialogue.events import Meaning
from hotline.dialogue.wishes import CALLBACK_NUMBER, COUNTRY, NATIONALITY, heard_slots
from hotline.knowledge.countries import NO_COUNTRIES
from hotline.knowledge.places import PLACE_SLOTS

# What a question asks for is remembered only when it was read back; what words name otherwise, at once.
READ_BACK_FIRST: Mapping[str, tuple[str, ...]] = {"country": (COUNTRY, NATIONALITY), "day": (DATE, DAYS)}


@dataclass(frozen=True)
class Named:
    """What came of it: the route to go, what to remember, and the counter of misses where it is to be asked again."""

    route: str
    slots: Mapping[str, str] = field(default_factory=dict, repr=False)
    missed: Literal["", "not_understood", "no_match"] = ""


def named_by_digits(step: Step | None, digits: str, today: date) -> Named:
    """What the figures a caller pressed are: those of a postcode where nothing else is asked for.

    Args:
        step: the question.
        digits: more than one.
        today: in Germany.
    """
    if step is not None and step.collects == "number":
        number = read_callback_number(digits)
        return Named("number", {CALLBACK_NUMBER: number}) if number else Named("number_not_known", missed="not_understood")
    if step is not None and step.collects == "day":
        return _day(typed_day(digits), today)
    return Named("place", {"postcode": digits})


def named_by_words(step: Step, meaning: Meaning, today: date) -> Named | None:
    """What words named at a question that asks for it; None when they are something else, a question for example.

    Args:
        step: the question.
        meaning: of the words.
        today: in Germany.
    """
    if step.collects == "number" and meaning.decision == "clarify":
        return Named("number_not_known", missed="not_understood")
    if step.collects not in ("place", "country", "day") or meaning.is_pressing:
        return None
    named = _named(step, meaning, today)
    if named is not None and (meaning.is_brief or meaning.decision != "answer"):
        return named
    if named is None and (meaning.decision == "clarify" or (meaning.decision == "confirm" and meaning.is_brief)):
        # A place has always been asked for with words alone; the others have keys for whoever is not understood.
        return Named(f"{step.collects}_not_known", missed="not_understood" if step.collects == "place" else "no_match")
    return None


def _named(step: Step, meaning: Meaning, today: date) -> Named | None:
    if step.collects == "place":
        # The slots of the meaning are remembered anyway.
        return Named("place") if any(kind in meaning.slots for kind in PLACE_SLOTS) else None
    if step.collects == "country":
        country = meaning.slots.get(COUNTRY) or meaning.slots.get(NATIONALITY)
        return Named("country", heard_slots("country", country)) if country and country not in NO_COUNTRIES else None
    day = named_day(meaning.slots, today)
    return _day(day, today) if day else None


def _day(day: date | None, today: date) -> Named:
    if day is None or not can_be_deadline(day, today):
        return Named("day_impossible", missed="no_match")
    return Named("day", heard_slots("day", day.isoformat()))


def known_at_once(step: Step | None, meaning: Meaning) -> dict[str, str]:
    """What words name beside the country or the day that is asked for."""
    waits = READ_BACK_FIRST.get(step.collects or "", ()) if step is not None else ()
    return {kind: value for kind, value in meaning.slots.items() if kind not in waits}
