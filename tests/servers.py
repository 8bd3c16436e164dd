"""Small real HTTP servers in a thread, where Rasa or Twilio would be."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Asked:
    """One request as the server got it."""

    method: str
    path: str
    body: bytes


@dataclass
class LocalServer:
    """A server that gives whatever ``answer`` says: a status and a body (JSON unless it is bytes)."""

    answer: Callable[[Asked], tuple[int, Any]]
    url: str = ""
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def local_server(answer: Callable[[Asked], tuple[int, Any]]) -> Iterator[LocalServer]:
    """Run a server until the end of the block."""
    made = LocalServer(answer)

    class Handler(BaseHTTPRequestHandler):
        def _take(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = Asked(self.command, self.path, body)
            made.asked.append(asked)
            status, content = made.answer(asked)
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            try:
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            except OSError:
                pass  # who asked has given up

        do_GET = do_HEAD = do_POST = do_PUT = _take

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 64  # many threads may ask at once

    server = Server(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def rasa_answer(topic: str = "money_reag_garp", confidence: float = 0.91, language: str = "de", danger: float = 0.01) -> Any:
    """What our Rasa components say of a text."""
    return {
        "text": "",
        "intent": {"name": topic, "confidence": confidence},
        "intent_ranking": [{"name": topic, "confidence": confidence}, {"name": "person", "confidence": 0.02}],
        "language": {"code": language, "score": 0.97, "alternatives": [{"code": "en", "score": 0.01}]},
        "danger": {"category": "medical", "score": danger},
        "entities": [],
    }
