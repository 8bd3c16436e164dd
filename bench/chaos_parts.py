"""The processes of the crash test: each can be killed without a word and started again."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench.servers import BACKEND, NLU, RASA, ROOT, free_port

STARTS_SECONDS, ENDS_SECONDS = 180, 30


@dataclass
class Part:
    """One part of the hotline. ``port`` answers when it is ready; without one it is ready at once."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(repr=False)
    port: int | None = None
    folder: Path = ROOT
    kills: int = 0
    process: subprocess.Popen[bytes] | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)

    def start(self) -> None:
        """Start it; what it says goes to a file of its name in the data folder."""
        log = Path(self.environment["HOTLINE_DATA_DIR"]) / f"{self.name}.log"
        with log.open("ab") as file:
            self.process = subprocess.Popen(
                self.command, cwd=self.folder, env={**os.environ, **self.environment}, stdout=file, stderr=file,
                start_new_session=True,
            )  # fmt: skip

    def is_up(self) -> bool:
        """Whether it answers."""
        if self.port is None:
            return True
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False

    def wait(self) -> None:
        """Wait until it answers."""
        deadline = time.monotonic() + STARTS_SECONDS
        while time.monotonic() < deadline:
            if self.is_up():
                return
            time.sleep(0.1)
        raise RuntimeError(f"{self.name} does not answer.")

    def kill(self) -> None:
        """End it and its children at once, in the middle of whatever they do, and start it again."""
        with self.lock:
            self.end(signal.SIGKILL)
            self.kills += 1
            self.start()

    def look_after(self) -> None:
        """Start it again when it ended by itself, as the service manager of a server does: nothing starts without a database."""
        with self.lock:
            if self.process is not None and self.process.poll() is not None:
                self.start()

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it; who does not listen is killed."""
        with self.lock:
            if self.process is None:
                return
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, how)
            try:
                self.process.wait(ENDS_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
            self.process = None


class Postgres(Part):
    """A PostgreSQL server of our own; killing it is what a power cut does to it."""

    def __init__(self, folder: Path) -> None:
        """Make its files."""
        self.bin = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        self.data = folder / "postgres"
        port = free_port()
        super().__init__("postgres", [], {"HOTLINE_DATA_DIR": str(folder)}, port)
        folder.chmod(0o755)
        self.data.mkdir()
        shutil.chown(self.data, "postgres")
        self._run("initdb", "-D", str(self.data), "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        self.url = f"postgresql://postgres@127.0.0.1:{port}/postgres"

    def start(self) -> None:
        """Start it, and repair what the end before left."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.data}"
        self._run("pg_ctl", "-D", str(self.data), "-l", str(self.data / "log"), "-w", "-t", "120", "-o", options, "start")

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it."""
        with contextlib.suppress(subprocess.CalledProcessError):
            self._run("pg_ctl", "-D", str(self.data), "-m", "immediate", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        command = ["runuser", "-u", "postgres", "--", str(self.bin / program), *arguments]
        # In a session of its own: Ctrl-C at the terminal is for us, who end the server in order.
        quiet = subprocess.DEVNULL
        subprocess.run(command, check=True, cwd="/", stdout=quiet, stderr=quiet, start_new_session=True)


def has_postgres() -> bool:
    """Whether a PostgreSQL and a Redis of our own can be run here."""
    return (
        bool(list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))) and bool(shutil.which("redis-server")) and os.geteuid() == 0
    )


def redis(folder: Path) -> Part:
    """A Redis server of our own."""
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    return Part("redis", command, {"HOTLINE_DATA_DIR": str(folder)}, port)


def web(environment: dict[str, str]) -> Part:
    """The web server with its two processes."""
    port = environment["PORT"]
    command = [str(BACKEND / "python"), "-m", "gunicorn", "app:app", "--bind", f"127.0.0.1:{port}"]
    return Part("web", command, environment, int(port))


def worker(environment: dict[str, str], number: int) -> Part:
    """A worker."""
    return Part(f"worker{number}", [str(BACKEND / "flask"), "worker"], environment)


def understanding(environment: dict[str, str], answers: Path | None) -> Part:
    """The understanding process: the real one, or one that knows the answers of a file and starts at once."""
    port = int(environment["RASA_URL"].rpartition(":")[2])
    if answers is None:
        return Part("rasa", [str(RASA), "serve.py", "--port", str(port)], environment, port, NLU)
    command = [str(BACKEND / "python"), "bench/chaos_rasa.py", str(port), str(answers)]
    return Part("rasa", command, environment, port)
