"""A training from asking to the report, around a small program in Rasa's place; and going live and back."""

from __future__ import annotations

import json
import stat
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hotline.knowledge.problems import Refused
from hotline.training.regressions import Answer, Question
from hotline.training.run import TrainingRun, Workplace
from hotline.training.switching import ModelSwitch
from hotline.training.trainings import SILENT, Training, Trainings
from hotline.understanding.local_server import RasaProject
from hotline.understanding.models import ModelShelf
from tests.conftest import Clock, Hotline
from tests.servers import Asked, LocalServer, local_server

# What stands where Rasa would: writes what a training leaves, and notes what it was given.
PROGRAM = """\
import json, pathlib, shutil, sys
given = dict(zip(sys.argv[2::2], sys.argv[3::2]))
print("Rasa says something else")
if sys.argv[1] == "train.py":
    print(json.dumps({"phase": "train", "percent": None}), flush=True)
    folder = pathlib.Path(given["--into"])
    folder.mkdir(parents=True)
    for name in ("phrases.tsv", "muted.tsv"):
        shutil.copy(pathlib.Path(given["--further"]) / name, folder / name)
    (folder / "hotline.tar.gz").write_text("a model")
    (folder / "thresholds.json").write_text("{}")
    sys.exit(pathlib.Path("breaks").exists())
broken = [{"language": "de", "name": "top-1", "value": 80.0, "floor": 93.0}] if pathlib.Path("low").exists() else []
print(json.dumps({"phase": "evaluate", "percent": 50}), flush=True)
pathlib.Path(given["--figures"]).write_text(json.dumps({"figures": {"de": {"top-1": 95.0}}, "broken": broken}))
"""


class _Place:
    """One hotline with that program."""

    def __init__(self, hotline: Hotline, folder: Path, *rasa_urls: str) -> None:
        services = hotline.services
        self.hotline, self.folder, self.clock = hotline, folder, hotline.clock
        python = folder / ".venv" / "bin" / "python"
        python.parent.mkdir(parents=True)
        (folder / "program.py").write_text(PROGRAM)
        python.write_text(f'#!/bin/sh\nexec {sys.executable} {folder / "program.py"} "$@"\n')
        python.chmod(python.stat().st_mode | stat.S_IXUSR)
        (folder / "models").mkdir()
        (folder / "models" / "hotline.tar.gz").write_text("the starter")
        self.shelf = ModelShelf(folder / "models", folder / "shelf")
        self.trainings = Trainings(services.database, self.clock)
        self.asked: list[str] = []
        self.project = RasaProject(folder, self.shelf.folder)
        self.switch = ModelSwitch(
            services.database, self.shelf, self.trainings, (rasa_urls or ("http://127.0.0.1:9",), "word"), self.clock
        )

    def run(self, training_id: int) -> bool:
        place = Workplace(self.project, self._answer, self.shelf.live, self.folder)
        services = self.hotline.services
        return TrainingRun(services.database, self.trainings, services.phrase_editing, services.regressions, place).run(
            training_id
        )

    def _answer(self, model: str, questions: list[Question]) -> list[Answer]:
        self.asked.append(model)
        topic = "vr_basics" if model == "starter" else "money_reag_garp"
        return [Answer(topic, "answer") for _ in questions]

    def train(self) -> Training:
        training_id = self.trainings.ask("anna")
        self.run(training_id)
        return self.get(training_id)

    def get(self, training_id: int) -> Training:
        with self.hotline.services.database.read() as connection:
            found = self.trainings.get(connection, training_id)
        assert found is not None
        return found

    def before(self) -> str | None:
        with self.hotline.services.database.read() as connection:
            return self.switch.before(connection)


@pytest.fixture
def place(quick_hotline: Hotline, tmp_path: Path) -> _Place:
    return _Place(quick_hotline, tmp_path / "nlu")


def test_training_reads_files_and_rows_and_tells_what_it_changes(place: _Place) -> None:
    editing = place.hotline.services.phrase_editing
    editing.add("de", "luggage", "Darf meine Nähmaschine mit?", "anna")
    editing.mute("de", "vr_basics", "Was bedeutet freiwillige Rückkehr eigentlich genau?", "anna")
    training = place.train()
    assert (training.state, training.phase, training.added, training.muted) == ("ready", "done", 1, 1)
    model = place.shelf.folder_of(training.model)
    assert (model / "phrases.tsv").read_text() == "de\tluggage\tDarf meine Nähmaschine mit?\n"
    assert (model / "muted.tsv").read_text().startswith("de\tvr_basics\tWas bedeutet")
    assert place.asked == [training.model, "starter"]
    changes = training.report["changes"]
    assert len(changes) == training.report["questions"]
    assert [change["verdict"] for change in changes if change["topic"] == "vr_basics"] == ["worse"] * 12
    assert [change["verdict"] for change in changes if change["topic"] == "money_reag_garp"] == ["better"] * 12
    assert changes[0]["verdict"] == "worse", "what got worse stands first"


