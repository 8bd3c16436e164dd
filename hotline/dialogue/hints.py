"""What people are likely to say at a question, for the speech recognition: names, and the telling words of each topic."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from hotline.dialogue.country_words import all_countries, country_name
from hotline.dialogue.events import Asked
from hotline.dialogue.inputs import CODE_DIGITS
from hotline.dialogue.named_words import months
from hotline.dialogue.offers import LANGUAGE_DIGITS
from hotline.dialogue.texts import Texts
from hotline.dialogue.topic_groups import GROUP_TEXT_KEYS
from hotline.errors import CannotStart
from hotline.knowledge.library import Library
from hotline.knowledge.places import LANDS

# Twilio takes five hundred of a hundred letters.
MOST_HINTS = 500
# Every document carries them and is kept for a while: of topics that are not on offer the most telling words are enough.
WORDS_EVERYWHERE = 5
# Language -> topic -> words, the most telling first.
HintWords = Mapping[str, Mapping[str, Sequence[str]]]


class BrokenHints(CannotStart):
    """The words of topics cannot be used. The message names the file and the remedy."""


def load_hint_words(folder: Path, languages: Iterable[str]) -> HintWords:
    """Read ``<lang>.tsv`` of a folder, one topic a line with its words parted by bars; a language without a file has none.

    Raises:
        BrokenHints: a line has another form.
    """
    found = {}
    for language in languages:
        path = folder / f"{language}.tsv"
        if path.exists():
            found[language] = dict(_read(path))
    return found


def _read(path: Path) -> Iterable[tuple[str, tuple[str, ...]]]:
    with path.open(encoding="utf-8", newline="") as file:
        for number, line in enumerate(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE), start=1):
            if len(line) != 2 or not all(line):
                raise BrokenHints(f"{path}, line {number}: must be a topic, a tab and words. Run `flask hints build`.")
            yield line[0], tuple(line[1].split("|"))


class Hints:
    """Gives them. What a language needs is put together once for each state of the answers."""

    def __init__(self, texts: Texts, autonyms: Mapping[str, str], languages: Sequence[str], words: HintWords) -> None:
        """Hold what is needed.

        Args:
            texts: the prompts.
            autonyms: language code -> its own name.
            languages: live languages.
            words: of the topics.
        """
        self._texts = texts
        self._autonyms = autonyms
        self._languages = languages
        self._words = words
        self._of_topics: dict[str, tuple[Library, tuple[str, ...]]] = {}

    def at(self, asked: Asked, language: str, library: Library) -> tuple[str, ...]:
        """The likely words at a question, the likeliest first, none twice.

        Args:
            asked: the question.
            language: of the conversation.
            library: the answers.
        """
        if asked.digits == CODE_DIGITS:
            return ()
        if asked.digits == LANGUAGE_DIGITS:
            return tuple(self._autonyms[code] for code in self._languages)
        if asked.collects == "country":
            return tuple(country_name(country, language) for country in all_countries())
        if asked.collects == "day":
            return tuple(months(language))
        if asked.digits > 1:
            return tuple(self._texts.get(language, f"land.{land}") for land in LANDS)
        # The topics on offer come before all others.
        listed = [choice.value for choice in asked.choices if choice.kind == "topic"]
        first = [word for topic in listed for word in self._words.get(language, {}).get(topic, ())]
        return (
            tuple(dict.fromkeys([*first, *self._all(language, library)]))[:MOST_HINTS] if first else self._all(language, library)
        )

    def _all(self, language: str, library: Library) -> tuple[str, ...]:
        known = self._of_topics.get(language)
        if known is None or known[0] is not library:
            known = (library, tuple(dict.fromkeys(self._topics(language, library)))[:MOST_HINTS])
            self._of_topics[language] = known
        return known[1]

    def _topics(self, language: str, library: Library) -> list[str]:
        """Groups, titles, and the first words of all topics in turn: were there too many, no topic would lose all of its own."""
        groups = [self._texts.get(language, key) for key in sorted(GROUP_TEXT_KEYS)]
        titles = [article.title for (_, code), article in library.articles.items() if code == language]
        words = list(self._words.get(language, {}).values())
        return groups + titles + [said[place] for place in range(WORDS_EVERYWHERE) for said in words if place < len(said)]
