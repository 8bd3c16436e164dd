"""Whether the hotline can work: each thing it depends on, in one word and one sentence. No secret, nothing personal."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from sqlalchemy.exc import SQLAlchemyError

from hotline.counselling.silent_calls import count_silent_calls
from hotline.delivery.handover import read_waiting
from hotline.errors import CannotStart
from hotline.store.clock import check_clock
from hotline.store.database import Database
from hotline.store.revision import check_revision
from hotline.store.trouble import explain
from hotline.upkeep.heartbeat import QUEUE_DEAD, living_workers, queue_beat

State = Literal["ok", "degraded", "down"]

# A message that is due goes out at once; the sweep of every minute finds what a lost doorbell left.
OUTBOX_LATE = timedelta(minutes=2)
# One report may get lost; more of them never come.
LATELY, MANY_SILENT_CALLS = timedelta(days=1), 3
LOW_DISK_BYTES, FULL_DISK_BYTES = 500_000_000, 50_000_000


@dataclass(frozen=True)
class Part:
    """One thing the hotline depends on.

    Args:
        name: of it.
        state: ok; degraded (people are answered, but less well or later); down (nobody can be answered).
        detail: a sentence for an operator, empty when all is well.
    """

    name: str
    state: State
    detail: str = ""


@dataclass(frozen=True)
class Surroundings:
    """What is looked at.

    Args:
        database: of the hotline.
        data_dir: folder of its files.
        ask_rasa: of each understanding process, whether it answers.
        has_model: whether a model is on the shelf.
        clock: gives aware UTC.
        is_clock_trusted: whether the operator said that stored times may be wrong.
    """

    database: Database
    data_dir: Path
    ask_rasa: Callable[[], list[bool]]
    has_model: Callable[[], bool]
    clock: Callable[[], datetime]
    is_clock_trusted: bool


def look_at_everything(around: Surroundings) -> list[Part]:
    """Look at each part; one that is down does not hide another."""
    database = _look_at_database(around)
    parts = [database, _look_at_disk(around.data_dir)]
    if database.state != "down":
        parts += [_guarded(name, look, around) for name, look in _LOOKS.items()]
    return [*parts, _look_at_understanding(around), _look_at_model(around)]


def overall(parts: list[Part]) -> State:
    """The worst of them."""
    states = {part.state for part in parts}
    return "down" if "down" in states else "degraded" if "degraded" in states else "ok"


def _look_at_database(around: Surroundings) -> Part:
    try:
        with around.database.read() as connection:
            connection.exec_driver_sql("SELECT 1")
    except SQLAlchemyError as error:
        return Part("database", "down", explain(error) or "The database does not answer; start it, or correct DATABASE_URL.")
    return Part("database", "ok")


def _guarded(name: str, look: Callable[[Surroundings], Part], around: Surroundings) -> Part:
    try:
        return look(around)
    except SQLAlchemyError as error:
        return Part(name, "down", explain(error) or "The database did not answer this question.")


def _look_at_migrations(around: Surroundings) -> Part:
    try:
        check_revision(around.database)
    except CannotStart as behind:
        return Part("migrations", "down", str(behind))
    return Part("migrations", "ok")


def _look_at_clock(around: Surroundings) -> Part:
    try:
        with around.database.read() as connection:
            check_clock(connection, around.clock())
    except CannotStart as wrong:
        return Part("clock", "ok" if around.is_clock_trusted else "degraded", str(wrong))
    return Part("clock", "ok")


def _look_at_worker(around: Surroundings) -> Part:
    if living_workers(around.database, around.clock()):
        return Part("worker", "ok")
    return Part("worker", "degraded", "No worker gives a sign of life: nothing is sent. Start `flask worker`.")


def _look_at_queue(around: Surroundings) -> Part:
    beat = queue_beat(around.database)
    if beat is not None and around.clock() - beat < QUEUE_DEAD:
        return Part("queue", "ok")
    return Part("queue", "degraded", "The job queue has run nothing for minutes; look at Redis (REDIS_URL) and at the worker.")


def _look_at_outbox(around: Surroundings) -> Part:
    with around.database.read() as connection:
        waiting = read_waiting(connection, around.clock())
    if waiting.oldest_at is None or around.clock() - waiting.oldest_at < OUTBOX_LATE:
        return Part("outbox", "ok")
    seconds = round((around.clock() - waiting.oldest_at).total_seconds())
    return Part("outbox", "degraded", f"{waiting.messages} message(s) wait to be sent, the oldest for {seconds} s.")


def _look_at_calls(around: Surroundings) -> Part:
    with around.database.read() as connection:
        number = count_silent_calls(connection, around.clock() - LATELY)
    if number < MANY_SILENT_CALLS:
        return Part("calls", "ok")
    return Part(
        "calls",
        "degraded",
        f"{number} calls of the last day ended without a report, so people waited in the queue who had hung up. Set the status "
        "callback of the number at Twilio: /webhooks/twilio/status.",
    )


_LOOKS = {
    "migrations": _look_at_migrations,
    "clock": _look_at_clock,
    "worker": _look_at_worker,
    "queue": _look_at_queue,
    "outbox": _look_at_outbox,
    "calls": _look_at_calls,
}


def _look_at_disk(data_dir: Path) -> Part:
    try:
        free = shutil.disk_usage(data_dir).free
    except OSError:
        return Part("disk", "degraded", "The data folder cannot be looked at; check HOTLINE_DATA_DIR.")
    if free > LOW_DISK_BYTES:
        return Part("disk", "ok")
    state: State = "degraded" if free > FULL_DISK_BYTES else "down"
    return Part("disk", state, f"{free // 1_000_000} MB are free where HOTLINE_DATA_DIR is; make room.")


def _look_at_understanding(around: Surroundings) -> Part:
    found = around.ask_rasa()
    if all(found):
        return Part("understanding", "ok")
    if any(found):
        missing = f"{found.count(False)} of {len(found)} understanding processes"
        return Part("understanding", "degraded", f"{missing} do not answer; the others understand. Start nlu_data/serve.py.")
    return Part("understanding", "degraded", "Rasa does not answer; the simpler fallback understands. Start nlu_data/serve.py.")


def _look_at_model(around: Surroundings) -> Part:
    if around.has_model():
        return Part("model", "ok")
    return Part("model", "degraded", "There is no trained model; run `python train.py` in nlu_data.")
