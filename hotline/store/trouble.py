"""What an operator can do about a database that refuses: one sentence for each kind, and no word of the statement."""

from __future__ import annotations

from sqlalchemy.exc import SQLAlchemyError

from hotline.errors import CannotStart

DISK_FULL = "The disk of the database is full: nothing was stored. Make room; the hotline goes on by itself."
LOCKED = "The database is locked by another program: nothing was stored. End what holds it (a backup tool, an open shell)."
READ_ONLY = "The database cannot be written: nothing was stored. Check who owns its file and folder."
BROKEN = "The database file is damaged. Stop the hotline and restore the last backup (`flask restore`)."
UNREACHABLE = "The database server does not answer: nothing was stored. Start it, or correct DATABASE_URL."
NO_TABLES = "The database has no tables of this version. Run `flask db upgrade`."

# Part of what the driver says -> the sentence.
_SIGNS = (
    ("disk is full", DISK_FULL),
    ("no space left", DISK_FULL),
    ("could not extend file", DISK_FULL),
    ("disk i/o error", DISK_FULL),
    ("database is locked", LOCKED),
    ("database table is locked", LOCKED),
    ("lock timeout", LOCKED),
    ("readonly database", READ_ONLY),
    ("read-only transaction", READ_ONLY),
    ("unable to open database file", READ_ONLY),
    ("malformed", BROKEN),
    ("not a database", BROKEN),
    ("connection refused", UNREACHABLE),
    ("connection failed", UNREACHABLE),
    ("server closed the connection", UNREACHABLE),
    ("terminating connection", UNREACHABLE),
    ("the database system is", UNREACHABLE),
    ("no such table", NO_TABLES),
    ("undefinedtable", NO_TABLES),
)


class DatabaseTrouble(CannotStart):
    """The database does not do what it is asked for. The message says what to do."""


def explain(error: SQLAlchemyError) -> str | None:
    """The sentence for an error of the database, None when it is a mistake of ours."""
    said = str(getattr(error, "orig", None) or "").lower()
    return next((sentence for sign, sentence in _SIGNS if sign in said), None)
