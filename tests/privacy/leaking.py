"""Marks that must not leave the hotline, a provider that notes how it is asked, all that is logged; for ``test_leaks*``."""

from __future__ import annotations

import io
import json
import logging
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

from sqlalchemy import LargeBinary

from hotline.logs import JsonFormatter
from hotline.store.tables import metadata
from tests.conftest import Hotline

NUMBER, SECOND, REACHED = "+4915177700077", "+4915188800088", "+4915166600066"
WRITTEN, SPOKEN, REPLY, NAME = "zwiebelturm", "lakritzschnecke", "kieselstrand", "Knödelmann"
OTHER_NUMBER, STAFF_NUMBER = "+4930778899001", "+4930778899002"
# What counsellors note, what a caller leaves as a message, and what a machine translates into.
NOTED, LEFT, TRANSLATED = "pfefferkuchen", "murmelbahn", "laternenfisch"
MARKS = (
    "15177700077",
    "15188800088",
    "15166600066",
    WRITTEN,
    SPOKEN,
    REPLY,
    NAME,
    "778899001",
    "778899002",
    NOTED,
    LEFT,
    TRANSLATED,
)


class Provider(BaseHTTPRequestHandler):
    """Twilio's place: notes every address it is asked at, refuses some."""

    asked: ClassVar[list[str]] = []
    refuses: ClassVar[bool] = False

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.asked.append(f"{self.command} {self.path}")
        if self.command == "GET":
            # The sound of a message a caller left.
            self.send_response(200)
            self.send_header("Content-Length", str(len(LEFT)))
            self.end_headers()
            self.wfile.write(LEFT.encode())
            return
        is_ok = not self.refuses
        body = {"sid": f"SM-sent{len(self.asked)}"} if is_ok else {"code": 30005, "message": f"{NUMBER} {WRITTEN}"}
        content = json.dumps(body).encode()
        status = 400 if not is_ok else 201 if self.command == "POST" else 204
        self.send_response(status)
        self.send_header("Content-Length", str(len(content) if status != 204 else 0))
        self.end_headers()
        if status != 204:
            self.wfile.write(content)

    do_GET = do_POST = do_DELETE = _answer

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


@contextmanager
def provider() -> Iterator[str]:
    """Its address while it runs."""
    Provider.asked, Provider.refuses = [], False
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def everything_logged() -> Iterator[io.StringIO]:
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


def expect_clean(where: str, content: str | bytes) -> None:
    """See that no mark is in an output, nor in a file packed into it."""
    data = content.encode() if isinstance(content, str) else content
    found = [mark for mark in MARKS if mark.encode() in data]
    assert not found, (where, found)
    if data.startswith(b"PK"):
        # Workbooks and archives: what is compressed would be found by nobody.
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            for name in packed.namelist():
                expect_clean(f"{where}: {name}", packed.read(name))


def expect_clean_tables(hotline: Hotline) -> None:
    """See that no mark is in any column that is not encrypted."""
    for name, table in metadata.tables.items():
        is_bytes = {column.name for column in table.columns if isinstance(column.type, LargeBinary)}
        for row in hotline.rows(name):
            shown = {key: str(value) for key, value in row.items() if key not in is_bytes}
            expect_clean(name, json.dumps(shown, ensure_ascii=False))


def expect_clean_files(folder: Path) -> None:
    """See that no mark is in any file as it lies there."""
    for path in folder.rglob("*"):
        if path.is_file():
            expect_clean(path.name, path.read_bytes())
