"""A country or a day as it is read back, and the countries of a list. By ear in pieces: there is a sound for each of them."""

from __future__ import annotations

from collections.abc import Iterator

from hotline.dialogue.by_ear import month_name, say_date
from hotline.dialogue.country_words import all_countries, country_name
from hotline.dialogue.events import CountryRead, DayRead
from hotline.dialogue.offers import FIRST_OPTION_KEYS
from hotline.dialogue.texts import Texts

COUNTRY_IS, DAY_IS, COUNTRY_KEY = "country.heard", "deadline.heard", "country.key"
NAMED_TEXT_KEYS = frozenset({COUNTRY_IS, DAY_IS, COUNTRY_KEY})


class NamedWords:
    """Says them in the person's language."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def write(self, event: CountryRead | DayRead, language: str) -> str:
        """In writing."""
        if isinstance(event, CountryRead):
            return f"{self._texts.get(language, COUNTRY_IS)} {country_name(event.country, language)}"
        return f"{self._texts.get(language, DAY_IS)} {say_date(event.day, language)}"

    def speak(self, event: CountryRead | DayRead, language: str) -> Iterator[str]:
        """Aloud; the year figure by figure, which no voice reads as a sum."""
        if isinstance(event, CountryRead):
            yield self._texts.get(language, COUNTRY_IS)
            yield _sentence(event.country, language)
            return
        yield self._texts.get(language, DAY_IS)
        yield str(event.day.day)
        yield month_name(event.day.month, language)
        yield from str(event.day.year)

    def option(self, key: str, country: str, language: str) -> Iterator[str]:
        """One key of a list of countries."""
        yield self._texts.get(language, COUNTRY_KEY, key=key)
        yield _sentence(country, language)

    def all_sentences(self, language: str) -> Iterator[tuple[str, str]]:
        """Every sentence of these that a call may hold, with its name."""
        for key in FIRST_OPTION_KEYS:
            yield f"key:{key}:{COUNTRY_KEY}", self._texts.get(language, COUNTRY_KEY, key=key)
        yield from ((f"country:{country}", _sentence(country, language)) for country in all_countries())
        yield from ((f"digit:day:{day}", str(day)) for day in range(1, 32))
        yield from ((f"digit:month:{month}", month_name(month, language)) for month in range(1, 13))


def months(language: str) -> list[str]:
    """The names of the months, as people say them in a date."""
    return [month_name(month, language) for month in range(1, 13)]


def _sentence(country: str, language: str) -> str:
    return f"{country_name(country, language)}."
