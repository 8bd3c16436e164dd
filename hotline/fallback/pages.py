"""The pages of a call while the hotline is down: languages, the most asked questions, their answers, nobody to be reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from hotline.dialogue.by_ear import say_as_of, say_figures
from hotline.dialogue.offers import FIRST_OPTION_KEYS, NEXT_PAGE_KEY
from hotline.dialogue.rendering import OPENING_LANGUAGES
from hotline.dialogue.texts import Texts
from hotline.fallback.book import ACTION, END, START, Page
from hotline.knowledge.library import Article
from hotline.telephony.twiml import Gather, Play, Say, voice_reply

# Said by this program alone; `flask texts check` reads it.
FALLBACK_TEXT_KEYS = frozenset({"fallback.trouble", "fallback.menu", "fallback.no_person", "fallback.message"})
LANGUAGES_PAGE, TOPICS_PAGE = len(FIRST_OPTION_KEYS), 5
MORE, MENU, LANGUAGE, PERSON, BACK = "1", "2", "3", "0", "*"

Speak = Callable[[str, str], Sequence[Say | Play]]


@dataclass(frozen=True)
class Topic:
    """An answer in one language, and the last day its words hold."""

    article: Article
    until: date


class CallPages:
    """Writes all pages of some languages."""

    def __init__(self, texts: Texts, speak: Speak, topics: Mapping[str, Sequence[Topic]]) -> None:
        """Hold what is said.

        Args:
            texts: the prompts.
            speak: gives the voice of a text in a language.
            topics: language -> the most asked answers, in order; the languages are offered in this order.
        """
        self._texts = texts
        self._speak = speak
        self._topics = topics
        self._languages = tuple(topics)
        self.opening = tuple(code for code in OPENING_LANGUAGES if code in topics) or self._languages[:1]

    def all(self) -> dict[str, Page]:
        """Every page by its name."""
        pages = dict(self._language_pages())
        pages[END] = self._page([(code, self._said(code, "technical.sorry")) for code in self.opening], {}, None)
        for language in self._languages:
            pages |= dict(self._pages_of(language))
        return pages

    def _language_pages(self) -> Iterator[tuple[str, Page]]:
        trouble = [(code, self._said(code, "fallback.trouble")) for code in self.opening]
        size = LANGUAGES_PAGE
        parts = [self._languages[at : at + size] for at in range(0, len(self._languages), size)]
        for number, part in enumerate(parts):
            name, following = _numbered(START, number), _numbered(START, (number + 1) % len(parts))
            keys = dict(zip(FIRST_OPTION_KEYS, part, strict=False))
            said = [(code, self._texts.get(code, "language.option", key=key)) for key, code in keys.items()]
            if len(parts) > 1:
                # In their own voices: who needs the next page understands no other language.
                others = [code for code in self._languages if code not in part]
                said += [(code, self._texts.get(code, "language.option", key=NEXT_PAGE_KEY)) for code in others]
                keys[NEXT_PAGE_KEY] = following
            yield name, self._page([*(trouble if number == 0 else ()), *said], keys, name)

    def _pages_of(self, language: str) -> Iterator[tuple[str, Page]]:
        topics, end, menu = self._topics[language], f"{language}.end", f"{language}.menu"
        before = {
            language: [self._said(language, "fallback.trouble")],
            f"{language}.person": [self._said(language, "fallback.no_person")],
            f"{language}.missing": [self._said(language, "answer.missing")],
        }
        for number in range(max(1, -(-len(topics) // TOPICS_PAGE))):
            texts, keys = self._menu(language, number)
            yield _numbered(menu, number), self._page(_in(language, texts), keys, _numbered(menu, number), end)
            if number == 0:
                for name, first in before.items():
                    yield name, self._page(_in(language, [*first, *texts]), keys, name, end)
        for topic in topics:
            yield from self._answers(language, topic)
        yield end, self._page(_in(language, [self._said(language, "goodbye.say")]), {}, None)

    def _menu(self, language: str, number: int) -> tuple[list[str], dict[str, str]]:
        topics = self._topics[language]
        part = topics[number * TOPICS_PAGE : (number + 1) * TOPICS_PAGE]
        texts, keys = [self._said(language, "fallback.menu")], {PERSON: f"{language}.person", BACK: START}
        for key, topic in zip(FIRST_OPTION_KEYS, part, strict=False):
            texts.append(self._key(language, key, topic.article.title))
            keys[key] = f"{language}.{topic.article.topic}"
        pages = -(-len(topics) // TOPICS_PAGE)
        if pages > 1:
            texts.append(self._key(language, NEXT_PAGE_KEY, self._said(language, "option.next_page")))
            keys[NEXT_PAGE_KEY] = _numbered(f"{language}.menu", (number + 1) % pages)
        texts.append(self._key(language, PERSON, self._said(language, "option.person")))
        return texts, keys

    def _answers(self, language: str, topic: Topic) -> Iterator[tuple[str, Page]]:
        article, end = topic.article, f"{language}.end"
        short, full = f"{language}.{article.topic}", f"{language}.{article.topic}.full"
        as_of = self._texts.get(language, "answer.as_of", date=say_as_of(article.as_of, language)).rstrip(".") + "."
        keys = {MENU: f"{language}.menu", LANGUAGE: START, PERSON: f"{language}.person", BACK: f"{language}.menu"}
        ways = [(MENU, "option.menu"), (LANGUAGE, "option.language"), (PERSON, "option.person")]
        for name, text, more in ((short, article.short, {MORE: full}), (full, article.full, {})):
            labels = [*([(MORE, "option.more")] if more else []), *ways]
            said = [say_figures(part.strip(), language) for part in text.split("\n\n") if part.strip()]
            said += [as_of, *(self._key(language, key, self._said(language, label)) for key, label in labels)]
            until, instead = topic.until.isoformat(), f"{language}.missing"
            yield name, self._page(_in(language, said), {**keys, **more}, name, end, until, instead)

    def _key(self, language: str, key: str, label: str) -> str:
        # The sentence around the label has its own full stop.
        return self._texts.get(language, "option.voice", key=key, label=label.rstrip(".?!؟"))

    def _said(self, language: str, key: str) -> str:
        return self._texts.get(language, key, (".voice",))

    def _page(
        self,
        said: Sequence[tuple[str, str]],
        keys: Mapping[str, str],
        silence: str | None,
        ended: str = END,
        until: str | None = None,
        instead: str | None = None,
    ) -> Page:
        parts = tuple(part for language, text in said for part in self._speak(language, text))
        if silence is None:
            return Page(voice_reply(parts, None, hang_up=True), keys)
        document = voice_reply([], Gather(parts, ACTION, None), hang_up=False)
        return Page(document, keys, silence, ended, until, instead)


def _numbered(name: str, number: int) -> str:
    return f"{name}.{number + 1}" if number else name


def _in(language: str, texts: Sequence[str]) -> list[tuple[str, str]]:
    return [(language, text) for text in texts]
