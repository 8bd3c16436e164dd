"""Many at once: every message is answered, none is counted twice or lost, and a repeated one gets the very same reply."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from xml.etree.ElementTree import fromstring

from hotline.dialogue.inputs import InboundCallStep, InboundText
from hotline.dialogue.spoken import Spoken
from hotline.telephony.twiml import message_reply
from tests.conftest import Hotline

THREADS, TEXTS = 8, 40
PERSON, OURS = "+4915112345678", "+4930555000"
Made = TypeVar("Made")


def _at_once(work: Callable[[int], Made], count: int) -> list[Made]:
    """Do all of it in eight threads that start at the same moment."""
    start = threading.Barrier(THREADS)

    def wait_and_work(number: int) -> Made:
        if number < THREADS:
            start.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(wait_and_work, range(count)))


def _text(hotline: Hotline, sid: str, body: str, sender: str = PERSON) -> str:
    return hotline.services.turns.take_text(InboundText(sid, "sms", sender, OURS, body), message_reply)


def _spoken(spoken: Spoken, step: int) -> str:
    return f"{step}:" + "|".join(utterance.text for utterance in spoken.utterances)


def test_forty_texts_of_one_number_at_once_are_all_answered_in_one_conversation(hotline: Hotline) -> None:
    hotline.understander.knows("Wie viel Geld", "money_reag_garp")
    replies = _at_once(lambda number: _text(hotline, f"SM{number}", "Wie viel Geld"), TEXTS)
    assert all(fromstring(reply).find("Message") is not None for reply in replies)
    (conversation,) = hotline.rows("conversations")
    assert conversation["turns"] == TEXTS
    assert len(hotline.rows("contacts")) == len(hotline.rows("addresses")) == 1
    assert len(hotline.rows("inbound_events")) == TEXTS
    messages = hotline.rows("messages")
    assert len(messages) == 2 * TEXTS
    assert {row["provider_sid"] for row in messages if row["direction"] == "in"} == {f"SM{number}" for number in range(TEXTS)}


def test_each_reply_follows_its_own_question_without_another_in_between(hotline: Hotline) -> None:
    topics = ("money_reag_garp", "entry_ban", "documents_travel", "vr_basics")
    for topic in topics:
        hotline.understander.knows(f"Frage {topic}", topic)
    replies = _at_once(lambda number: _text(hotline, f"SM{number}", f"Frage {topics[number % 4]}"), TEXTS)
    rows = hotline.rows("messages")
    assert [row["direction"] for row in rows] == ["in", "out"] * TEXTS
    for asked, answered in zip(rows[::2], rows[1::2], strict=True):
        number = int(str(asked["provider_sid"]).removeprefix("SM"))
        assert asked["topic"] == answered["topic"] == topics[number % 4]
        stored = hotline.services.cipher.decrypt(answered["body_encrypted"])  # type: ignore[arg-type]
        assert "".join(fromstring(replies[number]).itertext()).strip() == stored.strip()


def test_no_step_of_the_flow_is_lost_when_keys_come_at_once(hotline: Hotline) -> None:
    _text(hotline, "SM-first", "Guten Tag")
    # Two wrong keys are forgiven, the third leads to a person: had two turns read the same state, none would.
    _at_once(lambda number: _text(hotline, f"SM{number}", "8" if number % 2 else "*"), 16)
    _at_once(lambda number: _text(hotline, f"SX{number}", "7"), 3 * THREADS)
    (conversation,) = hotline.rows("conversations")
    assert conversation["turns"] == 1 + 16 + 3 * THREADS
    assert len([row for row in hotline.rows("handoffs") if row["state"] == "requested"]) == 1


def test_same_message_at_once_takes_effect_once_and_all_get_the_identical_reply(hotline: Hotline) -> None:
    replies = _at_once(lambda _: _text(hotline, "SM1", "Guten Tag"), TEXTS)
    assert len(set(replies)) == 1
    assert hotline.rows("conversations")[0]["turns"] == 1
    assert len(hotline.rows("messages")) == 2
    assert len(hotline.rows("inbound_events")) == 1


def test_same_request_for_a_person_at_once_makes_one_handoff_and_one_notice(hotline: Hotline) -> None:
    _text(hotline, "SM0", "Guten Tag")
    _at_once(lambda _: _text(hotline, "SM1", "0"), 16)
    assert len(hotline.rows("handoffs")) == len(hotline.rows("outbox")) == len(hotline.rung) == 1


def test_different_requests_for_a_person_at_once_make_one_handoff_too(hotline: Hotline) -> None:
    _text(hotline, "SM-first", "Guten Tag")
    _at_once(lambda number: _text(hotline, f"SM{number}", "0"), 16)
    assert len(hotline.rows("handoffs")) == len(hotline.rows("outbox")) == len(hotline.rung) == 1


def test_many_numbers_at_once_do_not_mix(hotline: Hotline) -> None:
    _at_once(lambda number: _text(hotline, f"SM{number}", "Guten Tag", f"+49151123456{number % 8:02}"), TEXTS)
    conversations = hotline.rows("conversations")
    assert len(conversations) == len(hotline.rows("addresses")) == len(hotline.rows("contacts")) == 8
    assert [conversation["turns"] for conversation in conversations] == [TEXTS // 8] * 8


def test_same_step_of_a_call_at_once_takes_effect_once(hotline: Hotline) -> None:
    def step(number: int) -> str:
        inbound = InboundCallStep(f"CA1:{number}", "CA1", PERSON, OURS, digits="1" if number else None)
        return hotline.services.turns.take_call_step(inbound, _spoken)

    assert len(set(_at_once(lambda _: step(0), 16))) == 1
    assert len(set(_at_once(lambda _: step(1), 16))) == 1
    (conversation,) = hotline.rows("conversations")
    assert conversation["turns"] == 2


def test_calls_and_texts_of_one_number_at_once_belong_to_one_contact(hotline: Hotline) -> None:
    def reach(number: int) -> str:
        if number % 2:
            return _text(hotline, f"SM{number}", "Guten Tag")
        step = InboundCallStep(f"CA{number}:0", f"CA{number}", PERSON, OURS)
        return hotline.services.turns.take_call_step(step, _spoken)

    assert all(_at_once(reach, 16))
    assert len(hotline.rows("contacts")) == len(hotline.rows("addresses")) == 1
    assert sorted(str(row["channel"]) for row in hotline.rows("conversations")) == ["sms"] + ["voice"] * 8
