"""In the place of Rasa for the crash test: knows the topics of some texts, and is back at once after a kill."""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

TOPICS: dict[str, str] = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        text = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"]
        topic = TOPICS.get(text, "out_of_scope")
        ranking = [{"name": topic, "confidence": 0.96}, {"name": "vr_basics", "confidence": 0.01}]
        language = {"code": "de", "score": 0.98, "alternatives": [{"code": "en", "score": 0.01}]}
        danger = {"category": "medical", "score": 0.0}
        self._answer({"intent": ranking[0], "intent_ranking": ranking, "language": language, "danger": danger, "entities": []})

    def _answer(self, content: Any) -> None:
        data = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), _Handler).serve_forever()
