"""What is known of a country, in words: one line, the whole, or sentences to speak. Never how things are there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

from babel import Locale

from hotline.dialogue.by_ear import say_as_of
from hotline.dialogue.centre_words import joined
from hotline.dialogue.texts import Texts
from hotline.knowledge.countries import (
    NO_COUNTRIES,
    PROGRAMME_NAMES,
    PROGRAMMES,
    CountryBook,
    CountryFact,
    CountryNote,
    CountryView,
)
from hotline.knowledge.library import format_as_of

# CLDR writes plain Serbian in Cyrillic; our texts are in Latin.
LOCALES = {"sr": "sr_Latn"}
# How a date is given: as it is written (``format_as_of``) or as it is said (``say_as_of``).
Show = Callable[[str, str], str]
STATUS_KEYS = {"supported": "country.since", "lifted": "country.lifted", "eu": "country.eu"}


def _programme_key(programme: str, kind: str) -> str:
    return f"programme.{programme}_{kind}" if kind else f"programme.{programme}"


# Texts said by this module.
COUNTRY_TEXT_KEYS = frozenset(
    {
        *STATUS_KEYS.values(),
        "country.check", "country.listed", "country.undated", "country.help_there",
        *(_programme_key(programme, kind) for programme, kinds in PROGRAMMES.items() for kind in kinds),
    }
)  # fmt: skip


@lru_cache(maxsize=5000)
def country_name(code: str, language: str) -> str:
    """The name of a country (ISO code) in a language; the code itself where CLDR has none."""
    return str(Locale.parse(LOCALES.get(language, language)).territories.get(code, code))


@lru_cache(maxsize=1)
def all_countries() -> tuple[str, ...]:
    """The codes of every country that may be named: CLDR's, without its groups of countries and its codes for tests."""
    known = (str(code) for code in Locale.parse("en").territories)
    countries = {code for code in known if len(code) == 2 and code.isalpha()}
    return tuple(sorted(countries - NO_COUNTRIES))


class CountryWords:
    """Says what is known of a country in the person's language."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def line(self, view: CountryView, language: str) -> str:
        """One short line for a text message."""
        pieces = [self._piece(fact, language, format_as_of) for fact in view.facts]
        said = [*([joined(pieces, language) + "."] if pieces else []), *self._check(view, language)]
        return f"{country_name(view.country, language)}: {' '.join(said)}"

    def whole(self, view: CountryView, language: str) -> str:
        """Everything, a line each."""
        return "\n".join([f"{country_name(view.country, language)}:", *self._sentences(view, language, format_as_of)])

    def speak(self, view: CountryView, language: str, *, is_whole: bool) -> Iterator[str]:
        """The line or the whole as sentences. The name comes first, alone, so that all countries share the others."""
        if view.facts or view.notes:
            yield f"{country_name(view.country, language)}."
        if is_whole:
            yield from self._sentences(view, language, say_as_of)
        else:
            yield from (f"{self._piece(fact, language, say_as_of)}." for fact in view.facts)
            yield from self._check(view, language)

    def all_sentences(self, book: CountryBook, language: str) -> Iterator[tuple[str, str]]:
        """Every sentence ``speak`` may yield with what is known now, whatever the day; with names that outlive the words.

        Names of countries are among those of ``NamedWords``.
        """
        for fact in book.facts:
            name = ":".join(filter(None, (fact.country, fact.kind, fact.name, fact.detail if fact.kind == "programme" else "")))
            yield f"{name}:short", f"{self._piece(fact, language, say_as_of)}."
            yield name, self._sentence(fact, language, say_as_of)
        for position, note in enumerate(book.notes):
            yield from ((f"{note.country}:{note.kind}:{position}", text) for text in self._note(note, language, say_as_of))
        yield "check", self._texts.get(language, "country.check")

    def _sentences(self, view: CountryView, language: str, show: Show) -> Iterator[str]:
        yield from (self._sentence(fact, language, show) for fact in view.facts)
        for note in view.notes:
            yield from self._note(note, language, show)
        yield from self._check(view, language)

    def _check(self, view: CountryView, language: str) -> list[str]:
        # Every fact has its date; what holds on the day of the journey is for a counsellor to say.
        return [] if view.is_eu and not view.has_expired else [self._texts.get(language, "country.check")]

    def _piece(self, fact: CountryFact, language: str, show: Show) -> str:
        """A fact in a few words, with its date."""
        if fact.kind == "programme":
            return f"{PROGRAMME_NAMES[fact.name]} ({self._dated(fact, language, show)})"
        date = {"date": show(fact.detail, language)} if fact.detail else {}
        return f"{self._texts.get(language, STATUS_KEYS[fact.name], **date)} ({self._dated(fact, language, show)})"

    def _sentence(self, fact: CountryFact, language: str, show: Show) -> str:
        if fact.kind == "status":
            return f"{self._piece(fact, language, show)}."
        words = self._texts.get(language, _programme_key(fact.name, fact.detail))
        return f"{words.rstrip('.')} ({self._dated(fact, language, show)})."

    def _dated(self, fact: CountryFact, language: str, show: Show) -> str:
        if fact.is_listed and not fact.source_date:
            return self._texts.get(language, "country.undated")
        key = "country.listed" if fact.is_listed else "answer.as_of"
        return self._texts.get(language, key, date=show(fact.source_date, language)).rstrip(".")

    def _note(self, note: CountryNote, language: str, show: Show) -> Iterator[str]:
        as_of = self._texts.get(language, "answer.as_of", date=show(note.source_date, language)).rstrip(".")
        if note.kind != "article":
            contact = joined([*note.lines, as_of], language)
            yield f"{self._texts.get(language, 'country.help_there', contact=contact)}."
        elif language in note.texts:
            # Not in another language: an article of its own is added to a whole answer, which stands without it.
            title, text = note.texts[language]
            yield f"{title}: {text.rstrip('.')} ({as_of})."
