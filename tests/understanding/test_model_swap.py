"""Another model goes live while people write, in the real process: nobody waits for it, nobody goes without an answer."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import urllib3

from hotline.services import Services
from hotline.settings import ROOT
from hotline.store import migrate
from hotline.store.tables import trainings
from hotline.understanding.local_server import answers
from tests.conftest import NOW, make_settings, require

NLU = ROOT / "nlu_data"
PYTHON, MODELS = NLU / ".venv" / "bin" / "python", NLU / "models"
PER_SECOND, SECONDS_BEFORE, SECONDS_AFTER = 20, 3.0, 3.0
STARTS_SECONDS = 120
QUESTION = "Wie viel Geld bekomme ich, wenn ich zurückgehe?"
RASA_SECONDS = 2.0


@dataclass
class _Live:
    """A hotline beside its understanding process, with a second model on the shelf."""

    services: Services
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process and wait until it answers."""
        url = self.services.settings.rasa_url
        command = [str(PYTHON), "serve.py", "--port", url.rsplit(":", 1)[1], "--shelf", str(self.services.models.folder)]
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(command, cwd=NLU, env={**os.environ, "RASA_TOKEN": "rasa"}, stdout=quiet, stderr=quiet)
        deadline = time.monotonic() + STARTS_SECONDS
        while not answers(url):
            assert time.monotonic() < deadline, "the understanding process did not start"
            assert self.process.poll() is None, "the understanding process has stopped"
            time.sleep(0.2)

    def stop(self) -> None:
        """Stop the process."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait()


@pytest.fixture
def shelved(tmp_path: Path) -> Iterator[_Live]:
    """It has not started yet."""
    require("The trained model", PYTHON.exists() and (MODELS / "hotline.tar.gz").exists(), "run `make model`.")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    services = Services(make_settings(tmp_path, RASA_URL=f"http://127.0.0.1:{port}", RASA_TIMEOUT_SECONDS=str(RASA_SECONDS)))
    migrate.upgrade(services.database)
    _put_second_model(services)
    found = _Live(services)
    yield found
    found.stop()
    services.database.close()


@pytest.fixture
def live(shelved: _Live) -> _Live:
    """It answers with the starter's model."""
    shelved.start()
    return shelved


def _put_second_model(services: Services) -> None:
    """The starter's model under the name 1, with thresholds so high that it never answers by itself."""
    folder = services.models.folder / "1"
    folder.mkdir(parents=True)
    shutil.copy(MODELS / "hotline.tar.gz", folder)
    digest = subprocess.run(
        [sys.executable, "-c", "import shelf; print(shelf.components_digest(), end='')"],
        cwd=NLU, capture_output=True, text=True, check=True,
    )  # fmt: skip
    (folder / "made_with").write_text(digest.stdout)
    (folder / "phrases.tsv").write_text("de\tluggage\tdarf meine nähmaschine mit\n", encoding="utf-8")
    (folder / "thresholds.json").write_text(json.dumps({"de": {"answer": 2.0, "confirm": 0.1, "danger": 2.0}}))
    values = {"state": "ready", "phase": "done", "problem": "", "author": "anna", "added": 0, "muted": 0, "report": {}}
    with services.database.begin() as connection:
        connection.execute(trainings.insert().values(id=1, asked_at=NOW, **values))


@dataclass
class _Asked:
    engine: str
    decision: str
    seconds: float


class _People:
    """Twenty questions a second until told to stop, each at its time, whatever the others wait for."""

    def __init__(self, services: Services) -> None:
        self._interpreter = services.interpreter
        self._stop = threading.Event()
        self.asked: list[_Asked] = []
        self.sent = 0
        self._threads: list[threading.Thread] = []
        self._clock = threading.Thread(target=self._run)

    def _run(self) -> None:
        started = time.monotonic()
        while not self._stop.is_set():
            thread = threading.Thread(target=self._ask)
            thread.start()
            self._threads.append(thread)
            self.sent += 1
            time.sleep(max(0.0, started + self.sent / PER_SECOND - time.monotonic()))

    def _ask(self) -> None:
        started = time.monotonic()
        found = self._interpreter.interpret(QUESTION, "de")
        self.asked.append(_Asked(found.engine, found.meaning.decision, time.monotonic() - started))

    def __enter__(self) -> _People:
        self._clock.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._clock.join()
        for thread in self._threads:
            thread.join()


def test_no_request_is_lost_while_another_model_goes_live_and_back(live: _Live) -> None:
    services = live.services
    assert services.interpreter.interpret(QUESTION, "de").meaning.decision == "answer"
    with _People(services) as people:
        time.sleep(SECONDS_BEFORE)
        assert services.model_switch.go_live("1", "ben") is True
        time.sleep(SECONDS_AFTER)
        between = len(people.asked)
        assert services.model_switch.go_back("ben") == ("starter", True)
        time.sleep(SECONDS_AFTER)
    assert len(people.asked) == people.sent
    assert Counter(asked.engine for asked in people.asked) == {"rasa": people.sent}, "the fallback stood in for nobody"
    assert max(asked.seconds for asked in people.asked) < RASA_SECONDS
    # The thresholds went with the model, in every single answer.
    first, last = people.asked[:40], people.asked[-40:]
    assert {asked.decision for asked in first} == {asked.decision for asked in last} == {"answer"}
    assert {asked.decision for asked in people.asked[between - 20 : between]} == {"confirm"}


def test_process_starts_with_the_live_model(shelved: _Live) -> None:
    shelved.services.models.set_live("1")
    shelved.start()
    assert shelved.services.understander.parse(QUESTION, "de").model == "1"


def test_what_is_no_model_of_the_shelf_is_refused_and_the_live_one_goes_on(live: _Live) -> None:
    (live.services.models.folder / "2").mkdir()
    (live.services.models.folder / "2" / "hotline.tar.gz").write_text("of another version")
    url = live.services.settings.rasa_url
    for token, model, status in (("rasa", "2", 404), ("rasa", "../1", 404), ("wrong", "1", 401)):
        answer = urllib3.request("PUT", f"{url}/live?token={token}", json={"model": model}, retries=False)
        assert answer.status == status, (token, model)
        assert live.services.understander.parse(QUESTION, "de").model == "starter", (token, model)
