"""Starts and stops the processes that are measured, and reads how much memory they hold."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
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


def memory_megabytes(pid: int) -> tuple[float, float]:
    """What a program holds, its children (gunicorn's workers) included.

    Returns:
        Resident memory of its largest process, and of all together with what they share counted once.
    """
    processes = _family(pid)
    largest = max(_kilobytes(process / "status", "VmRSS") for process in processes)
    together = sum(_kilobytes(process / "smaps_rollup", "Pss") for process in processes)
    return largest / 1024, together / 1024


class Disturbance:
    """How much of the machine programs other than the measured ones have used since this was made."""

    def __init__(self, pids: Iterable[int]) -> None:
        """Start to look; the program that measures counts as measured."""
        self._pids = [os.getpid(), *pids]
        self._busy, self._all = _machine_ticks()
        self._ours = self._own_ticks()

    def percent(self) -> float:
        """Their part of all processor time, 0 to 100."""
        busy, everything = _machine_ticks()
        others = busy - self._busy - (self._own_ticks() - self._ours)
        return max(0.0, 100 * others / (everything - self._all))

    def _own_ticks(self) -> int:
        return sum(_ticks(pid) for pid in self._pids)


def processor_seconds(pid: int) -> float:
    """What a program and its children have used of the processors so far."""
    return _ticks(pid) / os.sysconf("SC_CLK_TCK")


def _ticks(pid: int) -> int:
    ticks = 0
    for process in _family(pid):
        with contextlib.suppress(OSError):
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks


def _machine_ticks() -> tuple[int, int]:
    """Ticks in which the processors worked, and all there were."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return sum(fields) - fields[3] - fields[4], sum(fields)


def _family(pid: int) -> list[Path]:
    """A process and, unless it is the one that measures, its children."""
    found = [Path(f"/proc/{pid}")]
    for status in Path("/proc").glob("[0-9]*/status") if pid != os.getpid() else ():
        with contextlib.suppress(OSError):
            if f"\nPPid:\t{pid}\n" in status.read_text():
                found.append(status.parent)
    return found


def _kilobytes(file: Path, name: str) -> int:
    with contextlib.suppress(OSError):
        for line in file.read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1])
    return 0
