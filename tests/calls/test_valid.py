"""The table of what is valid says no to what Twilio would refuse."""

from __future__ import annotations

import pytest

from tests.calls.valid import InvalidDocument, read_messaging, read_voice


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
