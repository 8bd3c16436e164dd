"""The web server as it is started, with its several processes: they share one database and one simulated telephone network."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
import urllib3
from sqlalchemy import select
from twilio.request_validator import RequestValidator

from hotline.knowledge.loading import load_content
from hotline.knowledge.starter import read_content
from hotline.services import Services
from hotline.settings import ROOT, Settings
from hotline.store import migrate
from hotline.store.tables import contacts, conversations, inbound_events
from hotline.web.simulated_phones import KEPT_MESSAGES, SimulatedPhones

STARTS_SECONDS, THREADS = 60, 8
PERSON, OURS = "+4930231250001", "+4930555000"
_http = urllib3.PoolManager(retries=False, timeout=STARTS_SECONDS)


@dataclass
class Server:
    """A running web server and its data."""

    base: str
    services: Services
    log: Path

    def answer(self, sid: str, body: str, sender: str = PERSON) -> bytes:
        """The reply to a text, over a connection of its own, so that any process may take it."""
        url = f"{self.base}/webhooks/twilio/messages"
        form = {"MessageSid": sid, "From": sender, "To": OURS, "Body": body, "NumMedia": "0"}
        signature = RequestValidator(self.services.settings.twilio_auth_tokens[0]).compute_signature(url, form)
        headers = {"X-Twilio-Signature": signature, "Connection": "close"}
        answer = _http.request_encode_body("POST", url, fields=form, encode_multipart=False, headers=headers)
        assert answer.status == 200
        return answer.data

    def processes(self) -> set[str]:
        """The processes that have answered."""
        return set(self.log.read_text().split())

    def count(self, column: object) -> list[object]:
        """All values of a column."""
        with self.services.database.read() as connection:
            return list(connection.execute(select(column)).scalars())  # type: ignore[call-overload]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """gunicorn with its own settings file, on a newcomer's machine without Rasa."""
    folder = tmp_path_factory.mktemp("processes")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    values = {"PORT": port, "HOTLINE_DATA_DIR": str(folder), "RASA_URL": "http://127.0.0.1:9", "LIMITS": "off"}
    services = Services(Settings.from_env(values))
    migrate.upgrade(services.database)
    load_content(services.database, read_content(services.content_folder, services.languages))
    log = folder / "answered.log"
    command = [sys.executable, "-m", "gunicorn", "app:app", "--access-logfile", str(log), "--access-logformat", "%(p)s"]
    kept = {name: value for name, value in os.environ.items() if name != "WEB_CONCURRENCY"}
    process = subprocess.Popen(command, cwd=ROOT, env={**kept, **values})
    base = f"http://127.0.0.1:{port}"
    try:
        _wait(f"{base}/health/live", process)
        yield Server(base, services, log)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
        services.database.close()


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + STARTS_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None
        try:
            _http.request("GET", url)
        except urllib3.exceptions.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("The web server did not start.")


def test_every_text_is_answered_and_counted_whichever_process_takes_it(server: Server) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        replies = list(pool.map(lambda number: server.answer(f"SM-a{number}", "menu"), range(60)))
    assert all(re.search(b"<Message>.+</Message>", reply, re.DOTALL) for reply in replies)
    assert server.count(conversations.c.turns).count(60) == 1
    assert len(server.count(conversations.c.id)) == len(server.count(contacts.c.id))
    assert len(server.processes()) > 1


def test_same_text_at_several_processes_takes_effect_once_and_all_get_the_identical_reply(server: Server) -> None:
    before = len(server.count(inbound_events.c.key))
    with ThreadPoolExecutor(THREADS) as pool:
        replies = set(pool.map(lambda _: server.answer("SM-b", "menu", "+4930231250002"), range(40)))
    assert len(replies) == 1
    assert len(server.count(inbound_events.c.key)) == before + 1
    assert server.count(conversations.c.turns).count(1) == 1


def test_simulated_telephone_gets_its_messages_from_whichever_process_it_asks(server: Server) -> None:
    account, token = server.services.settings.twilio_account_sid, server.services.settings.twilio_auth_tokens[0]
    sign_in = urllib3.make_headers(basic_auth=f"{account}:{token}")
    url = f"{server.base}/simulator/twilio/2010-04-01/Accounts/{account}/Messages.json"

    def send(number: int) -> int:
        form = {"To": PERSON, "From": OURS, "Body": f"Nachricht {number}"}
        headers = {**sign_in, "Connection": "close"}
        return _http.request_encode_body("POST", url, fields=form, encode_multipart=False, headers=headers).status

    def bodies(_: int) -> list[str]:
        inbox = _http.request("GET", f"{server.base}/simulator/inbox?number=%2B{PERSON[1:]}", headers={"Connection": "close"})
        return [message["body"] for message in inbox.json()["messages"]]

    with ThreadPoolExecutor(THREADS) as pool:
        assert set(pool.map(send, range(20))) == {201}
        seen = list(pool.map(bodies, range(12)))
    assert sorted(seen[0]) == sorted(f"Nachricht {number}" for number in range(20))
    assert all(other == seen[0] for other in seen)


def test_simulated_telephones_keep_only_the_newest_and_nothing_readable(tmp_path: Path, server: Server) -> None:
    phones = SimulatedPhones(tmp_path, server.services.cipher)
    for number in range(KEPT_MESSAGES + 5):
        phones.put(PERSON, "sms", f"Nachricht {number}")
    kept = phones.read(PERSON, 0)
    assert [message.body for message in kept] == [f"Nachricht {number}" for number in range(5, KEPT_MESSAGES + 5)]
    assert phones.read(PERSON, kept[-2].number) == kept[-1:]
    assert phones.read("+4930231250009", 0) == []
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"Nachricht" not in stored
    assert PERSON.encode() not in stored
