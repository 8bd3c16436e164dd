"""What the events of a turn read and sound like: one message in writing, or sentences to speak."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Literal
from unicodedata import bidirectional

from hotline.counselling.routing import TOLD_PLACES
from hotline.dialogue.by_ear import DANGER, PRESSED, all_emergencies, emergency_aloud, say_as_of, sentences_aloud
from hotline.dialogue.centre_words import CENTRE_TEXT_KEYS, CentreWords
from hotline.dialogue.country_words import COUNTRY_TEXT_KEYS, CountryWords
from hotline.dialogue.data_words import DATA_TEXT_KEYS, DataWords
from hotline.dialogue.definition import Definition, Option
from hotline.dialogue.events import (
    Answered,
    Asked,
    CentresShown,
    Choice,
    CodeGiven,
    DataErased,
    DataShown,
    Ended,
    Event,
    NumberRead,
    PlaceRead,
    RecordWanted,
    Told,
)
from hotline.dialogue.figure_words import FIGURE_TEXT_KEYS, LEFT_TO_RIGHT_MARK, FigureWords
from hotline.dialogue.fitting import Spare, ways_to_write
from hotline.dialogue.inputs import CODE_DIGITS
from hotline.dialogue.offers import FIRST_OPTION_KEYS, LANGUAGE_DIGITS, NEXT_PAGE_KEY, NEXT_PAGE_LABELS, SPOKEN_LANGUAGES_PAGE_KEY
from hotline.dialogue.safety import CATEGORIES
from hotline.dialogue.spoken import Spoken, Utterance
from hotline.dialogue.text_me import SMS_TEXT_KEYS
from hotline.dialogue.texts import Texts
from hotline.dialogue.topic_groups import GROUP, GROUP_TEXT_KEYS
from hotline.knowledge.centres import NATIONWIDE, Centre
from hotline.knowledge.library import Article, Library, format_as_of
from hotline.knowledge.measures import count_segments
from hotline.knowledge.places import LANDS

Channel = Literal["sms", "whatsapp", "voice", "webchat"]
# Said to somebody whose language is not known yet.
OPENING_LANGUAGES = ("de", "en")
LANGUAGE_QUESTION = "language.ask"
# An SMS in three parts is what people on old phones still read, and what an operator pays for.
SMS_SEGMENTS = 3
# A text may be said in other words than it is written.
WRITTEN, SPOKEN = (".text",), (".voice",)
# A place in the queue, the one text with a figure in it that is said aloud.
PLACE = "person.place"
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
        "stop.done", "start.done", "technical.sorry", "limit.slow",
        *(f"{DANGER}{category}" for category in (*CATEGORIES, PRESSED)),
        *GROUP_TEXT_KEYS, *SMS_TEXT_KEYS, *CENTRE_TEXT_KEYS, *COUNTRY_TEXT_KEYS, *DATA_TEXT_KEYS, *FIGURE_TEXT_KEYS,
    }
)  # fmt: skip


class Renderer:
    """Turns events into words of the person's language."""

    def __init__(
        self, texts: Texts, languages: Sequence[str], autonyms: dict[str, str], speech_languages: frozenset[str]
    ) -> None:
        """Hold what is needed.

        Args:
            texts: the prompts.
            languages: live languages, in menu order.
            autonyms: language code -> its own name.
            speech_languages: languages whose speech is recognised on the phone.
        """
        self._texts = texts
        self._languages = languages
        self._autonyms = autonyms
        self._speech_languages = speech_languages
        self._centres = CentreWords(texts)
        self._countries = CountryWords(texts)
        self._data, self._figures = DataWords(texts), FigureWords(texts)

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
            return f"{article.short} ({self._as_of(article)})"
        # Whoever reads on is told where to look it up; the short text has no room for it.
        source = f", {article.source}" if article.source else ""
        return f"{article.full} ({self._as_of(article)}{source})"

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

    def speak(self, events: Sequence[Event], language: str | None, library: Library) -> Spoken:
        """Everything the events say, as sentences to speak."""
        record_at = next((place for place, event in enumerate(events) if isinstance(event, RecordWanted)), None)
        if record_at is not None:
            # What comes after the message is said after it.
            spoken = [said for event in events[:record_at] for said in self._speak_event(event, language, library)]
            return Spoken(tuple(spoken), language, listens=False, ended=False, records=True)
        asked = next((event for event in events if isinstance(event, Asked)), None)
        listens = asked is not None and asked.listens and language in self._speech_languages
        utterances = tuple(utterance for event in events for utterance in self._speak_event(event, language, library))
        # What people are most likely to say now, for the speech recognition.
        named = self._hints(asked, language, library) if listens and asked and language else ()
        is_over = any(isinstance(event, Ended) for event in events)
        return Spoken(
            utterances, language, listens, is_over, named, asked.digits if asked else 1, asked is not None and asked.waits
        )

    def _hints(self, asked: Asked, language: str, library: Library) -> tuple[str, ...]:
        if asked.digits == CODE_DIGITS:
            return ()
        if asked.digits == LANGUAGE_DIGITS:
            return tuple(self._autonyms[code] for code in self._languages)
        if asked.digits > 1:
            return tuple(self._centres.land(land, language) for land in LANDS)
        groups = (self._texts.get(language, key) for key in sorted(GROUP_TEXT_KEYS))
        return (*groups, *(article.title for (_, code), article in library.articles.items() if code == language))

    def _speak_event(self, event: Event, language: str | None, library: Library) -> Iterator[Utterance]:
        if isinstance(event, Told):
            for code in [language] if language else OPENING_LANGUAGES:
                yield from self._told(event.text_key, code, event.values)
        elif isinstance(event, Answered) and language:
            yield from self._speak_answer(event, language, library)
        elif isinstance(event, CentresShown) and language:
            yield from (Utterance(language, text) for text in self._centres.speak(event, language))
        elif isinstance(event, PlaceRead) and language:
            yield from (Utterance(language, text) for text in self._centres.read_back(event.place, language))
        elif isinstance(event, DataShown | DataErased) and language:
            yield from (Utterance(language, text) for text in self._data.speak(event, language))
        elif isinstance(event, CodeGiven | NumberRead):
            for code in [language] if language else OPENING_LANGUAGES:
                yield from (Utterance(code, text) for text in self._figures.speak(event, code))
        elif isinstance(event, Asked):
            yield from self._speak_question(event, language, library)

    def _told(self, key: str, language: str, values: Mapping[str, str] | None = None) -> Iterator[Utterance]:
        text = self._texts.get(language, key, self._voice_variants(language), **values or {})
        if key.startswith(DANGER):
            yield from (Utterance(language, sentence, is_slow=True) for sentence in emergency_aloud(text))
        else:
            yield Utterance(language, text)

    def _speak_question(self, asked: Asked, language: str | None, library: Library) -> Iterator[Utterance]:
        if language is not None:
            yield Utterance(language, self._texts.get(language, asked.text_key, self._voice_variants(language)))
        elif asked.preset is not None:
            yield from self._told(asked.text_key, asked.preset)
        # Who does not understand the language offered must hear the way out.
        offered = dict.fromkeys((asked.preset, *OPENING_LANGUAGES)) if asked.preset else OPENING_LANGUAGES
        readers = [language] if language else [code for code in offered if code is not None]
        for choice in asked.choices:
            yield from self._spoken_choice(choice, readers, library)

    def _speak_answer(self, answered: Answered, language: str, library: Library) -> Iterator[Utterance]:
        article = library.articles[answered.topic, language]
        spoken = list(self._spoken_answer(article, article.short if answered.part == "short" else article.full))
        country: list[Utterance] = []
        if answered.country is not None:
            sentences = self._countries.speak(answered.country, language, is_whole=answered.part == "full")
            country = [Utterance(language, text) for text in sentences]
        yield from country + spoken if answered.is_country_first else spoken + country

    def _spoken_answer(self, article: Article, text: str) -> Iterator[Utterance]:
        yield from (Utterance(article.language, sentence) for sentence in sentences_aloud(text, article.language))
        yield Utterance(article.language, self._as_of(article, say_as_of).rstrip(".") + ".")

    def _spoken_choice(self, choice: Choice, readers: Sequence[str], library: Library) -> Iterator[Utterance]:
        if choice.kind == "language":
            yield Utterance(choice.value, self._texts.get(choice.value, "language.option", key=choice.key))
            return
        for code in readers:
            yield Utterance(code, self._spoken_key(code, choice.key, self._label(choice, code, library, SPOKEN)))

    def _spoken_key(self, language: str, key: str, label: str) -> str:
        # The sentence around the label has its own full stop.
        if key == "*":
            return self._texts.get(language, "option.star", label=label)
        return self._texts.get(language, "option.voice", key=key, label=label.rstrip(".?!؟"))

    def _voice_variants(self, language: str) -> tuple[str, ...]:
        return (".voice",) if language in self._speech_languages else (".keys", ".voice")

    # -- both ----------------------------------------------------------------------------------------------------------

    def _label(self, choice: Choice, language: str | None, library: Library, variants: tuple[str, ...] = WRITTEN) -> str:
        if choice.kind == "language":
            return self._autonyms[choice.value]
        code = language or OPENING_LANGUAGES[0]
        if choice.kind == "land":
            return self._centres.land(choice.value, code)
        if choice.kind == "group":
            return self._texts.get(code, f"{GROUP}{choice.value}")
        if choice.kind == "topic":
            return library.title(choice.value, code) or choice.value
        return self._texts.get(code, choice.value, variants)

    def _as_of(self, article: Article, show: Callable[[str, str], str] = format_as_of) -> str:
        return self._texts.get(article.language, "answer.as_of", date=show(article.as_of, article.language))

    def all_utterances(self, language: str, definition: Definition, library: Library) -> list[str]:
        """Every sentence a call in this language may hold: what has to be recorded or synthesised before it goes live."""
        return list(dict.fromkeys(text for _, text in self.named_utterances(language, definition, library)))

    def named_utterances(self, language: str, definition: Definition, library: Library) -> Iterator[tuple[str, str]]:
        """The same with the name of each one, ``kind:…``, which stays when its words change.

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
            yield name, self._spoken_key(language, key, label)
        yield from ((f"digit:{digit}", digit) for digit in "0123456789")
        for centre in library.directory.centres:
            is_nationwide = centre.land == NATIONWIDE
            say = self._centres.spoken_directory if is_nationwide else self._centres.spoken_line
            yield f"centre:{centre.land}:{name_hash(centre.name, centre.city)}", say(centre, language)
        yield from ((f"country:{name}", text) for name, text in self._countries.all_sentences(library.countries, language))

    def _named_keys(self, language: str, definition: Definition, library: Library) -> dict[tuple[str, str], str]:
        """What a key may be for: (key, name of the sentence) -> label."""
        found = {
            (option.key, f"key:{option.key}:{option.label}"): self._texts.get(language, option.label, SPOKEN)
            for step in definition.steps.values()
            for option in step.options
        }
        pages = [(NEXT_PAGE_KEY, label) for label in NEXT_PAGE_LABELS.values()]
        for key, label in (*pages, (SPOKEN_LANGUAGES_PAGE_KEY, NEXT_PAGE_LABELS["language"])):
            found[key, f"key:{key}:{label}"] = self._texts.get(language, label)
        listed = {name: self._texts.get(language, name) for name in GROUP_TEXT_KEYS}
        listed |= {f"topic:{topic}": article.title for (topic, code), article in library.articles.items() if code == language}
        listed |= {f"land:{land}": self._centres.land(land, language) for land in LANDS}
        return found | {(key, f"key:{key}:{name}"): label for key in FIRST_OPTION_KEYS for name, label in listed.items()}

    def _named_answer(self, topic: str, article: Article) -> Iterator[tuple[str, str]]:
        for part, text in (("short", article.short), ("full", article.full)):
            *sentences, as_of = (utterance.text for utterance in self._spoken_answer(article, text))
            yield from ((f"answer:{topic}:{part}:{number}", sentence) for number, sentence in enumerate(sentences, 1))
            yield f"answer:{topic}:date", as_of


def name_hash(*words: str) -> str:
    """A short name for something that has none but its own words."""
    return sha256("\n".join(words).encode()).hexdigest()[:8]


def _closed(name: str) -> str:
    """A name in a list that runs from left to right: after one written the other way, the next number would change sides."""
    return name + LEFT_TO_RIGHT_MARK if bidirectional(name[-1]) in ("R", "AL") else name
