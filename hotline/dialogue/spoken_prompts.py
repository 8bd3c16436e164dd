"""Sounds for every sentence of the languages without a Twilio voice, made anew whenever the answers change.

Without it a text published in the studio would take its whole language off the phone: a language is spoken wholly or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path

from hotline.dialogue.definition import Definition
from hotline.dialogue.rendering import Renderer
from hotline.knowledge.library import CONTENT_REVISION, LibraryReader
from hotline.store.counters import read_counter
from hotline.store.database import Database
from hotline.telephony.audio_build import BuildReport, build_audio
from hotline.telephony.languages import Language

# For what answers and what day the sounds were last built; missing where nobody ever built any.
BUILT_FOR = "built_for"


class SpokenPrompts:
    """Builds what is missing in the library of sounds."""

    def __init__(
        self,
        database: Database,
        library: LibraryReader,
        renderer: Renderer,
        definition: Callable[[], Definition],
        languages: Iterable[Language],
        folders: tuple[Path, Path],
        today: Callable[[], date],
        start: Callable[[], None],
    ) -> None:
        """Hold what is needed.

        Args:
            database: where the answers are.
            library: reads them.
            renderer: knows every sentence of a language.
            definition: gives the flows.
            languages: the live ones; those with a Twilio voice need no sounds.
            folders: of the sounds, and of human recordings (it may be missing).
            today: the day in Germany.
            start: builds in a process of its own, which the worker does not wait for when it is told to stop.
        """
        self._database = database
        self._library = library
        self._renderer = renderer
        self._definition = definition
        self._languages = tuple(language for language in languages if not language.say_voice)
        self._sounds, self._recordings = folders
        self._today = today
        self._start = start

    def build(self, progress: Callable[[str], Callable[[int, int], None]]) -> Iterator[tuple[str, BuildReport]]:
        """Build every language, one after the other.

        Args:
            progress: gives, for a language, what is told how many of how many sentences are done.

        Yields:
            The code of a language and what was done.
        """
        today, state = self._today(), self._state()
        with self._database.read() as connection:
            # What is said when a fact has expired must be there before that day.
            days = self._library.current(connection, today).days_of_change(today)
            libraries = [self._library.on_day(connection, day) for day in days]
        recordings = self._recordings if self._recordings.is_dir() else None
        for language in self._languages:
            spoken = (self._renderer.all_utterances(language.code, self._definition(), library) for library in libraries)
            texts = list(dict.fromkeys(text for sentences in spoken for text in sentences))
            yield language.code, build_audio(self._sounds, language, texts, recordings, progress(language.code))
        (self._sounds / BUILT_FOR).write_text(state, encoding="utf-8")

    def build_if_changed(self) -> None:
        """Begin a build when the answers or the day changed since the last one; the worker asks every minute."""
        built_for = self._sounds / BUILT_FOR
        if built_for.exists() and built_for.read_text(encoding="utf-8") != self._state():
            self._start()

    def _state(self) -> str:
        with self._database.read() as connection:
            return f"{read_counter(connection, CONTENT_REVISION)} {self._today().isoformat()}"
