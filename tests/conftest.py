"""Fixtures: the whole hotline around a real database, a scripted understander and a clock that stands still."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from shutil import copyfile
from tempfile import NamedTemporaryFile, gettempdir, mkdtemp
from typing import Literal, get_args

import pytest
from argon2 import PasswordHasher
from cryptography.fernet import Fernet
from flask import Flask
from hypothesis import settings as hypothesis_settings
from sqlalchemy import create_engine, inspect, make_url, text
from sqlalchemy.engine import Engine

from hotline.counselling.canned import load_replies, read_reply_files
from hotline.counselling.queues import load_queue_file, store_queues
from hotline.counselling.timers import TimerBell
from hotline.dialogue.meaning import Interpreter
from hotline.dialogue.texts import compile_texts
from hotline.knowledge.loading import load_content
from hotline.knowledge.starter import Content, read_content
from hotline.privacy.stripping import Stripper
from hotline.services import Services
from hotline.settings import LOCAL_ACCOUNT, ROOT, Settings
from hotline.staff.passwords import Passwords
from hotline.store import migrate
from hotline.store.database import Database
from hotline.store.tables import metadata
from hotline.understanding.port import Parse, Score, Understander
from hotline.understanding.thresholds import Thresholds
from hotline.web.access import RIGHTS
from hotline.web.factory import make_flask

# A busy machine is no defect: speed is measured in bench/.
hypothesis_settings.register_profile("hotline", deadline=None)
hypothesis_settings.load_profile("hotline")

BASE_URL = "https://hotline.test"
TOKEN = "primary-token"
# Several runs of the tests may share one server.
POSTGRES_NAME = f"hotline_test_{os.getpid()}"
PREVIOUS_TOKEN = "previous-token"
# Real argon2 at a cost that lets hundreds of tests sign in.
CHEAP_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
# What a database to be copied holds: the tables, or also the starter content.
Kind = Literal["migrated", "loaded"]
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def require(part: str, is_there: bool, remedy: str) -> None:
    """Skip on a laptop without a part, fail in CI: there nothing may be skipped."""
    if not is_there:
        if os.environ.get("CI"):
            pytest.fail(f"{part} is missing in CI: {remedy}")
        pytest.skip(f"{part} is missing: {remedy}")


@dataclass
class Clock:
    """A clock that moves only when told."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        """Go on by timedelta's arguments."""
        self.now += timedelta(**by)


@dataclass
class ScriptedUnderstander:
    """Says of each text what the test told it, and notes what it was asked."""

    answers: dict[str, Parse] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    is_deaf: bool = False

    def knows(self, body: str, topic: str, score: float = 0.95, language: str = "de", *others: tuple[str, float]) -> None:
        """Script one text."""
        topics = (Score(topic, score), *(Score(name, value) for name, value in others))
        self.answers[body] = Parse((Score(language, 0.99),), topics, "rasa")

    def is_down(self) -> bool:
        """See ``ResilientUnderstander.is_down``."""
        return self.is_deaf

    def parse(self, body: str, language: str | None) -> Parse:
        """See ``Understander.parse``."""
        self.asked.append(body)
        return self.answers.get(body, Parse((Score(language or "de", 0.9),), (), "rasa"))


def make_settings(folder: Path, database_url: str | None = None, **changed: str) -> Settings:
    """Settings of a test, with the strict rules of production."""
    values = {
        "HOTLINE_ENV": "production",
        "HOTLINE_DATA_DIR": str(folder),
        "PUBLIC_BASE_URL": BASE_URL,
        "DATA_KEYS": Fernet.generate_key().decode(),
        "PSEUDONYM_KEY": "p" * 40,
        "TWILIO_ACCOUNT_SID": LOCAL_ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_AUTH_TOKEN_PREVIOUS": PREVIOUS_TOKEN,
        "RASA_TOKEN": "rasa",
        "RASA_URL": "http://127.0.0.1:9",
        "HANDOFF_NOTIFY": "+4915100000001",
        "HANDOFF_NOTIFY_FROM": "+4930555000",
        "LIMITS": "off",
        **changed,
    }
    if database_url:
        values["DATABASE_URL"] = database_url
    return Settings.from_env(values)


