"""The job queue is only a doorbell: it wakes a real worker on SQLite and on Redis, and nothing is lost when it is down."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from huey import Huey, MemoryHuey

from hotline.delivery.jobs import QueueMisconfigured, open_queue, register_jobs, register_trainings
from hotline.delivery.outbox import CLAIM_SECONDS, OutgoingMessage
from hotline.services import Services
from hotline.settings import ROOT, Settings
from hotline.store import migrate
from tests.conftest import Hotline, require
from tests.delivery.conftest import OURS, PERSON, Desk
from tests.servers import Asked, LocalServer, local_server

NOBODY = "redis://127.0.0.1:9"
WORKER_STARTS_SECONDS, SEND_SECONDS, SLOW_SECONDS = 30, 15, 3


def _wait_for(is_so: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture(params=["sqlite", "redis"])
def redis_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty queue of each kind; "" for SQLite."""
    if request.param == "sqlite":
        return ""
    url = os.environ.get("TEST_REDIS_URL", "")
    require("Redis", bool(url), "set TEST_REDIS_URL to a database whose hotline queue may be emptied.")
    open_queue(url, Path()).flush()
    return url


@pytest.fixture
def twilio() -> Iterator[LocalServer]:
    """Twilio's REST API."""

    def answer(asked: Asked) -> tuple[int, object]:
        return 201, {"sid": f"SM{len(parse_qs(asked.body.decode())['Body'][0]):032}", "status": "queued"}

    with local_server(answer) as server:
        yield server


class _Worker:
    """``flask worker`` as it runs on a server, and the web process' side of it."""

    def __init__(self, folder: Path, redis_url: str, twilio_url: str) -> None:
        values = {
            "HOTLINE_ENV": "local",
            "HOTLINE_DATA_DIR": str(folder),
            "REDIS_URL": redis_url,
            "TWILIO_API_BASE_URL": twilio_url,
        }
        self.services = Services(Settings.from_env(values))
        migrate.upgrade(self.services.database)
        self._environment = {**os.environ, **values, "FLASK_APP": "app"}

    def start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [str(Path(sys.executable).parent / "flask"), "worker"], cwd=ROOT, env=self._environment, stderr=subprocess.PIPE
        )

    def put(self, body: str) -> int:
        outbox, now = self.services.outbox, self.services.dispatcher._clock()
        with self.services.database.begin() as connection:
            return outbox.put(connection, OutgoingMessage("sms", PERSON, OURS, body), now)

    def status(self, outbox_id: int) -> object:
        with self.services.database.read() as connection:
            query = "SELECT status FROM outbox WHERE id = ?"
            return connection.exec_driver_sql(query, (outbox_id,)).scalar_one()


def test_worker_sends_what_it_is_rung_for_and_what_waited_before_it_ran_and_ends_when_told(
    tmp_path: Path, redis_url: str, twilio: LocalServer
) -> None:
    worker = _Worker(tmp_path, redis_url, twilio.url)
    waited = worker.put("waited without a doorbell")
    process = worker.start()
    try:
        _wait_for(lambda: worker.status(waited) == "sent", WORKER_STARTS_SECONDS)
        rung = worker.put("rung for")
        for _ in range(3):
            worker.services.doorbell.ring(rung)
        _wait_for(lambda: worker.status(rung) == "sent", SEND_SECONDS)
        time.sleep(0.5)
        assert sorted(parse_qs(asked.body.decode())["Body"][0] for asked in twilio.asked) == [
            "rung for",
            "waited without a doorbell",
        ]
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
        worker.services.database.close()
    assert process.returncode == 0, errors.decode()
    assert b"Traceback" not in errors
    assert PERSON[1:].encode() not in errors


@contextmanager
def _slow_send(folder: Path) -> Iterator[tuple[_Worker, int, subprocess.Popen[bytes]]]:
    """A worker in the middle of a send that takes ``SLOW_SECONDS``."""

    def answer(_: Asked) -> tuple[int, object]:
        time.sleep(SLOW_SECONDS)
        return 201, {"sid": "SM1"}

    with local_server(answer) as twilio:
        worker = _Worker(folder, "", twilio.url)
        outbox_id, process = worker.put("on its way"), worker.start()
        try:
            _wait_for(lambda: bool(twilio.asked), WORKER_STARTS_SECONDS)
            yield worker, outbox_id, process
        finally:
            process.kill()
            process.communicate()
            worker.services.database.close()


def test_worker_told_to_stop_finishes_the_send_it_is_in(tmp_path: Path) -> None:
    with _slow_send(tmp_path) as (worker, outbox_id, process):
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 0, errors.decode()
        assert b"Traceback" not in errors
        assert worker.status(outbox_id) == "sent"


def test_worker_interrupted_ends_at_once_and_leaves_its_send_to_the_next_sweep(tmp_path: Path) -> None:
    with _slow_send(tmp_path) as (worker, outbox_id, process):
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        assert time.monotonic() - started < SLOW_SECONDS
        assert worker.status(outbox_id) == "sending"
        with worker.services.database.begin() as connection:
            later = worker.services.dispatcher._clock() + timedelta(seconds=CLAIM_SECONDS + 1)
            assert worker.services.outbox.doubt_stuck(connection, later) == 1


def test_worker_whose_redis_is_down_ends_with_one_sentence_that_names_the_setting(tmp_path: Path) -> None:
    worker = _Worker(tmp_path, NOBODY, "http://127.0.0.1:9")
    process = worker.start()
    _, errors = process.communicate(timeout=WORKER_STARTS_SECONDS)
    worker.services.database.close()
    assert process.returncode == 1
    assert errors.decode().strip() == "Error: Redis does not answer; start it, or correct REDIS_URL."


