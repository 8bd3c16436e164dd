"""Sounds of prompts, made anew whenever the answers or the recordings change.

Languages without a Twilio voice get a sound for every sentence: without it a text published in the studio would take its whole
language off the phone, for a language is spoken wholly or not at all. Of the others only what a person has spoken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

from hotline.dialogue.definition import Definition
from hotline.dialogue.rendering import Renderer
from hotline.knowledge.library import CONTENT_REVISION, LibraryReader
from hotline.knowledge.recordings import RECORDINGS_REVISION, Recordings
from hotline.store.counters import read_counter
from hotline.store.database import Database
from hotline.telephony.audio import AudioLibrary
from hotline.telephony.audio_build import BuildReport, Released, build_audio
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
        people: Recordings,
        today: Callable[[], date],
        start: Callable[[], None],
    ) -> None:
        """Hold what is needed.

        Args:
            database: where the answers are.
            library: reads them.
            renderer: knows every sentence of a language.
            definition: gives the flows.
            languages: the live ones.
            folders: of the sounds, and of human recordings beside those of the studio (it may be missing).
            people: the recordings of the studio.
            today: the day in Germany.
            start: builds in a process of its own, which the worker does not wait for when it is told to stop.
        """
        self._database = database
        self._library = library
        self._renderer = renderer
        self._definition = definition
        self._languages = tuple(languages)
        self._sounds, self._recordings = folders
        self._people = people
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
        library_of_sounds = AudioLibrary(self._sounds)
        for language in self._languages:
            sounds = self._people.released(language.code)
            if language.say_voice and not (sounds or library_of_sounds.kinds(language.code) or self._has_files(language.code)):
                continue
            spoken = (self._renderer.all_utterances(language.code, self._definition(), library) for library in libraries)
            texts = list(dict.fromkeys(text for sentences in spoken for text in sentences))
            released = Released(sounds, partial(self._people.sound_of, language.code))
            # What nobody has recorded, Twilio's voice says, where there is one, and better than espeak-ng.
            maker = replace(language, espeak_voice=None) if language.say_voice else language
            yield language.code, build_audio(self._sounds, maker, texts, recordings, progress(language.code), released)
        (self._sounds / BUILT_FOR).write_text(state, encoding="utf-8")

    def build_if_changed(self) -> None:
        """Begin a build when answers, recordings or the day changed since the last one; the worker asks every minute.

        Where nobody ever built any, the first recording begins it.
        """
        built_for, state = self._sounds / BUILT_FOR, self._state()
        before = built_for.read_text(encoding="utf-8") if built_for.exists() else None
        if before != state and (before is not None or state.rpartition(" ")[2] != "0"):
            self._start()

    def _has_files(self, language: str) -> bool:
        return (self._recordings / language).is_dir()

    def _state(self) -> str:
        with self._database.read() as connection:
            answers, people = (read_counter(connection, name) for name in (CONTENT_REVISION, RECORDINGS_REVISION))
        return f"{answers} {self._today().isoformat()} {people}"
