"""What the events of a turn read and sound like: one message in writing, or sentences to speak."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal
from unicodedata import bidirectional

from hotline.dialogue.by_ear import DANGER, PRESSED, emergency_aloud
from hotline.dialogue.centre_words import CENTRE_TEXT_KEYS, CentreWords
from hotline.dialogue.country_words import COUNTRY_TEXT_KEYS, CountryWords, country_name
from hotline.dialogue.data_words import DATA_TEXT_KEYS, DataWords
from hotline.dialogue.definition import Definition, Option
from hotline.dialogue.events import (
    Answered,
    Asked,
    CentresShown,
    Choice,
    CodeGiven,
    CountryRead,
    DataErased,
    DataShown,
    DayRead,
    Ended,
    Event,
    NumberRead,
    PlaceRead,
    RecordWanted,
    Told,
)
from hotline.dialogue.figure_words import FIGURE_TEXT_KEYS, LEFT_TO_RIGHT_MARK, FigureWords
from hotline.dialogue.fitting import Spare, ways_to_write
from hotline.dialogue.hints import Hints, HintWords
from hotline.dialogue.named_words import NAMED_TEXT_KEYS, NamedWords
from hotline.dialogue.safety import CATEGORIES
from hotline.dialogue.spoken import Spoken, Utterance
from hotline.dialogue.spoken_parts import SPOKEN, SpokenParts
from hotline.dialogue.text_me import SMS_TEXT_KEYS
from hotline.dialogue.texts import Texts
from hotline.dialogue.topic_groups import GROUP, GROUP_TEXT_KEYS
from hotline.knowledge.centres import Centre
from hotline.knowledge.library import Article, Library
from hotline.knowledge.measures import count_segments

Channel = Literal["sms", "whatsapp", "voice", "webchat"]
# Said to somebody whose language is not known yet.
OPENING_LANGUAGES = ("de", "en")
LANGUAGE_QUESTION = "language.ask"
# Said once while speech is not understood.
KEYS_ONLY = "question.keys_only"
# An SMS in three parts is what people on old phones still read, and what an operator pays for.
SMS_SEGMENTS = 3
# A text may be said in other words than it is written.
WRITTEN = (".text",)
# Read in every language, and short enough where letters take two bytes.
SIGNS = {"option.helpful": "👍", "option.unhelpful": "👎"}
# More, and a person: what a message names that has no room for the menu and the languages; their keys work all the same.
BRIEF_KEYS = frozenset({"1", "0"})
# Texts said by the code itself; all others are named in the flows. `flask texts check` reads both.
CODE_TEXT_KEYS = frozenset(
    {
        "language.option", "option.voice", "option.star", "option.next_page", "option.more_languages", "option.more_lands",
        "answer.as_of", "answer.missing", "answer.figure_from_counsellor",
        "question.only_text", "callback.press_one", "callback.confirmed", "person.connected",
        "person.call_over",
        "stop.done", "start.done", "technical.sorry", "limit.slow", KEYS_ONLY,
        *(f"{DANGER}{category}" for category in (*CATEGORIES, PRESSED)),
        *GROUP_TEXT_KEYS, *SMS_TEXT_KEYS, *CENTRE_TEXT_KEYS, *COUNTRY_TEXT_KEYS, *DATA_TEXT_KEYS, *FIGURE_TEXT_KEYS,
        *NAMED_TEXT_KEYS,
    }
)  # fmt: skip


class Renderer:
    """Turns events into words of the person's language."""

    def __init__(
        self,
        texts: Texts,
        languages: Sequence[str],
        autonyms: dict[str, str],
        speech_languages: frozenset[str],
        hint_words: HintWords,
    ) -> None:
        """Hold what is needed.

        Args:
            texts: the prompts.
            languages: live languages, in menu order.
            autonyms: language code -> its own name.
            speech_languages: languages whose speech is recognised on the phone.
            hint_words: the telling words of each topic, for the recognition.
        """
        self._texts = texts
        self._languages = languages
        self._autonyms = autonyms
        self._speech_languages = speech_languages
        self._centres, self._countries, self._named = CentreWords(texts), CountryWords(texts), NamedWords(texts)
        self._data, self._figures = DataWords(texts), FigureWords(texts)
        self._parts = SpokenParts(texts, self._centres, self._countries, self._named)
        self._hints = Hints(texts, autonyms, languages, hint_words)

    # -- in writing ----------------------------------------------------------------------------------------------------

    def write(
        self,
        events: Sequence[Event],
        language: str | None,
        library: Library,
        likely: Sequence[str] = (),
        segments: int | None = None,
    ) -> str:
        """One message with everything the events say.

        Args:
            events: of the turn.
            language: of the conversation; None when it is not known yet.
            library: the answers.
            likely: the languages to speak then.
            segments: how many SMS short answers and lists of centres may take; None for any number.
        """
        written = ""
        # What is known goes before the keys that are named only if they fit.
        for is_tight, spare in ways_to_write(events):
            written = self._write(events, language, library, likely, is_tight=is_tight, spare=spare)
            if segments is None or count_segments(written) <= segments:
                break
        return written

    def write_sms(self, told: Answered | CentresShown, language: str | None, library: Library) -> str:
        """What a caller heard, as a text message: of centres as many as fit."""
        if isinstance(told, CentresShown):
            count = self.fitting_centres(told.centres, told.nationwide, (), language, SMS_SEGMENTS)
            told = replace(told, centres=told.centres[:count])
        return self.write([told], language, library, (), SMS_SEGMENTS)

    def _write(
        self,
        events: Sequence[Event],
        language: str | None,
        library: Library,
        likely: Sequence[str],
        *,
        is_tight: bool,
        spare: Spare,
    ) -> str:
        parts: list[str] = []
        for event in events:
            if isinstance(event, Told):
                parts.append(self.tell(event.text_key, language, likely, event.values))
            elif isinstance(event, Answered) and language:
                parts += self._write_answer(event, language, library, is_tight=is_tight)
            elif isinstance(event, CentresShown) and language:
                parts += self._centres.write(event, language, is_tight=is_tight)
            elif isinstance(event, PlaceRead) and language:
                parts.append(" ".join(self._centres.read_back(event.place, language)))
            elif isinstance(event, CountryRead | DayRead) and language:
                parts.append(self._named.write(event, language))
            elif isinstance(event, DataShown | DataErased) and language:
                parts.append(self._data.write(event, language))
            elif isinstance(event, CodeGiven | NumberRead):
                readers = [language] if language else likely or OPENING_LANGUAGES
                parts.append(" ".join(self._figures.write(event, code) for code in readers))
            elif isinstance(event, Asked):
                parts += self._write_question(event, language, library, likely, spare)
        return "\n".join(parts)

    def _write_answer(self, answered: Answered, language: str, library: Library, *, is_tight: bool) -> list[str]:
        is_short = answered.part == "short"
        parts = [self.dated(library.articles[answered.topic, language], answered.part)]
        if answered.country is not None:
            say = self._countries.line if is_short else self._countries.whole
            parts.insert(0 if answered.is_country_first else 1, say(answered.country, language))
        # What does not fit into the message comes on "more".
        return parts[:1] if is_short and is_tight else parts

    def dated(self, article: Article, part: str) -> str:
        """An answer in writing, short or full, with the date its facts are of."""
        if part == "short":
            return f"{article.short} ({self._parts.as_of(article)})"
        # Whoever reads on is told where to look it up; the short text has no room for it.
        source = f", {article.source}" if article.source else ""
        return f"{article.full} ({self._parts.as_of(article)}{source})"

    def fitting_centres(
        self,
        centres: Sequence[Centre],
        nationwide: Sequence[Centre],
        options: Sequence[Option],
        language: str | None,
        segments: int,
    ) -> int:
        """How many of some centres fit into one SMS of so many segments, with what serves every place and the keys after them."""
        if language is None:
            return len(centres)
        keys = ", ".join(f"{option.key} {self._texts.get(language, option.label)}" for option in options)
        for count in range(len(centres), 1, -1):
            shown = CentresShown(tuple(centres[:count]), tuple(nationwide), None)
            lines = self._centres.write(shown, language, is_tight=True)
            if count_segments("\n".join([*lines, keys])) <= segments:
                return count
        return min(1, len(centres))

    def _write_question(
        self, asked: Asked, language: str | None, library: Library, likely: Sequence[str], spare: Spare
    ) -> Iterator[str]:
        listed = [choice for choice in asked.choices if choice.kind != "text"]
        fixed = [choice for choice in asked.choices if choice.kind == "text" and not choice.if_fits]
        if spare == "brief":
            fixed = [choice for choice in fixed if choice.key in BRIEF_KEYS]
        if_fits = [choice for choice in asked.choices if choice.if_fits]
        # After an answer the keys alone are enough; a list, a question without keys and one for a place need their words.
        if listed or not fixed or asked.digits > 1:
            yield self.tell(asked.text_key, language, likely)
        if asked.text_key == LANGUAGE_QUESTION:
            yield ", ".join(f"{choice.key} {_closed(self._label(choice, language, library))}" for choice in listed)
        else:
            yield from (f"{choice.key} {self._label(choice, language, library)}" for choice in listed)
        if fixed:
            yield ", ".join(f"{choice.key} {self._label(choice, language, library)}" for choice in fixed)
        if if_fits and spare == "words":
            yield ", ".join(f"{choice.key} {self._label(choice, language, library)}" for choice in if_fits)
        elif spare == "signs" and (signed := [choice for choice in if_fits if choice.value in SIGNS]):
            yield ", ".join(f"{choice.key} {SIGNS[choice.value]}" for choice in signed)

    def tell(self, key: str, language: str | None, likely: Sequence[str] = (), values: Mapping[str, str] | None = None) -> str:
        """One text in writing; in the likely languages, else the opening ones, while the person's is not known."""
        if language is not None:
            return self._texts.get(language, key, (".text",), **values or {})
        spoken_to = likely or (self._languages if key == LANGUAGE_QUESTION else OPENING_LANGUAGES)
        return " ".join(self._texts.get(code, key, (".text",), **values or {}) for code in spoken_to)

    # -- aloud ---------------------------------------------------------------------------------------------------------

    def speak(self, events: Sequence[Event], language: str | None, library: Library, *, keys_only: bool = False) -> Spoken:
        """Everything the events say, as sentences to speak; with ``keys_only`` nothing is to be said in answer."""
        speech = frozenset[str]() if keys_only else self._speech_languages
        record_at = next((place for place, event in enumerate(events) if isinstance(event, RecordWanted)), None)
        if record_at is not None:
            # What comes after the message is said after it.
            spoken = [said for event in events[:record_at] for said in self._speak_event(event, language, library, speech)]
            return Spoken(tuple(spoken), language, listens=False, ended=False, records=True)
        asked = next((event for event in events if isinstance(event, Asked)), None)
        listens = language in speech and self.hears(events, language)
        utterances = tuple(said for event in events for said in self._speak_event(event, language, library, speech))
        # What people are most likely to say now, for the speech recognition.
        named = self._hints.at(asked, language, library) if listens and asked and language else ()
        is_over = any(isinstance(event, Ended) for event in events)
        return Spoken(
            utterances, language, listens, is_over, named, asked.digits if asked else 1, asked is not None and asked.waits
        )

    def hears(self, events: Sequence[Event], language: str | None) -> bool:
        """Whether the question of a turn takes a spoken answer in a language."""
        asked = next((event for event in events if isinstance(event, Asked)), None)
        return asked is not None and asked.listens and language in self._speech_languages

    def _speak_event(self, event: Event, language: str | None, library: Library, speech: frozenset[str]) -> Iterator[Utterance]:
        if isinstance(event, Told):
            for code in [language] if language else OPENING_LANGUAGES:
                yield from self._told(event.text_key, code, speech, event.values)
        elif isinstance(event, Answered) and language:
            yield from self._speak_answer(event, language, library)
        elif isinstance(event, CentresShown | PlaceRead | CountryRead | DayRead | DataShown | DataErased) and language:
            yield from (Utterance(language, text) for text in self._sentences(event, language))
        elif isinstance(event, CodeGiven | NumberRead):
            for code in [language] if language else OPENING_LANGUAGES:
                yield from (Utterance(code, text) for text in self._figures.speak(event, code))
        elif isinstance(event, Asked):
            yield from self._speak_question(event, language, library, speech)

    def _sentences(
        self, event: CentresShown | PlaceRead | CountryRead | DayRead | DataShown | DataErased, language: str
    ) -> Iterable[str]:
        match event:
            case CentresShown():
                return self._centres.speak(event, language)
            case PlaceRead():
                return self._centres.read_back(event.place, language)
            case CountryRead() | DayRead():
                return self._named.speak(event, language)
        return self._data.speak(event, language)

    def _told(
        self, key: str, language: str, speech: frozenset[str], values: Mapping[str, str] | None = None
    ) -> Iterator[Utterance]:
        text = self._texts.get(language, key, _voice_variants(language, speech), **values or {})
        if key.startswith(DANGER):
            yield from (Utterance(language, sentence, is_slow=True) for sentence in emergency_aloud(text))
        else:
            yield Utterance(language, text)

    def _speak_question(
        self, asked: Asked, language: str | None, library: Library, speech: frozenset[str]
    ) -> Iterator[Utterance]:
        if language is not None:
            yield Utterance(language, self._texts.get(language, asked.text_key, _voice_variants(language, speech)))
        elif asked.preset is not None:
            yield from self._told(asked.text_key, asked.preset, speech)
        # Who does not understand the language offered must hear the way out.
        offered = dict.fromkeys((asked.preset, *OPENING_LANGUAGES)) if asked.preset else OPENING_LANGUAGES
        readers = [language] if language else [code for code in offered if code is not None]
        for choice in asked.choices:
            yield from self._spoken_choice(choice, readers, library)

    def _speak_answer(self, answered: Answered, language: str, library: Library) -> Iterator[Utterance]:
        article = library.articles[answered.topic, language]
        text = article.short if answered.part == "short" else article.full
        spoken = [Utterance(language, sentence) for sentence in self._parts.answer(article, text)]
        country: list[Utterance] = []
        if answered.country is not None:
            sentences = self._countries.speak(answered.country, language, is_whole=answered.part == "full")
            country = [Utterance(language, text) for text in sentences]
        yield from country + spoken if answered.is_country_first else spoken + country

    def _spoken_choice(self, choice: Choice, readers: Sequence[str], library: Library) -> Iterator[Utterance]:
        if choice.kind == "language":
            yield Utterance(choice.value, self._texts.get(choice.value, "language.option", key=choice.key))
            return
        for code in readers:
            if choice.kind == "country":
                yield from (Utterance(code, text) for text in self._named.option(choice.key, choice.value, code))
                continue
            yield Utterance(code, self._parts.key(code, choice.key, self._label(choice, code, library, SPOKEN)))

    # -- both ----------------------------------------------------------------------------------------------------------

    def _label(self, choice: Choice, language: str | None, library: Library, variants: tuple[str, ...] = WRITTEN) -> str:
        if choice.kind == "language":
            return self._autonyms[choice.value]
        code = language or OPENING_LANGUAGES[0]
        if choice.kind == "land":
            return self._centres.land(choice.value, code)
        if choice.kind == "country":
            return country_name(choice.value, code)
        if choice.kind == "group":
            return self._texts.get(code, f"{GROUP}{choice.value}")
        if choice.kind == "topic":
            return library.title(choice.value, code) or choice.value
        return self._texts.get(code, choice.value, variants)

    def all_utterances(self, language: str, definition: Definition, library: Library) -> Iterator[str]:
        """Every sentence a call in this language may hold, once: what has to be recorded or synthesised before it goes live."""
        said = set[str]()
        for _, text in self.named_utterances(language, definition, library):
            if text not in said:
                said.add(text)
                yield text

    def named_utterances(self, language: str, definition: Definition, library: Library) -> Iterator[tuple[str, str]]:
        """The same with the name of each one: see ``SpokenParts.all_of``."""
        return self._parts.all_of(language, definition, library)


def _voice_variants(language: str, speech: frozenset[str]) -> tuple[str, ...]:
    return (".voice",) if language in speech else (".keys", ".voice")


def _closed(name: str) -> str:
    """A name in a list that runs from left to right: after one written the other way, the next number would change sides."""
    return name + LEFT_TO_RIGHT_MARK if bidirectional(name[-1]) in ("R", "AL") else name
