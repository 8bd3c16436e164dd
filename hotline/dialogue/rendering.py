"""What the events of a turn read and sound like: one message in writing, or sentences to speak."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from unicodedata import bidirectional

from hotline.dialogue.definition import Definition
from hotline.dialogue.events import Answered, Asked, Choice, Ended, Event, Told
from hotline.dialogue.flow import FIRST_OPTION_KEYS, NEXT_PAGE_KEY, NEXT_PAGE_LABELS
from hotline.dialogue.safety import CATEGORIES
from hotline.dialogue.texts import Texts
from hotline.knowledge.library import Article, Library, format_as_of

Channel = Literal["sms", "whatsapp", "voice", "webchat"]
# Said to somebody whose language is not known yet.
OPENING_LANGUAGES = ("de", "en")
LANGUAGE_QUESTION = "language.ask"
LEFT_TO_RIGHT_MARK = "\u200e"
# Texts said by the code itself; all others are named in the flows. `flask texts check` reads both.
CODE_TEXT_KEYS = frozenset(
    {
        "language.option", "option.voice", "option.next_page", "option.more_languages", "answer.as_of", "answer.missing",
        "question.only_text",
        "person.noted", "person.no_number", "person.already", "person.urgent", "stop.done", "start.done", "technical.sorry",
        *(f"danger.{category}" for category in CATEGORIES),
    }
)  # fmt: skip


@dataclass(frozen=True)
class Utterance:
    """One sentence or paragraph spoken as a whole, in one language."""

    language: str
    text: str


@dataclass(frozen=True)
class Spoken:
    """What a caller hears.

    ``listens`` tells whether a spoken answer is understood, ``ended`` whether the call is over; ``hints`` are likely answers.
    """

    utterances: tuple[Utterance, ...]
    language: str | None
    listens: bool
    ended: bool
    hints: tuple[str, ...] = ()


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

    # -- in writing ----------------------------------------------------------------------------------------------------

    def write(self, events: Sequence[Event], language: str | None, library: Library, likely: Sequence[str] = ()) -> str:
        """One message with everything the events say.

        Args:
            events: of the turn.
            language: of the conversation; None when it is not known yet.
            library: the answers.
            likely: the languages to speak then.
        """
        parts = [part for event in events for part in self._write_event(event, language, library, likely)]
        return "\n".join(parts)

    def _write_event(self, event: Event, language: str | None, library: Library, likely: Sequence[str]) -> Iterator[str]:
        if isinstance(event, Told):
            yield self.tell(event.text_key, language, likely)
        elif isinstance(event, Answered) and language:
            article = library.articles[event.topic, language]
            yield f"{article.short if event.part == 'short' else article.full} ({self._as_of(article)})"
        elif isinstance(event, Asked):
            yield from self._write_question(event, language, library, likely)

    def _write_question(self, asked: Asked, language: str | None, library: Library, likely: Sequence[str]) -> Iterator[str]:
        listed = [choice for choice in asked.choices if choice.kind != "text"]
        fixed = [choice for choice in asked.choices if choice.kind == "text"]
        # After an answer the keys alone are enough; the question above them is for those who have nothing listed to choose from.
        if listed or not fixed:
            yield self.tell(asked.text_key, language, likely)
        if asked.text_key == LANGUAGE_QUESTION:
            yield ", ".join(f"{choice.key} {_closed(self._label(choice, language, library))}" for choice in listed)
        else:
            yield from (f"{choice.key} {self._label(choice, language, library)}" for choice in listed)
        if fixed:
            yield ", ".join(f"{choice.key} {self._label(choice, language, library)}" for choice in fixed)

    def tell(self, key: str, language: str | None, likely: Sequence[str] = ()) -> str:
        """One text in writing; in the likely languages, else the opening ones, while the person's is not known."""
        if language is not None:
            return self._texts.get(language, key, (".text",))
        spoken_to = likely or (self._languages if key == LANGUAGE_QUESTION else OPENING_LANGUAGES)
        return " ".join(self._texts.get(code, key, (".text",)) for code in spoken_to)

    # -- aloud ---------------------------------------------------------------------------------------------------------

    def speak(self, events: Sequence[Event], language: str | None, library: Library) -> Spoken:
        """Everything the events say, as sentences to speak."""
        asked = next((event for event in events if isinstance(event, Asked)), None)
        listens = asked is not None and asked.listens and language in self._speech_languages
        utterances = tuple(utterance for event in events for utterance in self._speak_event(event, language, library))
        # What people are most likely to say now, for the speech recognition.
        named = [article.title for (_, code), article in library.articles.items() if code == language] if listens else []
        return Spoken(utterances, language, listens, any(isinstance(event, Ended) for event in events), tuple(named))

    def _speak_event(self, event: Event, language: str | None, library: Library) -> Iterator[Utterance]:
        if isinstance(event, Told):
            for code in [language] if language else OPENING_LANGUAGES:
                yield Utterance(code, self._texts.get(code, event.text_key, self._voice_variants(code)))
        elif isinstance(event, Answered) and language:
            article = library.articles[event.topic, language]
            yield from self._spoken_answer(article, article.short if event.part == "short" else article.full)
        elif isinstance(event, Asked):
            if language is not None:
                yield Utterance(language, self._texts.get(language, event.text_key, self._voice_variants(language)))
            for choice in event.choices:
                yield from self._spoken_choice(choice, language, library)

    def _spoken_answer(self, article: Article, text: str) -> Iterator[Utterance]:
        yield from (Utterance(article.language, part.strip()) for part in text.split("\n\n") if part.strip())
        yield Utterance(article.language, self._as_of(article).rstrip(".") + ".")

    def _spoken_choice(self, choice: Choice, language: str | None, library: Library) -> Iterator[Utterance]:
        if choice.kind == "language":
            yield Utterance(choice.value, self._texts.get(choice.value, "language.option", key=choice.key))
            return
        for code in [language] if language else OPENING_LANGUAGES:
            yield Utterance(code, self._spoken_key(code, choice.key, self._label(choice, code, library)))

    def _spoken_key(self, language: str, key: str, label: str) -> str:
        # The sentence around the label has its own full stop.
        return self._texts.get(language, "option.voice", key=key, label=label.rstrip(".?!؟"))

    def _voice_variants(self, language: str) -> tuple[str, ...]:
        return (".voice",) if language in self._speech_languages else (".keys", ".voice")

    # -- both ----------------------------------------------------------------------------------------------------------

    def _label(self, choice: Choice, language: str | None, library: Library) -> str:
        if choice.kind == "language":
            return self._autonyms[choice.value]
        code = language or OPENING_LANGUAGES[0]
        if choice.kind == "topic":
            return library.title(choice.value, code) or choice.value
        return self._texts.get(code, choice.value)

    def _as_of(self, article: Article) -> str:
        return self._texts.get(article.language, "answer.as_of", date=format_as_of(article.as_of, article.language))

    def all_utterances(self, language: str, definition: Definition, library: Library) -> list[str]:
        """Every sentence a call in this language may hold: what has to be recorded or synthesised before it goes live."""
        texts = [
            text
            for key, text in self._texts.all_of(language).items()
            if "{" not in text and not key.endswith(".text") and not key.startswith("option.")
        ]
        texts += [self._texts.get(language, "language.option", key=key) for key in FIRST_OPTION_KEYS]
        labels = {
            (option.key, self._texts.get(language, option.label)) for step in definition.steps.values() for option in step.options
        }
        labels |= {(NEXT_PAGE_KEY, self._texts.get(language, label)) for label in NEXT_PAGE_LABELS.values()}
        for (_, code), article in library.articles.items():
            if code == language:
                texts += [u.text for text in (article.short, article.full) for u in self._spoken_answer(article, text)]
                labels |= {(key, article.title) for key in FIRST_OPTION_KEYS}
        texts += [self._spoken_key(language, key, label) for key, label in sorted(labels)]
        return list(dict.fromkeys(texts))


def _closed(name: str) -> str:
    """A name in a list that runs from left to right: after one written the other way, the next number would change sides."""
    return name + LEFT_TO_RIGHT_MARK if bidirectional(name[-1]) in ("R", "AL") else name
