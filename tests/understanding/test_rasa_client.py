"""Rasa over HTTP: used while it answers, left alone while it does not, and never needed for danger and commands."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hotline.breaker import CircuitBreaker
from hotline.understanding.fallback import FallbackUnderstander
from hotline.understanding.port import Parse
from hotline.understanding.rasa import RasaClient, RasaUnavailable, ResilientUnderstander
from tests.conftest import interpreter_with
from tests.servers import Asked, LocalServer, local_server, rasa_answer

TOKEN = "rasa-token-word"
TIMEOUT_SECONDS, PAUSE_SECONDS = 0.3, 5.0
TEXT = "Wie viel Geld bekomme ich"
NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def rasa() -> Iterator[LocalServer]:
    """A Rasa server that answers well until the test changes its answer."""
    with local_server(lambda _: (200, rasa_answer())) as server:
        yield server


@pytest.fixture
def client(rasa: LocalServer) -> Iterator[RasaClient]:
    """A client of it."""
    made = RasaClient(rasa.url, TOKEN, TIMEOUT_SECONDS)
    yield made
    made._pool.close()


class _Time:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def _late(_: Asked) -> tuple[int, Any]:
    time.sleep(TIMEOUT_SECONDS * 2)
    return 200, rasa_answer()


def _without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in rasa_answer().items() if name not in names}


BAD_ANSWERS = {
    "error": (500, {"message": "boom"}),
    "refused": (401, {"message": "no token"}),
    "moved": (302, b""),
    "garbage": (200, b"<html>proxy</html>"),
    "broken text": (200, b'{"language": "\xff'),
    "nothing": (200, b""),
    "null": (200, None),
    "list": (200, []),
    "text": (200, "hello"),
    "other version, no language": (200, _without("language")),
    "other version, no ranking": (200, _without("intent_ranking")),
    "other version, no danger": (200, _without("danger")),
    "language is a word": (200, {**rasa_answer(), "language": "de"}),
    "score is a word": (200, {**rasa_answer(), "intent_ranking": [{"name": "x", "confidence": "much"}]}),
    "ranking is a number": (200, {**rasa_answer(), "intent_ranking": 3}),
    "danger is nothing": (200, {**rasa_answer(), "danger": None}),
}


# -- the client ----------------------------------------------------------------------------------------------------------


def test_good_answer_is_read_whole(client: RasaClient, rasa: LocalServer) -> None:
    parse = client.parse(TEXT)
    assert parse.engine == "rasa"
    assert [(score.name, score.score) for score in parse.topics] == [("money_reag_garp", 0.91), ("person", 0.02)]
    assert [(score.name, score.score) for score in parse.languages] == [("de", 0.97), ("en", 0.01)]
    assert parse.danger is not None
    assert (parse.danger.name, parse.danger.score) == ("medical", 0.01)


@pytest.mark.parametrize("text", [TEXT, "كم المبلغ؟", "🙏", '"}{\n\\', "x" * 10_000, "\u202e\x00", "\ud800"])
def test_text_arrives_as_it_was_written_with_the_token(client: RasaClient, rasa: LocalServer, text: str) -> None:
    client.parse(text)
    (asked,) = rasa.asked
    assert (asked.method, asked.path) == ("POST", f"/model/parse?token={TOKEN}")
    assert json.loads(asked.body) == {"text": text}


@pytest.mark.parametrize("name", BAD_ANSWERS)
def test_unusable_answer_is_one_known_error(client: RasaClient, rasa: LocalServer, name: str) -> None:
    rasa.answer = lambda _: BAD_ANSWERS[name]
    with pytest.raises(RasaUnavailable):
        client.parse(TEXT)


def test_slow_server_is_not_waited_for_longer_than_the_limit(client: RasaClient, rasa: LocalServer) -> None:
    rasa.answer = _late
    started = time.monotonic()
    with pytest.raises(RasaUnavailable):
        client.parse(TEXT)
    assert time.monotonic() - started < TIMEOUT_SECONDS * 2


def test_error_of_the_connection_shows_neither_the_token_nor_the_text() -> None:
    with pytest.raises(RasaUnavailable) as failed:
        RasaClient(NOBODY, TOKEN, TIMEOUT_SECONDS).parse(TEXT)
    assert TOKEN not in str(failed.value)
    assert failed.value.__cause__ is None
    assert failed.value.__suppress_context__


# -- the circuit breaker ---------------------------------------------------------------------------------------------------


def test_breaker_opens_after_three_failures_in_a_row_and_not_before() -> None:
    breaker = CircuitBreaker(3, PAUSE_SECONDS, _Time())
    for succeeded in (False, False, True, False, False):
        assert breaker.may_call()
        breaker.report(succeeded=succeeded)
    assert breaker.may_call()
    assert not breaker.is_open
    breaker.report(succeeded=False)
    assert breaker.is_open
    assert not breaker.may_call()


def test_one_caller_of_many_may_try_after_the_pause() -> None:
    now = _Time()
    breaker = CircuitBreaker(3, PAUSE_SECONDS, now)
    for _ in range(3):
        breaker.report(succeeded=False)
    now.now += PAUSE_SECONDS - 0.1
    assert not breaker.may_call()
    now.now += 0.2
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: breaker.may_call(), range(40))) == 1
    breaker.report(succeeded=False)
    assert not breaker.may_call()
    now.now += PAUSE_SECONDS
    assert breaker.may_call()
    breaker.report(succeeded=True)
    assert [breaker.may_call() for _ in range(5)] == [True] * 5


def test_trial_that_never_reports_does_not_lock_the_breaker_for_ever() -> None:
    now = _Time()
    breaker = CircuitBreaker(3, PAUSE_SECONDS, now)
    for _ in range(3):
        breaker.report(succeeded=False)
    now.now += PAUSE_SECONDS
    assert breaker.may_call()
    now.now += PAUSE_SECONDS
    assert breaker.may_call()


# -- both together -----------------------------------------------------------------------------------------------------------


FALLBACK = FallbackUnderstander([("de", "money_reag_garp", TEXT), ("de", "entry_ban", "Darf ich wieder nach Deutschland kommen")])


def _resilient(client: RasaClient, now: _Time) -> ResilientUnderstander:
    return ResilientUnderstander(client, FALLBACK, CircuitBreaker(3, PAUSE_SECONDS, now))


@pytest.mark.parametrize("name", BAD_ANSWERS)
def test_fallback_answers_at_once_when_rasa_gives_nothing_usable(client: RasaClient, rasa: LocalServer, name: str) -> None:
    rasa.answer = lambda _: BAD_ANSWERS[name]
    parse = _resilient(client, _Time()).parse(TEXT, "de")
    assert (parse.engine, parse.topics[0].name) == ("fallback", "money_reag_garp")


def test_rasa_that_is_down_is_left_alone_and_used_again_by_itself_when_it_is_back(client: RasaClient, rasa: LocalServer) -> None:
    now = _Time()
    understander = _resilient(client, now)
    rasa.answer = lambda _: BAD_ANSWERS["error"]
    assert {understander.parse(TEXT, "de").engine for _ in range(20)} == {"fallback"}
    assert len(rasa.asked) == 3, "asked until the breaker opened"
    now.now += PAUSE_SECONDS + 0.1
    assert {understander.parse(TEXT, "de").engine for _ in range(20)} == {"fallback"}
    assert len(rasa.asked) == 4, "one trial"
    rasa.answer = lambda _: (200, rasa_answer())
    assert understander.parse(TEXT, "de").engine == "fallback"
    now.now += PAUSE_SECONDS + 0.1
    assert {understander.parse(TEXT, "de").engine for _ in range(20)} == {"rasa"}
    assert not understander.breaker.is_open


def test_rasa_is_known_to_be_down_and_found_to_be_back_without_anybody_waiting(client: RasaClient, rasa: LocalServer) -> None:
    now = _Time()
    understander = _resilient(client, now)
    assert not understander.is_down()
    rasa.answer = _late
    for _ in range(3):
        understander.parse(TEXT, "de")
    now.now += PAUSE_SECONDS + 0.1
    started = time.monotonic()
    assert {understander.is_down() for _ in range(20)} == {True}
    assert time.monotonic() - started < TIMEOUT_SECONDS / 2, "nobody waits for the trial"
    _until(lambda: len(rasa.asked) == 4)
    rasa.answer = lambda _: (200, rasa_answer())
    now.now += 2 * PAUSE_SECONDS
    understander.is_down()
    _until(lambda: not understander.is_down())
    assert understander.parse(TEXT, "de").engine == "rasa"


def _until(has_come: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not has_come():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_people_do_not_wait_for_a_slow_rasa_again_and_again(client: RasaClient, rasa: LocalServer) -> None:
    rasa.answer = _late
    understander = _resilient(client, _Time())
    started = time.monotonic()
    for _ in range(50):
        understander.parse(TEXT, "de")
    assert time.monotonic() - started < TIMEOUT_SECONDS * 3 + 1.5


def test_many_threads_ask_at_once(rasa: LocalServer) -> None:
    understander, start = _resilient(RasaClient(rasa.url, TOKEN, 10), _Time()), threading.Barrier(16)

    def ask(_: int) -> str:
        start.wait()
        return understander.parse(TEXT, "de").engine

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(ask, range(16))) == {"rasa"}


def test_failure_is_logged_without_text_and_token(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    ResilientUnderstander(RasaClient(NOBODY, TOKEN, TIMEOUT_SECONDS), FALLBACK).parse(TEXT, "de")
    (record,) = [record for record in caplog.records if record.name == "hotline.understanding.rasa"]
    shown = record.getMessage() + str(vars(record))
    assert TEXT not in shown
    assert TOKEN not in shown


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_empty_text_bothers_nobody(client: RasaClient, rasa: LocalServer, text: str) -> None:
    assert _resilient(client, _Time()).parse(text, "de").topics == ()
    assert rasa.asked == []


def _down() -> ResilientUnderstander:
    return ResilientUnderstander(RasaClient(NOBODY, TOKEN, TIMEOUT_SECONDS), FALLBACK)


@pytest.mark.parametrize(
    ("text", "danger"),
    [
        ("Ich will nicht mehr leben", "selfharm"),
        ("I want to kill myself", "selfharm"),
        ("Je veux mourir", "selfharm"),
        ("Mein Mann schlägt mich", "violence"),
    ],
)
def test_danger_is_seen_while_rasa_is_down(text: str, danger: str) -> None:
    understood = interpreter_with(_down()).interpret(text, None)
    assert (understood.meaning.danger, understood.engine) == (danger, "fallback")


@pytest.mark.parametrize(("text", "wish"), [("Mensch", "person"), ("stop", "stop"), ("menu", "menu"), ("إنسان", "person")])
def test_commands_are_obeyed_while_rasa_is_down(text: str, wish: str) -> None:
    assert interpreter_with(_down()).interpret(text, None).meaning.wish == wish


def test_language_named_is_taken_while_rasa_is_down() -> None:
    meaning = interpreter_with(_down()).interpret("Türkçe", None).meaning
    assert (meaning.language, meaning.language_named) == ("tr", True)


def test_known_phrase_is_answered_while_rasa_is_down() -> None:
    meaning = interpreter_with(_down()).interpret(TEXT, None).meaning
    assert (meaning.topic, meaning.decision, meaning.language) == ("money_reag_garp", "answer", "de")


def test_understander_in_use_is_the_port_the_turn_asks(client: RasaClient) -> None:
    assert isinstance(_resilient(client, _Time()).parse(TEXT, None), Parse)
