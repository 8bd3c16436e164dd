"""The simulated telephone network: messages that wait for telephones, in a small file that all web processes see.

Like everything else at rest, numbers are pseudonyms and texts are encrypted, for people try a hotline with their own words.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hotline.privacy.cipher import Cipher

FILE = "simulator.db"
KEPT_MESSAGES = 500
_WAIT_SECONDS = 10
_TABLE = "CREATE TABLE IF NOT EXISTS received (number INTEGER PRIMARY KEY, recipient TEXT, channel TEXT, body BLOB)"
# From the clock, so that a page left open knows what is new also after the file was deleted.
_PUT = "INSERT INTO received SELECT max(coalesce(max(number), 0) + 1, ?), ?, ?, ? FROM received"
_FORGET = "DELETE FROM received WHERE number NOT IN (SELECT number FROM received ORDER BY number DESC LIMIT ?)"
_READ = "SELECT number, channel, body FROM received WHERE recipient = ? AND number > ? ORDER BY number"


@dataclass(frozen=True)
class ReceivedMessage:
    """A message the worker sent to a simulated telephone."""

    number: int
    channel: str
    body: str = field(repr=False)


class SimulatedPhones:
    """Messages that reached telephones; only the newest are kept."""

    def __init__(self, data_dir: Path, cipher: Cipher) -> None:
        """Open nothing yet.

        Args:
            data_dir: where the file is, made at the first use.
            cipher: closes numbers and texts.
        """
        self._path = data_dir / FILE
        self._cipher = cipher

    def put(self, recipient: str, channel: str, body: str) -> None:
        """Hand a message over to a telephone."""
        row = (time.time_ns() // 1_000_000, self._cipher.pseudonym(recipient), channel, self._cipher.encrypt(body))
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_PUT, row)
            connection.execute(_FORGET, (KEPT_MESSAGES,))
            connection.execute("COMMIT")

    def read(self, recipient: str, after: int) -> list[ReceivedMessage]:
        """What a telephone got after a message it knows."""
        with self._open() as connection:
            rows = connection.execute(_READ, (self._cipher.pseudonym(recipient), after)).fetchall()
        return [ReceivedMessage(number, channel, self._cipher.decrypt(body)) for number, channel, body in rows]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=_WAIT_SECONDS, isolation_level=None)) as connection:
            # What a power cut takes from a simulated telephone is no loss.
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute(_TABLE)
            yield connection
