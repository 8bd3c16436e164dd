"""``make bench-console``: 200 open conversations, 20 counsellors with two open pages each, 10 texts a second and the replies."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sqlalchemy import insert, select

from bench.console_people import Tab, Watch, working
from bench.load import Hook, run, sign
from bench.provider import LocalProvider, running
from bench.servers import BACKEND, ROOT, Disturbance, free_port, gunicorn, process, processor_seconds
from hotline.counselling.assignment import accept
from hotline.services import Services
from hotline.settings import Settings
from hotline.staff.accounts import get_account
from hotline.store.tables import conversations, counsellors, handoffs, messages
from hotline.web.staff_session import cookie_name

TOKEN = "bench-token"
OURS = "+4930555000"
CONVERSATIONS, COUNSELLORS, EACH_HAS = 200, 20, 9
A_SECOND, SECONDS = 10, int(os.environ.get("BENCH_SECONDS") or 60)
# Messages a conversation holds before the clock runs.
BEFORE = 3
# Closed ones of the years before, with one message each.
HISTORY = 20_000
LATENCY_SECONDS = 0.1
ALONE = 100
MOST_MS, MOST_SECONDS = 150, 2.0
HOOK = "/webhooks/twilio/messages"


@dataclass(frozen=True)
class Place:
    """Where it runs: the address, the process of the web server, and the services for looking behind."""

    base_url: str
    web: int
    worker: int
    services: Services


def main() -> None:
    """Start, fill, measure, print."""
    provider = LocalProvider(latency_seconds=LATENCY_SECONDS)
    with ExitStack() as stack:
        stack.enter_context(running(provider))
        place = _start(stack, provider)
        cookies, firsts = _fill(place)
        watch = Watch()
        watched, before = Disturbance([place.web, place.worker]), processor_seconds(place.web)
        with working(watch, place.base_url, cookies, firsts), _texts(watch, place):
            time.sleep(SECONDS)
        cpu, disturbed = processor_seconds(place.web) - before, watched.percent()
        alone = _alone(place, cookies[0], firsts[0])
        place.services.close_connections()
    _print(watch, provider, alone, cpu, disturbed)


def _start(stack: ExitStack, provider: LocalProvider) -> Place:
    folder, web = stack.enter_context(tempfile.TemporaryDirectory()), free_port()
    base = f"http://127.0.0.1:{web}"
    environment = {
        "FLASK_APP": "app",
        "PORT": str(web),
        "HOTLINE_DATA_DIR": folder,
        "PUBLIC_BASE_URL": base,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "LIMITS": "off",
        "TWILIO_API_BASE_URL": provider.url,
        # What is written to a counsellor is not classified; nothing listens there.
        "RASA_URL": f"http://127.0.0.1:{free_port()}",
        "DATABASE_URL": os.environ.get("BENCH_DATABASE_URL", ""),
        "REDIS_URL": os.environ.get("BENCH_REDIS_URL", ""),
    }
    for step in (["texts", "compile"], ["db", "upgrade"], ["content", "load"]):
        command = [str(BACKEND / "flask"), *step]
        subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=True, stdout=subprocess.DEVNULL)
    pid = stack.enter_context(process(gunicorn("app:app", web), ROOT, environment, web))
    worker = stack.enter_context(process([str(BACKEND / "flask"), "worker"], ROOT, environment))
    return Place(base, pid, worker, Services(Settings.from_env(environment)))


# -- what is there before the clock runs -----------------------------------------------------------------------------------


def _number(person: int) -> str:
    return f"+49151{person:08}"


def _hook(base_url: str, person: int, sid: str, body: str) -> Hook:
    form = {"MessageSid": sid, "From": _number(person), "To": OURS, "Body": body, "NumMedia": "0"}
    return sign(base_url, HOOK, form, TOKEN)


def _fill(place: Place) -> tuple[list[str], list[int]]:
    """Everybody asks for a person and gets one, but for the last twenty; gives cookies, and one conversation a counsellor."""
    bodies = ["Guten Tag", "0", *(f"Ich habe noch etwas zu sagen, Nummer {n}" for n in range(BEFORE))]
    _remember(place.services)
    cookies, accounts = _hire(place.services)
    for step, body in enumerate(bodies):
        run(place.base_url, [_hook(place.base_url, n, f"SM{step}x{n:06}", body) for n in range(CONVERSATIONS)], 4)
        if step == 1:
            _take_all(place.services, accounts)
    with place.services.database.read() as connection:
        query = select(handoffs.c.id).where(handoffs.c.state == "accepted", handoffs.c.counsellor_id.in_(accounts))
        rows = connection.execute(query.add_columns(handoffs.c.counsellor_id).order_by(handoffs.c.id)).all()
    firsts = {row.counsellor_id: row.id for row in reversed(rows)}
    return cookies, [firsts[account] for account in accounts]


def _remember(services: Services) -> None:
    """A long history, as rows."""
    now, ids = datetime.now(UTC), range(1_000_000, 1_000_000 + HISTORY)
    ends = {number: now - timedelta(minutes=10 * (number - ids[0]) + 60) for number in ids}
    same = {"channel": "sms", "language": "de"}
    talk = {**same, "status": "closed", "session": {}, "turns": 1}
    asked = {**same, "state": "closed", "reason": "asked", "is_urgent": False, "queue": "general"}
    said = {"direction": "in", "author": "contact", "body_encrypted": services.cipher.encrypt("Guten Tag")}
    with services.database.begin() as connection:
        rows = [(number, {"opened_at": at, "last_inbound_at": at, "closed_at": at}) for number, at in ends.items()]
        connection.execute(insert(conversations), [{"id": number, **talk, **days} for number, days in rows])
        connection.execute(insert(messages), [{"conversation_id": number, **said, "created_at": ends[number]} for number in ids])
        whole = [{"conversation_id": number, **asked, "requested_at": at, "closed_at": at} for number, at in ends.items()]
        connection.execute(insert(handoffs), whole)


def _hire(services: Services) -> tuple[list[str], list[int]]:
    cookies, accounts = [], []
    with services.database.begin() as connection:
        for number in range(COUNSELLORS):
            name = f"bench.{number}"
            services.staff_accounts.add(connection, name, ["counsellor"], "de", "bench", datetime.now(UTC))
            account_id = get_account(connection, name).id
            skills = {"languages": ["de"], "topics": [], "lands": [], "capacity": EACH_HAS}
            row = {"account_id": account_id, "presence": "available", "seen_at": datetime.now(UTC), **skills}
            connection.execute(insert(counsellors).values(**row))
            token = services.staff_sessions.open(connection, account_id, "full", device="bench")
            cookies.append(f"{cookie_name(services)}={token}")
            accounts.append(account_id)
    return cookies, accounts


def _take_all(services: Services, accounts: Sequence[int]) -> None:
    with services.database.read() as connection:
        query = select(handoffs.c.id, handoffs.c.offered_to).where(handoffs.c.closed_at.is_(None)).order_by(handoffs.c.id)
        rows = connection.execute(query).all()
    load = dict.fromkeys(accounts, 0)
    for row in rows[: COUNSELLORS * EACH_HAS]:
        # The worker offers meanwhile: what is offered to somebody is taken by them.
        with services.database.begin() as connection:
            offered = connection.execute(select(handoffs.c.offered_to).where(handoffs.c.id == row.id)).scalar_one()
            account = offered or min(load, key=lambda one: load[one])
            accept(connection, row.id, account, datetime.now(UTC))
        load[account] += 1


# -- under load, and alone -------------------------------------------------------------------------------------------------


@contextmanager
def _texts(watch: Watch, place: Place) -> Iterator[None]:
    """People write, ten texts a second in all, until the end of the block; each fourth of them to an open page."""
    count = A_SECOND * (SECONDS + 5)
    texts = [f"Frage {number}-{number % CONVERSATIONS}" for number in range(count)]
    hooks = [_hook(place.base_url, n % CONVERSATIONS, f"SMq{n:08}", text) for n, text in enumerate(texts)]
    is_over = threading.Event()

    def send(part: int, parts: int) -> None:
        started = time.monotonic()
        for number in range(part, count, parts):
            if is_over.wait(max(0.0, started + number / A_SECOND - time.monotonic())):
                return
            watch.sent[texts[number]] = time.time()
            try:
                timing = run(place.base_url, [hooks[number]], 1)
            except RuntimeError as error:
                watch.failures.append(str(error))
                return
            watch.fragments["(webhook of a text)"].append(timing.p50 / 1000)

    threads = [threading.Thread(target=send, args=(part, 5), daemon=True) for part in range(5)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        is_over.set()
        for thread in threads:
            thread.join()


def _alone(place: Place, cookie: str, handoff_id: int) -> list[tuple[str, float, float]]:
    """One page that asks again and again while nothing else happens: milliseconds of waiting and of processor, a fragment."""
    rows = []
    for kind, path in (("overview", "/console"), ("conversation", f"/console/handoffs/{handoff_id}")):
        for name, whole in (("unchanged", False), ("new", True)):
            tab = Tab(place.base_url, cookie)
            tab.open(path)
            tab.poll()
            before = processor_seconds(place.web)
            times = [tab.poll(whole=whole)[2] for _ in range(ALONE)]
            spent = processor_seconds(place.web) - before
            rows.append((f"{kind}, {name}", 1000 * statistics.median(times), 1000 * spent / ALONE))
    return rows


# -- the table -------------------------------------------------------------------------------------------------------------


def _p95(values: Sequence[float]) -> float:
    return sorted(values)[int(0.95 * (len(values) - 1))] if values else float("nan")


def _print(watch: Watch, provider: LocalProvider, alone: list[tuple[str, float, float]], cpu: float, disturbed: float) -> None:
    kind = "PostgreSQL" if os.environ.get("BENCH_DATABASE_URL") else "SQLite"
    print(f"\n{kind}, {CONVERSATIONS} open conversations and {HISTORY} closed, {COUNSELLORS} counsellors, two open pages each,")
    print(f"{A_SECOND} texts a second, {SECONDS} s")
    print(f"\n| under load (wanted: {MOST_MS} ms p95) | asked | p50 ms | p95 ms |\n|---|---|---|---|")
    for name, times in sorted(watch.fragments.items()):
        print(f"| {name} | {len(times)} | {1000 * statistics.median(times):.0f} | {1000 * _p95(times):.0f} |")
    every = [one for name, times in watch.fragments.items() if not name.startswith("(") for one in times]
    print(f"| **every fragment** | {len(every)} | {1000 * statistics.median(every):.0f} | {1000 * _p95(every):.0f} |")
    taken = {one.body: one.at for one in provider.accepted}
    handed = sorted(taken[text] - at for text, at in watch.sent.items() if text in taken)
    print(f"\n| from sending to there (wanted: {MOST_SECONDS} s p95) | texts | p50 s | p95 s |\n|---|---|---|---|")
    for name, waits in (
        ("a person's text in the counsellor's page", watch.waits("Frage")),
        ("a reply in the counsellor's page", watch.waits("Antwort")),
        ("a reply at the provider", handed),
    ):
        print(f"| {name} | {len(waits)} | {statistics.median(waits or [0]):.2f} | {_p95(waits):.2f} |")
    print("\n| alone, one after the other | p50 ms | ms of processor |\n|---|---|---|")
    for name, waited, spent in alone:
        print(f"| {name} | {waited:.1f} | {spent:.1f} |")
    print(
        f"\nThe web server used {cpu / SECONDS:.2f} of two cores; other programs used {disturbed:.0f} % of the machine meanwhile."
    )
    print(f"Replies sent: {sum(text.startswith('Antwort') for text in watch.sent)}, taken by the provider: {len(handed)}.")
    if watch.failures:
        print(f"{len(watch.failures)} requests failed, the first with: {watch.failures[0]}. These figures mean nothing.")
        raise SystemExit(1)


if __name__ == "__main__":
    main()
