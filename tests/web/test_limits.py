"""Who asks for too much is slowed, and still reaches help, a person, stop and the own data."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from hotline.allowance import Allowances, WrongAllowance, read_allowances
from hotline.dialogue.inputs import InboundCallStep
from hotline.dialogue.pace import PAUSE_SECONDS
from tests.conftest import Hotline, make_hotline, make_settings
from tests.web.counsellors import hire
from tests.web.twilio import PERSON, call, said, text, xml

OTHER, NEIGHBOUR = "+4917611122233", PERSON[:-3] + "999"
FEW = {
    "LIMITS": "on", "LIMIT_TEXTS": "3/minute", "LIMIT_TEXTS_BUSY": "1/minute", "LIMIT_TEXTS_BLOCK": "5/minute",
    "LIMIT_CALLS": "3/hour", "LIMIT_SILENT_CALLS": "2/day", "LIMIT_CALL_STEPS": "6/minute", "LIMIT_PAGES": "4/minute",
    "SIMULATOR": "",
}  # fmt: skip


class _Moved:
    """The clock of the counting library, that goes on when told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._now = 1_800_000_000.0
        monkeypatch.setattr(time, "time", lambda: self._now)

    def move(self, seconds: float) -> None:
        self._now += seconds


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch) -> _Moved:
    return _Moved(monkeypatch)


@pytest.fixture
def limited(tmp_path: Path, moved: _Moved) -> Iterator[Hotline]:
    made = make_hotline(make_settings(tmp_path, **FEW))
    yield made
    made.services.database.close()


def _write_too_much(hotline: Hotline, sender: str = PERSON) -> list[str]:
    return [said(text(hotline, f"{sender}-{number}", f"Frage {number}", From=sender)) for number in range(6)]


def _slowed(hotline: Hotline) -> set[str]:
    hotline.services.tally.write()
    return {str(row["name"]) for row in hotline.rows("counters") if str(row["name"]).startswith("m:slowed")}


def _pauses(document: Element) -> list[str]:
    return [element.get("length", "") for element in document.iter("Pause")]


def test_who_writes_too_much_is_told_once_then_silence_then_answered_again(limited: Hotline, moved: _Moved) -> None:
    replies = _write_too_much(limited)
    assert all(replies[:3])
    assert "112" in replies[3]
    assert replies[4:] == ["", ""]
    assert len(limited.understander.asked) == 3, "the model is not asked for what is not answered"
    kept = [limited.services.cipher.decrypt(bytes(row["body_encrypted"])) for row in limited.rows("messages")]  # type: ignore[call-overload]
    assert "Frage 5" in kept
    assert said(text(limited, f"{PERSON}-4", "Frage 4")) == "", "a repeated webhook gets the same answer"
    assert _slowed(limited) == {"m:slowed:text:sender"}
    assert PERSON[4:] not in "".join(str(key) for key in vars(limited.services.pacer)["_limiter"].storage.storage)
    assert said(text(limited, "SM-other", "hallo", From=OTHER)), "others are not slowed"
    moved.move(150)
    assert said(text(limited, "SM-later", "Frage"))


@pytest.mark.parametrize(
    ("body", "expected"),
    [("ich will mich umbringen", "112"), ("Hilfe, er hat ein Messer und will mich töten", "110"), ("0", ""), ("Mensch", "")],
)
def test_cry_for_help_and_wish_for_a_person_are_never_slowed(limited: Hotline, body: str, expected: str) -> None:
    _write_too_much(limited)
    asked = len(limited.understander.asked)
    reply = said(text(limited, "SM-help", body))
    assert reply
    assert expected in reply
    assert len(limited.rows("handoffs")) == 1
    assert len(limited.understander.asked) == asked, "by the rules alone"


def test_stop_and_own_data_are_never_slowed(limited: Hotline) -> None:
    _write_too_much(limited)
    assert said(text(limited, "SM-data", "meine Daten löschen"))
    # The question whether to erase is answered too.
    assert said(text(limited, "SM-yes", "1"))
    assert said(text(limited, "SM-stop", "stopp"))
    assert len(limited.rows("opt_outs")) == 1


def test_many_numbers_of_one_block_leave_everybody_a_small_share(limited: Hotline) -> None:
    for number in range(5):
        assert said(text(limited, f"SM-{number}", "hallo", From=f"{PERSON[:-3]}{number:03}"))
    assert said(text(limited, "SM-n1", "hallo", From=NEIGHBOUR)), "the first of a minute is always answered"
    assert "112" in said(text(limited, "SM-n2", "hallo", From=NEIGHBOUR))
    assert "m:slowed:text:busy" in _slowed(limited)
    assert said(text(limited, "SM-o1", "hallo", From=OTHER))
    assert "112" not in said(text(limited, "SM-o2", "hallo", From=OTHER)), "another block is free"


