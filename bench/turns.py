"""``make bench``: the cost of a turn beside the plain Rasa connector and a bare Flask route, all in one run. Linux only."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from itertools import cycle, islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.load import Hook, Timing, middle, run, sign
from bench.servers import BACKEND, NLU, RASA, ROOT, Disturbance, free_port, gunicorn, memory_megabytes, process

TOKEN = "bench-token"
# A machine is now faster, now slower: all take turns in many short rounds, in one order and then in the other, and the middle
# round of each counts.
ROUNDS = 10
REQUESTS = 200
WARM_UP = 60
LONG = 304
NEAR = 4
TWILIO_MESSAGES, TWILIO_CALLS = "/webhooks/twilio/messages", "/webhooks/twilio/calls"
RASA_VOICE = "/webhooks/twilio_voice/webhook"
TEXT, KEY = "SMS turn, new senders", "keypad turn"
OURS, PLAIN, BARE = "ours", "plain Rasa connector", "bare Flask route"


def main() -> None:
    """Start everything, measure, print."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        bases, pids = _start(stack, folder)
        watched = Disturbance(pids.values())
        rows, ratios = _measure(bases)
        disturbed = watched.percent()
        growth = {name: _growth(bases[name], name) for name in (OURS, PLAIN)}
        _print(rows, growth, {name: memory_megabytes(pid) for name, pid in pids.items()})
        each = ", ".join(f"{ratio:.2f}" for ratio in sorted(ratios))
        print(f"\nSMS turns at 8 connections: {statistics.median(ratios):.2f} x the plain connector (rounds: {each}).")
        print(f"Other programs used {disturbed:.0f} % of the machine meanwhile.")


def _start(stack: ExitStack, folder: Path) -> tuple[dict[str, str], dict[str, int]]:
    web, rasa, plain, bare = (free_port() for _ in range(4))
    base = f"http://127.0.0.1:{web}"
    environment = {
        "FLASK_APP": "app",
        "PORT": str(web),
        "HOTLINE_DATA_DIR": str(folder),
        "PUBLIC_BASE_URL": base,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "RASA_URL": f"http://127.0.0.1:{rasa}",
        "RASA_TOKEN": "bench",
        "LIMITS": "off",
    }
    for step in (["texts", "compile"], ["db", "upgrade"], ["content", "load"], ["prompts", "build"]):
        command = [str(BACKEND / "flask"), *step]
        subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=True, stdout=subprocess.DEVNULL)
    print("Starting the servers; the plain Rasa model is trained first if needed ...", flush=True)
    pids = {
        "understanding process": stack.enter_context(
            process([str(RASA), "serve.py", "--port", str(rasa)], NLU, environment, rasa)
        ),
        "web server": stack.enter_context(process(gunicorn("app:app", web), ROOT, environment, web)),
        "worker": stack.enter_context(process([str(BACKEND / "flask"), "worker"], ROOT, environment)),
        PLAIN: stack.enter_context(process([str(RASA), "../bench/plain_rasa.py", "--port", str(plain)], NLU, {}, plain)),
        BARE: stack.enter_context(process(gunicorn("bench.bare:app", bare), ROOT, {}, bare)),
    }
    return {OURS: base, PLAIN: f"http://127.0.0.1:{plain}", BARE: f"http://127.0.0.1:{bare}"}, pids