def _work_off(queue: Huey) -> list[int]:
    done = []
    while (task := queue.dequeue()) is not None:
        done.append(task.args[0] if task.args else 0)
        queue.execute(task)
    return done


@pytest.fixture
def queue(redis_url: str, tmp_path: Path) -> Iterator[Huey]:
    """An empty queue of each kind."""
    made = open_queue(redis_url or None, tmp_path)
    yield made
    made.flush()
    made.storage.close()


def test_job_carries_an_id_and_nothing_else(queue: Huey, desk: Desk) -> None:
    doorbell = register_jobs(queue, lambda: desk.dispatcher)
    outbox_id = desk.put("geheim")
    doorbell.ring(outbox_id)
    (job,) = queue.pending()
    assert (job.name, job.args, job.kwargs) == ("deliver", (outbox_id,), {})
    assert _work_off(queue) == [outbox_id]
    assert [sent["body"] for sent in desk.provider.sent] == ["geheim"]


def test_refused_message_is_rung_for_again_after_its_wait(queue: Huey, desk: Desk) -> None:
    doorbell = register_jobs(queue, lambda: desk.dispatcher)
    outbox_id, desk.provider.refusals = desk.put(), [20429]
    doorbell.ring(outbox_id)
    _work_off(queue)
    (waiting,) = queue.scheduled()
    assert waiting.args == (outbox_id,)


def test_sweep_sends_what_nobody_rang_for_and_lets_no_refusal_stop_the_rest(queue: Huey, desk: Desk) -> None:
    doorbell = register_jobs(queue, lambda: desk.dispatcher)
    ids, desk.provider.refusals = [desk.put(str(number)) for number in range(3)], [21211]
    doorbell.sweep()
    _work_off(queue)
    assert [desk.row(outbox_id).status for outbox_id in ids] == ["failed", "sent", "sent"]


def test_sweep_goes_on_after_a_message_that_cannot_be_read(queue: Huey, desk: Desk) -> None:
    doorbell = register_jobs(queue, lambda: desk.dispatcher)
    ids = [desk.put(str(number)) for number in range(3)]
    desk.spoil(ids[0])
    doorbell.sweep()
    _work_off(queue)
    assert [desk.row(outbox_id).status for outbox_id in ids] == ["failed", "sent", "sent"]


def test_sweep_comes_by_itself_every_minute(queue: Huey, desk: Desk) -> None:
    register_jobs(queue, lambda: desk.dispatcher)
    assert [task.name for task in queue.read_periodic(desk.clock())] == ["sweep"]
    desk.clock.move(minutes=1)
    assert [task.name for task in queue.read_periodic(desk.clock())] == ["sweep"]


def test_ringing_never_fails_while_redis_is_down_and_the_sweep_sends_the_message(
    desk: Desk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    doorbell = register_jobs(open_queue(NOBODY, tmp_path), lambda: desk.dispatcher)
    outbox_id = desk.put()
    started = time.monotonic()
    doorbell.ring(outbox_id)
    assert time.monotonic() - started < 5, "a person waits for the answer meanwhile"
    assert "the sweep will send the message" in caplog.text
    assert desk.dispatcher.sweep() == [outbox_id]


def test_ringing_does_not_wait_for_a_redis_that_takes_the_connection_and_says_nothing(
    desk: Desk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"redis://127.0.0.1:{mute.getsockname()[1]}"
        doorbell = register_jobs(open_queue(address, tmp_path), lambda: desk.dispatcher)
        started = time.monotonic()
        doorbell.ring(desk.put())
        assert time.monotonic() - started < 5, "a person waits for the answer meanwhile"
    assert "the sweep will send the message" in caplog.text


def test_ringing_never_fails_when_the_queue_file_cannot_be_written(desk: Desk, tmp_path: Path) -> None:
    queue = open_queue(None, tmp_path / "queue")
    doorbell = register_jobs(queue, lambda: desk.dispatcher)
    queue.storage.close()
    for path in (tmp_path / "queue").iterdir():
        path.unlink()
    (tmp_path / "queue").rmdir()
    doorbell.ring(desk.put())


@pytest.mark.parametrize("url", ["http://localhost", "localhost:6379", "mysql://x", "redis://localhost:port"])
def test_unusable_redis_address_is_one_sentence_that_names_the_setting(url: str, tmp_path: Path) -> None:
    with pytest.raises(QueueMisconfigured) as refused:
        open_queue(url, tmp_path)
    assert str(refused.value).startswith("REDIS_URL must start with redis://")
    assert "\n" not in str(refused.value)


def test_queue_without_redis_is_a_file_in_the_data_folder(tmp_path: Path) -> None:
    settings = replace(Settings.from_env({"HOTLINE_DATA_DIR": str(tmp_path)}), redis_url=None)
    queue = Services(settings).queue
    queue.storage.close()
    assert (tmp_path / "jobs.db").exists()


def test_what_is_kept_for_a_while_only_is_tidied_away_with_every_sweep(queue: Huey, desk: Desk) -> None:
    tidied: list[str] = []
    doorbell = register_jobs(queue, lambda: desk.dispatcher, lambda: tidied.append("done"))
    doorbell.sweep()
    _work_off(queue)
    assert tidied == ["done"]


def test_waiting_training_begins_once_and_a_dead_queue_fails_nobody(quick_hotline: Hotline) -> None:
    services = quick_hotline.services
    started: list[int] = []
    queue = MemoryHuey("trainings", immediate=True)
    bell = register_trainings(queue, lambda: services.trainings, started.append)
    bell.ring()
    training_id = services.trainings.ask("anna")
    bell.ring()
    services.trainings.take(training_id)
    bell.ring()
    assert started == [training_id]
    register_trainings(open_queue(NOBODY, Path()), lambda: services.trainings, started.append).ring()
