"""How fast messages are handed over: 20 a second for a minute, by a provider on this machine that errs in one of a hundred."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.provider import LocalProvider, running
from bench.servers import BACKEND, ROOT, process
from hotline.delivery.handover import PROMISED_PERCENT, PROMISED_SECONDS, HandOver, read_handover
from hotline.delivery.outbox import OutgoingMessage
from hotline.services import Services
from hotline.settings import Settings

A_SECOND, SECONDS = 20, 60
# What Twilio's API takes for a message from Europe.
LATENCY_SECONDS = 0.2
DRAIN_SECONDS = 90


def main() -> None:
    """Measure and print."""
    provider = LocalProvider(latency_seconds=LATENCY_SECONDS, busy_share=0.004, broken_share=0.003, mute_share=0.003)
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        stack.enter_context(running(provider))
        environment = {
            "FLASK_APP": "app",
            "HOTLINE_DATA_DIR": folder,
            "TWILIO_API_BASE_URL": provider.url,
            "DATABASE_URL": os.environ.get("BENCH_DATABASE_URL", ""),
            "REDIS_URL": os.environ.get("BENCH_REDIS_URL", ""),
        }
        for step in (["texts", "compile"], ["db", "upgrade"]):
            command = [str(BACKEND / "flask"), *step]
            subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=True, stdout=subprocess.DEVNULL)
        services = Services(Settings.from_env(environment))
        stack.enter_context(process([str(BACKEND / "flask"), "worker"], ROOT, environment))
        _wait_for_worker(services)
        began = datetime.now(UTC)
        _put(services)
        found = _drain(services, began)
        services.close_connections()
    queue = "Redis" if environment["REDIS_URL"] else "SQLite file"
    kind = "PostgreSQL" if environment["DATABASE_URL"] else "SQLite"
    print(f"\n| handed over, {A_SECOND} a second for {SECONDS} s, {kind}, queue: {queue} | |\n|---|---|")
    print(f"| messages | {found.messages} |")
    print(f"| refused by the provider (429, 500) / taken without an answer | {provider.refused} / {provider.unanswered} |")
    print(f"| within {PROMISED_SECONDS} s (wanted: {PROMISED_PERCENT} %) | {found.percent} % |")
    for name, seconds in (("middle", found.p50_seconds), ("95 of 100 within", found.p95_seconds)):
        print(f"| {name} | {f'{seconds:.2f} s' if seconds is not None else 'never'} |")
    print(f"| accepted twice by the provider | {len(provider.accepted) - len({one.body for one in provider.accepted})} |")


def _wait_for_worker(services: Services) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        parts = {part.name: part.state for part in services.look_at_health()}
        if parts.get("worker") == "ok":
            time.sleep(2)
            return
        time.sleep(0.5)
    raise RuntimeError("The worker did not start.")


def _put(services: Services) -> None:
    started = time.monotonic()
    for number in range(A_SECOND * SECONDS):
        time.sleep(max(0.0, started + number / A_SECOND - time.monotonic()))
        with services.database.begin() as connection:
            message = OutgoingMessage("sms", f"+49151{number:08}", "+4930555000", f"Nachricht {number}")
            outbox_id = services.outbox.put(connection, message, datetime.now(UTC))
        services.doorbell.ring(outbox_id)


def _drain(services: Services, began: datetime) -> HandOver:
    deadline = time.monotonic() + DRAIN_SECONDS
    while True:
        with services.database.read() as connection:
            found = read_handover(connection, began - timedelta(seconds=1), datetime.now(UTC))
        if time.monotonic() > deadline or (found.p95_seconds is not None and found.messages == A_SECOND * SECONDS):
            return found
        time.sleep(2)


if __name__ == "__main__":
    main()
