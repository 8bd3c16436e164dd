"""What the hotline asks of whatever understands texts, and gets back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

UNKNOWN_LANGUAGE = "und"
# The model made of the files alone; those of the studio are named by numbers.
STARTER_MODEL = "starter"


@dataclass(frozen=True)
class Score:
    """A guess and how sure it is, from 0 to 1."""

    name: str
    score: float


@dataclass(frozen=True)
class Parse:
    """What a text seems to say. ``topics`` holds topics and control intents, best first; ``languages`` too.

    ``danger`` is the likeliest category and how sure it is that the text is a cry for help at all; None when not judged.
    ``model`` is the one that answered: its own thresholds hold for what it says.
    """

    languages: tuple[Score, ...]
    topics: tuple[Score, ...]
    engine: Literal["rasa", "fallback"]
    danger: Score | None = None
    model: str = STARTER_MODEL


class Understander(Protocol):
    """Understands one text. Never raises for what a person may have written."""

    def parse(self, text: str, language: str | None) -> Parse:
        """Understand a text; ``language`` is the one of the conversation, when known."""
        ...
