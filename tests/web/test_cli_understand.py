"""``flask understand``: JSON lines in, JSON lines out, as a live turn would understand them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from hotline.cli import register_commands
from hotline.services import Services
from hotline.understanding.fallback import FallbackUnderstander
from hotline.understanding.rasa import RasaClient, ResilientUnderstander
from hotline.web.factory import make_flask
from tests.conftest import interpreter_with, make_settings
from tests.servers import Asked, LocalServer, local_server, rasa_answer

FIELDS = {
    "language", "language_score", "topic", "confidence", "alternatives", "entities", "danger", "decision", "engine",
}  # fmt: skip


@pytest.fixture
def rasa() -> Iterator[LocalServer]:
    """A Rasa server that knows one topic."""

    def answer(asked: Asked) -> tuple[int, Any]:
        return 200, rasa_answer() if asked.method == "POST" else {"version": "3"}

    with local_server(answer) as server:
        yield server


def _make_app(tmp_path: Path, url: str) -> Flask:
    services = Services(make_settings(tmp_path, RASA_URL=url))
    rasa = RasaClient(services.settings.rasa_url, services.settings.rasa_token, services.settings.rasa_timeout_seconds)
    vars(services)["interpreter"] = interpreter_with(ResilientUnderstander(rasa, FallbackUnderstander([])))
    app = make_flask(services)
    register_commands(app, services)
    return app


@pytest.fixture
def app(tmp_path: Path, rasa: LocalServer) -> Flask:
    """The commands beside that server."""
    return _make_app(tmp_path, rasa.url)


def _understand(app: Flask, *lines: Any) -> tuple[Result, list[dict[str, Any]]]:
    given = "\n".join(line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines)
    result = app.test_cli_runner().invoke(args=["understand"], input=given.encode())
    return result, [json.loads(line) for line in result.stdout.splitlines()]


def test_each_line_gives_one_line_with_every_field(app: Flask, rasa: LocalServer) -> None:
    result, answers = _understand(app, {"text": "Wie viel Geld?"}, {"text": "كم المبلغ", "language": "ar", "channel": "sms"})
    assert (result.exit_code, result.stderr) == (0, "")
    assert [set(answer) for answer in answers] == [FIELDS, FIELDS]
    first = answers[0]
    assert (first["language"], first["topic"], first["confidence"]) == ("de", "money_reag_garp", 0.91)
    assert (first["decision"], first["danger"], first["engine"]) == ("answer", None, "rasa")
    assert first["alternatives"][0] == {"topic": "money_reag_garp", "score": 0.91}
    assert [json.loads(asked.body)["text"] for asked in rasa.asked if asked.method == "POST"] == ["Wie viel Geld?", "كم المبلغ"]


def test_entities_danger_commands_and_people_wanted_are_told(app: Flask) -> None:
    _, answers = _understand(
        app,
        {"text": "Ich komme aus Syrien, 50667 Köln", "language": "de"},
        {"text": "Ich will nicht mehr leben"},
        {"text": "Mensch"},
        {"text": "menü"},
    )
    assert {"kind": "country", "value": "SY"} in answers[0]["entities"]
    assert {"kind": "postcode", "value": "50667"} in answers[0]["entities"]
    assert (answers[1]["danger"], answers[1]["decision"]) == ("selfharm", "handoff")
    assert (answers[2]["topic"], answers[2]["decision"]) == ("person", "handoff")
    assert (answers[3]["topic"], answers[3]["decision"]) == ("menu", "answer")


def test_letters_of_every_script_come_out_readable(app: Flask) -> None:
    result, _ = _understand(app, {"text": "Köln"})
    assert "Köln" in result.stdout


def test_empty_lines_and_fields_we_do_not_know_are_passed_over(app: Flask) -> None:
    result, answers = _understand(app, "", {"text": "Wie viel Geld?", "id": 7, "gold": "x"}, "   ", {"text": ""})
    assert result.exit_code == 0
    assert len(answers) == 2


@pytest.mark.parametrize("line", ["no json", "[]", "3", '"text"', "null", "{}", '{"txt": "x"}', '{"text": "x"'])
def test_broken_line_stops_with_its_number_after_the_lines_before_it(app: Flask, line: str) -> None:
    result, answers = _understand(app, {"text": "Wie viel Geld?"}, "", line, {"text": "later"})
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert result.stderr.startswith("Error: Line 3 must be a JSON object with a text")
    assert len(result.stderr.strip().splitlines()) == 1
    assert len(answers) == 1


def test_without_an_understanding_process_the_fallback_answers_and_says_so(tmp_path: Path) -> None:
    result, answers = _understand(_make_app(tmp_path, "http://rasa.invalid:5005"), {"text": "Ich will nicht mehr leben"})
    assert result.exit_code == 0
    assert "the fallback understands" in result.stderr
    assert (answers[0]["engine"], answers[0]["danger"]) == ("fallback", "selfharm")


def test_texts_of_any_length_and_kind_are_understood(app: Flask) -> None:
    texts = ["x" * 10_000, "\u202e\x00", "🙏", "'; DROP TABLE messages; --", "{{ 7*7 }}"]
    result, answers = _understand(app, *({"text": text} for text in texts))
    assert result.exit_code == 0
    assert len(answers) == len(texts)
