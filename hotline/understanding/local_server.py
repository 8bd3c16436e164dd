"""Starts the understanding process for a command that needs it while the hotline itself does not run."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import urllib3

from hotline.errors import CannotStart

STARTS_SECONDS = 120
TICK_SECONDS = 0.2
LOOPBACK = ("127.0.0.1", "localhost")


class ServerNotStarted(CannotStart):
    """The understanding process could not be started. The message says what to do."""


@contextlib.contextmanager
def running_server(url: str, token: str, project: Path) -> Iterator[bool]:
    """Make sure that an understanding process answers; one started here is stopped at the end.

    Args:
        url: where it answers, or is to answer.
        token: the one it asks for.
        project: the ``nlu_data`` folder.

    Yields:
        Whether there is one. There is none where it would have to run on another machine, or was never set up on this one.

    Raises:
        ServerNotStarted: it was started and did not answer in time.
    """
    python, parts = project / ".venv" / "bin" / "python", urlsplit(url)
    if answers(url):
        yield True
        return
    if parts.hostname not in LOOPBACK or not python.exists() or not (project / "models" / "hotline.tar.gz").exists():
        yield False
        return
    process = subprocess.Popen(  # noqa: S603 - our own program with a number
        [str(python), "serve.py", "--port", str(parts.port or 80)],
        cwd=project,
        env={**os.environ, "RASA_TOKEN": token},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(url, process)
        yield True
    finally:
        process.terminate()
        process.wait()


def answers(url: str) -> bool:
    """Whether an understanding process answers there."""
    try:
        return urllib3.request("GET", url, timeout=1, retries=False).status == 200
    except urllib3.exceptions.HTTPError:
        return False


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    started = time.monotonic()
    while time.monotonic() - started < STARTS_SECONDS and process.poll() is None:
        if answers(url):
            return
        time.sleep(TICK_SECONDS)
    raise ServerNotStarted("The understanding process did not start; `cd nlu_data && .venv/bin/python serve.py` tells why.")
