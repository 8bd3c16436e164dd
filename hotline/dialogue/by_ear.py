"""How texts are made for the ear: sentence by sentence, sums and dates as words, emergency numbers figure by figure. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import get_currency_name

# CLDR writes plain Serbian in Cyrillic; our texts are in Latin.
LOCALES = {"sr": "sr_Latn", "en": "en_GB"}
DANGER = "danger."
# The category of a cry for help by key: nobody has said what the danger is.
PRESSED = "pressed"

_SENTENCE_END = re.compile(r"([.!?…؟۔][\"'»”’)]*)\s+")
# What ends in a full stop and goes on: a day or a number of an order, one letter, and what our articles shorten.
_GOES_ON = re.compile(
    r"(?:(?:^|[\s(])(?:\d{1,2}|[^\W\d_]|z\.\s?B|d\.\s?h|u\.\s?a|e\.\s?g|i\.\s?e|т\.\s?д|т\.\s?е"
    r"|ca|bzw|ggf|inkl|usw|Nr|Abs|Art|St|Dr|Mr|Mrs|art|br|np|руб|ст|тыс|грн|vb|örn|yak|etj|nr|p\.\s?ex))\.$",
    re.IGNORECASE,
)
_FIGURES = re.compile(r"\d(?:[ \u00a0]?\d)+")
_DATE = re.compile(r"(?<![\d.])(\d{1,2})\.(\d{1,2})\.((?:19|20)\d\d)(?!\d)")
_MONTH = re.compile(r"(?<![\d.])(0[1-9]|1[0-2])\.((?:19|20)\d\d)(?!\d)")
# Thousands, as every language of ours writes them in figures: 1.000, 1,000, 1 000, 1'000.
_THOUSANDS = re.compile("(?<![\\d.,])(\\d{1,3})[.,'’ \u00a0\u202f](000|\\d00|\\d\\d0|\\d{3})(?![\\d.,]*\\d)")
_EURO = re.compile(r"(?:€\s?(\d+))|(?:(\d+)\s?(?:€|EUR\b))")
_MARKS = re.compile("[\u200e\u200f]")
# What CLDR writes after a year and a voice would spell: the word for "year", in the case of a date.
_YEARS = {"ru": ("г.", "года"), "uk": ("р.", "року")}


def split_sentences(text: str) -> list[str]:
    """The sentences of a text; a recording is made of each, and between two there is room to breathe."""
    return [sentence for line in text.splitlines() for sentence in _sentences_of(line.strip().removeprefix("- "))]


def _sentences_of(line: str) -> Iterator[str]:
    begun = 0
    for end in _SENTENCE_END.finditer(line):
        if not _GOES_ON.search(line[begun : end.end(1)]):
            yield line[begun : end.end(1)].strip()
            begun = end.end()
    if line[begun:].strip():
        yield line[begun:].strip()


def sentences_aloud(text: str, language: str) -> list[str]:
    """The sentences of an answer as they are spoken."""
    return [say_figures(sentence, language) for sentence in split_sentences(text)]


def say_figures(text: str, language: str) -> str:
    """A text whose dates and sums every voice reads right: months by name, no marks of thousands, the currency in words."""
    said = _DATE.sub(lambda found: _day(found, language), _MARKS.sub("", text))
    said = _MONTH.sub(lambda found: say_month(int(found[2]), int(found[1]), language), said)
    said = _THOUSANDS.sub(r"\1\2", said) if "€" in said or "EUR" in said else said
    return _EURO.sub(lambda found: f"{found[1] or found[2]} {_euro(int(found[1] or found[2]), language)}", said)


def say_month(year: int, month: int, language: str) -> str:
    """A month of a year as people of a language say it."""
    return _with_whole_year(str(format_skeleton("yMMMM", date(year, month, 1), locale=_locale(language))), language)


def say_date(day: date, language: str) -> str:
    """A day as people of a language say it."""
    return _with_whole_year(str(format_date(day, "long", locale=_locale(language))), language)


def say_as_of(as_of: str, language: str) -> str:
    """A source date as people of a language say it, as exact as it is known.

    Args:
        as_of: YYYY, YYYY-MM or YYYY-MM-DD.
        language: language code.
    """
    year, *rest = (int(part) for part in as_of.split("-"))
    if len(rest) == 2:
        return say_date(date(year, *rest), language)
    return say_month(year, rest[0], language) if rest else as_of


def _with_whole_year(said: str, language: str) -> str:
    short, whole = _YEARS.get(language, ("", ""))
    return f"{said.removesuffix(short).rstrip()} {whole}".rstrip()


def month_name(month: int, language: str) -> str:
    """A month as it stands in a date."""
    return str(_locale(language).months["format"]["wide"][month])


def emergency_aloud(text: str) -> list[str]:
    """The sentences of an emergency text twice, its numbers figure by figure: "112" is "1 1 2"."""
    once = [_FIGURES.sub(_apart, sentence) for sentence in split_sentences(_MARKS.sub("", text))]
    return once * 2


def _apart(found: re.Match[str]) -> str:
    return ", ".join(" ".join(group) for group in re.split("[ \u00a0]", found[0]))


def _day(found: re.Match[str], language: str) -> str:
    try:
        return say_date(date(int(found[3]), int(found[2]), int(found[1])), language)
    except ValueError:
        return found[0]


@lru_cache(maxsize=500)
def _euro(amount: int, language: str) -> str:
    return str(get_currency_name("EUR", count=amount, locale=_locale(language)))


@lru_cache(maxsize=50)
def _locale(language: str) -> Locale:
    return Locale.parse(LOCALES.get(language, language))


def all_emergencies(texts: Mapping[str, str]) -> Iterator[str]:
    """Every sentence ``emergency_aloud`` makes of the texts of a language.

    Args:
        texts: key -> text.
    """
    for key, text in texts.items():
        if key.startswith(DANGER):
            yield from dict.fromkeys(emergency_aloud(text))
