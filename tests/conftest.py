"""Fixtures: the whole hotline around a real database, a scripted understander and a clock that stands still."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile, gettempdir
from typing import Any, ClassVar

import pytest
from argon2 import PasswordHasher
from cryptography.fernet import Fernet
from flask import Flask
from hypothesis import settings as hypothesis_settings
from sqlalchemy import Row, make_url

from hotline.counselling.timers import TimerBell
from hotline.dialogue.meaning import Interpreter
from hotline.dialogue.texts import compile_texts
from hotline.knowledge.facts import FactBook
from hotline.knowledge.library import Article, LibraryReader
from hotline.privacy.stripping import Stripper
from hotline.services import Services
from hotline.settings import LOCAL_ACCOUNT, ROOT, Settings
from hotline.staff.passwords import Passwords
from hotline.store.database import Database
from hotline.store.tables import metadata
from hotline.understanding.port import Parse, Score, Understander
from hotline.understanding.thresholds import Thresholds
from hotline.web.access import RIGHTS
from hotline.web.factory import make_flask
from tests.databases import POSTGRES_NAME, copy_into, drop_postgres, fill, fresh_postgres, share_statements

# A busy machine is no defect: speed is measured in bench/.
hypothesis_settings.register_profile("hotline", deadline=None)
hypothesis_settings.load_profile("hotline")

BASE_URL = "https://hotline.test"
TOKEN = "primary-token"
PREVIOUS_TOKEN = "previous-token"
# Real argon2 at a cost that lets hundreds of tests sign in.
CHEAP_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
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
    drop_postgres(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database of each kind, which the test makes."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'hotline.db'}"
    return make_url(request.getfixturevalue("postgres_url")).set(database=POSTGRES_NAME).render_as_string(hide_password=False)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, database_place: str) -> str:
    """An empty database of each kind."""
    return database_place if database_place.startswith("sqlite") else fresh_postgres(request.getfixturevalue("postgres_url"))


@pytest.fixture
def database(database_place: str) -> Iterator[Database]:
    """A migrated database of each kind."""
    copy_into(database_place, "migrated")
    database = Database(database_place)
    share_statements(database)
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


class _SharedFilling:
    """Fills the facts into a text once: the same text, facts and day make the same article in every test."""

    _books: ClassVar[list[FactBook]] = []
    _known: ClassVar[dict[tuple[object, ...], tuple[object, Article]]] = {}

    def __init__(self, reader: LibraryReader) -> None:
        self._reader, self._fill = reader, reader._fill
        self._facts: FactBook = {}
        self._book = -1

    def __call__(self, row: Any, facts: FactBook, today: date) -> Article:
        if not isinstance(row, Row):
            return self._fill(row, facts, today)
        if facts is not self._facts:
            if facts not in self._books:
                self._books.append(facts)
            self._facts, self._book = facts, self._books.index(facts)
        key = (row.topic, row.language, today, self._book, self._reader._ask_a_counsellor(row.language))
        known = self._known.get(key)
        if known is None or known[0] != tuple(row):
            known = self._known[key] = (tuple(row), self._fill(row, facts, today))
        return known[1]


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
    share_statements(services.database)
    vars(services.library)["_fill"] = _SharedFilling(services.library)
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
def hotline(tmp_path: Path, database_place: str) -> Iterator[Hotline]:
    """The hotline on a database of each kind."""
    copy_into(database_place, "loaded")
    made = make_hotline(make_settings(tmp_path, database_place), is_filled=True)
    yield made
    made.services.database.close()


@pytest.fixture
def quick_hotline(tmp_path: Path) -> Iterator[Hotline]:
    """The hotline on SQLite, for what does not depend on the database."""
    made = make_hotline(make_settings(tmp_path))
    yield made
    made.services.database.close()
