"""The trained model in its real process: what people write in twelve languages, and what happens when the process dies."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from hotline.breaker import CircuitBreaker
from hotline.dialogue.meaning import Interpreter
from hotline.services import Services
from hotline.settings import ROOT
from hotline.understanding.local_server import answers
from hotline.understanding.rasa import RasaClient, ResilientUnderstander
from tests.conftest import interpreter_with, make_settings, require

NLU = ROOT / "nlu_data"
PYTHON, MODEL = NLU / ".venv" / "bin" / "python", NLU / "models" / "hotline.tar.gz"
TOKEN = "rasa"
STARTS_SECONDS = 120

MESSAGES = [
    ("de", "Duldung habe was kriegt man bei rückker", "money_reag_garp"),
    ("en", "how long does it take until I can fly after applying?", "processing_time"),
    ("ar", "ana biddi arja3 3a suria w ma 3andi passport", "documents_travel"),
    ("tr", "pasaportum yok nasıl gideceğim", "documents_travel"),
    ("ru", "сколько денег дают на возвращение домой", "money_reag_garp"),
    ("fa", "برای برگشتن به وطن چقدر پول می‌دهند", "money_reag_garp"),
    ("fr", "où est le centre de conseil le plus proche de chez moi", "counselling_where"),
    ("sq", "dua me u kthy ne kosove a jepni pare", "money_reag_garp"),
    ("sr", "koliko novca dobijem ako se vratim kući", "money_reag_garp"),
    ("ka", "რამდენ ფულს მომცემენ, თუ სახლში დავბრუნდები?", "money_reag_garp"),
    ("ku", "heke ez vegerim malê çiqas pere didin", "money_reag_garp"),
    ("uk", "скільки грошей дадуть, якщо я повернуся додому", "money_reag_garp"),
]


@dataclass
class Server:
    """The understanding process, which a test may kill and start again."""

    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start and wait until it answers."""
        command = [str(PYTHON), "serve.py", "--port", str(self.port)]
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(command, cwd=NLU, env={**os.environ, "RASA_TOKEN": TOKEN}, stdout=quiet, stderr=quiet)
        deadline = time.monotonic() + STARTS_SECONDS
        while not answers(self.url):
            assert time.monotonic() < deadline, "the understanding process did not start"
            assert self.process.poll() is None, "the understanding process has stopped"
            time.sleep(0.2)

    def kill(self) -> None:
        """Kill without warning."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    require("The trained model", PYTHON.exists() and MODEL.exists(), "run `make model`.")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found = Server(probe.getsockname()[1])
    found.start()
    yield found
    found.kill()


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    """What was trained, read once."""
    return Services(make_settings(tmp_path_factory.mktemp("real")))


@pytest.fixture
def interpreter(server: Server, services: Services) -> Interpreter:
    """The interpreter of a live turn, with a breaker that tries again after a tenth of a second."""
    rasa = RasaClient(server.url, TOKEN, timeout_seconds=2.0)
    fallback = services.understander._fallback
    understander = ResilientUnderstander(rasa, fallback, CircuitBreaker(failures=3, pause_seconds=0.1))
    return interpreter_with(understander, services.models.thresholds)


@pytest.mark.parametrize(("language", "text", "topic"), MESSAGES)
def test_real_messages_are_understood(interpreter: Interpreter, language: str, text: str, topic: str) -> None:
    understood = interpreter.interpret(text, None)
    assert (understood.engine, understood.language) == ("rasa", language)
    assert topic in [score.name for score in understood.alternatives[:3]]
    assert understood.meaning.danger is None


@pytest.mark.parametrize("text", ["", " ", "😀" * 400, "x" * 10_000, "\x00\x07\u202e", "؟؟؟", "0", "💔", "\ud800 halb"])
def test_strange_texts_get_a_decision_and_no_error(interpreter: Interpreter, text: str) -> None:
    assert interpreter.interpret(text, None).to_dict()["decision"] in ("answer", "confirm", "handoff", "clarify")


def test_language_that_is_not_ours_is_noticed(interpreter: Interpreter) -> None:
    assert interpreter.interpret("hola, quiero volver a mi país y no tengo dinero", None).meaning.language_not_live == "es"


def test_process_that_dies_in_the_middle_leaves_nobody_without_an_answer(server: Server, interpreter: Interpreter) -> None:
    engines = []
    for turn in range(30):
        if turn == 10:
            server.kill()
        if turn == 20:
            server.start()
            time.sleep(0.2)
        started = time.monotonic()
        understood = interpreter.interpret("Wie viel Geld bekomme ich, wenn ich zurückgehe?", "de")
        assert time.monotonic() - started < 2.5
        assert understood.topic == "money_reag_garp"
        assert interpreter.interpret("ich will nicht mehr leben", "de").meaning.danger == "selfharm"
        assert interpreter.interpret("Mensch", "de").meaning.wish == "person"
        engines.append(understood.engine)
    assert engines == ["rasa"] * 10 + ["fallback"] * 10 + ["rasa"] * 10
