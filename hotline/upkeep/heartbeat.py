"""Signs of life: each worker writes one, and the job queue one of its own, so that a dead one is seen."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.exc import SQLAlchemyError

from hotline.store.database import Database
from hotline.store.tables import job_runs

log = logging.getLogger(__name__)

WORKER, QUEUE = "worker:", "queue"
BEAT_SECONDS = 15
# Three beats, or three minutes of the queue's own job: once is bad luck.
WORKER_DEAD = timedelta(seconds=3 * BEAT_SECONDS)
QUEUE_DEAD = timedelta(minutes=3)
FORGOTTEN = timedelta(hours=1)


class Heartbeat:
    """Writes signs of life."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        """Hold what is needed.

        Args:
            database: where they are written.
            clock: gives aware UTC.
        """
        self._database = database
        self._clock = clock
        self._stopped = threading.Event()
        self._name = f"{WORKER}{socket.gethostname()[:20]}:{os.getpid()}"

    def start(self) -> None:
        """Beat in a thread of its own until ``stop``: a worker whose jobs take long is alive all the same."""
        self.beat(self._name)
        threading.Thread(target=self._run, daemon=True, name="heartbeat").start()

    def stop(self) -> None:
        """End it, and take the sign of this worker away: it ends because it was told to."""
        self._stopped.set()
        with self._database.begin() as connection:
            connection.execute(delete(job_runs).where(job_runs.c.name == self._name))

    def beat(self, name: str = QUEUE) -> None:
        """Write one sign; the signs of workers that died long ago go."""
        now = self._clock()
        with self._database.begin() as connection:
            first = {"name": name, "ran_at": now, "outcome": "alive", "done": 0}
            if self._database.insert_once(connection, job_runs, first, "name") is None:
                connection.execute(update(job_runs).where(job_runs.c.name == name).values(ran_at=now))
            is_old = job_runs.c.name.startswith(WORKER) & (job_runs.c.ran_at < now - FORGOTTEN)
            connection.execute(delete(job_runs).where(is_old))

    def _run(self) -> None:
        while not self._stopped.wait(BEAT_SECONDS):
            try:
                self.beat(self._name)
            except SQLAlchemyError:
                log.warning("no sign of life could be written")


def living_workers(database: Database, now: datetime) -> int:
    """How many workers gave a sign of life lately."""
    with database.read() as connection:
        names = select(job_runs.c.name).where(job_runs.c.name.startswith(WORKER), job_runs.c.ran_at > now - WORKER_DEAD)
        return len(connection.execute(names).all())


def queue_beat(database: Database) -> datetime | None:
    """When the job queue last ran its own job."""
    with database.read() as connection:
        return connection.execute(select(job_runs.c.ran_at).where(job_runs.c.name == QUEUE)).scalar()
