"""Asks a translation service for no more than it needs to know, and leaves it alone for a while when it does not answer."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from hotline.breaker import CircuitBreaker
from hotline.privacy.masking import mask, unmask
from hotline.translation.port import CannotTranslate, Languages, Reason, Translator

Answer = TypeVar("Answer")

log = logging.getLogger(__name__)

# A message of a person; whoever writes more does not write to a hotline.
LONGEST = 3000
LANGUAGES_LAST_SECONDS = 6 * 3600.0


@dataclass(frozen=True)
class Translated:
    """A translation with the numbers back in it. ``is_whole`` is not so when the machine has lost or doubled one of them."""

    text: str = field(repr=False)
    engine: str
    made_at: datetime
    is_whole: bool


class CarefulTranslator:
    """A translation service as counsellors use it."""

    def __init__(
        self, service: Translator, breaker: CircuitBreaker | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Hold what is needed.

        Args:
            service: does the work.
            breaker: of its own where none is given.
            clock: seconds, for how old the list of languages is.
        """
        self._service = service
        self._breaker = breaker or CircuitBreaker()
        self._clock = clock
        self._lock = threading.Lock()
        self._languages: Languages | None = None
        self._asked_at = 0.0
        self._last_reason: Reason = "unreachable"

    @property
    def engine(self) -> str:
        """The short name of the service."""
        return self._service.engine

    def knows(self, source: str | None, target: str) -> bool:
        """Whether it translates from one language into another; of an unknown source, whether into the target at all.

        Raises:
            CannotTranslate: the service does not say.
        """
        languages = self._known_languages()
        if source is None:
            return any(target in targets for targets in languages.values())
        return target in languages.get(source, frozenset())

    def translate(self, text: str, source: str | None, target: str) -> Translated:
        """Translate one text; its numbers and addresses stay here.

        Args:
            text: as a person wrote it.
            source: its language; None lets the service find out.
            target: the language wanted.

        Raises:
            CannotTranslate: there is no translation; the reason says why.
        """
        if len(text) > LONGEST:
            raise CannotTranslate("too_long")
        if not self.knows(source, target):
            raise CannotTranslate("unknown_language")
        masked = mask(text)
        found = self._ask(lambda: self._service.translate(masked.text, source, target))
        shown, is_whole = unmask(found.text, masked.kept)
        return Translated(shown, found.engine, found.made_at, is_whole)

    def _known_languages(self) -> Languages:
        with self._lock:
            known = self._languages
            if known is not None and self._clock() - self._asked_at < LANGUAGES_LAST_SECONDS:
                return known
        found = self._ask(self._service.languages)
        with self._lock:
            self._languages, self._asked_at = found, self._clock()
        return found

    def _ask(self, question: Callable[[], Answer]) -> Answer:
        if not self._breaker.may_call():
            raise CannotTranslate(self._last_reason)
        try:
            answer = question()
        except CannotTranslate as failure:
            self._last_reason = failure.reason
            self._breaker.report(succeeded=False)
            log.warning("The translation service gave no translation", extra={"cause": failure.reason})
            raise
        self._breaker.report(succeeded=True)
        return answer
