"""What a call is made of: how answers and keys are spoken, and every sentence there may be, each with its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256

from hotline.counselling.routing import TOLD_PLACES
from hotline.dialogue.by_ear import all_emergencies, say_as_of, sentences_aloud
from hotline.dialogue.centre_words import CentreWords
from hotline.dialogue.country_words import CountryWords
from hotline.dialogue.definition import Definition
from hotline.dialogue.named_words import NamedWords
from hotline.dialogue.offers import FIRST_OPTION_KEYS, NEXT_PAGE_KEY, NEXT_PAGE_LABELS, SPOKEN_NAMES_PAGE_KEY
from hotline.dialogue.texts import Texts
from hotline.dialogue.topic_groups import GROUP_TEXT_KEYS
from hotline.knowledge.centres import NATIONWIDE
from hotline.knowledge.library import Article, Library, format_as_of
from hotline.knowledge.places import LANDS

# A text may be said in other words than it is written.
SPOKEN = (".voice",)
# A place in the queue, the one text with a figure in it that is said aloud.
PLACE = "person.place"


class SpokenParts:
    """Says them in the person's language."""

    def __init__(self, texts: Texts, centres: CentreWords, countries: CountryWords, named: NamedWords) -> None:
        """Hold what is needed.

        Args:
            texts: the prompts.
            centres: says centres.
            countries: says what is known of countries.
            named: says what is read back.
        """
        self._texts = texts
        self._centres = centres
        self._countries = countries
        self._named = named

    def answer(self, article: Article, text: str) -> Iterator[str]:
        """The sentences of an answer, and of what date it is."""
        yield from sentences_aloud(text, article.language)
        yield self.as_of(article, say_as_of).rstrip(".") + "."

    def key(self, language: str, key: str, label: str) -> str:
        """What a key is for. The sentence around the label has its own full stop."""
        if key == "*":
            return self._texts.get(language, "option.star", label=label)
        return self._texts.get(language, "option.voice", key=key, label=label.rstrip(".?!؟"))

    def as_of(self, article: Article, show: Callable[[str, str], str] = format_as_of) -> str:
        """Of what date the facts of an answer are, as it is written or, with another ``show``, as it is said."""
        return self._texts.get(article.language, "answer.as_of", date=show(article.as_of, article.language))

    def all_of(self, language: str, definition: Definition, library: Library) -> Iterator[tuple[str, str]]:
        """Every sentence a call in a language may hold, with its name, ``kind:…``, which stays when its words change.

        What is said in several places in the same words comes several times.
        """
        for key, text in self._texts.all_of(language).items():
            if "{" not in text and not key.endswith(".text") and not key.startswith("option."):
                yield f"text:{key}", text
        for key in FIRST_OPTION_KEYS:
            yield f"language:{key}", self._texts.get(language, "language.option", key=key)
        for place in TOLD_PLACES:
            yield f"text:{PLACE}:{place}", self._texts.get(language, PLACE, place=place)
        for number, text in enumerate(all_emergencies(self._texts.all_of(language)), 1):
            yield f"emergency:{number}", text
        for (topic, code), article in library.articles.items():
            if code == language:
                yield from self._named_answer(topic, article)
        labels = self._named_keys(language, definition, library)
        for (key, name), label in sorted(labels.items()):
            yield name, self.key(language, key, label)
        yield from ((f"digit:{digit}", digit) for digit in "0123456789")
        for centre in library.directory.centres:
            is_nationwide = centre.land == NATIONWIDE
            say = self._centres.spoken_directory if is_nationwide else self._centres.spoken_line
            yield f"centre:{centre.land}:{_hash(centre.name, centre.city)}", say(centre, language)
        yield from ((f"country:{name}", text) for name, text in self._countries.all_sentences(library.countries, language))
        yield from self._named.all_sentences(language)

    def _named_keys(self, language: str, definition: Definition, library: Library) -> dict[tuple[str, str], str]:
        """What a key may be for: (key, name of the sentence) -> label."""
        found = {
            (option.key, f"key:{option.key}:{option.label}"): self._texts.get(language, option.label, SPOKEN)
            for step in definition.steps.values()
            for option in step.options
        }
        pages = [(NEXT_PAGE_KEY, label) for label in NEXT_PAGE_LABELS.values()]
        pages += [(SPOKEN_NAMES_PAGE_KEY, NEXT_PAGE_LABELS[kind]) for kind in ("language", "country")]
        for key, label in pages:
            found[key, f"key:{key}:{label}"] = self._texts.get(language, label)
        listed = {name: self._texts.get(language, name) for name in GROUP_TEXT_KEYS}
        listed |= {f"topic:{topic}": article.title for (topic, code), article in library.articles.items() if code == language}
        listed |= {f"land:{land}": self._centres.land(land, language) for land in LANDS}
        return found | {(key, f"key:{key}:{name}"): label for key in FIRST_OPTION_KEYS for name, label in listed.items()}

    def _named_answer(self, topic: str, article: Article) -> Iterator[tuple[str, str]]:
        for part, text in (("short", article.short), ("full", article.full)):
            *sentences, as_of = self.answer(article, text)
            yield from ((f"answer:{topic}:{part}:{number}", sentence) for number, sentence in enumerate(sentences, 1))
            yield f"answer:{topic}:date", as_of


def _hash(*words: str) -> str:
    """A short name for something that has none but its own words."""
    return sha256("\n".join(words).encode()).hexdigest()[:8]
