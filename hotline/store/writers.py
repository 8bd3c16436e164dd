"""Who writes next to an SQLite file: all threads of all processes queue here, and the next one is woken at once.

SQLite has one writer at a time and waits for it by sleeping, longer each time, which leaves the machine idle between two turns.
"""

from __future__ import annotations

import fcntl
import os
import threading
from types import TracebackType


class WriterQueue:
    """A context manager: inside it this thread is the one writer. It is not reentrant.

    It only makes waiting short. That two writers never meet is SQLite's own doing (``BEGIN IMMEDIATE``), also for a program that
    does not queue.
    """

    def __init__(self, database_file: str) -> None:
        """Open nothing yet.

        Args:
            database_file: path of the SQLite file. The file to queue at is made beside it.
        """
        self._threads = threading.Lock()
        self._path = f"{database_file}-writer"
        self._handle: int | None = None

    def __enter__(self) -> None:
        self._threads.acquire()
        try:
            self._handle = self._queue()
        except BaseException:
            self._threads.release()
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            # Closing gives the lock back, and so does the end of a process, however it ends.
            os.close(handle)
        self._threads.release()

    def _queue(self) -> int | None:
        """Wait among the processes; None where no file can be locked, and then SQLite's own waiting must do."""
        try:
            # Opened each time (some microseconds): a handle kept over a fork would let parent and child in together.
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError:
            os.close(handle)
            return None
        except BaseException:
            os.close(handle)
            raise
        return handle
