"""What counsellors read of what a caller named: only what was agreed to, in words."""

from __future__ import annotations

import re

from tests.conftest import Hotline
from tests.web.counsellors import hire
from tests.web.twilio import call


def test_counsellor_reads_the_country_and_the_deadline_a_caller_agreed_to(quick_hotline: Hotline) -> None:
    carla = hire(quick_hotline, "carla", "supervisor", presence="busy")
    call(quick_hotline, "CA1")
    # German; the first country of the list, refused; another one said, "yes"; another topic; a deadline typed, refused, typed.
    inputs = ["1", "4", "1", "1", "2", "in den Irak", "ja", "5", "5", "1", "30122026", "2", "30112026", "1"]
    for step, heard in enumerate(inputs, start=1):
        answer = {"Digits": heard} if heard.isdigit() else {"SpeechResult": heard, "Confidence": "0.9"}
        call(quick_hotline, "CA1", step, **answer)
    # A callback at a safe time: what is remembered of it is no fact about the person.
    call(quick_hotline, "CA1", 20, Digits="4")
    call(quick_hotline, "CA1", 21, Digits="1")
    (handoff,) = quick_hotline.rows("handoffs")
    assert handoff["reason"] == "deadline"
    page = carla.open(f"/console/handoffs/{handoff['id']}")
    assert re.findall(r'<dd dir="auto">([^<]*)</dd>', page) == ["Irak", "30.11.2026"]
