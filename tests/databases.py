"""Databases for tests: made once for each kind of server and copied for every test, which takes a hundredth of the time."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from shutil import copyfile
from tempfile import mkdtemp
from typing import Literal, get_args

from sqlalchemy import Dialect, create_engine, inspect, make_url, text
from sqlalchemy.engine import Engine
from sqlalchemy.util import LRUCache

from hotline.counselling.canned import load_replies, read_reply_files
from hotline.counselling.queues import load_queue_file, store_queues
from hotline.knowledge.loading import load_content
from hotline.knowledge.starter import Content, read_content
from hotline.settings import ROOT
from hotline.store import migrate
from hotline.store.database import Database
from hotline.telephony.languages import load_languages

# Several runs of the tests may share one server.
POSTGRES_NAME = f"hotline_test_{os.getpid()}"
# What a database to be copied holds: the tables, or also the starter content.
Kind = Literal["migrated", "loaded"]
# As many as all tests of a worker have built; each engine of one test alone would build them anew.
_STATEMENTS: LRUCache[object, object] = LRUCache(3000)


def fresh_postgres(server: str, template: str = "template0", name: str = POSTGRES_NAME) -> str:
    """Make a database anew, as a copy of another one; gives its address."""
    with _server(server).connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@cache
def _server(url: str) -> Engine:
    return create_engine(make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")


@cache
def starter_content() -> Content:
    """The starter content of every test: hundreds of files, never changed."""
    return read_content(ROOT / "content", load_languages(ROOT / "translations" / "languages.csv"))


def _load(database: Database) -> None:
    load_content(database, starter_content())
    with database.begin() as connection:
        store_queues(connection, load_queue_file(ROOT / "content" / "queues.yml"))
        load_replies(connection, read_reply_files(ROOT / "content" / "canned_replies"))


def drop_postgres(server: str) -> None:
    """Drop what was made on a server, and leave it."""
    with _server(server).connect() as connection:
        for name in (POSTGRES_NAME, *(f"{POSTGRES_NAME}_{kind}" for kind in get_args(Kind))):
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    _server(server).dispose()


def share_statements(database: Database) -> None:
    """Let a database use what SQLAlchemy built for those before it: an engine of its own knows no statement at first."""
    server = os.environ.get("TEST_POSTGRES_URL", "")
    database.engine.dialect = _sqlite_dialect() if database.is_sqlite else _postgres_dialect(server)
    database.engine.update_execution_options(compiled_cache=_STATEMENTS)


@cache
def _sqlite_dialect() -> Dialect:
    return _dialect_of(f"sqlite:///{_sqlite_pattern('migrated')}")


@cache
def _postgres_dialect(server: str) -> Dialect:
    return _dialect_of(server)


def _dialect_of(url: str) -> Dialect:
    """Of an engine that has been connected once: until then it knows nothing of its server."""
    database = Database(url)
    with database.read():
        pass
    database.close()
    return database.engine.dialect


def _prepare(database: Database, kind: Kind) -> None:
    migrate.upgrade(database)
    if kind == "loaded":
        _load(database)
    database.close()


@cache
def _sqlite_pattern(kind: Kind) -> Path:
    path = Path(mkdtemp()) / f"{kind}.db"
    # Whoever closes it last empties the log into the file.
    _prepare(Database(f"sqlite:///{path}"), kind)
    return path


@cache
def _postgres_pattern(server: str, kind: Kind) -> str:
    """The name of a database to be copied."""
    name = f"{POSTGRES_NAME}_{kind}"
    _prepare(Database(fresh_postgres(server, name=name)), kind)
    return name


def copy_into(database_url: str, kind: Kind) -> None:
    """Make a database that is still empty one with tables, and with the starter content if it is to be ``loaded``."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        path = Path(url.database or "")
        path.parent.mkdir(parents=True, exist_ok=True)
        copyfile(_sqlite_pattern(kind), path)
    else:
        server = os.environ["TEST_POSTGRES_URL"]
        fresh_postgres(server, _postgres_pattern(server, kind), url.database or "")


def fill(database_url: str) -> None:
    """Put the starter content into a database unless it has tables."""
    if _is_empty(database_url):
        copy_into(database_url, "loaded")


def _is_empty(database_url: str) -> bool:
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        return not Path(url.database or "").exists()
    database = Database(database_url)
    found = inspect(database.engine).get_table_names()
    database.close()
    return not found
