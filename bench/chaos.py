"""``make chaos``: people write and call while web server, worker, Rasa and database are killed at random; then all is counted.

Every message must have been answered once, every message of ours sent once or left to a person, no conversation stuck, and all
that is stored must be what an undisturbed run stores. ``--help`` names sizes, seed and set-ups. Ctrl-C ends all processes.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from cryptography.fernet import Fernet

from bench import chaos_counts as counts
from bench import chaos_parts as parts
from bench.chaos_people import OURS, People
from bench.chaos_texts import agree_on_texts, make_scripts
from bench.provider import Accepted, LocalProvider, running
from bench.servers import BACKEND, ROOT, free_port
from hotline.delivery.outbox import OutgoingMessage
from hotline.dialogue.menu_order import MARK
from hotline.dialogue.rendering import OPENING_LANGUAGES
from hotline.dialogue.turn import BERLIN
from hotline.services import Services
from hotline.settings import Settings
from hotline.store.counters import count

SCRIPT_LENGTH = 5
# A claim (60 s) and two rounds of the sweep (every 60 s): what a killed worker had in hand is taken up again by then.
SETTLES_SECONDS = 200
# How soon the service manager starts again what ended by itself.
RESTARTS_SECONDS = 2
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
MENU_SEED = 1
SQLITE, SERVERS = "SQLite", "PostgreSQL + Redis"
SHOWN = {
    "events": "events answered (messages and steps of calls)",
    "answered_twice": "… answered in two ways",
    "unstored": "… not stored, or stored twice",
    "outbound": "messages of ours",
    "sent_twice": "… sent twice",
    "lost": "… lost",
    "for_a_person": "… left to a person",
    "stuck": "conversations, handoffs and messages stuck",
    "different": "people whose stored state differs from the undisturbed run",
}
# These must be zero.
WRONG = ("answered_twice", "unstored", "sent_twice", "lost", "stuck", "different")


@dataclass
class Run:
    """What one run came to."""

    counted: dict[str, int]
    state: dict[str, object] = field(repr=False)
    kills: dict[str, int]
    people: People
    seconds: float


def main() -> None:
    """Run undisturbed and disturbed on each set-up, print the table, end with one if anything is wrong."""
    read = argparse.ArgumentParser(description=__doc__)
    read.add_argument("--messages", type=int, default=1000)
    read.add_argument("--calls", type=int, default=200)
    read.add_argument("--seed", type=int, default=7)
    read.add_argument("--setup", choices=["sqlite", "servers", "both"], default="both")
    read.add_argument("--pause", type=float, default=8.0, help="seconds a part lives before it is killed, about")
    read.add_argument("--thinks", type=float, default=4.0, help="seconds people think at most before they write")
    read.add_argument("--real-rasa", action="store_true", help="the real understanding process, which takes long to come back")
    wanted = read.parse_args()
    for signal_ in ENDING:
        signal.signal(signal_, _stop)
    setups = [SQLITE] if wanted.setup != "servers" else []
    if wanted.setup != "sqlite":
        if parts.has_postgres():
            setups.append(SERVERS)
        else:
            print("PostgreSQL and Redis cannot be run here (both installed, and root): that set-up is left out.")
    runs = {setup: _compare(setup, wanted) for setup in setups}
    _print(runs)
    alive = {name for run in runs.values() for name, kills in run.kills.items() if not kills}
    if alive:
        print(f"Never killed, so nothing is proven of it: {', '.join(sorted(alive))}. Let people think longer (--thinks).")
    if alive or any(run.counted[name] for run in runs.values() for name in WRONG):
        sys.exit(1)


def _stop(number: int, _: object) -> None:
    """End in order, and the processes with us; who asks again while that happens must wait."""
    for signal_ in ENDING:
        signal.signal(signal_, signal.SIG_IGN)
    sys.exit(128 + number)


def _compare(setup: str, wanted: argparse.Namespace) -> Run:
    calm = _live(setup, wanted, is_calm=True)
    disturbed = _live(setup, wanted, is_calm=False)
    people = calm.state.keys() | disturbed.state.keys()
    differing = [name for name in sorted(people) if calm.state.get(name) != disturbed.state.get(name)]
    disturbed.counted["different"] = len(differing)
    for name in differing[:3]:
        print(f"  differs:\n    {calm.state.get(name)}\n    {disturbed.state.get(name)}")
    return disturbed


def _live(setup: str, wanted: argparse.Namespace, *, is_calm: bool) -> Run:
    print(f"{setup}, {'undisturbed' if is_calm else 'disturbed'} ...", flush=True)
    shares = {} if is_calm else {"busy_share": 0.01, "broken_share": 0.01, "mute_share": 0.01}
    provider = LocalProvider(seed=wanted.seed, latency_seconds=0.05, **shares)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        stack.enter_context(running(provider))
        environment = _environment(folder, provider.url)
        servers = _start_servers(stack, setup, folder, environment)
        services = _prepare(environment)
        topics = None if wanted.real_rasa else folder / "topics.json"
        ours = [
            parts.understanding(environment, topics),
            parts.web(environment),
            *(parts.worker(environment, number) for number in range(1 if setup == SQLITE else 2)),
        ]
        if topics is not None:
            texts = agree_on_texts(services)
            topics.write_text(json.dumps(texts, ensure_ascii=False), encoding="utf-8")
            _start(stack, ours)
        else:
            _start(stack, ours)
            texts = agree_on_texts(services, services.interpreter_of(environment["RASA_URL"]))
        scripts = make_scripts(sorted(texts), SCRIPT_LENGTH, wanted.seed)
        people = _people(services, environment, wanted, is_calm)
        reports = stack.enter_context(ThreadPoolExecutor(4))
        stack.callback(people.is_over.set)
        provider.report = lambda message: _report(reports, people, message)
        started = time.monotonic()
        targets = [*ours, *servers]
        with _looking_after(targets):
            with _killing([] if is_calm else targets, wanted):
                people.live(wanted.messages // SCRIPT_LENGTH, scripts, wanted.calls)
            seconds = time.monotonic() - started
            for part in targets:
                part.wait()
            left = _let_settle(services, ours)
            reports.shutdown()
        found = counts.count_all(services, people, provider)
        found["stuck"] += left
        state = counts.read_state(services)
        services.close_connections()
        return Run(found, state, {part.name: part.kills for part in targets}, people, seconds)


def _start(stack: ExitStack, started: list[parts.Part]) -> None:
    for part in started:
        stack.callback(part.end)
        part.start()
    for part in started:
        part.wait()


def _environment(folder: Path, provider_url: str) -> dict[str, str]:
    port, rasa = free_port(), free_port()
    return {
        "FLASK_APP": "app",
        "PORT": str(port),
        "HOTLINE_DATA_DIR": str(folder),
        "PUBLIC_BASE_URL": f"http://127.0.0.1:{port}",
        "DATA_KEYS": Fernet.generate_key().decode(),
        "PSEUDONYM_KEY": "p" * 40,
        "TWILIO_AUTH_TOKEN": "chaos",
        "TWILIO_API_BASE_URL": provider_url,
        "RASA_URL": f"http://127.0.0.1:{rasa}",
        "RASA_TOKEN": "chaos",
        "LIMITS": "off",
        "HANDOFF_NOTIFY": "+4915100000001",
        "HANDOFF_NOTIFY_FROM": OURS,
        "DATABASE_URL": "",
        "REDIS_URL": "",
    }


def _start_servers(stack: ExitStack, setup: str, folder: Path, environment: dict[str, str]) -> list[parts.Part]:
    if setup == SQLITE:
        return []
    postgres, redis = parts.Postgres(folder), parts.redis(folder)
    _start(stack, [postgres, redis])
    environment |= {"DATABASE_URL": postgres.url, "REDIS_URL": f"redis://127.0.0.1:{redis.port}/0"}
    return [postgres, redis]


def _prepare(environment: dict[str, str]) -> Services:
    for step in (["texts", "compile"], ["db", "upgrade"], ["content", "load"]):
        command = [str(BACKEND / "flask"), *step]
        subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=True, stdout=subprocess.DEVNULL)
    services = Services(Settings.from_env(environment))
    _settle_menus(services)
    return services


def _settle_menus(services: Services) -> None:
    """Say so clearly what is asked most that no run changes it: the keys of a call would lead elsewhere in the other one."""
    day, figures = datetime.now(BERLIN).date(), random.Random(MENU_SEED)
    with services.database.begin() as connection:
        library = services.library.current(connection, day)
        asked = {"topic": library.topics, "language": services.live_languages, "country": library.countries.outside_eu(day)}
        for kind, names in asked.items():
            for name in names:
                count(services.database, connection, f"{MARK}:{day.isoformat()}:{kind}:{name}", figures.randrange(10**6, 10**9))


def _people(services: Services, environment: dict[str, str], wanted: argparse.Namespace, is_calm: bool) -> People:
    apologies = [services.renderer.tell("technical.sorry", None)]
    apologies += [services.texts.get(language, "technical.sorry", (".voice",)) for language in OPENING_LANGUAGES]

    def write_back(sender: str, number: int) -> None:
        """A message of ours to every fourth message of theirs, as a counsellor's reply is stored: nobody takes it twice."""
        if number % 4:
            return
        while not people.is_over.is_set():
            try:
                with services.database.begin() as connection:
                    message = OutgoingMessage("sms", sender, OURS, f"Nachricht {number}")
                    outbox_id = services.outbox.put(connection, message, datetime.now(UTC))
            except Exception:  # whatever a dying database says
                people.is_over.wait(0.5)
            else:
                services.doorbell.ring(outbox_id)
                return

    base, token = environment["PUBLIC_BASE_URL"], environment["TWILIO_AUTH_TOKEN"]
    people = People(base, token, apologies, wanted.seed, is_calm, wanted.thinks, write_back)
    return people


