"""``make run``: sets everything up and runs the whole hotline on one machine until Ctrl-C. Nothing but the standard library."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from environments import BACKEND, ROOT, CannotPrepare, prepare_backend, prepare_rasa, say

RASA_STARTS_SECONDS = 180
WEB_STARTS_SECONDS = 60
STOP_SECONDS = 10
TICK_SECONDS = 0.2
FLASK = BACKEND / "bin" / "flask"


@dataclass
class Part:
    """One running process of the hotline."""

    name: str
    process: subprocess.Popen[bytes]


def main() -> None:
    """Set up, start, wait, stop."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop_by_signal)
    port, rasa_port = os.environ.get("PORT", "8000"), os.environ.get("RASA_PORT", "5005")
    for wanted, name in ((port, "PORT"), (rasa_port, "RASA_PORT")):
        _refuse_taken_port(wanted, name)
    python = prepare_backend(with_tests=False)
    rasa_python = prepare_rasa()
    data_dir = Path(os.environ.get("HOTLINE_DATA_DIR") or ROOT / "var")
    environment = {
        **os.environ,
        "PORT": port,
        "RASA_URL": f"http://127.0.0.1:{rasa_port}",
        "FLASK_APP": "app",
        "PYTHONUNBUFFERED": "1",
    }
    parts: list[Part] = []
    try:
        # Wrong settings are told here, before minutes of training.
        _step("Migrating the database", [FLASK, "db", "upgrade"], environment)
        _step("Training the model if its data changed", [rasa_python, "train.py"], environment, ROOT / "nlu_data")
        # The web server, the commands and Rasa must share the token; without one of the operator's it is the local one.
        if not environment.get("RASA_TOKEN"):
            environment["RASA_TOKEN"] = _local_token(data_dir)
        rasa: list[str | Path] = [rasa_python, "serve.py", "--port", rasa_port, "--shelf", data_dir.resolve() / "models"]
        parts.append(_start("understanding", rasa, environment, data_dir, ROOT / "nlu_data"))
        # Rasa reads its model meanwhile, which takes as long.
        _prepare(environment, data_dir)
        parts.append(_start("worker", [FLASK, "worker"], environment, data_dir))
        # gunicorn.conf.py says how it runs.
        parts.append(_start("web", [python, "-m", "gunicorn", "app:app"], environment, data_dir))
        web = f"http://127.0.0.1:{port}"
        _wait("the web server", f"{web}/health/ready", parts, WEB_STARTS_SECONDS)
        _wait("the understanding process", f"http://127.0.0.1:{rasa_port}/", parts, RASA_STARTS_SECONDS)
        _tell_addresses(web, data_dir)
        _watch(parts)
    except KeyboardInterrupt:
        say("\nStopping ...")
    finally:
        _stop(parts)


def _local_token(data_dir: Path) -> str:
    """The token made with the other local secrets when the database was migrated."""
    lines = (data_dir / "local.env").read_text(encoding="utf-8").splitlines()
    return next(line.removeprefix("RASA_TOKEN=") for line in lines if line.startswith("RASA_TOKEN="))


def _stop_by_signal(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _refuse_taken_port(port: str, name: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(port)))
        except (OSError, ValueError):
            raise CannotPrepare(f"Port {port} is in use or no port; choose another one: make run {name}=<number>.") from None


def _prepare(environment: dict[str, str], data_dir: Path) -> None:
    """Everything else before the start. Content only when its files changed: what editors changed in the database since stays."""
    content = hashlib.sha256(b"".join(path.read_bytes() for path in sorted((ROOT / "content").rglob("*")) if path.is_file()))
    stamp = data_dir / "content.loaded"
    is_loaded = stamp.exists() and stamp.read_text() == content.hexdigest()
    _run("The preparation", [FLASK, "prepare", *(["--keep-content"] if is_loaded else [])], environment)
    stamp.write_text(content.hexdigest())


def _step(what: str, command: list[str | Path], environment: dict[str, str], folder: Path = ROOT) -> None:
    say(f"{what} ...")
    _run(what, command, environment, folder)


def _run(what: str, command: list[str | Path], environment: dict[str, str], folder: Path = ROOT) -> None:
    if subprocess.run([str(part) for part in command], env=environment, cwd=folder, check=False).returncode:
        raise CannotPrepare(f"{what}: this did not work; the lines above say why.")


def _start(name: str, command: list[str | Path], environment: dict[str, str], data_dir: Path, folder: Path = ROOT) -> Part:
    say(f"Starting: {name} ...")
    # A group of its own: Ctrl-C reaches us alone, and we stop the parts in order.
    with (data_dir / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            [str(part) for part in command], env=environment, cwd=folder, stdout=log, stderr=log, start_new_session=True
        )
    return Part(name, process)


def _wait(what: str, url: str, parts: list[Part], seconds: int) -> None:
    started, told_at = time.monotonic(), time.monotonic()
    while time.monotonic() - started < seconds:
        _refuse_dead(parts)
        with contextlib.suppress(OSError, urllib.error.URLError), urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own address
            return
        if time.monotonic() - told_at > 2:
            told_at = time.monotonic()
            say(f"  waiting for {what}: {time.monotonic() - started:.0f} s")
        time.sleep(TICK_SECONDS)
    raise CannotPrepare(f"{what} did not answer within {seconds} s; its log file tells more.")


def _refuse_dead(parts: list[Part]) -> None:
    for part in parts:
        if part.process.poll() is not None:
            raise CannotPrepare(f"The {part.name} process has stopped; its log file tells why.")


def _tell_addresses(web: str, data_dir: Path) -> None:
    say("")
    say(f"The hotline runs. Try it: {web}/simulator")
    say(f"Answer as a counsellor in a second window: {web}/console (account demo-counsellor)")
    say(f"Staff pages: {web}/staff   Accounts and passwords: {data_dir}/staff-demo.txt")
    say(f"Health: {web}/health/ready   Logs: {data_dir}/*.log   Stop: Ctrl-C")


def _watch(parts: list[Part]) -> None:
    while True:
        _refuse_dead(parts)
        time.sleep(TICK_SECONDS)


def _stop(parts: list[Part]) -> None:
    # The web server first, so that nothing new comes in while the worker finishes.
    for part in reversed(parts):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(part.process.pid, signal.SIGTERM)
    for part in parts:
        try:
            part.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(part.process.pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
