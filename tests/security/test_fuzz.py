"""Whatever is asked for and whatever is said: no 500, no traceback, no broken state. ``make fuzz`` does it at length."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from werkzeug.routing import Rule

from hotline.dialogue.inputs import InboundCallStep, InboundText
from hotline.telephony.twiml import message_reply
from hotline.web.webhooks import compose_call
from tests.conftest import Hotline, make_hotline, make_settings
from tests.databases import fresh_postgres
from tests.security.conftest import TRANSLATION
from tests.security.fuzzing import OURS, PEOPLE, Asker, Tracebacks, Wanted, bodies, find_broken, requests

REQUESTS, INPUTS = int(os.environ.get("FUZZ_REQUESTS", "0")), int(os.environ.get("FUZZ_INPUTS", "200"))
PART = 2000
# The long run throws the dice anew each time and makes a failing example small; the short one is the same each time.
IS_LONG = "FUZZ_REQUESTS" in os.environ
HOW = {
    "deadline": None,
    "derandomize": not IS_LONG,
    "database": None,
    "phases": [Phase.generate, Phase.shrink] if IS_LONG else [Phase.generate],
    "suppress_health_check": list(HealthCheck),
}


KINDS = ["sqlite", "postgresql"] if IS_LONG else ["sqlite"]


@pytest.fixture(params=KINDS)
def fuzzed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hotline]:
    """With the simulator, which is a public route where it is on."""
    made = _make(request, tmp_path)
    yield made
    made.services.database.close()


def _make(request: pytest.FixtureRequest, folder: Path) -> Hotline:
    """A new one on a database of the kind at hand."""
    is_sqlite = "[sqlite]" in request.node.name
    url = None if is_sqlite else fresh_postgres(request.getfixturevalue("postgres_url"))
    return make_hotline(make_settings(folder, url, HOTLINE_ENV="local", SIMULATOR="yes", **TRANSLATION))


@pytest.fixture
def tracebacks() -> Iterator[Tracebacks]:
    handler = Tracebacks()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


def test_no_request_is_answered_with_an_error_of_ours(
    fuzzed: Hotline, tracebacks: Tracebacks, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    # The simulator asks the web server over the network; here there is none.
    monkeypatch.setattr("hotline.web.simulator.post_to_ourselves", lambda *_: None)
    rules = list(fuzzed.app.url_map.iter_rules())
    asked: set[str] = set()

    def ask(hotline: Hotline, how_many: int, only: Rule | None = None) -> None:
        asker = Asker(hotline)

        @given(requests(hotline, only))
        @settings(max_examples=how_many, **HOW)  # type: ignore[arg-type]
        def check(wanted: Wanted) -> None:
            tracebacks.found.clear()
            status, body = asker.ask(wanted)
            assert tracebacks.found == []
            assert status < 500 or status in (501, 502, 503), status
            assert b"Traceback" not in body
            asked.add(wanted.rule)

        check()

    # Each route in its turn, and in the long run then whichever comes. The first example of all is the simplest one.
    for rule in rules:
        ask(fuzzed, 2, rule)
    assert asked == {rule.rule for rule in rules}
    _look(fuzzed)
    for part in range(0, REQUESTS, PART):
        # Each request makes an account, and pages that list them all grow slow: now and then all begins anew.
        fuzzed.services.database.close()
        fuzzed = _make(request, tmp_path / str(part))
        ask(fuzzed, min(PART, REQUESTS - part))
        _look(fuzzed)
    fuzzed.services.database.close()


def test_nothing_that_is_said_breaks_the_state(fuzzed: Hotline, tracebacks: Tracebacks) -> None:
    turns, number = fuzzed.services.turns, count()
    steps = dict.fromkeys(PEOPLE, 0)

    @given(
        st.sampled_from(PEOPLE),
        st.sampled_from(["sms", "whatsapp", "key", "speech", "silence", "hang up"]),
        bodies,
        st.booleans(),
    )
    @settings(max_examples=INPUTS, **HOW)  # type: ignore[arg-type]
    def say(person: str, way: str, body: str, is_odd: bool) -> None:
        tracebacks.found.clear()
        call = f"CA{person}"
        if way in ("sms", "whatsapp"):
            opt_out = "stop" if is_odd and body.startswith("s") else None
            text = InboundText(f"SM{next(number)}", way, person, OURS, body, is_odd, opt_out)  # type: ignore[arg-type]
            document = turns.take_text(text, message_reply)
            assert turns.take_text(text, message_reply) == document
        elif way == "hang up":
            turns.close_call(call)
            return
        else:
            heard = {
                "key": {"digits": body[:6] or None},
                "speech": {"speech": body.strip() or None, "is_clear": is_odd},
                "silence": {},
            }
            step = InboundCallStep(f"{call}:{steps[person]}", call, None if person == PEOPLE[0] else person, OURS, **heard[way])
            steps[person] += 1
            with fuzzed.app.app_context():
                document = turns.take_call_step(step, compose_call)
                assert turns.take_call_step(step, compose_call) == document
        assert fromstring(document).tag == "Response"
        fuzzed.clock.move(minutes=len(body) % 50)

    say()
    assert tracebacks.found == []
    _look(fuzzed)


def _look(hotline: Hotline) -> None:
    with hotline.services.database.read() as connection:
        assert find_broken(connection, hotline.services.definition, hotline.services.cipher) == []
