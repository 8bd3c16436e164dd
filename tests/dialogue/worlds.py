"""The real flows, and a small world around them, for tests of the pure engine."""

from __future__ import annotations

from hotline.dialogue.definition import Definition
from hotline.dialogue.events import Asked, Event, Heard, Meaning, PersonRequested
from hotline.dialogue.flow import advance
from hotline.dialogue.flow_files import load_flows
from hotline.dialogue.session import Session, World
from hotline.settings import ROOT

FLOWS = ROOT / "ivr_flows"
REAL = load_flows(FLOWS)
LANGUAGES = ("de", "en", "ar")
TOPICS = tuple(f"topic_{number}" for number in range(12))
SECRET_TOPIC = "asylum_case"
# The last topic has no answer in Arabic, and one is for people only.
WORLD = World(
    languages=LANGUAGES,
    topics=TOPICS,
    answerable=frozenset((t, c) for t in TOPICS for c in LANGUAGES if (t, c) != (TOPICS[-1], "ar")),
    handed_over=frozenset({SECRET_TOPIC}),
    page_size=4,
)
START = Heard("start", start="text")


def key(value: str) -> Heard:
    """A key."""
    return Heard("key", key=value)


def words(**meaning: object) -> Heard:
    """A text with its meaning."""
    return Heard("words", meaning=Meaning(**meaning))  # type: ignore[arg-type]


SILENCE = Heard("silence")
NOT_UNDERSTOOD = words(decision="clarify")


class Talk:
    """One conversation, stored and reloaded at every turn."""

    def __init__(self, language: str | None = "de", definition: Definition = REAL, world: World = WORLD) -> None:
        self.session = Session(language=language)
        self.definition, self.world = definition, world
        self.events: list[Event] = []

    def hear(self, *inputs: Heard) -> Talk:
        """Take inputs; ``events`` are those of the last."""
        for heard in inputs:
            self.session = Session.from_dict(self.session.to_dict())
            self.session, self.events = advance(self.definition, self.world, self.session, heard)
        return self

    @property
    def asked(self) -> Asked:
        """The question it waits at."""
        last = self.events[-1]
        assert isinstance(last, Asked), last
        return last

    @property
    def reasons(self) -> list[str]:
        """Why a person was asked for in the last turn."""
        return [event.reason for event in self.events if isinstance(event, PersonRequested)]
