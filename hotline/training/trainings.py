"""Trainings asked for in the studio: one at a time, with their progress and what came of them. The number is the model's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from hotline.knowledge.problems import Refused
from hotline.privacy.audit import note_action
from hotline.store.counters import count
from hotline.store.database import Database, insert_returning_id
from hotline.store.tables import trainings

QUEUED, RUNNING, READY, BELOW_FLOOR, FAILED = "queued", "running", "ready", "below_floor", "failed"
OPEN = (QUEUED, RUNNING)
PHASES = ("wait", "export", "train", "thresholds", "evaluate", "compare", "done")
# A process that trains speaks every few seconds; silent for so long, it is dead.
SILENT = timedelta(seconds=90)
_TURN = "trainings"


@dataclass(frozen=True)
class Training:
    """One training; ``report`` holds figures by language, the floors broken and the questions that changed their answer."""

    id: int
    state: str
    phase: str
    percent: int | None
    problem: str
    author: str
    added: int
    muted: int
    report: Mapping[str, Any]
    asked_at: datetime
    started_at: datetime | None
    seen_at: datetime | None
    finished_at: datetime | None

    @property
    def model(self) -> str:
        """The name of its model."""
        return str(self.id)

    @property
    def is_open(self) -> bool:
        """Whether it waits or runs."""
        return self.state in OPEN

    def seconds(self, now: datetime) -> int:
        """How long it ran, or runs by now; 0 while it waits."""
        return int(((self.finished_at or now) - self.started_at).total_seconds()) if self.started_at else 0


def _now() -> datetime:
    return datetime.now(UTC)


class Trainings:
    """Asks for trainings and follows them. The process that trains and the web server meet in these rows only."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = _now) -> None:
        """Hold what is needed.

        Args:
            database: where the rows are.
            clock: gives aware UTC.
        """
        self._database = database
        self._clock = clock

    def ask(self, author: str) -> int:
        """Ask for a training.

        Raises:
            Refused: another one waits or runs.
        """
        with self._database.begin() as connection:
            # Taking the counter first lets of two who ask at once only one go on.
            count(self._database, connection, _TURN)
            if self.opened(connection) is not None:
                raise Refused("training_open")
            now = self._clock()
            values = {"state": QUEUED, "phase": "wait", "problem": "", "author": author, "added": 0, "muted": 0, "report": {}}
            new_id = insert_returning_id(connection, trainings, {**values, "asked_at": now})
            note_action(connection, author, "training.ask", f"training {new_id}", now)
        return new_id

    def take(self, training_id: int) -> bool:
        """Begin a waiting training; False when another process was faster."""
        now = self._clock()
        return self._move(training_id, QUEUED, state=RUNNING, phase="export", started_at=now, seen_at=now)

    def tell(self, training_id: int, phase: str, percent: int | None = None) -> bool:
        """Say where a running training stands; False when it was given up."""
        return self._move(training_id, RUNNING, phase=phase, percent=percent, seen_at=self._clock())

    def breathe(self, training_id: int) -> bool:
        """Say that a running training lives; False when it was given up."""
        return self._move(training_id, RUNNING, seen_at=self._clock())

    def note_data(self, training_id: int, added: int, muted: int) -> None:
        """Keep how much the studio added to the files and left out of them."""
        self._move(training_id, RUNNING, added=added, muted=muted)

    def finish(self, training_id: int, report: Mapping[str, Any]) -> None:
        """Keep the report; below a floor the model cannot go live."""
        state = BELOW_FLOOR if report["broken"] else READY
        self._move(training_id, RUNNING, state=state, phase="done", percent=100, report=dict(report), finished_at=self._clock())

    def fail(self, training_id: int, problem: str) -> None:
        """End a training that did not succeed.

        Args:
            training_id: of an open one; nothing happens to another.
            problem: a code of ``studio.training_<code>``.
        """
        for state in OPEN:
            self._move(training_id, state, state=FAILED, problem=problem, finished_at=self._clock())

    def next_to_start(self) -> int | None:
        """The training that waits for a process, or None; one whose process died is ended."""
        with self._database.read() as connection:
            found = self.opened(connection)
        if found is None:
            return None
        if found.state == RUNNING and found.seen_at and self._clock() - found.seen_at > SILENT:
            self.fail(found.id, "interrupted")
        return found.id if found.state == QUEUED else None

    def opened(self, connection: Connection) -> Training | None:
        """The one that waits or runs."""
        found = _find(connection, trainings.c.state.in_(OPEN))
        return found[0] if found else None

    def get(self, connection: Connection, training_id: int) -> Training | None:
        """One training, or None."""
        found = _find(connection, trainings.c.id == training_id)
        return found[0] if found else None

    def all(self, connection: Connection) -> list[Training]:
        """Every training, newest first."""
        return _find(connection)

    def _move(self, training_id: int, from_state: str, **values: Any) -> bool:
        with self._database.begin() as connection:
            wanted = trainings.c.id == training_id, trainings.c.state == from_state
            return bool(connection.execute(update(trainings).where(*wanted).values(**values)).rowcount)


def _find(connection: Connection, *conditions: Any) -> list[Training]:
    columns = [trainings.c[name] for name in Training.__dataclass_fields__]
    return [Training(*row) for row in connection.execute(select(*columns).where(*conditions).order_by(trainings.c.id.desc()))]
