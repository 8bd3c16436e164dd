"""Numbers and texts of people are in no log, no queue and no database file: marked ones go through everything, then we look."""

from __future__ import annotations

import io
import json
import logging
import runpy
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from gunicorn.config import Config
from huey import Huey

from hotline.counselling.desk import Line
from hotline.delivery.dispatch import Dispatcher
from hotline.delivery.jobs import register_jobs
from hotline.delivery.outbox import ClaimedMessage, OutgoingMessage
from hotline.dialogue.conversations import StoredMessage
from hotline.dialogue.inputs import InboundCallStep, InboundText
from hotline.logs import JsonFormatter
from hotline.settings import ROOT
from hotline.telephony.client import SendFailed
from hotline.telephony.inbound import InboundCall, InboundMessage
from hotline.telephony.signature import SignedRequest
from hotline.understanding.entities import Entity
from hotline.understanding.port import Parse
from tests.conftest import PREVIOUS_TOKEN, TOKEN, Hotline, make_hotline, make_settings
from tests.web import twilio

NUMBER, WRITTEN, SPOKEN, REPLY = "+4915177700077", "zwiebelturm", "lakritzschnecke", "kieselstrand"
NOTIFIED, INNER_NUMBER = "+4915166600066", "0151 98 76 54 321"
# Somebody who tells name, address and number in a question the hotline does not understand, and in one that gets no help.
PERSON = "Ich heiße Zwetschgian Knödelmann, Lindenstraße 14, 80331 München, 0151 98 76 54 321"
NAMED = ("Zwetschgian", "Knödelmann", "Lindenstraße 14")
MARKS = (NUMBER[1:], NUMBER[3:], WRITTEN, SPOKEN, REPLY, NOTIFIED[1:], "15198765432", "98 76 54 321")


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Everything any logger writes, at every level, in the form of production."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonFormatter())
    root, ours = logging.getLogger(), logging.getLogger("hotline")
    levels = root.level, ours.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    ours.setLevel(logging.DEBUG)
    yield written
    root.removeHandler(handler)
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


@pytest.fixture
def marked(tmp_path: Path) -> Iterator[Hotline]:
    """A hotline on files with the real job queue."""
    made = make_hotline(make_settings(tmp_path, HANDOFF_NOTIFY=NOTIFIED))
    vars(made.services)["doorbell"] = register_jobs(made.services.queue, lambda: made.services.dispatcher)
    vars(made.services.turns)["_ring"] = made.services.doorbell.ring
    yield made
    made.services.database.close()


class _Broken:
    """An understander, and a sender, whose errors quote what they were given."""

    def parse(self, text: str, language: str | None) -> Parse:
        raise RuntimeError(f"cannot read {text}")

    def send_message(
        self, *, to: str, sender: str, body: str, status_callback: str | None, content_sid: str | None = None
    ) -> str:
        raise RuntimeError(f"cannot send {body} to {to}")


class _Refusing:
    def send_message(
        self, *, to: str, sender: str, body: str, status_callback: str | None, content_sid: str | None = None
    ) -> str:
        raise SendFailed(code=30005, decision="fail", retry_after_seconds=None)


def _write(hotline: Hotline, sid: str, body: str, **changed: str) -> None:
    assert twilio.text(hotline, sid, body, **{"From": NUMBER, **changed}).status_code == 200


def _work_off(queue: Huey) -> None:
    while (task := queue.dequeue()) is not None:
        queue.execute(task)


def _send_with(hotline: Hotline, sender: object) -> None:
    services = hotline.services
    made = Dispatcher(services.database, services.outbox, sender, "https://hotline.test/status")  # type: ignore[arg-type]
    vars(services)["dispatcher"] = made


