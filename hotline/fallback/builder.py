"""Makes the book of the fallback program from what is approved today, with the sounds it needs beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from babel.dates import get_day_names
from sqlalchemy import Connection, func, select

from hotline.counselling.queues import Queue, find_queue, read_queues
from hotline.dialogue.texts import Texts
from hotline.fallback.book import FILE, SOUNDS, Book, UnusableBook, read_book, write_book
from hotline.fallback.pages import CallPages, Topic
from hotline.knowledge.facts import LOCALES
from hotline.knowledge.library import CONTENT_REVISION, Library, LibraryReader, menu_topics
from hotline.store.counters import read_counter
from hotline.store.database import Database
from hotline.store.tables import messages
from hotline.telephony.audio import AudioLibrary
from hotline.telephony.audio_build import build_audio
from hotline.telephony.languages import Language
from hotline.telephony.prompts import PromptBook
from hotline.understanding.folding import words

ANSWERS = 10
# What was asked in these days counts.
ASKED_DAYS = timedelta(days=90)
# A message is answered in one of these when nothing tells its language.
OPENING_MESSAGES = ("de", "en", "ar")
BUILT_FOR = "built_for"
# Words kept of each language, and how much more often they stand there than in all others together.
WORDS, TELLING = 1500, 4


class CannotBuild(UnusableBook):
    """No book can be made. The message names what is missing."""


@dataclass(frozen=True)
class FallbackPlan:
    """What the operator decided: where the program answers, what signs its book, which line speaks which language."""

    base_url: str | None
    key: str | None
    folder: Path
    line_languages: Mapping[str, str]


@dataclass(frozen=True)
class BookReport:
    """What one build did: languages on the phone, those that cannot be spoken, pages and sounds."""

    spoken: tuple[str, ...]
    mute: tuple[str, ...]
    pages: int
    sounds: int


class BookBuilder:
    """Builds the book, and again whenever the answers or the day changed."""

    def __init__(
        self,
        database: Database,
        library: LibraryReader,
        texts: Texts,
        languages: Sequence[Language],
        menu: Sequence[str],
        phrases: Mapping[str, Sequence[str]],
        recordings: Path,
        plan: FallbackPlan,
        clock: Callable[[], datetime],
        today: Callable[[], date],
        start: Callable[[], None],
    ) -> None:
        """Hold what is needed.

        Args:
            database: where the answers are.
            library: reads them.
            texts: the prompts.
            languages: the live ones, in menu order.
            menu: topics that come first while nobody has asked yet.
            phrases: language -> what people write in it, to tell languages apart by.
            recordings: human recordings (the folder may be missing).
            plan: of the operator.
            clock: gives aware UTC.
            today: the day in Germany.
            start: builds in a process of its own, which the worker does not wait for.
        """
        self._database = database
        self._library = library
        self._texts = texts
        self._languages = {language.code: language for language in languages}
        self._menu = tuple(menu)
        self._phrases = phrases
        self._recordings = recordings
        self._plan = plan
        self._clock = clock
        self._today = today
        self._start = start

    def build(self) -> BookReport:
        """Write the book and its sounds.

        Raises:
            CannotBuild: a setting is missing, or no language can be spoken.
        """
        key, base = self._plan.key, self._plan.base_url
        if key is None or base is None:
            name = "FALLBACK_KEY" if key is None else "FALLBACK_BASE_URL"
            raise CannotBuild(f"{name} is not set, so no fallback file can be made; docs/operations.md says how to set it.")
        folder = self._plan.folder
        folder.mkdir(parents=True, exist_ok=True)
        with self._database.read() as connection:
            state = self._state(connection)
            library, topics = self._answers(connection)
            queues = read_queues(connection)
        mute = tuple(code for code in topics if not self._make_sounds(code, topics, folder))
        spoken = {code: found for code, found in topics.items() if code not in mute}
        if not spoken:
            raise CannotBuild("No language can be spoken: install espeak-ng, or give a language a voice in languages.csv.")
        prompts = PromptBook(self._languages, AudioLibrary(folder / SOUNDS), base)
        pages = CallPages(self._texts, prompts.speak, spoken).all()
        made_at = self._clock().isoformat(timespec="seconds")
        texts = {code: self._message(code, queues) for code in self._languages}
        opening = tuple(code for code in OPENING_MESSAGES if code in texts) or tuple(texts)[:1]
        tell = _telling_words(self._sentences(library))
        write_book(Book(base, made_at, pages, texts, tell, opening, self._plan.line_languages), folder / FILE, key)
        read_book(folder / FILE, key)
        (folder / BUILT_FOR).write_text(state, encoding="utf-8")
        return BookReport(tuple(spoken), mute, len(pages), len(list((folder / SOUNDS).glob("*/*.wav"))))

    def build_if_changed(self) -> None:
        """Begin a build when the answers or the day changed since the last one; the worker asks every minute."""
        if self._plan.key is None or self._plan.base_url is None:
            return
        built_for = self._plan.folder / BUILT_FOR
        with self._database.read() as connection:
            state = self._state(connection)
        if not built_for.exists() or built_for.read_text(encoding="utf-8") != state:
            self._start()

    def _state(self, connection: Connection) -> str:
        return f"{read_counter(connection, CONTENT_REVISION)} {self._today().isoformat()}"

    def _answers(self, connection: Connection) -> tuple[Library, dict[str, list[Topic]]]:
        """Today's answers, and of each language those asked most, with the last day their words hold."""
        today = self._today()
        library = self._library.on_day(connection, today)
        later = [(day, self._library.on_day(connection, day)) for day in library.days_of_change(today)[1:]]
        order = self._most_asked(connection, library)
        found: dict[str, list[Topic]] = {}
        for code in self._languages:
            answerable = [topic for topic in order if (topic, code) in library.answerable(today)]
            found[code] = [_dated(library, topic, code, later) for topic in answerable[:ANSWERS]]
        return library, found

    def _most_asked(self, connection: Connection, library: Library) -> list[str]:
        since = self._clock() - ASKED_DAYS
        asked = select(messages.c.topic, func.count()).where(messages.c.topic.is_not(None), messages.c.created_at >= since)
        times: dict[str, int] = dict(connection.execute(asked.group_by(messages.c.topic)).tuples().all())
        topics = [topic for topic in menu_topics(library, self._menu) if topic not in library.handed_over]
        return sorted(topics, key=lambda topic: -times.get(topic, 0))

    def _make_sounds(self, code: str, topics: Mapping[str, Sequence[Topic]], folder: Path) -> bool:
        """Make the sounds of a language without a voice; tells whether all of it can be spoken."""
        language = self._languages[code]
        if language.say_voice:
            return True
        needed: dict[str, None] = {}

        def note(spoken_in: str, text: str) -> tuple[()]:
            if spoken_in == code:
                needed.setdefault(text)
            return ()

        # Written once without a voice, to learn what is said; in whatever order the languages come, so with all of them.
        CallPages(self._texts, note, topics).all()
        every_place = (self._texts.get(code, "language.option", key=key) for key in "123456789")
        needed.update(dict.fromkeys(every_place))
        recordings = self._recordings if self._recordings.is_dir() else None
        return not build_audio(folder / SOUNDS, language, needed, recordings, lambda _done, _total: None).missing

    def _message(self, code: str, queues: Sequence[Queue]) -> str:
        queue = find_queue(queues, code, None)
        return self._texts.get(code, "fallback.message", (".text",), hours=_hours(queue, code) if queue else "-")

    def _sentences(self, library: Library) -> dict[str, Iterable[str]]:
        return {
            code: [
                *self._phrases.get(code, ()),
                *(text for key, text in self._texts.all_of(code).items() if not key.startswith(("land.", "programme."))),
                *(f"{a.title} {a.short} {a.full}" for (_, language), a in library.articles.items() if language == code),
            ]
            for code in self._languages
        }


