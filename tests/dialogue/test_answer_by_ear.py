"""After an answer on the phone: slower for the rest of the call, and as an SMS only to a phone that may get one."""

from __future__ import annotations

import pytest

from hotline.dialogue.rendering import SMS_SEGMENTS
from hotline.dialogue.text_me import is_mobile
from hotline.knowledge.measures import count_segments
from tests.conftest import Hotline
from tests.web import twilio


def _press(hotline: Hotline, keys: str) -> list[object]:
    answers: list[object] = [twilio.call(hotline, "CA1")]
    answers += [twilio.call(hotline, "CA1", step, Digits=key) for step, key in enumerate(keys, start=1)]
    return answers


def test_slower_is_another_rate_and_a_pause_and_lasts_until_the_call_ends(quick_hotline: Hotline) -> None:
    *_, before, slower, later = (twilio.xml(answer) for answer in _press(quick_hotline, "11135"))  # type: ignore[arg-type]
    assert before.find(".//prosody") is None
    for document in (slower, later):
        says, pauses = document.findall(".//Say"), document.findall(".//Pause")
        assert says
        assert len(says) == len(pauses)
        assert {one.get("rate") for say in says for one in say} == {"slow"}


def test_danger_is_slow_in_a_call_that_is_not(quick_hotline: Hotline) -> None:
    document = twilio.xml(_press(quick_hotline, "19")[-1])  # type: ignore[arg-type]
    slow = ["".join(say.itertext()) for say in document.findall(".//Say") if len(say)]
    assert slow[0].endswith("1 1 0.")
    assert len(slow) == 6


def test_sms_is_the_short_answer_to_the_phone_at_hand_and_only_after_yes(hotline: Hotline) -> None:
    _press(hotline, "1114")
    assert hotline.rows("outbox") == []
    twilio.call(hotline, "CA1", 5, Digits="1")
    (row,) = hotline.rows("outbox")
    decrypt = hotline.services.cipher.decrypt
    assert row["channel"] == "sms"
    assert [decrypt(row[f"{name}_encrypted"]) for name in ("recipient", "sender")] == [twilio.PERSON, twilio.OURS]  # type: ignore[arg-type]
    body = decrypt(row["body_encrypted"])  # type: ignore[arg-type]
    assert body.startswith("REAG GARP")
    assert count_segments(body) <= SMS_SEGMENTS
    assert hotline.rung == [row["id"]]


def test_who_wants_no_sms_is_offered_none(quick_hotline: Hotline) -> None:
    twilio.text(quick_hotline, "SM1", "STOPP")
    answer = _press(quick_hotline, "2111")[-1]
    assert "text message" not in twilio.said(answer)  # type: ignore[arg-type]


def test_sms_holds_the_country_that_was_heard_and_the_centres_with_their_numbers(hotline: Hotline) -> None:
    # Money for the journey, for the first country of the list; and the centres of a postcode.
    _press(hotline, "111611" + "41")
    twilio.call(hotline, "CA2")
    for step, digits in enumerate(("1", "3", "1", "80333", "1", "4", "1"), start=1):
        twilio.call(hotline, "CA2", step, Digits=digits)
    country, centres = (hotline.services.cipher.decrypt(row["body_encrypted"]) for row in hotline.rows("outbox"))  # type: ignore[arg-type]
    assert "Afghanistan" in country
    assert "München" in centres
    assert max(count_segments(body) for body in (country, centres)) <= SMS_SEGMENTS


@pytest.mark.parametrize(
    ("said", "step"),
    [
        ("Meine Nummer ist 0151 234 56 78", "callback.is_right"),
        ("0900 123 45 67", "callback.ask_number"),
        ("weiß ich nicht", "callback.ask_number"),
    ],
)
def test_number_to_call_is_spoken_and_asked_for_again_where_it_is_none(quick_hotline: Hotline, said: str, step: str) -> None:
    _press(quick_hotline, "10411")
    twilio.call(quick_hotline, "CA1", 6, SpeechResult=said, Confidence="0.4")
    session = quick_hotline.rows("conversations")[-1]["session"]
    assert isinstance(session, dict)
    assert session["step"] == step


def test_number_or_place_that_is_unclear_twice_is_asked_for_by_its_keys_and_not_lost_in_the_menu(quick_hotline: Hotline) -> None:
    texts = quick_hotline.services.texts
    for sid, keys in (("CA1", "10411"), ("CA2", "131")):
        twilio.call(quick_hotline, sid)
        for step, key in enumerate(keys, start=1):
            before = twilio.said(twilio.call(quick_hotline, sid, step, Digits=key))
        for step in (len(keys) + 1, len(keys) + 2):
            after = twilio.said(twilio.call(quick_hotline, sid, step, SpeechResult="brumm", Confidence="0.2"))
        assert texts.get("de", "question.use_keys") in after
        assert before.splitlines()[-1] == after.splitlines()[-1]
        assert texts.get("de", "menu.ask", (".voice",)) not in after


@pytest.mark.parametrize(
    ("number", "is_one"), [("+4915112345678", True), ("+905321234567", True), ("+493023125002", False), ("+49", False)]
)
def test_mobile_numbers_are_told_from_others(number: str, is_one: bool) -> None:
    assert is_mobile(number) is is_one