def test_robot_calls_are_slowed_and_still_reach_a_person(limited: Hotline) -> None:
    for number in range(2):
        assert not _pauses(xml(call(limited, f"CA-{number}")))
    assert _pauses(xml(call(limited, "CA-robot"))) == [str(PAUSE_SECONDS)]
    assert _pauses(xml(call(limited, "CA-robot", 1))), "silence goes on slowly"
    assert "m:slowed:call:silent" in _slowed(limited)
    # A key shows that somebody is there, and the key for a person works at once.
    reached = xml(call(limited, "CA-robot", 2, Digits="0"))
    assert not _pauses(reached)
    assert len(limited.rows("handoffs")) == 1
    assert "m:slowed:call:calls" not in _slowed(limited)
    # One call too many of a number that does press keys.
    assert _pauses(xml(call(limited, "CA-fourth")))
    menu = xml(call(limited, "CA-fourth", 1, Digits="1"))
    assert _pauses(menu)
    assert "speech" in next(menu.iter("Gather")).get("input", ""), "a cry for help must be heard"
    assert "m:slowed:call:calls" in _slowed(limited)
    limited.understander.asked.clear()
    danger = call(limited, "CA-fourth", 2, SpeechResult="ich will mich umbringen", Confidence="0.9")
    assert str(PAUSE_SECONDS) not in _pauses(xml(danger)), "emergency numbers are not held back"
    assert limited.rows("messages")[-1]["author"] == "bot"
    assert limited.understander.asked == []


def test_keys_pressed_faster_than_anybody_listens_are_slowed_and_danger_and_a_person_come_at_once(limited: Hotline) -> None:
    call(limited, "CA-fast", From=OTHER)
    documents = [xml(call(limited, "CA-fast", step, From=OTHER, Digits="1#"[step % 2])) for step in range(1, 9)]
    assert [bool(_pauses(document)) for document in documents] == [False] * 6 + [True] * 2
    # A key is taken while the pause lasts: it stands inside the question.
    (gather,) = documents[-1].iter("Gather")
    assert gather[0].tag == "Pause"
    assert _slowed(limited) == {"m:slowed:call:steps"}
    for step, (sid, digits) in enumerate((("CA-fast", "0"), ("CA-fast", "0"), ("CA-again", "9"), ("CA-again", "9")), start=9):
        if step == 11:
            call(limited, "CA-again", From=OTHER)
            documents += [xml(call(limited, "CA-again", quick, From=OTHER, Digits="#")) for quick in range(1, 8)]
            assert _pauses(documents[-1])
        # Twice in a row: whoever is waited for already is not slowed either.
        assert str(PAUSE_SECONDS) not in _pauses(xml(call(limited, sid, step, From=OTHER, Digits=digits)))
    assert {row["reason"] for row in limited.rows("handoffs")} == {"asked", "danger"}


def test_nobody_waits_for_a_redis_that_is_not_there(tmp_path: Path) -> None:
    hotline = make_hotline(make_settings(tmp_path, REDIS_URL="redis://127.0.0.1:9/0", **FEW))
    started = time.monotonic()
    replies = _write_too_much(hotline)
    assert all(replies)
    assert time.monotonic() - started < 5
    step = InboundCallStep("CA:0", "CA", PERSON, "+4930555000")
    assert not hotline.services.pacer.of_call(step).is_slowed
    assert hotline.app.test_client().get("/staff/sign-in").status_code == 200
    hotline.services.database.close()


def test_pages_are_limited_by_address_and_network_and_webhooks_are_not(limited: Hotline, moved: _Moved) -> None:
    client = limited.app.test_client()

    def status(address: str, path: str = "/staff/sign-in") -> int:
        return client.get(path, environ_overrides={"REMOTE_ADDR": address}).status_code

    assert [status("192.0.2.1") for _ in range(5)] == [200] * 4 + [429]
    refused = client.get("/staff/sign-in", environ_overrides={"REMOTE_ADDR": "192.0.2.1"}, headers={"Accept-Language": "en"})
    assert "Wait a minute" in refused.text
    assert int(refused.headers["Retry-After"]) <= 120
    assert status("198.51.100.1") == 200
    assert {status("192.0.2.1", "/health/live") for _ in range(9)} == {200}
    for number in range(9):
        assert said(text(limited, f"SM-{number}", "hallo", From=f"+49176{number}1122233"))
    assert _slowed(limited) == {"m:slowed:page:address"}
    moved.move(121)
    assert status("192.0.2.1") == 200


def test_counsellor_is_stopped_by_no_stranger_wherever_they_send_from(tmp_path: Path, moved: _Moved) -> None:
    few = {"LIMIT_PAGES": "30/minute", "LIMIT_PAGES_NETWORK": "40/minute", "LIMIT_PAGES_ALL": "50/minute"}
    hotline = make_hotline(make_settings(tmp_path, **{**FEW, **few}))
    anna = hire(hotline, "anna")
    stranger = hotline.app.test_client()
    for number in range(90):
        # From the very address of the counsellor, from its network, and from all over.
        address = ("127.0.0.1", f"127.0.0.{number}", f"10.{number}.0.1")[number % 3]
        refused = stranger.get("/console", environ_overrides={"REMOTE_ADDR": address}, headers={"Cookie": "__Host-staff=made-up"})
    assert refused.status_code == 429
    assert anna.get("/console").status_code == 200
    assert _slowed(hotline) == {"m:slowed:page:address", "m:slowed:page:network", "m:slowed:page:all"}
    moved.move(121)
    assert 429 in {anna.get("/console").status_code for _ in range(31)}, "a session has its own limit"
    hotline.services.database.close()


def test_wrong_limit_stops_the_start_with_its_name() -> None:
    assert read_allowances({}) == Allowances()
    for values, named in (
        ({"LIMIT_TEXTS": "many"}, "LIMIT_TEXTS must be"),
        ({"LIMIT_TEXT": "1/day"}, "LIMIT_TEXT is no"),
        ({"LIMITS": "x"}, "LIMITS must"),
    ):
        with pytest.raises(WrongAllowance, match=named):
            read_allowances(values)
