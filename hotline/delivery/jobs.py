"""The job queue: only a doorbell. Jobs carry ids, the outbox is the truth, and a sweep finds what a lost job left."""

from __future__ import annotations

import logging
import secrets
import sqlite3
from collections.abc import Callable
from pathlib import Path

from huey import Huey, RedisHuey, SqliteHuey, crontab
from huey.serializer import SignedSerializer
from huey.signals import SIGNAL_ERROR
from redis import ConnectionPool
from redis.exceptions import RedisError

from hotline.delivery.dispatch import Dispatcher
from hotline.errors import CannotStart
from hotline.training.trainings import Trainings

log = logging.getLogger(__name__)
NAME = "hotline"
# Counted for operators (``upkeep.metrics``).
JOBS_FAILED = "jobs_failed"
# Each waits for the provider most of the time: 20 messages a second with a third of a second each need seven.
WORKERS = 8
REDIS_SECONDS = 2
# Few people ask something then.
NIGHT_HOUR = 3


class QueueMisconfigured(CannotStart):
    """The REDIS_URL cannot be used. The message says what to set instead."""


def open_queue(redis_url: str | None, data_dir: Path, secret: str | None = None) -> Huey:
    """The queue: Redis by its URL, else a small SQLite file of its own.

    Args:
        redis_url: ``redis://…`` or None.
        data_dir: folder of the SQLite file.
        secret: every job is signed with it, for unpacking one can run code: a worker takes none that others wrote into the
            queue. None signs with a random one, which is for a queue within one process.

    Raises:
        QueueMisconfigured: the URL is none of Redis.
    """
    serializer = SignedSerializer(secret=secret or secrets.token_hex(), salt=NAME)
    if redis_url is None:
        data_dir.mkdir(parents=True, exist_ok=True)
        return SqliteHuey(NAME, filename=str(data_dir / "jobs.db"), results=False, serializer=serializer)
    try:
        # A mute Redis must not hold up the answer to a webhook; the worker waits a second at most for a job.
        pool = ConnectionPool.from_url(redis_url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=1)
    except ValueError:
        raise QueueMisconfigured("REDIS_URL must start with redis://, rediss:// or unix://") from None
    return RedisHuey(NAME, connection_pool=pool, results=False, serializer=serializer)


def count_failed_jobs(queue: Huey, count: Callable[[str], object]) -> None:
    """Have every job that ends with an error counted; the log says which, and why."""

    def count_one(*_: object) -> None:
        count(JOBS_FAILED)

    queue.signal(SIGNAL_ERROR)(count_one)


class Doorbell:
    """Tells the worker that a message waits. Never fails the caller: the sweep finds the row anyway."""

    def __init__(self, deliver: Callable[[int], object], sweep: Callable[[], object]) -> None:
        """Hold the jobs; ``register_jobs`` makes them."""
        self._deliver = deliver
        self.sweep = sweep

    def ring(self, outbox_id: int) -> None:
        """Ask for one message to be sent."""
        try:
            self._deliver(outbox_id)
        except (RedisError, sqlite3.Error, OSError):
            log.warning("the job queue did not answer; the sweep will send the message", extra={"outbox_id": outbox_id})


def register_jobs(queue: Huey, dispatcher: Callable[[], Dispatcher], tidy: Callable[[], object] | None = None) -> Doorbell:
    """Declare the jobs on a queue.

    Args:
        queue: where they run.
        dispatcher: gives the dispatcher when a job runs; the web process rings but never sends.
        tidy: what else is done every minute, after the messages: removing what is kept for a while only.
    """

    def deliver(outbox_id: int) -> None:
        wait_seconds = dispatcher().deliver(outbox_id)
        if wait_seconds is not None:
            job.schedule(args=(outbox_id,), delay=wait_seconds)

    job = queue.task(name="deliver")(deliver)

    def sweep() -> None:
        # All threads take part: a provider that lets each send wait must not hold up the rest behind one.
        for outbox_id in dispatcher().sweep():
            job(outbox_id)
        if tidy is not None:
            tidy()

    return Doorbell(job, queue.periodic_task(crontab(minute="*"), name="sweep")(sweep))


class TrainingBell:
    """Tells the worker that a training waits. Never fails the caller: every minute the worker looks by itself."""

    def __init__(self, look: Callable[[], object]) -> None:
        """Hold the job; ``register_trainings`` makes it."""
        self._look = look

    def ring(self) -> None:
        """Ask for the waiting training to begin."""
        try:
            self._look()
        except (RedisError, sqlite3.Error, OSError):
            log.warning("the job queue did not answer; the training begins within a minute")


def register_trainings(queue: Huey, trainings: Callable[[], Trainings], start: Callable[[int], None]) -> TrainingBell:
    """Declare the jobs that begin trainings and give up those that died.

    Args:
        queue: where they run.
        trainings: gives what knows of them.
        start: begins one in a process of its own.
    """

    def look() -> None:
        waiting = trainings().next_to_start()
        if waiting is not None:
            start(waiting)

    job = queue.task(name="training")(look)
    queue.periodic_task(crontab(minute="*"), name="trainings")(look)
    return TrainingBell(job)


def register_nightly(queue: Huey, name: str, work: Callable[[], object]) -> Callable[[], object]:
    """Declare a job that runs once a night; the worker runs it.

    Args:
        queue: where it runs.
        name: of the job; no other one has it.
        work: what it does.
    """

    def run() -> None:
        work()

    job: Callable[[], object] = queue.periodic_task(crontab(hour=str(NIGHT_HOUR), minute="20"), name=name)(run)
    return job


def register_minutely(queue: Huey, name: str, work: Callable[[], object]) -> Callable[[], object]:
    """Declare a job that looks every minute whether there is something to do. Takes what ``register_nightly`` takes."""

    def run() -> None:
        work()

    job: Callable[[], object] = queue.periodic_task(crontab(minute="*"), name=name)(run)
    return job


def run_worker(queue: Huey, doorbell: Doorbell) -> None:
    """Work on the queue until the process is told to stop.

    Args:
        queue: where the jobs are.
        doorbell: made by ``register_jobs``, so that the queue knows its jobs.
    """
    # What waited while no worker ran goes out now, not at the next full minute.
    try:
        doorbell.sweep()
    except RedisError:
        raise QueueMisconfigured("Redis does not answer; start it, or correct REDIS_URL.") from None
    # SQLite is polled: half a second is the longest a text waits there. SIGTERM finishes running jobs first,
    # so that an update leaves no message half sent.
    queue.create_consumer(
        workers=WORKERS, worker_type="thread", max_delay=0.5, check_worker_health=True, graceful_signal="TERM"
    ).run()