def test_model_below_a_floor_cannot_go_live(place: _Place) -> None:
    (place.folder / "low").touch()
    training = place.train()
    assert training.state == "below_floor"
    with pytest.raises(Refused, match="below a floor"):
        place.switch.go_live(training.model, "ben")
    assert place.shelf.live() == "starter"


def test_training_that_breaks_says_so_and_the_next_may_begin(place: _Place) -> None:
    (place.folder / "breaks").touch()
    broken = place.train()
    assert (broken.state, broken.problem) == ("failed", "train")
    (place.folder / "breaks").unlink()
    assert place.train().state == "ready"


def test_without_rasa_the_training_says_where_it_fails(place: _Place) -> None:
    place.project.python.unlink()
    assert (place.train().state, place.get(1).problem) == ("failed", "no_rasa")


def test_only_one_training_at_a_time_and_only_one_process_takes_it(hotline: Hotline) -> None:
    trainings = Trainings(hotline.services.database, hotline.clock)
    first = trainings.ask("anna")
    with pytest.raises(Refused, match="waits or runs"):
        trainings.ask("ben")
    assert trainings.next_to_start() == first
    assert [trainings.take(first), trainings.take(first)] == [True, False]
    assert trainings.next_to_start() is None


def test_training_whose_process_died_is_given_up(quick_hotline: Hotline) -> None:
    clock = Clock()
    trainings = Trainings(quick_hotline.services.database, clock)
    first = trainings.ask("anna")
    trainings.take(first)
    clock.now += SILENT
    trainings.breathe(first)
    clock.now += SILENT
    trainings.next_to_start()
    with quick_hotline.services.database.read() as connection:
        assert trainings.opened(connection) is not None, "it has just spoken"
    clock.now += timedelta(seconds=1)
    trainings.next_to_start()
    assert trainings.tell(first, "train") is False, "the process is told to stop"
    assert trainings.ask("ben") != first


@pytest.fixture
def rasa() -> Any:
    with local_server(lambda asked: (200, {"model": json.loads(asked.body)["model"]})) as server:
        yield server


def test_model_goes_live_and_one_click_goes_back(quick_hotline: Hotline, tmp_path: Path, rasa: LocalServer) -> None:
    place = _Place(quick_hotline, tmp_path / "nlu", rasa.url)
    first, second = place.train().model, place.train().model
    assert place.before() is None
    assert place.switch.go_live(first, "ben") is True
    assert place.before() == "starter"
    place.switch.go_live(second, "ben")
    assert place.switch.go_back("ben") == (first, True)
    assert place.shelf.live() == first
    place.switch.go_live("starter", "ben")
    assert [json.loads(asked.body)["model"] for asked in rasa.asked] == [first, second, first, "starter"]
    assert [row["action"] for row in quick_hotline.rows("audit")][-4:] == ["model.go_live"] * 4
    with pytest.raises(Refused, match="live already"):
        place.switch.go_live("starter", "ben")


def test_model_rasa_cannot_read_stays_off(quick_hotline: Hotline, tmp_path: Path) -> None:
    def refuse(_: Asked) -> tuple[int, Any]:
        return 404, {"problem": "model"}

    with local_server(refuse) as rasa:
        place = _Place(quick_hotline, tmp_path / "nlu", rasa.url)
        model = place.train().model
        with pytest.raises(Refused, match="could not take"):
            place.switch.go_live(model, "ben")
    assert place.shelf.live() == "starter"


def test_all_processes_take_a_model_or_none_keeps_it(quick_hotline: Hotline, tmp_path: Path, rasa: LocalServer) -> None:
    answer = {"status": 200}
    with local_server(lambda _: (answer["status"], {})) as other:
        place = _Place(quick_hotline, tmp_path / "nlu", rasa.url, other.url)
        first, second = place.train().model, place.train().model
        assert place.switch.go_live(first, "ben") is True
        answer["status"] = 404
        with pytest.raises(Refused, match="could not take"):
            place.switch.go_live(second, "ben")
    assert [json.loads(asked.body)["model"] for asked in rasa.asked] == [first, second, first]
    assert place.shelf.live() == first
    assert place.switch.go_live(second, "ben") is False, "the one that is down takes it at its next start"


def test_while_rasa_is_down_the_model_is_chosen_for_its_next_start(place: _Place) -> None:
    model = place.train().model
    assert place.switch.go_live(model, "ben") is False
    assert place.shelf.live() == model


def test_five_models_are_kept_and_the_live_one_always(place: _Place) -> None:
    first = place.train().model
    place.switch.go_live(first, "ben")
    for _ in range(7):
        place.train()
    (place.folder / "low").touch()
    place.train()
    place.switch.clear()
    assert place.shelf.names() == [first, "4", "5", "6", "7", "8"]