def _live_through_everything(hotline: Hotline) -> None:
    """Each way a number or a text may take."""
    _write(hotline, "SM1", f"{WRITTEN} Guten Tag")
    _write(hotline, "SM2", f"{WRITTEN} meine Nummer ist {INNER_NUMBER}")
    _write(hotline, "SM3", "Mensch")
    _write(hotline, "SM4", f"Hilfe, er will mich umbringen {WRITTEN}", From=f"whatsapp:{NUMBER}", To=f"whatsapp:{twilio.OURS}")
    _write(hotline, "SM5", "STOP", OptOutType="STOP")
    _write(hotline, "SM6", WRITTEN, From=f"messenger:{NUMBER}")
    _write(hotline, "", WRITTEN)
    twilio.call(hotline, "CA1", From=NUMBER)
    twilio.call(hotline, "CA1", 1, From=NUMBER, Digits="1")
    twilio.call(hotline, "CA1", 2, From=NUMBER, SpeechResult=SPOKEN, Confidence="0.9")
    twilio.call(hotline, "", 3, From=NUMBER, SpeechResult=SPOKEN)
    for form in ({"MessageSid": "SM1", "MessageStatus": "sent", "To": NUMBER}, {"CallSid": "CA1", "From": NUMBER}):
        twilio.post(hotline, "/webhooks/twilio/status", form)
    twilio.post(hotline, "/webhooks/twilio/messages", {"From": NUMBER, "Body": WRITTEN}, signature="wrong")


def _fail(hotline: Hotline) -> None:
    vars(hotline.services.interpreter)["_understander"] = _Broken()
    _write(hotline, "SM7", f"was ist mit {WRITTEN}")
    twilio.call(hotline, "CA2", From=NUMBER)
    twilio.call(hotline, "CA2", 1, From=NUMBER, Digits="1")
    assert "1 1 2" in twilio.said(twilio.call(hotline, "CA2", 2, From=NUMBER, SpeechResult=SPOKEN, Confidence="0.9"))


def _assert_clean(where: str, content: str | bytes) -> None:
    for mark in MARKS:
        found = mark in content if isinstance(content, str) else mark.encode() in content
        assert not found, f"{mark} stands in {where}"


def test_no_log_line_holds_a_number_or_a_text(
    marked: Hotline, lines: io.StringIO, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    _live_through_everything(marked)
    _fail(marked)
    for sender in (_Refusing(), _Broken()):
        _send_with(marked, sender)
        _write(marked, f"SM-{type(sender).__name__}", "Mensch", From="+4915177700078")
        _work_off(marked.services.queue)
    written = lines.getvalue()
    for message in (
        "a message could not be answered",
        "a call could not be answered",
        "message not sent",
        "webhook without effect",
    ):
        assert message in written, "the test must reach this"
    assert '"error": "RuntimeError"' in written
    _assert_clean("the log", written)
    for record in caplog.records:
        _assert_clean("a message of the log", record.getMessage())
        _assert_clean("the values of the log", str({**vars(record), "exc_info": None, "exc_text": None}))
    _assert_clean("the output", "".join(capfd.readouterr()))


def test_no_log_line_holds_a_secret(marked: Hotline, lines: io.StringIO) -> None:
    logging.getLogger("urllib3").setLevel(logging.WARNING)  # as configure_logging sets it
    _live_through_everything(marked)
    _fail(marked)
    settings = marked.services.settings
    for secret in (TOKEN, PREVIOUS_TOKEN, *settings.data_keys, settings.pseudonym_key):
        assert secret not in lines.getvalue()


def test_no_file_of_the_hotline_holds_a_number_or_a_text(marked: Hotline, tmp_path: Path) -> None:
    _live_through_everything(marked)
    assert marked.services.queue.pending_count() > 0, "the queue must hold something to look at"
    _fail(marked)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"hotline.db", "jobs.db"} <= {path.name for path in files}
    for path in files:
        _assert_clean(path.name, path.read_bytes())
    marked.services.database.close()  # what waits in the write-ahead log moves to the file
    for path in files:
        if path.exists():
            _assert_clean(path.name, path.read_bytes())


def test_no_column_but_the_encrypted_ones_holds_a_number_or_a_text(marked: Hotline) -> None:
    _live_through_everything(marked)
    for table in (
        "contacts",
        "addresses",
        "conversations",
        "messages",
        "outbox",
        "handoffs",
        "callbacks",
        "inbound_events",
        "audit",
    ):
        _assert_clean(table, str(marked.rows(table)))


def test_notice_to_a_counsellor_tells_neither_who_nor_what(marked: Hotline) -> None:
    _live_through_everything(marked)
    bodies = [marked.services.cipher.decrypt(row["body_encrypted"]) for row in marked.rows("outbox")]  # type: ignore[arg-type]
    assert bodies
    for body in bodies:
        _assert_clean("the notice", body)
        assert "Handoff" in body


def test_health_pages_tell_nothing_of_anybody(marked: Hotline) -> None:
    _live_through_everything(marked)
    for path in ("/", "/health/live"):
        _assert_clean(path, marked.app.test_client().get(path).data)