def _measure(bases: dict[str, str]) -> tuple[list[tuple[str, int, str, Timing]], list[float]]:
    """The middle round of everything, and how many times as many turns as the plain connector each round had at 8 connections."""
    rows, ratios = [], list[float]()
    for connections in (1, 8):
        rounds: dict[tuple[str, str], list[Timing]] = {(TEXT, name): [] for name in bases}
        for name in bases:
            run(bases[name], _texts(bases[name], name, f"w{connections}", WARM_UP), connections)
        for number in range(ROUNDS):
            for name in bases if number % 2 else reversed(bases):
                hooks = _texts(bases[name], name, f"{connections}-{number}", REQUESTS)
                rounds[TEXT, name].append(run(bases[name], hooks, connections))
            calls = [f"{connections}-{number}-{index}" for index in range(REQUESTS)]
            run(bases[OURS], [_key(bases[OURS], call, 0) for call in calls], connections)
            keys = [_key(bases[OURS], call, 1, "1") for call in calls]
            rounds.setdefault((KEY, OURS), []).append(run(bases[OURS], keys, connections))
        rows += [(what, connections, name, middle(timings)) for (what, name), timings in rounds.items()]
        pairs = zip(rounds[TEXT, OURS], rounds[TEXT, PLAIN], strict=True)
        ratios = [ours.per_second / plain.per_second for ours, plain in pairs]
    return rows, ratios


def _texts(base: str, name: str, prefix: str, count: int) -> list[Hook]:
    texts = [line.split("\t")[1] for line in (NLU / "dev" / "de.tsv").read_text(encoding="utf-8").splitlines()]
    return [
        _text(base, name, f"{prefix}-{index}", f"+49151{abs(hash((prefix, index))) % 10**8:08}", text)
        for index, text in enumerate(islice(cycle(texts), count))
    ]


def _text(base: str, name: str, event: str, sender: str, text: str) -> Hook:
    if name == PLAIN:
        return sign(base, RASA_VOICE, {"From": sender, "SpeechResult": text, "CallStatus": "in-progress"}, TOKEN)
    form = {"MessageSid": f"SM{event}", "From": sender, "To": "+4930555000", "Body": text, "NumMedia": "0"}
    return sign(base, TWILIO_MESSAGES, form, TOKEN)


def _key(base: str, call: str, step: int, digits: str = "") -> Hook:
    form = {"CallSid": f"CA{call}", "From": "+4915112345678", "To": "+4930555000", "CallStatus": "in-progress"}
    path = f"{TWILIO_CALLS}/{step}" if step else TWILIO_CALLS
    return sign(base, path, {**form, "Digits": digits} if digits else form, TOKEN)


def _growth(base: str, name: str) -> dict[int, float]:
    """Milliseconds of the turns around the 1st, 50th and 300th of one conversation."""
    texts = ["Wie viel Geld bekomme ich?", "Wo ist eine Beratungsstelle?", "Welche Papiere brauche ich?"]
    hooks = [
        _text(base, name, f"long-{name}-{index}", "+4915199999999", text) for index, text in enumerate(islice(cycle(texts), LONG))
    ]
    firsts = [_text(base, name, f"first-{name}-{index}", f"+491519{index:07}", texts[0]) for index in range(2 * NEAR + 1)]
    times = [run(base, [hook], 1).p50 for hook in hooks]
    first = statistics.median(run(base, [hook], 1).p50 for hook in firsts)
    around = {turn: statistics.median(times[turn - NEAR - 1 : turn + NEAR]) for turn in (50, 300)}
    return {1: first, **around}


def _print(
    rows: list[tuple[str, int, str, Timing]], growth: dict[str, dict[int, float]], memory: dict[str, tuple[float, float]]
) -> None:
    print("\n| what | connections | who | a second | p50 ms | p95 ms |\n|---|---|---|---|---|---|")
    for what, connections, name, timing in rows:
        print(f"| {what} | {connections} | {name} | {timing.per_second:.0f} | {timing.p50:.1f} | {timing.p95:.1f} |")
    print("\n| turn of one conversation, ms | 1st | 50th | 300th | 300th : 1st |\n|---|---|---|---|---|")
    for name, times in growth.items():
        print(f"| {name} | {times[1]:.1f} | {times[50]:.1f} | {times[300]:.1f} | {times[300] / times[1]:.2f} |")
    print("\n| program | memory of its largest process, MB | of all its processes, what they share counted once |\n|---|---|---|")
    for name, (largest, together) in memory.items():
        print(f"| {name} | {largest:.0f} | {together:.0f} |")


if __name__ == "__main__":
    main()