def _report(pool: ThreadPoolExecutor, people: People, message: Accepted) -> None:
    if message.callback:
        pool.submit(people.report, message.callback, message.sid)


@contextmanager
def _killing(targets: list[parts.Part], wanted: argparse.Namespace) -> Iterator[None]:
    """Kill one part after the other while the block runs: each as often, in random order, at random moments of its life.

    The others come back meanwhile, so several are away at once now and then.
    """
    dice = random.Random(wanted.seed)

    def run(over: threading.Event) -> None:
        while targets and not over.is_set():
            for part in dice.sample(targets, len(targets)):
                while not part.is_up() and not over.wait(0.1):
                    pass
                if over.wait(wanted.pause * (0.5 + dice.random())):
                    return
                part.kill()

    with _beside(run):
        yield


@contextmanager
def _looking_after(targets: list[parts.Part]) -> Iterator[None]:
    def run(over: threading.Event) -> None:
        while not over.wait(RESTARTS_SECONDS):
            for part in targets:
                part.look_after()

    with _beside(run):
        yield


@contextmanager
def _beside(run: Callable[[threading.Event], None]) -> Iterator[None]:
    """Run something until the end of the block, which ``run`` is told; what it raises is raised there."""
    over = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        running_beside = pool.submit(run, over)
        try:
            yield
        finally:
            over.set()
        running_beside.result()