def test_an_unanswered_question_tells_nobody_who_asked_it(marked: Hotline, tmp_path: Path) -> None:
    question = f"{PERSON}, darf mein Hund mit"
    marked.understander.knows(f"{question} heim", "luggage", 0.95)
    _write(marked, "SM20", "Guten Tag")
    _write(marked, "SM21", question)
    _write(marked, "SM22", f"{question} heim")
    _write(marked, "SM23", "8")
    with marked.services.database.read() as connection:
        assert marked.services.questions.find_open(connection) == []
    marked.services.strip_questions()
    with marked.services.database.read() as connection:
        kept = marked.services.questions.find_open(connection)
    assert sorted(found.reason for found in kept) == ["not_understood", "unhelpful"]
    for found in kept:
        assert "Hund mit" in found.text
        for mark in (*NAMED, *MARKS, "Lindenstraße", "80331", "München"):
            assert mark not in found.text
    for row in marked.rows("questions"):
        assert not {"conversation_id", "contact_id", "address_id", "created_at"} & set(row)
    for table in ("questions", "ratings", "phrases", "regressions", "conversations", "messages"):
        for mark in (*NAMED, *MARKS):
            assert mark not in str(marked.rows(table)), (table, mark)
    marked.services.database.close()
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        for mark in (*NAMED, *MARKS):
            assert mark.encode() not in path.read_bytes(), (path.name, mark)


_OUTGOING = OutgoingMessage("sms", NUMBER, twilio.OURS, REPLY)


@pytest.mark.parametrize(
    "thing",
    [
        InboundText("SM1", "sms", NUMBER, twilio.OURS, WRITTEN),
        InboundCallStep("CA1:1", "CA1", NUMBER, twilio.OURS, digits="15198765432", speech=SPOKEN),
        InboundMessage("SM1", "sms", NUMBER, twilio.OURS, WRITTEN, 0, None),
        InboundCall("CA1", NUMBER, twilio.OURS, "inbound", "15198765432", SPOKEN, 0.9, "in-progress"),
        SignedRequest("https://hotline.test", [("From", NUMBER), ("Body", WRITTEN)], WRITTEN.encode(), "", "x"),
        _OUTGOING,
        ClaimedMessage(1, 1, _OUTGOING),
        StoredMessage("in", "contact", WRITTEN, "received"),
        Line("contact", datetime(2026, 11, 24, tzinfo=UTC), WRITTEN),
        Entity("phone", NUMBER),
    ],
    ids=lambda thing: type(thing).__name__,
)
def test_shown_object_hides_number_and_text(thing: object) -> None:
    _assert_clean(type(thing).__name__, repr(thing))
    _assert_clean(type(thing).__name__, str(thing))


def test_shown_settings_hide_every_secret_and_every_number(tmp_path: Path) -> None:
    settings = make_settings(
        tmp_path, "postgresql://user:hidden-word@localhost/x", HANDOFF_NOTIFY=NOTIFIED, REDIS_URL="redis://:hidden-word@localhost"
    )
    shown = repr(settings)
    _assert_clean("the settings", shown)
    for secret in (TOKEN, PREVIOUS_TOKEN, "hidden-word", settings.pseudonym_key, *settings.data_keys, "'rasa'"):
        assert secret not in shown


@pytest.mark.parametrize("settings", ["gunicorn.conf.py", "deploy/fallback/gunicorn.conf.py"])
def test_web_server_writes_no_line_of_a_request_and_no_address(settings: str, capsys: pytest.CaptureFixture[str]) -> None:
    config = Config()
    config.set("logger_class", runpy.run_path(str(ROOT / settings))["logger_class"])
    logger = config.logger_class(config)
    # As gunicorn says these things.
    logger.warning(f"Invalid request from ip=198.51.100.7: Invalid HTTP request line: {WRITTEN!r}")  # noqa: G004
    logger.critical("WORKER TIMEOUT (pid:%s)", 4711)
    try:
        raise RuntimeError(WRITTEN)
    except RuntimeError:
        logger.exception("Error handling request %s", f"/{NUMBER}")
    written = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["message"] for line in written] == [
        "Invalid request from ip=…",
        "WORKER TIMEOUT (pid:4711)",
        "Error handling request …",
    ]
    assert written[-1]["error"] == "RuntimeError"
    assert WRITTEN not in str(written)
