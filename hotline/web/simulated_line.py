"""The simulated telephone exchange: calls the worker placed, where each is to go on, and which are over; in the small file of
``simulated_phones``. Numbers are pseudonyms.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from hotline.privacy.cipher import Cipher
from hotline.web.simulated_phones import FILE

_WAIT_SECONDS = 10
_TABLE = (
    "CREATE TABLE IF NOT EXISTS calls "
    "(sid TEXT PRIMARY KEY, number TEXT, go_on TEXT, callback TEXT, state TEXT, placed_at TEXT DEFAULT CURRENT_TIMESTAMP)"
)
_FORGET = "DELETE FROM calls WHERE placed_at < datetime('now', '-1 day')"
# As the provider is told: a telephone that nobody answers stops.
_RINGING = "SELECT sid, go_on FROM calls WHERE number = ? AND state = 'ringing' AND placed_at > datetime('now', '-25 seconds')"


@dataclass(frozen=True)
class Line:
    """How a telephone's line stands. ``ringing`` is a call's Sid and where it goes on when answered."""

    ringing: tuple[str, str] | None = None
    go_on: str | None = None
    is_over: bool = False


class SimulatedLine:
    """Calls of all telephones; only those of a day are kept."""

    def __init__(self, data_dir: Path, cipher: Cipher) -> None:
        """Open nothing yet.

        Args:
            data_dir: where the file is, made at the first use.
            cipher: closes numbers.
        """
        self._path = data_dir / FILE
        self._cipher = cipher

    def place(self, number: str, go_on: str, callback: str) -> str:
        """Have a telephone ring; gives the Sid of the call."""
        sid = f"CA{token_hex(16)}"
        row = (sid, self._cipher.pseudonym(number), go_on, callback)
        self._run("INSERT INTO calls (sid, number, go_on, callback, state) VALUES (?, ?, ?, ?, 'ringing')", row)
        return sid

    def redirect(self, sid: str, go_on: str) -> None:
        """Have a call go on elsewhere, also one that came in."""
        known = (
            "INSERT INTO calls (sid, go_on, state) VALUES (?, ?, 'live') ON CONFLICT (sid) DO UPDATE SET go_on = excluded.go_on"
        )
        self._run(known, (sid, go_on))

    def end(self, sid: str) -> str | None:
        """A call is over; gives where that is to be reported, None for one that came in."""
        with self._open() as connection:
            found = connection.execute("SELECT callback FROM calls WHERE sid = ?", (sid,)).fetchone()
            over = (
                "INSERT INTO calls (sid, state) VALUES (?, 'over') ON CONFLICT (sid) DO UPDATE SET state = 'over', go_on = NULL"
            )
            connection.execute(over, (sid,))
        return found[0] if found else None

    def answer(self, sid: str) -> None:
        """A telephone was picked up."""
        self._run("UPDATE calls SET state = 'live', go_on = NULL WHERE sid = ? AND state = 'ringing'", (sid,))

    def look(self, number: str, sid: str) -> Line:
        """How a line stands; where a call is to go on is told once."""
        with self._open() as connection:
            ringing = connection.execute(_RINGING, (self._cipher.pseudonym(number),)).fetchone()
            row = connection.execute("SELECT go_on, state FROM calls WHERE sid = ? AND state <> 'ringing'", (sid,)).fetchone()
            if row and row[0]:
                connection.execute("UPDATE calls SET go_on = NULL WHERE sid = ?", (sid,))
        return Line(tuple(ringing) if ringing else None, row[0] if row else None, bool(row) and row[1] == "over")

    def _run(self, statement: str, values: tuple[object, ...]) -> None:
        with self._open() as connection:
            connection.execute(_FORGET)
            connection.execute(statement, values)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=_WAIT_SECONDS, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute(_TABLE)
            yield connection
