"""Starts the understanding process for a command that needs it while the hotline itself does not run."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import urllib3

from hotline.errors import CannotStart

STARTS_SECONDS = 120
TICK_SECONDS = 0.2
LOOPBACK = ("127.0.0.1", "localhost")
_NEEDED = frozenset({"PATH", "HOME", "LANG", "LANGUAGE", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"})
_NEEDED_FAMILIES = ("LC_", "TF_", "OMP_", "OPENBLAS_", "MKL_")


class ServerNotStarted(CannotStart):
    """The understanding process could not be started. The message says what to do."""


@dataclass(frozen=True)
class RasaProject:
    """The ``nlu_data`` folder and the shelf of the models trained from the studio."""

    folder: Path
    shelf: Path

    @property
    def python(self) -> Path:
        """Rasa's own Python."""
        return self.folder / ".venv" / "bin" / "python"

    @property
    def is_set_up(self) -> bool:
        """Whether models can be trained and served on this machine."""
        return self.python.exists()


@contextlib.contextmanager
def running_server(url: str, token: str, project: RasaProject) -> Iterator[bool]:
    """Make sure that an understanding process answers; one started here is stopped at the end.

    Args:
        url: where it answers, or is to answer.
        token: the one it asks for.
        project: what it is started from.

    Yields:
        Whether there is one. There is none where it would have to run on another machine, or was never set up on this one.

    Raises:
        ServerNotStarted: it was started and did not answer in time.
    """
    parts = urlsplit(url)
    if answers(url):
        yield True
        return
    if parts.hostname not in LOOPBACK or not project.is_set_up or not (project.folder / "models" / "hotline.tar.gz").exists():
        yield False
        return
    with _started(project, token, parts.port or 80, None):
        yield True


@contextlib.contextmanager
def serving_model(token: str, project: RasaProject, model: str) -> Iterator[str]:
    """Serve one model beside whatever runs, on a free port.

    Yields:
        Where it answers.

    Raises:
        ServerNotStarted: it did not answer in time, or there is no such model.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with _started(project, token, port, model):
        yield f"http://127.0.0.1:{port}"


def bare_environment() -> dict[str, str]:
    """What of our environment a process of the Rasa project needs. Its libraries are old, so it is handed none of our secrets."""
    return {name: value for name, value in os.environ.items() if name in _NEEDED or name.startswith(_NEEDED_FAMILIES)}


@contextlib.contextmanager
def _started(project: RasaProject, token: str, port: int, model: str | None) -> Iterator[None]:
    named = ["--model", model] if model is not None else []
    process = subprocess.Popen(  # noqa: S603 - our own program
        [str(project.python), "serve.py", "--port", str(port), "--shelf", str(project.shelf), *named],
        cwd=project.folder,
        env={**bare_environment(), "RASA_TOKEN": token},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(f"http://127.0.0.1:{port}", process)
        yield
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
