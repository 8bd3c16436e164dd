"""Marked numbers, names and texts go through every path there is; then every output is searched for them.

Beside ``quality/test_no_personal_data``, which looks at single outputs closely, this looks at all of them after everything.
"""

from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from huey import Huey
from sqlalchemy import LargeBinary

from hotline.cli import register_commands
from hotline.delivery.dispatch import Dispatcher
from hotline.logs import JsonFormatter
from hotline.privacy.provider_copies import ProviderCopies
from hotline.store.tables import metadata
from hotline.telephony.client import TwilioSender
from hotline.understanding.port import Parse
from hotline.web.factory import make_flask
from tests.conftest import Hotline, make_hotline, make_settings
from tests.web import twilio

NUMBER, SECOND, REACHED = "+4915177700077", "+4915188800088", "+4915166600066"
WRITTEN, SPOKEN, REPLY, NAME = "zwiebelturm", "lakritzschnecke", "kieselstrand", "Knödelmann"
MARKS = (
    "15177700077",
    "15188800088",
    "15166600066",
    WRITTEN,
    SPOKEN,
    REPLY,
    NAME,
)


class _Provider(BaseHTTPRequestHandler):
    """Twilio's place: notes every address it is asked at, refuses some."""

    asked: ClassVar[list[str]] = []
    refuses: ClassVar[bool] = False

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.asked.append(f"{self.command} {self.path}")
        is_ok = not self.refuses
        body = {"sid": f"SM-sent{len(self.asked)}"} if is_ok else {"code": 30005, "message": f"{NUMBER} {WRITTEN}"}
        content = json.dumps(body).encode()
        status = 400 if not is_ok else 201 if self.command == "POST" else 204
        self.send_response(status)
        self.send_header("Content-Length", str(len(content) if status != 204 else 0))
        self.end_headers()
        if status != 204:
            self.wfile.write(content)

    do_POST = do_DELETE = _answer

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


