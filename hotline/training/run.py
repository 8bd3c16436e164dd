"""One training from begin to end, in a process of its own: export, train, evaluate, compare. Runs where Rasa is set up."""

from __future__ import annotations

import contextlib
import json
import logging
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hotline.store.database import Database
from hotline.training.phrase_files import write_rows
from hotline.training.phrases import PhraseEditing
from hotline.training.regressions import Answer, Question, Regressions, changed_answers
from hotline.training.trainings import Trainings
from hotline.understanding.local_server import RasaProject, ServerNotStarted, bare_environment

log = logging.getLogger(__name__)
TRAIN = "train"
BREATH_SECONDS = 5.0
# Ten times what it takes; a training that hangs must not stand in the way of the next.
LONGEST_SECONDS = 30 * 60


class TrainingFailed(Exception):
    """A step of the training did not work. The argument is a code of ``studio.training_<code>``."""


@dataclass(frozen=True)
class Workplace:
    """What a training needs besides the database.

    ``answer`` gives what a model makes of questions; ``log_folder`` keeps what the programs print.
    """

    project: RasaProject
    answer: Callable[[str, list[Question]], list[Answer]]
    live: Callable[[], str]
    log_folder: Path


class TrainingRun:
    """Does the work of one training and tells the database how far it is."""

    def __init__(
        self, database: Database, trainings: Trainings, phrases: PhraseEditing, regressions: Regressions, place: Workplace
    ) -> None:
        self._database = database
        self._trainings = trainings
        self._phrases = phrases
        self._regressions = regressions
        self._place = place

    def run(self, training_id: int) -> bool:
        """Train; False when the training was taken by another process or failed. Never leaves it open."""
        if not self._place.project.is_set_up:
            self._trainings.fail(training_id, "no_rasa")
            return False
        if not self._trainings.take(training_id):
            return False
        try:
            with self._breathing(training_id):
                self._trainings.finish(training_id, self._work(training_id))
        except TrainingFailed as failed:
            self._trainings.fail(training_id, str(failed))
            return False
        except ServerNotStarted:
            self._trainings.fail(training_id, "serve")
            return False
        except BaseException:
            self._trainings.fail(training_id, "unknown")
            raise
        return True

    def _work(self, training_id: int) -> dict[str, Any]:
        project, name = self._place.project, str(training_id)
        with tempfile.TemporaryDirectory() as work:
            folder = Path(work)
            with self._database.read() as connection:
                added, muted = self._phrases.export(connection)
                questions = self._regressions.all(connection)
            write_rows(folder / "phrases.tsv", added)
            write_rows(folder / "muted.tsv", muted)
            self._trainings.note_data(training_id, len(added), len(muted))
            self._call(training_id, TRAIN, ["train.py", "--further", work, "--into", str(project.shelf / name)])
            figures = folder / "figures.json"
            self._call(training_id, "evaluate", ["evaluate.py", "--model", name, "--figures", str(figures)])
            report: dict[str, Any] = json.loads(figures.read_text(encoding="utf-8"))
        self._trainings.tell(training_id, "compare")
        after = self._place.answer(name, questions)
        self._trainings.tell(training_id, "compare", 50)
        before = self._place.answer(self._place.live(), questions)
        changes = changed_answers(questions, before, after)
        right = {"before": before, "after": after}
        return {
            **report,
            "compared_with": self._place.live(),
            "questions": len(questions),
            "right": {
                when: sum(answer.topic == question.topic for answer, question in zip(answers, questions, strict=True))
                for when, answers in right.items()
            },
            "changes": [change.to_dict() for change in changes],
        }

    def _call(self, training_id: int, step: str, arguments: list[str]) -> None:
        """Run a program of the Rasa project; it prints its progress as JSON lines."""
        project = self._place.project
        self._place.log_folder.mkdir(parents=True, exist_ok=True)
        # The evaluation asks the hotline itself, which needs its settings; the training needs none of them.
        environment = bare_environment() if step == TRAIN else None
        options: dict[str, Any] = {"cwd": project.folder, "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE}
        with (
            (self._place.log_folder / f"training-{step}.log").open("wb") as kept,
            subprocess.Popen([str(project.python), *arguments], stderr=kept, env=environment, **options) as process,  # noqa: S603 - our own program
        ):
            watchdog = threading.Timer(LONGEST_SECONDS, process.kill)
            watchdog.start()
            try:
                for line in process.stdout or ():
                    told = _read_progress(line)
                    if told is not None and not self._trainings.tell(training_id, *told):
                        raise TrainingFailed("interrupted")
            except BaseException:
                process.kill()
                raise
            finally:
                watchdog.cancel()
        if process.returncode:
            raise TrainingFailed(step)

    @contextlib.contextmanager
    def _breathing(self, training_id: int) -> Iterator[None]:
        done = threading.Event()

        def breathe() -> None:
            while not done.wait(BREATH_SECONDS):
                self._trainings.breathe(training_id)

        thread = threading.Thread(target=breathe, name="breath", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def _read_progress(line: bytes) -> tuple[str, int | None] | None:
    try:
        told = json.loads(line)
        return str(told["phase"]), told["percent"]
    except (ValueError, KeyError, TypeError):
        return None
