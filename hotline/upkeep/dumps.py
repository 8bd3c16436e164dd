"""The content of a database as one file, and back: SQLite by its own backup, PostgreSQL by the programs that come with it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine, inspect

from hotline.errors import CannotStart

SECONDS = 6 * 3600


class CannotBackUp(CannotStart):
    """A backup cannot be made or restored. The message says why and what to do."""


def dump(engine: Engine, target: Path) -> None:
    """Write all of a database to a file, as it is at one moment, while everybody goes on working.

    Raises:
        CannotBackUp: it did not work.
    """
    if engine.dialect.name == "sqlite":
        with closing(_open_sqlite(_file_of(engine))) as source, closing(sqlite3.connect(target)) as copy:
            # In one step: readers do not hold up writers (WAL), and the copy is of one moment.
            source.backup(copy)
        return
    _run("pg_dump", engine, "--no-owner", "--no-privileges", "--file", str(target))


def load(engine: Engine, source: Path) -> None:
    """Put the content of such a file in place of everything in the database, or leave all as it was.

    Raises:
        CannotBackUp: it did not work.
    """
    if engine.dialect.name == "sqlite":
        with closing(_open_sqlite(source)) as kept:
            if kept.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                raise CannotBackUp("The database in this backup is damaged; take another backup.")
            _file_of(engine).parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(_file_of(engine), timeout=10)) as target:
                kept.backup(target)
        return
    clear = source.with_name("clear.sql")
    names = inspect(engine).get_table_names()
    quote = engine.dialect.identifier_preparer.quote
    clear.write_text("".join(f"DROP TABLE IF EXISTS {quote(name)} CASCADE;\n" for name in names), encoding="utf-8")
    engine.dispose()
    rest = ("--no-psqlrc", "--quiet", "--single-transaction", "--set", "ON_ERROR_STOP=1", "--output", os.devnull)
    _run("psql", engine, *rest, "--file", str(clear), "--file", str(source))


def is_empty(engine: Engine) -> bool:
    """Whether there is nothing that could be lost; looking makes no file."""
    if engine.dialect.name == "sqlite" and not _file_of(engine).exists():
        return True
    return not inspect(engine).get_table_names()


def _file_of(engine: Engine) -> Path:
    return Path(engine.url.database or "")


def _open_sqlite(path: Path) -> sqlite3.Connection:
    if not path.is_file():
        raise CannotBackUp("There is no database file yet; `flask db upgrade` makes one.")
    return sqlite3.connect(path, timeout=10)


def _run(program: str, engine: Engine, *arguments: str) -> None:
    found = shutil.which(program)
    if found is None:
        raise CannotBackUp(
            f"{program} is not installed; install the client programs of PostgreSQL (apt install postgresql-client)."
        )
    url = engine.url
    # The password goes by the environment: arguments can be read by every program of the machine.
    known = {
        "PGHOST": url.host,
        "PGPORT": url.port,
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
    }
    environment = {"PATH": os.defpath, **{name: str(value) for name, value in known.items() if value is not None}}
    try:
        done = subprocess.run(  # noqa: S603 - a program of the database, found by its name
            [found, *arguments], env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise CannotBackUp(f"{program} took longer than {SECONDS // 3600} hours.") from None
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise CannotBackUp(f"{program} did not work; it said: {said}")
