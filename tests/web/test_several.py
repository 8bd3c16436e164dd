"""Two of everything on PostgreSQL and Redis: each is ended and started again while people write, and nobody notices.

``make several`` does it for minutes; here it is one short round. Whoever sends plays a small load balancer: where a web server
takes no connection, or ends without an answer, the other one is asked.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import urllib3
from sqlalchemy import select
from twilio.request_validator import RequestValidator

from hotline.delivery.outbox import OutgoingMessage
from hotline.services import Services
from hotline.settings import ROOT, Settings
from hotline.store.tables import conversations, messages, outbox
from tests.conftest import require
from tests.databases import POSTGRES_NAME, fill, fresh_postgres
from tests.servers import Asked, LocalServer, local_server, rasa_answer

SECONDS = float(os.environ.get("SEVERAL_SECONDS", "0"))
STARTS_SECONDS, SENDERS, SENDS_EVERY = 240.0, 8, 4
OURS = "+4930555000"
_http = urllib3.PoolManager(retries=False, timeout=20.0, maxsize=SENDERS)


@dataclass
class Part:
    """A process of the hotline that can be ended and started again."""

    command: list[str]
    environment: dict[str, str] = field(repr=False)
    port: int | None = None
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(
            self.command, cwd=ROOT, env={**os.environ, **self.environment}, stdout=quiet, stderr=quiet
        )

    def wait(self) -> None:
        """Wait until it answers."""
        deadline = time.monotonic() + STARTS_SECONDS
        while self.port is not None and time.monotonic() < deadline:
            assert self.process is not None
            assert self.process.poll() is None, f"{self.command[1:3]} ended"
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.1)
        assert self.port is None, "it did not start"

    def signal(self, which: signal.Signals) -> None:
        """Tell it something."""
        assert self.process is not None
        self.process.send_signal(which)

    def end(self) -> None:
        """Ask it to end, and wait until it has."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(40)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@dataclass
class Line:
    """The whole hotline with two of everything."""

    services: Services
    webs: list[Part]
    workers: list[Part]
    understanding: list[LocalServer]
    sent: list[str]
    public_url: str
    replies: dict[str, bytes] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)

    def write(self, sid: str, sender: str, body: str) -> None:
        """A text, given to one web server and then to the other until one has taken it."""
        path = "/webhooks/twilio/messages"
        form = {"MessageSid": sid, "From": sender, "To": OURS, "Body": body, "NumMedia": "0"}
        token = self.services.settings.twilio_auth_tokens[0]
        signature = RequestValidator(token).compute_signature(self.public_url + path, form)
        headers = {"X-Twilio-Signature": signature, "Connection": "close"}
        for attempt in range(20):
            web = self.webs[(hash(sid) + attempt) % len(self.webs)]
            try:
                url = f"http://127.0.0.1:{web.port}{path}"
                answer = _http.request_encode_body("POST", url, fields=form, encode_multipart=False, headers=headers)
            except urllib3.exceptions.HTTPError as error:
                self.refused[type(error).__name__] += 1
                time.sleep(0.1)
                continue
            assert answer.status == 200
            self.replies[sid] = answer.data
            return
        raise AssertionError("no web server took a webhook")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _provider(sent: list[str]) -> Any:
    numbers, lock = count(), threading.Lock()

    def take(asked: Asked) -> tuple[int, Any]:
        with lock:
            sent.append(parse_qs(asked.body.decode())["Body"][0])
            return 201, {"sid": f"SMout{next(numbers)}", "status": "queued"}

    return take