def _dated(library: Library, topic: str, code: str, later: Sequence[tuple[date, Library]]) -> Topic:
    article = library.articles[topic, code]
    until = article.valid_until
    for day, then in later:
        other = then.articles.get((topic, code))
        if other is None or (other.short, other.full) != (article.short, article.full):
            until = min(until, day - timedelta(days=1))
    return Topic(article, until)


def _hours(queue: Queue, language: str) -> str:
    """The weekly hours in few letters: days with the same hours together."""
    names = get_day_names("abbreviated", locale=LOCALES.get(language, language))
    stretches: list[tuple[list[int], str]] = []
    for day in range(7):
        slots = ", ".join(f"{slot.opens:%H:%M}-{slot.closes:%H:%M}" for slot in queue.hours.weekly.get(day, ()))
        if slots and stretches and stretches[-1][1] == slots and stretches[-1][0][-1] == day - 1:
            stretches[-1][0].append(day)
        elif slots:
            stretches.append(([day], slots))
    shown = ("-".join(dict.fromkeys((names[days[0]], names[days[-1]]))) + f" {slots}" for days, slots in stretches)
    return ", ".join(shown) or "-"


def _telling_words(sentences: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Word -> the one language it is common in."""
    counts = {code: Counter(word for text in texts for word in words(text, len(text))) for code, texts in sentences.items()}
    totals = {code: max(1, sum(count.values())) for code, count in counts.items()}
    telling: dict[str, str] = {}
    for code, count in counts.items():
        kept = 0
        for word, number in count.most_common():
            others = sum(counts[other][word] / totals[other] for other in counts if other != code)
            if number / totals[code] > TELLING * others and len(word) > 1 and not word.isdecimal():
                telling[word] = code
                kept += 1
            if kept == WORDS:
                break
    return telling
