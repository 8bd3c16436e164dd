"""What a translation service is to us, whichever it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

# unknown_language: the service does not know it; refused: our key is wrong; used_up: nothing is left of what was bought;
# busy: too many asked; unreachable: it does not answer, or not as it should; too_long: of one message.
Reason = Literal["unknown_language", "refused", "used_up", "busy", "unreachable", "too_long"]
# Source language -> the languages it is translated into.
Languages = Mapping[str, frozenset[str]]


class CannotTranslate(Exception):
    """There is no translation. The reason is one of ``Reason``; no word of the text is in it."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


@dataclass(frozen=True)
class Translation:
    """What a machine made of a text; ``engine`` is the short name of the service, ``made_at`` aware UTC."""

    text: str = field(repr=False)
    engine: str
    made_at: datetime


class Translator(Protocol):
    """A translation service. Language codes are ours, as in ``languages.csv``."""

    @property
    def engine(self) -> str:
        """The short name of the service."""
        ...

    def languages(self) -> Languages:
        """What it translates from and into.

        Raises:
            CannotTranslate: it does not say.
        """
        ...

    def translate(self, text: str, source: str | None, target: str) -> Translation:
        """Translate one text.

        Args:
            text: as it may leave the house.
            source: its language; None lets the service find out.
            target: the language wanted.

        Raises:
            CannotTranslate: it does not.
        """
        ...
