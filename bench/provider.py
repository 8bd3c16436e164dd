"""A provider on this machine that speaks the messages API: keeps what it accepted, errs now and then, reports."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Accepted:
    """A message the provider has taken, and when."""

    sid: str
    to: str
    sender: str
    body: str
    callback: str
    at: float
    created_at: str


@dataclass
class LocalProvider:
    """What it does: ``latency_seconds`` an answer, and of all sends these shares end badly."""

    seed: int = 1
    latency_seconds: float = 0.0
    busy_share: float = 0.0  # 429, not taken
    broken_share: float = 0.0  # 500, not taken
    mute_share: float = 0.0  # taken, but the connection ends without an answer
    url: str = ""
    accepted: list[Accepted] = field(default_factory=list)
    refused: int = 0
    unanswered: int = 0
    report: Callable[[Accepted], None] = lambda _: None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def fate(self) -> str:
        """What becomes of the next send."""
        with self._lock:
            dice = self._random.random()
            for name, share in (("busy", self.busy_share), ("broken", self.broken_share), ("mute", self.mute_share)):
                if dice < share:
                    self.refused += name != "mute"
                    self.unanswered += name == "mute"
                    return name
                dice -= share
            return "well"

    def take(self, form: dict[str, str]) -> Accepted:
        """Accept a message."""
        with self._lock:
            message = Accepted(
                f"SM{len(self.accepted):032x}",
                form["To"],
                form["From"],
                form["Body"],
                form.get("StatusCallback", ""),
                time.time(),
                format_datetime(datetime.now(UTC)),
            )
            self.accepted.append(message)
        return message

    def listed(self, to: str, sender: str) -> list[dict[str, Any]]:
        """Messages to one number, as the list of the API tells them."""
        with self._lock:
            found = [one for one in self.accepted if one.to == to and one.sender == sender]
        return [
            {"sid": one.sid, "body": one.body, "direction": "outbound-api", "date_created": one.created_at}
            for one in reversed(found[-50:])
        ]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        form = {name: values[0] for name, values in parse_qs(raw, keep_blank_values=True).items()}
        provider = self.server.provider
        time.sleep(provider.latency_seconds)
        fate = provider.fate()
        if fate == "busy":
            self._answer(429, {"code": 20429}, {"Retry-After": "1"})
        elif fate == "broken":
            self._answer(500, {"code": 20500})
        else:
            message = provider.take(form)
            if fate == "mute":
                self.close_connection = True
            else:
                self._answer(201, {"sid": message.sid, "status": "queued"})
            provider.report(message)

    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        found = self.server.provider.listed(asked.get("To", [""])[0], asked.get("From", [""])[0])
        self._answer(200, {"messages": found, "next_page_uri": None, "page_size": 50})

    def _answer(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(content).encode()
        try:
            self.send_response(status)
            for name, value in {**(headers or {}), "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)
        except OSError:
            pass  # who asked was killed

    def log_message(self, *_: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True

    def __init__(self, provider: LocalProvider) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.provider = provider

    def handle_error(self, *_: Any) -> None:
        """A client that was killed in the middle is no error of ours."""


@contextmanager
def running(provider: LocalProvider) -> Iterator[LocalProvider]:
    """Serve until the end of the block."""
    server = _Server(provider)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