@pytest.fixture
def line(tmp_path: Path, postgres_url: str) -> Iterator[Line]:
    """Everything started at once."""
    require("Redis", bool(shutil.which("redis-server")), "install redis-server.")
    name = f"{POSTGRES_NAME}_several"
    url = fresh_postgres(postgres_url, name=name)
    fill(url)
    sent: list[str] = []
    with ExitStack() as stack:
        understanding = [
            stack.enter_context(local_server(lambda _: (200, rasa_answer("money_reag_garp", 0.96)))) for _ in range(2)
        ]
        provider = stack.enter_context(local_server(_provider(sent)))
        redis_port, base = _free_port(), "http://127.0.0.1:1"
        redis = Part(["redis-server", "--port", str(redis_port), "--bind", "127.0.0.1", "--save", ""], {}, redis_port)
        redis.command += ["--dir", str(tmp_path)]
        environment = {
            "FLASK_APP": "app", "HOTLINE_DATA_DIR": str(tmp_path), "PUBLIC_BASE_URL": base, "DATABASE_URL": url,
            "REDIS_URL": f"redis://127.0.0.1:{redis_port}/0", "RASA_URL": ",".join(server.url for server in understanding),
            "TWILIO_API_BASE_URL": provider.url, "HOTLINE_ENV": "local", "WEB_CONCURRENCY": "1", "LIMITS": "on",
            # Eight people without a pause are more than one, a block of numbers and everybody together may write.
            "LIMIT_TEXTS": "100000/minute", "LIMIT_TEXTS_BLOCK": "100000/minute", "LIMIT_TEXTS_ALL": "100000/minute",
        }  # fmt: skip
        services = Services(Settings.from_env(environment))
        stack.callback(services.close_connections)
        gunicorn = [sys.executable, "-m", "gunicorn", "app:app", "--bind"]
        webs = [Part([*gunicorn, f"127.0.0.1:{port}"], environment, port) for port in (_free_port(), _free_port())]
        workers = [Part([sys.executable, "-m", "flask", "worker"], environment) for _ in range(2)]
        for part in (redis, *webs, *workers):
            stack.callback(part.end)
            part.start()
        for part in (redis, *webs):
            part.wait()
        yield Line(services, webs, workers, understanding, sent, base)


def _roll(line: Line) -> None:
    """One part after the other, as an update does it."""
    # A new process beside the old one, which finishes what it has.
    line.webs[0].signal(signal.SIGHUP)
    # One understanding process takes another model, and fails while it does.
    good = line.understanding[0].answer
    line.understanding[0].answer = lambda _: (503, {})
    line.workers[0].end()
    line.workers[0].start()
    line.understanding[0].answer = good
    line.webs[1].end()
    line.webs[1].start()
    line.webs[1].wait()
    if not SECONDS:
        return
    line.webs[0].end()
    line.webs[0].start()
    line.webs[0].wait()
    line.workers[1].end()
    line.workers[1].start()


def test_everything_is_renewed_while_people_write_and_nothing_is_lost_or_done_twice(line: Line) -> None:
    over, wanted, written = threading.Event(), list[str](), dict[str, list[str]]()
    lock = threading.Lock()

    def person(number: int) -> None:
        sender, mine = f"+4915170000{number:03}", written.setdefault(f"+4915170000{number:03}", [])
        for place in count():
            if over.is_set():
                return
            body, sid = f"Frage {number} {place}", f"SM{number}x{place}"
            line.write(sid, sender, body)
            mine.append(body)
            if place % SENDS_EVERY == 0:
                reply = OutgoingMessage("sms", sender, OURS, f"Nachricht {number} {place}")
                with line.services.database.begin() as connection:
                    outbox_id = line.services.outbox.put(connection, reply, datetime.now(UTC))
                line.services.doorbell.ring(outbox_id)
                with lock:
                    wanted.append(reply.body)
            time.sleep(0.2)

    started = time.monotonic()
    with ThreadPoolExecutor(SENDERS) as pool:
        people = [pool.submit(person, number) for number in range(SENDERS)]
        try:
            _roll(line)
            while time.monotonic() - started < SECONDS:
                _roll(line)
        finally:
            over.set()
        for one in people:
            one.result()
    _wait_until_sent(line)
    assert all(re.search(b"<Message>.+</Message>", reply, re.DOTALL) for reply in line.replies.values())
    with line.services.database.read() as connection:
        turns = {row.id: row.turns for row in connection.execute(select(conversations.c.id, conversations.c.turns))}
        stored: dict[int, list[str]] = {number: [] for number in turns}
        heard = messages.c.direction == "in"
        for row in connection.execute(select(messages).where(heard).order_by(messages.c.id)):
            stored[row.conversation_id].append(line.services.cipher.decrypt(row.body_encrypted))
        engines = Counter(connection.execute(select(messages.c.engine).where(heard)).scalars())
    assert sorted(stored.values()) == sorted(written.values()), "all are there, each once, in the order of each person"
    assert [turns[number] for number in stored] == [len(texts) for texts in stored.values()]
    assert Counter(line.sent) == Counter(wanted), "each message went out once"
    assert engines["fallback"] == 0, "one understanding process was always there"
    assert all(len(server.asked) > 5 for server in line.understanding)
    if SECONDS:
        sys.stderr.write(f"{len(line.replies)} texts, {len(wanted)} sent, tried elsewhere: {dict(line.refused)}\n")


def _wait_until_sent(line: Line) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with line.services.database.read() as connection:
            if set(connection.execute(select(outbox.c.status)).scalars()) <= {"sent"}:
                return
        time.sleep(0.2)
    raise AssertionError("messages were left in the outbox")
