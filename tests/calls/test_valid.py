"""The table of what is valid says no to what Twilio would refuse."""

from __future__ import annotations

import ast
from xml.etree.ElementTree import fromstring

import pytest

from hotline.settings import ROOT
from tests.calls.player import FOLLOWED
from tests.calls.valid import InvalidDocument, read_messaging, read_voice, voice_verbs


@pytest.mark.parametrize(
    "inside",
    [
        "<Gather><Redirect>/x</Redirect></Gather>",
        "<Gather><Gather/></Gather>",
        "<Say>a<Pause/></Say>",
        "<Speak>a</Speak>",
        "<Say/>",
        '<Say langauge="de-DE">a</Say>',
        '<Say language="de">a</Say>',
        '<Say language="fa-IR">a</Say>',
        '<Gather language="en"/>',
        '<Gather language="cmn-CN"/>',
        '<Gather input="speech dtmf"/>',
        '<Gather numDigits="0"/>',
        '<Gather action="nowhere"/>',
        '<Gather method="PUT"/>',
        f'<Gather hints="{"x" * 101}"/>',
        f"<Say>{'ж' * 800}</Say>",
        f'<Say voice="Polly.Amy">{"x " * 1600}</Say>',
        "<Play>no address</Play>",
        f"<Enqueue>{'q' * 65}</Enqueue>",
        '<Dial record="record-from-answer"><Conference>c</Conference></Dial>',
        "<Dial><Say>a</Say></Dial>",
        "words<Hangup/>",
        "<Hangup/>words",
        "<Message>a</Message>",
        f"<!--{'x' * 64_000}-->",
        "<Say>",
    ],
)
def test_what_twilio_would_refuse_is_found(inside: str) -> None:
    with pytest.raises(InvalidDocument):
        read_voice(f"<Response>{inside}</Response>".encode())


def test_what_twilio_takes_passes() -> None:
    read_voice(
        b'<Response><Say language="de-DE" voice="Polly.Vicki-Neural">a</Say><Pause length="2"/>'
        b'<Gather input="dtmf speech" language="de-DE" finishOnKey="" action="/x?a=1"><Play>https://a.test/b.wav</Play></Gather>'
        b'<Enqueue waitUrl="/wait" action="/left">lang-uk</Enqueue>'
        b'<Dial answerOnBridge="true" action="/over"><Conference beep="false">c1</Conference></Dial>'
        b'<Record maxLength="60" playBeep="true" action="/kept"/><Redirect method="POST">/on</Redirect><Hangup/></Response>'
    )
    read_messaging(b"<Response><Message>a</Message><Message>b</Message></Response>")


def test_player_follows_every_verb_we_can_send() -> None:
    written = ROOT / "hotline" / "telephony" / "twiml.py"
    importers = [path for path in sorted((ROOT / "hotline").rglob("*.py")) if "twilio.twiml" in path.read_text(encoding="utf-8")]
    assert importers == [written], "documents are written in one place"
    tree = ast.parse(written.read_text(encoding="utf-8"))
    called = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    # Patterns of text have methods of their own.
    asked = {func.attr for func in called if not ast.unparse(func.value).startswith("_")}
    sent = {name for method, name in voice_verbs().items() if method in asked}
    assert {"Say", "Play", "Redirect", "Dial", "Conference", "Record", "Hangup"} <= sent
    assert sent | {"Gather"} <= FOLLOWED
    # What another program serves when all of ours are down.
    shipped = fromstring((ROOT / "deploy" / "fallback" / "voice.xml").read_bytes())
    assert {element.tag for element in shipped.iter()} - {"Response"} <= FOLLOWED
