"""What goes into the flow engine and what comes out: one input with its meaning, and the events of a turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

AnswerPart = Literal["short", "full"]
Decision = Literal["answer", "confirm", "clarify", "handoff"]


@dataclass(frozen=True)
class Meaning:
    """What a text or a spoken sentence was taken to mean.

    ``likely`` are the languages to ask about when it is not clear which one this is.
    ``slots`` is what the text names (country, Land, city …), ``is_pressing`` a deadline within days: see ``meaning``.
    ``danger`` is a category of the danger net, ``wish`` a key of ``wishes``, ``language`` the language to go on in when it
    should change, ``language_not_live`` one that was recognised and is not offered here.
    """

    danger: str | None = None
    wish: str | None = None
    language: str | None = None
    language_named: bool = False
    language_not_live: str | None = None
    topic: str | None = None
    decision: Decision = "clarify"
    alternatives: tuple[str, ...] = ()
    likely: tuple[str, ...] = ()
    slots: Mapping[str, str] = field(default_factory=dict)
    is_pressing: bool = False


@dataclass(frozen=True)
class Heard:
    """One input: the start of a conversation, a key, a text with its meaning, or silence."""

    kind: Literal["start", "key", "words", "silence"]
    key: str = ""
    start: str = ""
    meaning: Meaning = field(default_factory=Meaning)


@dataclass(frozen=True)
class Told:
    """A text is said."""

    text_key: str


@dataclass(frozen=True)
class Choice:
    """A key on offer. ``kind`` tells what ``value`` is: a text key, a topic or a language."""

    key: str
    kind: Literal["text", "topic", "language"]
    value: str
    go: str


@dataclass(frozen=True)
class Asked:
    """The question the conversation now waits at."""

    step: str
    text_key: str
    choices: tuple[Choice, ...]
    listens: bool


@dataclass(frozen=True)
class Answered:
    """The approved answer to a topic is given."""

    topic: str
    part: AnswerPart


@dataclass(frozen=True)
class LanguageChosen:
    """The language of the conversation is now this one."""

    language: str


@dataclass(frozen=True)
class PersonRequested:
    """A human is to take over. ``danger`` is a category of the danger net or None."""

    reason: str
    topic: str | None
    danger: str | None


@dataclass(frozen=True)
class Ended:
    """The conversation is over."""


Event = Told | Asked | Answered | LanguageChosen | PersonRequested | Ended
