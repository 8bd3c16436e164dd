"""The player does with each verb what Twilio documents; what our hotline does not say yet is played too."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs

import pytest
from twilio.request_validator import RequestValidator

from tests.calls.player import SILENCE, ApplicationError, CannotConnect, Got, Input, Leaves, Numbers, Player, Server
from tests.calls.sounds import silence

BASE, TOKEN = "https://line.test", "token"


def scripted(documents: Mapping[str, str], asked: list[tuple[str, dict[str, list[str]]]]) -> Server:
    """A server that gives a fixed document for each path, and a sound for /a.wav."""

    def answer(method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Got:
        given = parse_qs(body.decode(), keep_blank_values=True)
        flat = {name: values[0] for name, values in given.items()}
        assert headers["X-Twilio-Signature"] == RequestValidator(TOKEN).compute_signature(BASE + path, flat)
        asked.append((path, given))
        if path == "/a.wav":
            assert method == "GET"
            return Got(200, "audio/wav", silence())
        return Got(200, "text/xml", f"<Response>{documents[path]}</Response>".encode())

    return answer


def lead(documents: Mapping[str, str], *inputs: Input) -> tuple[Player, list[tuple[str, dict[str, list[str]]]]]:
    """A call through the documents; "/" is the first, "/status" notes its end."""
    asked: list[tuple[str, dict[str, list[str]]]] = []
    server = scripted({"/status": "", **documents}, asked)
    return Player({BASE: server}, Numbers(f"{BASE}/", status_url=f"{BASE}/status"), TOKEN, inputs).run(), asked


def test_several_keys_end_with_the_finishing_key_or_when_there_are_enough() -> None:
    documents = {"/": '<Gather action="/b" numDigits="5"/>', "/b": '<Gather action="/c" finishOnKey=""/>', "/c": "<Hangup/>"}
    _, asked = lead(documents, "10115#9", "1#")
    assert [given["Digits"] for path, given in asked if "Digits" in given] == [["10115"], ["1#"]]
    _, asked = lead({"/": '<Gather action="/c" numDigits="5"/>', "/c": "<Hangup/>"}, "12#34")
    assert asked[1][1]["Digits"] == ["12"]


def test_silence_falls_through_unless_an_empty_result_is_wanted() -> None:
    player, asked = lead({"/": '<Gather action="/b"/><Redirect>/c</Redirect>', "/c": "<Hangup/>"}, SILENCE)
    assert [path for path, _ in asked] == ["/", "/c", "/status"]
    assert player.ended == "hotline"
    _, asked = lead({"/": '<Gather action="/b" actionOnEmptyResult="true"/>', "/b": "<Hangup/>"}, SILENCE)
    assert "Digits" not in asked[1][1]


def test_waiting_room_comes_again_with_the_position_until_a_key_leads_out() -> None:
    documents = {
        "/": '<Enqueue waitUrl="/wait" action="/left">q</Enqueue>',
        "/wait": '<Gather action="/out" timeout="3"><Play>/a.wav</Play></Gather>',
        "/out": "<Leave/>",
        "/left": "<Hangup/>",
    }
    player, asked = lead(documents, SILENCE, "1")
    assert [given["QueuePosition"] for path, given in asked if path == "/wait"] == [["1"], ["2"]]
    assert dict(asked)["/left"]["QueueResult"] == ["leave"]
    assert player.ended == "hotline"
    assert [path for path, _ in lead(documents, Leaves())[1]][-1] == "/status"


def test_dial_conference_and_record_go_on_at_their_action() -> None:
    documents = {
        "/": '<Dial action="/b"><Conference waitUrl="/music">c</Conference></Dial>',
        "/music": "<Play>/a.wav</Play>",
        "/b": '<Record action="/c" maxLength="60"/>',
        "/c": "<Reject/>",
    }
    _, asked = lead(documents)
    assert dict(asked)["/b"]["DialCallStatus"] == ["no-answer"]
    assert "RecordingUrl" in dict(asked)["/c"]
    assert dict(asked)["/status"]["CallStatus"] == ["completed"]


def test_circle_of_redirects_and_a_sound_that_is_not_there_are_found() -> None:
    with pytest.raises(AssertionError, match="no end"):
        lead({"/": "<Redirect>/</Redirect>"})
    with pytest.raises(AssertionError, match="13420"):
        lead({"/": "<Play>/b.wav</Play>", "/b.wav": ""})
    with pytest.raises(ApplicationError, match="11205"):
        Player({BASE: _down}, Numbers(f"{BASE}/"), TOKEN).run()


def _down(*_: object) -> Got:
    raise CannotConnect
