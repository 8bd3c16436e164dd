"""What a text names: countries and nationalities, German places, days and dates, postcodes and phone numbers.

Names come from CLDR in every language of the hotline, and from ``content/places/`` as people write them (``content/README.md``
describes the files). Works without Rasa.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import yaml
from babel import Locale, UnknownLocaleError

from hotline.errors import CannotStart
from hotline.understanding.folding import fold, split_folded, words
from hotline.understanding.patterns import PatternFinder
from hotline.yaml_file import read_yaml

Kind = Literal["country", "nationality", "land", "city", "postcode", "date", "days", "phone"]
NAMED: tuple[Kind, ...] = ("country", "nationality", "land", "city")
# A short name is too often a word of some other language.
SHORTEST_NAME = 4
HOME = "DE"
# Words between a number and its unit, as in "5 more days".
GAP = 1
UNITS = {"day": 1, "week": 7, "month": 30}

JOINT = "_"
YEAR_DIGITS = 4
# Words between a day and its month: "third of May".
BETWEEN = frozenset({"of", "من", "de"})

_POSTCODE = re.compile(r"(?<![\d+/.-])\d{5}(?![\d/.-])")
_PHONE = re.compile(r"(?<![\d.])(?:\+|00|0)[1-9](?:[\s/().-]{0,2}\d){6,13}(?!\d)")
_ISO_DATE = re.compile(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b")
_DATE = re.compile(r"(?<![\d.])(\d{1,2})\s?[./]\s?(\d{1,2})(?:\s?[./]\s?(\d{4}|\d{2})\b|(?!\.?\d|/))")
_ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th|er|e|го|ого|е|ое)")
_DECIMAL = re.compile(r"\b\d+[.,]\d+\s+(\w+)")


class BrokenPlaces(CannotStart):
    """A file of ``content/places/`` cannot be used. The message names the file, the line and the remedy."""


@dataclass(frozen=True)
class Entity:
    """One thing a text names. ``value`` is a country code, a Land code, a city, E.164, a number of days or an ISO date."""

    kind: Kind
    value: str = field(repr=False)


@dataclass(frozen=True)
class TimeWords:
    """How people say days, folded: word -> unit, number, days from today, month, place in a month (``ordinals``).

    ``past_before`` a number and ``past_after`` its unit make the time a past one; ``no_times`` sound like a time and are none,
    figures after ``no_dates`` are no date. A phrase of several words has them joined by ``JOINT``.
    """

    units: Mapping[str, str]
    numbers: Mapping[str, int]
    near_days: Mapping[str, int]
    months: Mapping[str, int]
    past_before: frozenset[str]
    past_after: frozenset[str]
    no_times: frozenset[str]
    no_dates: frozenset[str]
    ordinals: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def joined(self) -> frozenset[str]:
        """Phrases of several words that mean a time together, or none."""
        known = (self.near_days, self.months, self.numbers, self.ordinals, self.past_before, self.past_after, self.no_times)
        return frozenset(phrase for phrases in known for phrase in phrases if JOINT in phrase)


class EntityFinder:
    """Finds entities in any language at once."""

    def __init__(self, names: Iterable[tuple[Kind, str, str]], times: TimeWords) -> None:
        """Build the automaton.

        Args:
            names: (kind, value, pattern).
            times: how people say days.
        """
        self._patterns = PatternFinder()
        self._meaning: dict[int, set[tuple[Kind, str]]] = {}
        for kind, value, pattern in names:
            number = self._patterns.add(pattern)
            if number is not None:
                self._meaning.setdefault(number, set()).add((kind, value))
        self._patterns.finish()
        self._times = times

    @classmethod
    def load(cls, folder: Path, languages: Iterable[str]) -> EntityFinder:
        """Read a folder of places and CLDR's names.

        Args:
            folder: holds ``countries.tsv``, ``no_countries.tsv``, ``lands.tsv``, ``cities.tsv`` and ``times.yml``.
            languages: codes whose names of countries and months are known too.

        Raises:
            BrokenPlaces: a file is missing or a line of another form.
        """
        known = tuple(languages)
        countries = list(_cldr_countries(known, {fold(line[0]) for line in _lines(folder / "no_countries.tsv", 2)}))
        return cls([*countries, *_read_names(folder)], _read_times(folder / "times.yml", known))

    def find(self, text: str, today: date) -> tuple[Entity, ...]:
        """The entities of a text, each once.

        Args:
            text: anything a person may send.
            today: the day from which "tomorrow" counts.
        """
        folded = fold(text)
        spoken = split_folded(folded)
        meanings = {meaning for number in self._patterns.find_longest(spoken) for meaning in self._meaning.get(number, ())}
        named = sorted(meanings, key=lambda meaning: (NAMED.index(meaning[0]), meaning[1]))
        found = [Entity(kind, value) for kind, value in named]
        phones, rest = _cut_phones(folded)
        rest = _DECIMAL.sub(lambda match: " " if match[1] in self._times.units else match[0], rest)
        found += [Entity("phone", phone) for phone in phones]
        found += [Entity("postcode", code) for code in _POSTCODE.findall(rest)]
        found += [Entity("date", day.isoformat()) for day in _written_dates(rest, today, self._times.no_dates)]
        found += self._spoken_days(self._join(split_folded(rest)), today)
        return tuple(dict.fromkeys(found))

    def _join(self, spoken: list[str]) -> list[str]:
        """The words, those that belong together as one."""
        times, joined = self._times, list[str]()
        while spoken:
            size = next((size for size in (3, 2) if JOINT.join(spoken[:size]) in times.joined), 1)
            joined.append(JOINT.join(spoken[:size]))
            spoken = spoken[size:]
        return joined

    def _spoken_days(self, spoken: list[str], today: date) -> Iterator[Entity]:
        times = self._times
        for index, word in enumerate(spoken):
            if word in times.near_days:
                yield Entity("date", (today + timedelta(days=times.near_days[word])).isoformat())
            number = self._number(word)
            before = spoken[index - 1] if index else ""
            if before in times.past_before:
                continue
            following = spoken[index + 1 : index + 3 + GAP]
            unit_at = next((place for place, near in enumerate(following[: 1 + GAP]) if near in times.units), None)
            if unit_at is not None:
                if number is not None and not times.past_after & set(following[unit_at + 1 : unit_at + 2]):
                    yield Entity("days", str(number * UNITS[times.units[following[unit_at]]]))
                continue
            if day := self._named_day(number or self._ordinal(word), before, following, today):
                yield Entity("date", day.isoformat())

    def _named_day(self, number: int | None, before: str, following: list[str], today: date) -> date | None:
        """The day of a number beside the name of a month, of the year named after them or the next one."""
        months = self._times.months
        after = following[1:] if following[:1] and following[0] in BETWEEN else following
        month = next((near for near in (*after[:1], before) if near in months), None)
        if number is None or month is None:
            return None
        years = after[1:2] if after[:1] == [month] else following[:1]
        year = next((int(word) for word in years if len(word) == YEAR_DIGITS and word.isdigit()), None)
        return _day(year, months[month], number) if year else _next(number, months[month], today)

    def _ordinal(self, word: str) -> int | None:
        """The place in a month: "third", "3rd", "1er"."""
        figures = _ORDINAL.fullmatch(word)
        return int(figures[1]) if figures else self._times.ordinals.get(word)

    def _number(self, word: str) -> int | None:
        if word.isdigit() and len(word) <= 3:
            return int(word)
        return self._times.numbers.get(word)


def slots_of(entities: Iterable[Entity]) -> dict[str, str]:
    """What a conversation keeps of entities: never a phone number, and of several of a kind none, for it is not clear which."""
    kept: dict[str, str] = {}
    doubled = set()
    for entity in entities:
        if entity.kind == "phone":
            continue
        if entity.kind in kept:
            doubled.add(entity.kind)
        kept[entity.kind] = entity.value
    return {kind: value for kind, value in kept.items() if kind not in doubled}


def days_left(entities: Iterable[Entity], today: date) -> int | None:
    """Days until the earliest time a text names, negative when it is over; None when it names none."""
    left = [int(entity.value) for entity in entities if entity.kind == "days"]
    left += [(date.fromisoformat(entity.value) - today).days for entity in entities if entity.kind == "date"]
    return min(left, default=None)


# -- phones and dates in figures ---------------------------------------------------------------------------------------------


def _cut_phones(folded: str) -> tuple[list[str], str]:
    """The phone numbers of a text as E.164, and the text without them: their figures are no postcodes and no dates."""
    phones = []

    def take(match: re.Match[str]) -> str:
        figures = re.sub(r"\D", "", match.group())
        # A German number begins with one zero, a foreign one with two or a plus.
        international = (
            figures if match.group().startswith("+") else figures[2:] if figures.startswith("00") else "49" + figures[1:]
        )
        if not 9 <= len(international) <= 15 or _DATE.fullmatch(match.group()):
            return match.group()
        phones.append("+" + international)
        return " "

    return phones, _PHONE.sub(take, folded)


def _written_dates(text: str, today: date, no_dates: Container[str]) -> Iterator[date]:
    for year, month, day in _ISO_DATE.findall(text):
        if found := _day(int(year), int(month), int(day)):
            yield found
    for match in _DATE.finditer(text):
        day, month, year = match.groups()
        if (words(text[: match.start()]) or [""])[-1] in no_dates:
            continue
        number = int(year) + (2000 if len(year) == 2 else 0) if year else 0
        found = _day(number, int(month), int(day)) if number else _next(int(day), int(month), today)
        if found:
            yield found


def _next(day: int, month: int, today: date) -> date | None:
    """The next such day; people who name a day without a year mean one ahead, or one a few weeks ago."""
    this_year = _day(today.year, month, day)
    if this_year and this_year < today - timedelta(days=60):
        return _day(today.year + 1, month, day)
    return this_year


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


# -- files -------------------------------------------------------------------------------------------------------------------


def _cldr_countries(languages: Iterable[str], words_of_ours: Container[str]) -> Iterator[tuple[Kind, str, str]]:
    for locale in _locales(languages):
        for code, name in locale.territories.items():
            if (
                len(code) == 2
                and code.isalpha()
                and code != HOME
                and len(fold(name)) >= SHORTEST_NAME
                and fold(name) not in words_of_ours
            ):
                yield "country", code, name


def _locales(languages: Iterable[str]) -> Iterator[Locale]:
    for code in languages:
        for name in (code, f"{code}_Latn") if code == "sr" else (code,):
            try:
                yield Locale.parse(name)
            except UnknownLocaleError:
                continue


def _read_names(folder: Path) -> Iterator[tuple[Kind, str, str]]:
    for line in _lines(folder / "countries.tsv", 3):
        kind: Kind = "nationality" if line[1] == "nationality" else "country"
        yield from ((kind, line[0], pattern) for pattern in line[2].split("|"))
    for line in _lines(folder / "lands.tsv", 2):
        yield from (("land", line[0], pattern) for pattern in line[1].split("|"))
    for line in _lines(folder / "cities.tsv", 3):
        yield from (("city", line[0], pattern) for pattern in line[2].split("|"))


def _lines(path: Path, cells: int) -> Iterator[list[str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for number, line in enumerate(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE), start=1):
                if len(line) != cells or not all(line):
                    raise BrokenPlaces(f"{path}, line {number}: must have {cells} cells parted by tabs.")
                yield line
    except FileNotFoundError:
        raise BrokenPlaces(f"{path} is missing. Restore it from the repository.") from None
    except UnicodeDecodeError:
        raise BrokenPlaces(f"{path}: this is not UTF-8. Save the file in that encoding.") from None


def _read_times(path: Path, languages: Iterable[str]) -> TimeWords:
    try:
        content: dict[str, dict[str, Any]] = read_yaml(path)["languages"]
        units, numbers, near, months, ordinals = {}, {}, {}, {}, {}
        sets: dict[str, set[str]] = {"past_before": set(), "past_after": set(), "no_times": set(), "no_dates": set()}
        for spoken in content.values():
            units.update({_key(word): unit for unit in UNITS for word in spoken.get(unit, [])})
            numbers.update({_key(word): int(number) for number, said in spoken.get("numbers", {}).items() for word in said})
            ordinals.update({_key(word): int(place) for place, said in spoken.get("ordinals", {}).items() for word in said})
            near.update({_key(word): int(days) for days, said in spoken.get("near", {}).items() for word in said})
            months.update({_key(word): int(month) for month, said in spoken.get("months", {}).items() for word in said})
            for name, phrases in sets.items():
                phrases |= {_key(word) for word in spoken.get(name, [])}
    except FileNotFoundError:
        raise BrokenPlaces(f"{path} is missing. Restore it from the repository.") from None
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise BrokenPlaces(f"{path}: must hold `languages` with day, week, month, numbers, near and months ({error}).") from None
    for locale in _locales(languages):
        for width in ("wide", "abbreviated"):
            for month, name in locale.months["format"][width].items():
                if len(fold(name).strip(".")) >= SHORTEST_NAME - 1:
                    months.setdefault(fold(name).strip("."), int(month))
    found = {name: frozenset(phrases) for name, phrases in sets.items()}
    return TimeWords(units, numbers, near, months, **found, ordinals=ordinals)


def _key(phrase: object) -> str:
    return JOINT.join(words(str(phrase)))