def _let_settle(services: Services, ours: list[parts.Part]) -> int:
    """Let the workers finish what is due, then go through what is in doubt with a clock that runs ahead.

    Returns:
        How many messages were still due then: the workers have forgotten them.
    """
    deadline = time.monotonic() + SETTLES_SECONDS
    while (left := counts.count_due(services)) and time.monotonic() < deadline:
        time.sleep(0.5)
    for part in ours:
        if part.name.startswith("worker"):
            part.end()
    counts.settle_doubts(services)
    return left


def _print(runs: dict[str, Run]) -> None:
    print("\n| | " + " | ".join(runs) + " |\n|---|" + "---|" * len(runs))
    for name, text in SHOWN.items():
        print(f"| {text} | " + " | ".join(str(run.counted[name]) for run in runs.values()) + " |")
    for text, read in (
        ("webhooks sent, repetitions included", lambda run: run.people.sent),
        ("connections that broke", lambda run: run.people.lost_connections),
        ("apologies while the database was down", lambda run: run.people.apologised),
        ("killed", lambda run: ", ".join(f"{name} {kills}" for name, kills in run.kills.items())),
        ("seconds", lambda run: round(run.seconds)),
    ):
        print(f"| {text} | " + " | ".join(str(read(run)) for run in runs.values()) + " |")


if __name__ == "__main__":
    main()
