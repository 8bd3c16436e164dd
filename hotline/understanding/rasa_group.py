"""Several understanding processes: the least busy one that is well is asked, and another one when it does not answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from hotline.breaker import CircuitBreaker
from hotline.understanding.port import Parse
from hotline.understanding.rasa import RasaClient, RasaUnavailable


class _Member:
    """One process, how many texts it has at the moment, and the breaker that leaves it alone while it fails."""

    def __init__(self, rasa: RasaClient, breaker: CircuitBreaker) -> None:
        self.rasa = rasa
        self.breaker = breaker
        self.texts = 0
        self._lock = threading.Lock()

    @contextmanager
    def busy(self) -> Iterator[None]:
        with self._lock:
            self.texts += 1
        try:
            yield
        finally:
            with self._lock:
                self.texts -= 1


class RasaGroup:
    """All processes as one; a text that one of them did not take goes to the next."""

    def __init__(self, members: Sequence[RasaClient], breaker: Callable[[], CircuitBreaker] = CircuitBreaker) -> None:
        """Hold the processes.

        Args:
            members: each is one process.
            breaker: makes the breaker of each.
        """
        self._members = [_Member(rasa, breaker()) for rasa in members]
        self._turn = 0

    def parse(self, text: str) -> Parse:
        """Parse one text.

        Raises:
            RasaUnavailable: none of them answered, or all are left alone for a while.
        """
        failure = RasaUnavailable("all are left alone for a while")
        for member in self._in_order():
            if not member.breaker.may_call():
                continue
            try:
                with member.busy():
                    parse = member.rasa.parse(text)
            except RasaUnavailable as error:
                member.breaker.report(succeeded=False)
                failure = error
            else:
                member.breaker.report(succeeded=True)
                return parse
        raise failure

    def _in_order(self) -> list[_Member]:
        """The least busy first; among equals each has its turn. One left alone is passed over, or tried when it is time."""
        self._turn += 1
        start = self._turn % len(self._members)
        return sorted(self._members[start:] + self._members[:start], key=lambda member: member.texts)
