"""Facts as data: an amount, a deadline, a number to call, with its source, its dates and how sure it is.

Texts name a fact as ``{reag.startup_adult}``, so that one change is right in every language. ``{reag.startup_adult|number}``
gives the bare number, where a language bends the word after it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from functools import lru_cache
from typing import Literal, get_args

from babel.core import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal

from hotline.knowledge.problems import Refused

Unit = Literal[
    "EUR", "percent", "count", "days", "weeks", "months", "years", "date", "time", "phone", "email", "url", "address"
]  # fmt: skip
UNITS: tuple[Unit, ...] = get_args(Unit)
NUMBERS: frozenset[Unit] = frozenset({"EUR", "percent", "count", "days", "weeks", "months", "years"})
# H official page or several agreeing sources, M one good source, L single, old or contradicted: never said to anybody.
CONFIDENCES = ("H", "M", "L")
SAID = frozenset({"H", "M"})
PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*\.[a-z0-9_]+)(\|number)?\}")
KEY = re.compile(r"[a-z][a-z0-9_]*\.[a-z0-9_]+")
# CLDR's plain English is American (month before day), its plain Serbian Cyrillic.
LOCALES = {"en": "en_GB", "sr": "sr_Latn"}
# Below this a number is written without a sign between thousands, as people write sums.
GROUPED_FROM = 10_000
# CLDR has the month names of books there, which people do not use.
NUMERIC_DAYS = frozenset({"ku"})
NO_BREAK_SPACE = "\u00a0"
_SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u200f": ""})


class WrongFact(Refused):
    """A fact cannot be used. The message says what to write instead."""


@dataclass(frozen=True)
class Fact:
    """One fact.

    ``value`` is written plainly (1000, 2025-01-13, 08:00, 0911 943 0), ``unit`` says how to read it. ``applies_to`` are ISO codes
    of the countries or nationalities it holds for, none when it holds for all. ``valid_until`` is the last day it may be said.
    """

    key: str
    value: str
    unit: Unit
    applies_to: tuple[str, ...]
    source_title: str
    source_url: str
    source_date: str
    checked_on: date
    valid_until: date
    confidence: str
    owner: str
    note: str = ""

    def is_said(self, today: date) -> bool:
        """Whether people may be told this fact on this day (Europe/Berlin)."""
        return self.confidence in SAID and self.valid_until >= today


FactBook = Mapping[str, Fact]


def check_value(value: str, unit: str) -> None:
    """Refuse a value that its unit cannot be read from.

    Args:
        value: as an editor wrote it.
        unit: one of ``UNITS``.

    Raises:
        WrongFact: names what to write.
    """
    if unit not in UNITS:
        raise WrongFact("unit", value=unit, known=", ".join(UNITS))
    if not value.strip():
        raise WrongFact("missing", part="value")
    if unit in NUMBERS and not re.fullmatch(r"\d+(\.\d+)?", value):
        raise WrongFact("number", value=value)
    try:
        if unit == "date":
            date.fromisoformat(value)
        elif unit == "time":
            time.fromisoformat(value)
    except ValueError:
        raise WrongFact(f"{unit}_value", value=value) from None


@lru_cache(maxsize=20_000)
def show_value(fact: Fact, language: str, *, is_bare: bool = False) -> str:
    """A fact as people of a language write it.

    Args:
        fact: the fact.
        language: language code.
        is_bare: the number alone, without its currency or sign.
    """
    locale = LOCALES.get(language, language)
    try:
        is_from_right = Locale.parse(locale).text_direction == "rtl"
        shown = _show(fact, locale, is_bare).translate(_SPACES)
    except UnknownLocaleError:
        # A language CLDR does not know still gets the right figure.
        is_from_right, shown = False, _show(fact, LOCALES["en"], is_bare).translate(_SPACES)
    # Between plain spaces, the groups of a number would be shown in reverse order there.
    return shown.replace(" ", NO_BREAK_SPACE) if is_from_right and fact.unit == "phone" else shown


def _show_day(day: date, locale: str) -> str:
    if locale in NUMERIC_DAYS:
        return day.strftime("%d.%m.%Y")
    shown = format_date(day, "long", locale=locale)
    # CLDR has no ordinal for the first of a month.
    return shown.replace("1 ", "1er ", 1) if locale == "fr" and day.day == 1 else shown


def _show(fact: Fact, locale: str, is_bare: bool) -> str:
    if fact.unit == "date":
        return _show_day(date.fromisoformat(fact.value), locale)
    if fact.unit == "time":
        # Offices in Germany write the hours of the day from 0 to 24; "8:00 a.m." would be read aloud letter by letter elsewhere.
        return time.fromisoformat(fact.value).strftime("%-H:%M")
    if fact.unit not in NUMBERS:
        return fact.value
    number = float(fact.value) if "." in fact.value else int(fact.value)
    grouped = number >= GROUPED_FROM
    if fact.unit == "EUR" and not is_bare:
        return format_currency(
            number, "EUR", locale=locale, format_type="name", currency_digits=False, decimal_quantization=False,
            group_separator=grouped,
        )  # fmt: skip
    shown = format_decimal(number, locale=locale, group_separator=grouped)
    return f"{shown} %" if fact.unit == "percent" and not is_bare else shown
