"""Leaves something that does not answer alone for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class CircuitBreaker:
    """Lets calls through until several failed in a row, then only one trial every few seconds."""

    def __init__(self, failures: int = 3, pause_seconds: float = 5.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = failures
        self._pause_seconds = pause_seconds
        self._clock = clock
        self._failures = 0
        self._closed_until = 0.0
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Whether calls are being held back."""
        return self._failures >= self._limit

    def may_call(self) -> bool:
        """Whether this call may go through; while open, one caller in a pause gets a yes."""
        with self._lock:
            if self._failures < self._limit:
                return True
            if self._clock() < self._closed_until:
                return False
            self._closed_until = self._clock() + self._pause_seconds
            return True

    def report(self, *, succeeded: bool) -> None:
        """Tell how a call went."""
        with self._lock:
            self._failures = 0 if succeeded else self._failures + 1
            if self._failures >= self._limit:
                self._closed_until = self._clock() + self._pause_seconds
