"""Who speaks which prompt in which language: a person, Twilio's voice, espeak-ng, or nobody.

The rule of a changed text: a recording is played only for the very words it was made for. When they change, it is outdated and
silent, and Twilio's voice says the new words; where there is none, espeak-ng does. Never another language, never old words.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection

from hotline.dialogue.definition import Definition
from hotline.dialogue.rendering import Renderer
from hotline.knowledge.library import Library
from hotline.knowledge.recordings import IN_REVIEW, LIVE, Recordings
from hotline.telephony.audio import AudioLibrary, Kind, text_hash
from hotline.telephony.languages import Language

# human; outdated: a person has spoken earlier words, and a machine says the new ones; voice: Twilio's; synthetic: espeak-ng's.
State = Literal["human", "outdated", "voice", "synthetic", "missing"]
STATES: tuple[State, ...] = ("human", "outdated", "voice", "synthetic", "missing")
# In the order in which a caller meets them.
GROUPS = ("text", "language", "key", "answer", "digit", "emergency", "centre", "country")


@dataclass(frozen=True)
class Cell:
    """One prompt in one language.

    ``name`` stays when the words change, ``group`` is what it begins with. ``is_waiting`` tells that a recording is to be
    approved, ``machine`` who says it where no person does.
    """

    name: str
    language: str
    text: str
    state: State
    machine: State
    is_waiting: bool

    @property
    def group(self) -> str:
        """What kind of prompt it is."""
        return self.name.partition(":")[0]


@dataclass(frozen=True)
class Coverage:
    """All prompts: name -> language -> cell. ``forgotten`` are recordings whose prompt is said no more."""

    rows: Mapping[str, Mapping[str, Cell]]
    languages: Sequence[str]
    forgotten: Sequence[Any]

    def cells(self, language: str) -> list[Cell]:
        """Every prompt of a language."""
        return [row[language] for row in self.rows.values() if language in row]

    def find(self, language: str, name: str) -> Cell | None:
        """One prompt; None where the language has none of this name."""
        return self.rows.get(name, {}).get(language)

    def counts(self, language: str) -> dict[State, int]:
        """How many prompts of a language are in each state."""
        states = [cell.state for cell in self.cells(language)]
        return {state: states.count(state) for state in STATES}


class PromptCoverage:
    """Reads it from the answers, the library of sounds and the recordings."""

    def __init__(
        self,
        renderer: Renderer,
        definition: Definition,
        languages: Mapping[str, Language],
        live: Sequence[str],
        audio: AudioLibrary,
        recordings: Recordings,
    ) -> None:
        """Hold what is needed.

        Args:
            renderer: knows every sentence of a language.
            definition: the flows.
            languages: the catalogue.
            live: codes of those on offer, in menu order.
            audio: the library of sounds.
            recordings: of people.
        """
        self._renderer = renderer
        self._definition = definition
        self._languages = languages
        self._live = live
        self._audio = audio
        self._recordings = recordings

    def read(self, connection: Connection, library: Library, only: Collection[str] | None = None) -> Coverage:
        """How it is now.

        Args:
            connection: to the database.
            library: the answers of today.
            only: languages that are wanted, where all are not; each has a thousand sentences.
        """
        languages = [code for code in self._live if only is None or code in only]
        recorded = [row for row in self._recordings.open(connection) if only is None or row.language in only]
        rows: dict[str, dict[str, Cell]] = {}
        for language in languages:
            for cell in self._cells(language, library, [row for row in recorded if row.language == language]):
                rows.setdefault(cell.name, {})[language] = cell
        # A name that only one language has comes last in its group, not last of all.
        ordered = dict(sorted(rows.items(), key=lambda item: GROUPS.index(item[0].partition(":")[0])))
        forgotten = [row for row in recorded if row.language not in ordered.get(row.prompt, {})]
        return Coverage(ordered, languages, forgotten)

    def _cells(self, language: str, library: Library, recorded: Sequence[Any]) -> list[Cell]:
        kinds = self._audio.kinds(language)
        live = {row.prompt: row.text_hash for row in recorded if row.state == LIVE}
        spoken = set(live.values())
        waiting = {row.prompt for row in recorded if row.state == IN_REVIEW}
        cells: dict[str, Cell] = {}
        texts = set[str]()
        for name, text in self._renderer.named_utterances(language, self._definition, library):
            if name in cells or text in texts:
                # The same words elsewhere are spoken by the same sound.
                continue
            texts.add(text)
            key = text_hash(text)
            machine = self._machine(language, kinds.get(key))
            state: State = machine
            if key in spoken or kinds.get(key) == "recording":
                state = "human"
            elif name in live and machine != "missing":
                state = "outdated"
            cells[name] = Cell(name, language, text, state, machine, name in waiting)
        return list(cells.values())

    def _machine(self, language: str, kind: Kind | None) -> State:
        if self._languages[language].say_voice:
            return "voice"
        return "missing" if kind is None else "synthetic"