@pytest.fixture(scope="session", autouse=True)
def _compiled_texts() -> None:
    compile_texts(ROOT / "translations")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The address of PostgreSQL; tests make and drop databases of their own beside the one it names."""
    url = os.environ.get("TEST_POSTGRES_URL", "")
    require("PostgreSQL", bool(url), "set TEST_POSTGRES_URL to a server on which databases may be made and dropped.")
    yield url
    with _server(url).connect() as connection:
        for name in (POSTGRES_NAME, *(f"{POSTGRES_NAME}_{kind}" for kind in get_args(Kind))):
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    _server(url).dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database of each kind, which the test makes."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'hotline.db'}"
    return make_url(request.getfixturevalue("postgres_url")).set(database=POSTGRES_NAME).render_as_string(hide_password=False)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, place: str) -> str:
    """An empty database of each kind."""
    return place if place.startswith("sqlite") else fresh_postgres(request.getfixturevalue("postgres_url"))


def fresh_postgres(server: str, template: str = "template0", name: str = POSTGRES_NAME) -> str:
    """Make a database anew, as a copy of another one; gives its address."""
    with _server(server).connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@cache
def _server(url: str) -> Engine:
    return create_engine(make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")


@pytest.fixture
def database(place: str) -> Iterator[Database]:
    """A migrated database of each kind."""
    _copy_into(place, "migrated")
    database = Database(place)
    yield database
    database.close()


@dataclass
class Hotline:
    """The whole hotline of one test."""

    services: Services
    app: Flask
    clock: Clock
    understander: ScriptedUnderstander
    rung: list[int]

    def own_app(self) -> Flask:
        """An application to which the test may add routes; it takes the place of ``app``, which shares its routes with others."""
        self.app = make_flask(self.services)
        return self.app

    def rows(self, table: str) -> list[dict[str, object]]:
        """All rows of a table."""
        with self.services.database.read() as connection:
            found = connection.execute(metadata.tables[table].select().order_by(*metadata.tables[table].primary_key))
            return [dict(row._mapping) for row in found]


class _QuietDoorbell:
    """Notes who was rung for instead of waking a worker."""

    def __init__(self, rung: list[int]) -> None:
        self._rung = rung

    def ring(self, outbox_id: int) -> None:
        self._rung.append(outbox_id)


@cache
def _read_once() -> Services:
    """What is read from files, of all languages: seconds to read and never changed, so that all tests share it."""
    return Services(make_settings(Path(gettempdir())))


@cache
def stripper() -> Stripper:
    """With the words of the training files, whatever was trained last."""
    services = _read_once()
    with NamedTemporaryFile(suffix=".tsv") as phrases:
        for path in sorted((ROOT / "nlu_data" / "nlu").glob("*/*.yml")):
            phrases.write(path.read_bytes())
        phrases.flush()
        return Stripper.load(services.content_folder / "personal.yml", Path(phrases.name), services.entities)


def interpreter_with(
    understander: Understander, thresholds: Callable[[str | None], Thresholds] = lambda _: Thresholds({})
) -> Interpreter:
    """The real interpreter around another understander; with the thresholds of an untrained model unless told otherwise."""
    made = copy(_read_once().interpreter)
    vars(made).update(_understander=understander, _thresholds=thresholds)
    return made


@cache
def starter_content() -> Content:
    """The starter content of every test: hundreds of files, never changed."""
    services = _read_once()
    return read_content(services.content_folder, services.languages)


def _load(database: Database) -> None:
    load_content(database, starter_content())
    with database.begin() as connection:
        store_queues(connection, load_queue_file(ROOT / "content" / "queues.yml"))
        load_replies(connection, read_reply_files(ROOT / "content" / "canned_replies"))


def _prepare(database: Database, kind: Kind) -> None:
    migrate.upgrade(database)
    if kind == "loaded":
        _load(database)
    database.close()


@cache
def _sqlite_pattern(kind: Kind) -> Path:
    """A file to copy: that takes a hundredth of the time of migrating, and of loading all starter content."""
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


def _copy_into(database_url: str, kind: Kind) -> None:
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
        _copy_into(database_url, "loaded")


def _is_empty(database_url: str) -> bool:
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        return not Path(url.database or "").exists()
    database = Database(database_url)
    found = inspect(database.engine).get_table_names()
    database.close()
    return not found


def make_hotline(settings: Settings, *, is_filled: bool = False) -> Hotline:
    """A hotline with the real flows, texts and answers; only understanding, the clock and the worker's doorbell are ours.

    Args:
        settings: of the hotline.
        is_filled: its database is there; else it is made unless it has tables.
    """
    services, read = Services(settings), _read_once()
    clock, understander, rung = Clock(), ScriptedUnderstander(), list[int]()
    # cached_property: what stands in the instance is used instead of being made.
    vars(services).update(
        languages=read.languages,
        definition=read.definition,
        places=read.places,
        entities=read.entities,
        understander=understander,
        interpreter=interpreter_with(understander),
        stripper=stripper(),
        doorbell=_QuietDoorbell(rung),
        clock=clock,
        passwords=Passwords(CHEAP_HASHER),
        timer_bell=TimerBell(lambda: None),
    )
    if settings.retention == read.settings.retention:
        vars(services).update(texts=read.texts, renderer=read.renderer)
    if not is_filled:
        fill(settings.database_url)
    vars(services.turns)["_clock"] = clock
    return Hotline(services, _application(services), clock, understander, rung)


def _application(services: Services) -> Flask:
    settings = services.settings
    if settings.allowances.is_on or settings.trusted_proxies:
        return make_flask(services)
    # Hundreds of routes and templates are compiled once; what a test may change of them is its own.
    pattern = _pattern_application(settings.public_base_url.startswith("https:"))
    made = copy(pattern)
    made.config, made.view_functions = copy(pattern.config), dict(pattern.view_functions)
    made.extensions = {**pattern.extensions, RIGHTS: dict(pattern.extensions[RIGHTS]), "services": services}
    return made


@cache
def _pattern_application(is_https: bool) -> Flask:
    settings = _read_once().settings
    if not is_https:
        settings = replace(settings, public_base_url="http://127.0.0.1:8000")
    made = make_flask(Services(settings))
    made.jinja_env  # noqa: B018 - made now, so that every copy has the same with its compiled templates
    # As after the first request, Flask refuses another route: it would be in the applications of all tests.
    made._got_first_request = True
    return made


@pytest.fixture
def hotline(tmp_path: Path, place: str) -> Iterator[Hotline]:
    """The hotline on a database of each kind."""
    _copy_into(place, "loaded")
    made = make_hotline(make_settings(tmp_path, place), is_filled=True)
    yield made
    made.services.database.close()


@pytest.fixture
def quick_hotline(tmp_path: Path) -> Iterator[Hotline]:
    """The hotline on SQLite, for what does not depend on the database."""
    made = make_hotline(make_settings(tmp_path))
    yield made
    made.services.database.close()
