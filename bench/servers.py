"""Starts and stops the processes that are measured, and reads how much memory they hold."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BACKEND = ROOT / ".venv" / "bin"
NLU = ROOT / "nlu_data"
RASA = NLU / ".venv" / "bin" / "python"
STARTS_SECONDS = 300


def free_port() -> int:
    """A port nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def process(command: list[str], folder: Path, environment: Mapping[str, str], port: int | None = None) -> Iterator[int]:
    """Run a program while the block runs; waits until its port answers. Gives its process id."""
    started = subprocess.Popen(
        command, cwd=folder, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        if port is not None:
            _wait(port, started)
        yield started.pid
    finally:
        started.terminate()
        started.wait()


def _wait(port: int, started: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + STARTS_SECONDS
    while time.monotonic() < deadline and started.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=2):
            return
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            # Rasa and the bare route know no health page, but they answer.
            time.sleep(1)
            return
        time.sleep(0.3)
    raise RuntimeError(f"Nothing answers on port {port}.")


def gunicorn(app: str, port: int) -> list[str]:
    """The web server as ``make run`` starts it: ``gunicorn.conf.py`` says how."""
    return [str(BACKEND / "python"), "-m", "gunicorn", app, "--bind", f"127.0.0.1:{port}"]


def memory_megabytes(pid: int) -> float:
    """Resident memory of a process, or of its largest child where it only watches over children (gunicorn)."""
    largest = 0.0
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
            if pid in (int(fields["Pid"]), int(fields["PPid"])):
                largest = max(largest, int(fields.get("VmRSS", "0 kB").split()[0]) / 1024)
    return largest
