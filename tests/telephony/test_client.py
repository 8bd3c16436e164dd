"""The REST client against a small server on this machine that speaks Messages.json."""

import json
import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest

from hotline.telephony.client import SMS_VALIDITY_SECONDS, ListUnavailable, NotDeleted, SendFailed, TwilioSender

ACCOUNT = "AC" + "1" * 32
PERSON = "+4915100000000"
TEXT = "Ihre Frage ist angekommen."


class FakeTwilio(ThreadingHTTPServer):
    """Answers every request with `status`, `headers` and `body`, and keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), FakeTwilioHandler)
        self.status = 201
        self.headers: dict[str, str] = {}
        self.body: Any = {"sid": "SM1", "status": "queued"}
        self.asked: list[tuple[str, dict[str, list[str]]]] = []
        self.connections: set[tuple[str, int]] = set()
        self.may_answer = threading.Event()
        self.may_answer.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def sender(self, path: str = "", timeout_seconds: float = 5) -> TwilioSender:
        return TwilioSender(ACCOUNT, "token", self.url + path, timeout_seconds)


class FakeTwilioHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeTwilio

    def do_POST(self) -> None:
        fields = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.asked.append((self.path, fields))
        self.server.connections.add(self.client_address)
        self.server.may_answer.wait(5)
        body = self.server.body if isinstance(self.server.body, bytes) else json.dumps(self.server.body).encode()
        self.send_response(self.server.status)
        for name, value in {**self.server.headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.headers["Content-Length"] = "0"
        self.do_POST()

    def do_DELETE(self) -> None:
        self.server.asked.append((self.path, {}))
        body = b"" if self.server.status == 204 else json.dumps(self.server.body).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test output clean."""


@pytest.fixture
def twilio(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeTwilio]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = FakeTwilio()
    # A short poll, so that shutdown() returns at once.
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.may_answer.set()
    server.shutdown()
    thread.join()
    server.server_close()


def send(sender: TwilioSender, to: str = PERSON, status_callback: str | None = "https://hotline.example/status") -> str:
    return sender.send_message(to=to, sender="+4930000000", body=TEXT, status_callback=status_callback)


def failure(sender: TwilioSender) -> SendFailed:
    with pytest.raises(SendFailed) as failed:
        send(sender)
    return failed.value


def test_a_message_is_handed_over_and_its_sid_comes_back(twilio: FakeTwilio) -> None:
    assert send(twilio.sender()) == "SM1"
    [(path, fields)] = twilio.asked
    assert path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert fields == {
        "To": [PERSON],
        "From": ["+4930000000"],
        "Body": [TEXT],
        "StatusCallback": ["https://hotline.example/status"],
        "ValidityPeriod": [str(SMS_VALIDITY_SECONDS)],
    }


def test_a_whatsapp_message_keeps_its_prefix_and_has_no_validity_period(twilio: FakeTwilio) -> None:
    send(twilio.sender(), to=f"whatsapp:{PERSON}", status_callback=None)
    [(_, fields)] = twilio.asked
    assert fields["To"] == [f"whatsapp:{PERSON}"]
    assert set(fields) == {"To", "From", "Body"}


def test_another_host_may_have_a_path_in_front(twilio: FakeTwilio) -> None:
    send(twilio.sender("/somleng/"))
    assert twilio.asked[0][0].startswith("/somleng/2010-04-01/")


def test_edge_and_region_of_the_environment_do_not_move_another_host(twilio: FakeTwilio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_EDGE", "dublin")
    monkeypatch.setenv("TWILIO_REGION", "ie1")
    assert send(twilio.sender()) == "SM1"


def test_one_connection_serves_many_messages(twilio: FakeTwilio) -> None:
    sender = twilio.sender()
    for _ in range(3):
        send(sender)
    assert len(twilio.connections) == 1


def test_too_many_requests_are_retried_after_the_time_twilio_names(twilio: FakeTwilio) -> None:
    twilio.status, twilio.body, twilio.headers = 429, {"code": 20429, "message": "Too Many Requests"}, {"Retry-After": "7"}
    failed = failure(twilio.sender())
    assert (failed.code, failed.decision, failed.retry_after_seconds) == (20429, "retry", 7)


@pytest.mark.parametrize("value", ["Wed, 21 Oct 2026 07:28:00 GMT", "-1", "soon"])
def test_a_retry_after_that_is_no_count_of_seconds_is_ignored(twilio: FakeTwilio, value: str) -> None:
    twilio.status, twilio.body, twilio.headers = 429, b"", {"Retry-After": value}
    failed = failure(twilio.sender())
    assert (failed.decision, failed.retry_after_seconds) == ("retry", None)


def test_a_person_who_opted_out_is_reported_as_such(twilio: FakeTwilio) -> None:
    twilio.status, twilio.body = 400, {"code": 21610, "message": f"Attempt to send to unsubscribed recipient {PERSON}"}
    failed = failure(twilio.sender())
    assert (failed.code, failed.decision, failed.retry_after_seconds) == (21610, "opted_out", None)
    assert PERSON not in repr(failed) + str(failed)


def test_an_invalid_number_fails(twilio: FakeTwilio) -> None:
    twilio.status, twilio.body = 400, {"code": 21211}
    assert failure(twilio.sender()).decision == "fail"


def test_a_broken_twilio_is_retried(twilio: FakeTwilio) -> None:
    twilio.status, twilio.body = 500, b"<html>oops</html>"
    failed = failure(twilio.sender())
    assert (failed.code, failed.decision) == (None, "retry")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"7", b'{"code": "x"}', b'{"code": null}', b'{"code": Infinity}', b"\xff"]
)
def test_an_unreadable_refusal_fails_without_a_code(twilio: FakeTwilio, body: bytes) -> None:
    twilio.status, twilio.body = 400, body
    failed = failure(twilio.sender())
    assert (failed.code, failed.decision) == (None, "fail")


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"null", b"7", b'"SM1"', b"{}", b'{"sid": null}', b'{"sid": ""}', b"\xff"]
)
def test_a_success_without_a_sid_may_have_been_one(twilio: FakeTwilio, body: bytes) -> None:
    twilio.body = body
    failed = failure(twilio.sender())
    assert (failed.code, failed.decision) == (None, "unclear")