@contextmanager
def _provider() -> Iterator[str]:
    _Provider.asked, _Provider.refuses = [], False
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def logs() -> Iterator[io.StringIO]:
    """Everything any logger writes at any level, in the form of production."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonFormatter())
    names = [None, "hotline", "sqlalchemy.engine", "urllib3", "huey", "werkzeug", "twilio"]
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    loggers[0].addHandler(handler)
    yield written
    loggers[0].removeHandler(handler)
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


def _work_off(queue: Huey) -> list[bytes]:
    """Run every job; gives what the queue held."""
    payloads = []
    while (task := queue.dequeue()) is not None:
        payloads.append(queue.serialize_task(task))
        queue.execute(task)
    return payloads


class _Broken:
    def parse(self, text: str, language: str | None) -> Parse:
        raise RuntimeError(f"cannot read {text}")


def _people(hotline: Hotline) -> list[bytes]:
    """Everything people do; gives the answers, which may hold their language but never their words."""
    whatsapp = {"From": f"whatsapp:{NUMBER}", "To": f"whatsapp:{twilio.OURS}"}
    hotline.understander.knows(f"{WRITTEN} Koffer", "luggage", 0.95)
    answers = [
        *(
            twilio.text(hotline, f"SM{place}", body, From=NUMBER)
            for place, body in enumerate(
                (f"{WRITTEN} Guten Tag", f"Ich heiße {NAME}, {WRITTEN}", f"{WRITTEN} Koffer", "8", "0", "4", "1", "Meine Daten")
            )
        ),
        twilio.text(hotline, "WA1", f"Hilfe, er will mich umbringen {WRITTEN}", **whatsapp),
        twilio.text(hotline, "WA2", "", NumMedia="1", MediaUrl0=f"https://x.test/{WRITTEN}", **whatsapp),
        twilio.call(hotline, "CA1", From=NUMBER),
        twilio.call(hotline, "CA1", 1, From=NUMBER, Digits="1"),
        twilio.call(hotline, "CA1", 2, From=NUMBER, SpeechResult=f"{SPOKEN} {NAME}", Confidence="0.9"),
        twilio.call(hotline, "CA1", 3, From=NUMBER, Digits="0"),
        twilio.post(hotline, "/webhooks/twilio/status", {"CallSid": "CA1", "CallStatus": "completed", "From": NUMBER}),
        twilio.post(hotline, "/webhooks/twilio/messages", {"From": NUMBER, "Body": WRITTEN}, signature="wrong"),
        twilio.post(hotline, "/webhooks/twilio/messages", {"From": "x", "MessageSid": "SM9", "Body": WRITTEN}),
        hotline.app.test_client().get("/nowhere"),
        hotline.app.test_client().post("/webhooks/twilio/calls/x", data={"Body": WRITTEN}),
    ]
    return [answer.data for answer in answers]


def _staff(hotline: Hotline) -> str:
    """What counsellors and operators do at the command line; what is meant for their eyes alone is not given back."""
    runner = hotline.app.test_cli_runner()

    def run(*words: str) -> str:
        result = runner.invoke(args=list(words))
        assert result.exception is None or isinstance(result.exception, SystemExit), (words, result.exception)
        return str(result.output)

    run("handoffs", "show", "1", "--number")
    run("handoffs", "reply", "1", f"Guten Tag {REPLY}")
    seen = [run("handoffs", "list"), run("callbacks", "list"), run("outbox", "list"), run("audit", "list")]
    seen += [run("retention", "show"), run("retention", "run", "--dry-run"), run("keys", "list")]
    run("handoffs", "close", "1")
    return "\n".join(seen)


def _clean(where: str, content: str | bytes) -> None:
    data = content.encode() if isinstance(content, str) else content
    assert [mark for mark in MARKS if mark.encode() in data] == [], where


def test_nothing_of_anybody_is_in_any_output(tmp_path: Path, logs: io.StringIO, capfd: pytest.CaptureFixture[str]) -> None:
    with _provider() as address:
        hotline = make_hotline(make_settings(tmp_path, HANDOFF_NOTIFY=REACHED, TWILIO_API_BASE_URL=address))
        services = hotline.services
        del vars(services)["doorbell"], vars(services)["timer_bell"]
        services.turns._ring = services.doorbell.ring  # type: ignore[method-assign]
        services.turns._desk.ring = services.timer_bell.ring
        register_commands(hotline.app, services)
        answers = _people(hotline)
        seen = _staff(hotline)
        payloads = _work_off(services.queue)
        _Provider.refuses = True
        twilio.text(hotline, "SM20", "0", From=SECOND)
        payloads += _work_off(services.queue)
        for row in hotline.rows("outbox"):
            form = {"MessageSid": str(row["provider_sid"]), "MessageStatus": "failed", "ErrorCode": "30003", "To": REACHED}
            twilio.post(hotline, f"/webhooks/twilio/status?outbox={row['id']}", form)
        vars(services.interpreter)["_understander"] = _Broken()
        answers += [
            twilio.text(hotline, "SM21", f"was ist mit {WRITTEN}", From=NUMBER).data,
            twilio.call(hotline, "CA2", 1, From=NUMBER, SpeechResult=SPOKEN, Confidence="0.9").data,
        ]
        vars(services.interpreter)["_understander"] = hotline.understander
        _Provider.refuses = False
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        for path in files:
            _clean(path.name, path.read_bytes())
        twilio.text(hotline, "SM22", "Meine Daten löschen", From=NUMBER)
        answers.append(twilio.text(hotline, "SM23", "ja", From=NUMBER).data)
        hotline.clock.move(hours=1)
        sender = TwilioSender(services.settings.twilio_account_sid, "token", address)
        assert ProviderCopies(services.database, sender, hotline.clock).run() > 0
        assert isinstance(services.dispatcher, Dispatcher)
    assert payloads, "the queue must have held something"
    assert any("POST" in line for line in _Provider.asked)
    assert any("DELETE" in line for line in _Provider.asked)
    assert '"logger": "hotline' in logs.getvalue()
    for answer in answers:
        _clean("an answer", answer)
    for payload in payloads:
        _clean("a job", payload)
    _clean("an address asked at the provider", "\n".join(_Provider.asked))
    _clean("the command line", seen)
    _clean("the logs", logs.getvalue())
    _clean("the terminal", "".join(capfd.readouterr()))
    for name, table in metadata.tables.items():
        is_bytes = {column.name for column in table.columns if isinstance(column.type, LargeBinary)}
        for row in hotline.rows(name):
            _clean(name, json.dumps({key: str(value) for key, value in row.items() if key not in is_bytes}, ensure_ascii=False))
    services.tally.write()
    for path in ("/", "/health/live", "/health/ready", "/metrics"):
        _clean(path, make_flask(services).test_client().get(path).data)
    services.database.close()
    for path in tmp_path.rglob("*"):
        if path.is_file():
            _clean(path.name, path.read_bytes())