def test_a_redirect_is_not_followed_with_our_credentials(twilio: FakeTwilio) -> None:
    twilio.status, twilio.headers = 307, {"Location": f"{twilio.url}/elsewhere"}
    assert failure(twilio.sender()).decision == "fail"
    assert len(twilio.asked) == 1


def test_a_silent_twilio_is_given_up_after_the_timeout_and_may_have_taken_the_message(twilio: FakeTwilio) -> None:
    twilio.may_answer.clear()
    assert failure(twilio.sender(timeout_seconds=0.2)).decision == "unclear"


def test_what_twilio_has_of_ours_is_listed_without_its_replies_to_webhooks(twilio: FakeTwilio) -> None:
    created = "Tue, 24 Nov 2026 12:00:00 +0000"
    kinds = ("outbound-api", "outbound-reply", "inbound")
    listed = [{"sid": f"SM{kind}", "body": TEXT, "direction": kind, "date_created": created} for kind in kinds]
    twilio.status, twilio.body = 200, {"messages": listed, "next_page_uri": None, "page_size": 50}
    (found,) = twilio.sender().list_messages(to=PERSON, sender="+4930000000")
    assert (found.sid, found.body) == ("SMoutbound-api", TEXT)
    assert found.created_at == datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert TEXT not in repr(found)


@pytest.mark.parametrize(("status", "body"), [(500, b"oops"), (200, b"<html>"), (200, b"{}"), (401, {"code": 20003})])
def test_a_twilio_that_does_not_tell_its_list_is_no_empty_list(twilio: FakeTwilio, status: int, body: Any) -> None:
    twilio.status, twilio.body = status, body
    with pytest.raises(ListUnavailable) as refused:
        twilio.sender().list_messages(to=PERSON, sender="+4930000000")
    assert refused.value.__context__ is None


def test_a_twilio_that_cannot_be_reached_is_retried_and_the_cause_is_not_kept(twilio: FakeTwilio) -> None:
    failed = failure(TwilioSender(ACCOUNT, "token", "http://127.0.0.1:1"))
    assert failed.decision == "retry"
    assert failed.__cause__ is None
    assert failed.__context__ is None


def test_neither_number_nor_text_nor_token_is_logged(twilio: FakeTwilio, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        send(twilio.sender())
        twilio.status, twilio.body = 400, {"code": 21610, "message": PERSON}
        failure(twilio.sender())
    assert not any(secret in caplog.text for secret in (PERSON, PERSON[1:], TEXT, "token"))
    assert not [record for record in caplog.records if record.name.startswith("twilio")]


def test_copies_of_messages_and_calls_are_deleted_and_what_is_gone_counts_as_deleted(twilio: FakeTwilio) -> None:
    twilio.status = 204
    for sid in ("SM2", "CA2"):
        twilio.sender().delete_copy(sid)
    twilio.status, twilio.body = 404, {"code": 20404, "message": "not found"}
    twilio.sender().delete_copy("SM3")
    folder = f"/2010-04-01/Accounts/{ACCOUNT}"
    assert [path for path, _ in twilio.asked] == [
        f"{folder}/Messages/SM2.json",
        f"{folder}/Calls/CA2.json",
        f"{folder}/Messages/SM3.json",
    ]


def test_copy_that_cannot_be_deleted_now_is_reported_by_its_code_alone(twilio: FakeTwilio) -> None:
    twilio.status, twilio.body = 400, {"code": 20009, "message": f"still being sent to {PERSON}"}
    with pytest.raises(NotDeleted) as refused:
        twilio.sender().delete_copy("SM2")
    assert (refused.value.code, str(refused.value)) == (20009, "copy not deleted: code 20009")
    with pytest.raises(NotDeleted) as silent:
        TwilioSender(ACCOUNT, "token", "http://127.0.0.1:1").delete_copy("SM2")
    assert silent.value.code is None
    assert silent.value.__context__ is None
