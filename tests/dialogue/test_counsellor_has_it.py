"""While a counsellor has a conversation the machine is silent; it wakes by an explicit return, and always by a cry for help."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert

from hotline.counselling.assignment import accept, release, return_to_bot
from hotline.counselling.handoff import find_disowned
from hotline.dialogue.inputs import InboundCallStep, InboundText
from hotline.store.database import insert_returning_id
from hotline.store.tables import counsellors, staff_accounts
from tests.conftest import NOW, Hotline

PERSON, OURS = "+4915112345678", "+4930555000"


def _text(hotline: Hotline, sid: str, body: str, **changed: object) -> str | None:
    text = InboundText(sid, "sms", PERSON, OURS, body, **changed)  # type: ignore[arg-type]
    return hotline.services.turns.take_text(text, lambda reply: "NOTHING" if reply is None else reply)


def _call(hotline: Hotline, step: int, caller: str | None = PERSON, digits: str | None = None) -> str:
    inbound = InboundCallStep(f"CA1:{step}", "CA1", caller, OURS, digits=digits)
    return hotline.services.turns.take_call_step(inbound, lambda spoken, _: " ".join(u.text for u in spoken.utterances))


def _say(hotline: Hotline, key: str, variant: str = ".text") -> str:
    return hotline.services.texts.get("de", key, (variant,))


def _hire(hotline: Hotline, presence: str = "available") -> int:
    with hotline.services.database.begin() as connection:
        row = {"name": "anna", "password_hash": "x", "created_at": NOW}
        account_id = insert_returning_id(connection, staff_accounts, row)
        skills = {"languages": ["de"], "topics": [], "lands": [], "capacity": 1}
        connection.execute(insert(counsellors).values(account_id=account_id, presence=presence, seen_at=NOW, **skills))
    return account_id


@pytest.fixture
def anna(hotline: Hotline) -> int:
    """A counsellor who has taken the conversation of a person who wrote."""
    account_id = _hire(hotline)
    _text(hotline, "SM0", "Guten Tag")
    _text(hotline, "SM1", "0")
    _as(hotline, accept, account_id)
    return account_id


def _as(hotline: Hotline, deed: object, account_id: int) -> None:
    with hotline.services.database.begin() as connection:
        deed(connection, hotline.rows("handoffs")[-1]["id"], account_id, hotline.clock())  # type: ignore[operator]


def test_machine_says_once_that_a_person_answers_and_then_keeps_silent(hotline: Hotline, anna: int) -> None:
    hotline.understander.knows("Wie viel Geld", "money_reag_garp")
    assert _text(hotline, "SM2", "Wie viel Geld") == _say(hotline, "person.answers")
    for sid, body in (("SM3", "Wie viel Geld"), ("SM4", "0"), ("SM5", "2"), ("SM6", "80331")):
        assert _text(hotline, sid, body) == "NOTHING"
    assert [row["body_encrypted"] is not None for row in hotline.rows("messages") if row["provider_sid"] == "SM3"] == [True]
    assert len(hotline.rows("handoffs")) == 1
    assert hotline.rows("handoffs")[0]["awaits"] == "counsellor"


def test_repeated_text_gets_the_same_silence(hotline: Hotline, anna: int) -> None:
    first = _text(hotline, "SM2", "Hallo?")
    assert _text(hotline, "SM2", "Hallo?") == first
    assert _text(hotline, "SM3", "Hallo?") == _text(hotline, "SM3", "Hallo?") == "NOTHING"


@pytest.mark.parametrize("deed", [return_to_bot, release])
def test_machine_wakes_when_the_counsellor_gives_the_conversation_back(hotline: Hotline, anna: int, deed: object) -> None:
    _text(hotline, "SM2", "Hallo?")
    _as(hotline, deed, anna)
    hotline.understander.knows("Wie viel Geld", "money_reag_garp")
    assert "Menü" in (_text(hotline, "SM3", "Wie viel Geld") or "")


def test_cry_for_help_is_answered_with_numbers_also_while_a_counsellor_has_it(hotline: Hotline, anna: int) -> None:
    _text(hotline, "SM2", "Hallo?")
    assert "112" in (_text(hotline, "SM3", "Ich will mich umbringen") or "")
    (handoff,) = hotline.rows("handoffs")
    assert (handoff["is_urgent"], handoff["state"], handoff["counsellor_id"]) == (True, "accepted", anna)


def test_stop_holds_also_while_a_counsellor_has_it(hotline: Hotline, anna: int) -> None:
    _text(hotline, "SM2", "STOP", opt_out="stop")
    assert len(hotline.rows("opt_outs")) == 1


def test_conversation_somebody_waits_in_or_has_is_not_closed_for_being_idle(hotline: Hotline, anna: int) -> None:
    hotline.clock.move(hours=30)
    assert _text(hotline, "SM2", "Hallo, ich bin wieder da") == _say(hotline, "person.answers")
    assert len(hotline.rows("conversations")) == 1
    _as(hotline, release, anna)
    hotline.clock.move(hours=30)
    assert _text(hotline, "SM3", "1") != "NOTHING"
    assert len(hotline.rows("conversations")) == 1


def test_goodbye_of_somebody_who_waits_loses_nothing(hotline: Hotline) -> None:
    _text(hotline, "SM0", "Guten Tag")
    _text(hotline, "SM1", "0")
    hotline.understander.knows("Tschüss", "goodbye")
    _text(hotline, "SM2", "Tschüss")
    (conversation,) = hotline.rows("conversations")
    assert (conversation["status"], conversation["closed_at"]) == ("waiting", None)


def test_wait_is_told_when_a_counsellor_is_there(hotline: Hotline) -> None:
    _hire(hotline)
    _text(hotline, "SM0", "Guten Tag")
    assert _say(hotline, "person.wait_5") in (_text(hotline, "SM1", "0") or "")


def test_outside_the_hours_the_request_is_taken_and_the_next_opening_told_and_danger_gets_its_numbers(hotline: Hotline) -> None:
    _hire(hotline)
    hotline.clock.move(hours=7)
    _text(hotline, "SM0", "Guten Tag")
    said = _text(hotline, "SM1", "0") or ""
    assert _say(hotline, "person.closed") in said
    assert "25.11. 09:00" in said
    said = _text(hotline, "SM2", "Ich will mich umbringen") or ""
    assert "112" in said
    assert _say(hotline, "person.urgent_closed") in said
    hotline.understander.knows("Wie viel Geld", "money_reag_garp")
    assert "Menü" in (_text(hotline, "SM3", "Wie viel Geld") or ""), "the machine keeps answering"


def test_callback_is_booked_by_text_at_the_safe_time(hotline: Hotline) -> None:
    for number, body in enumerate(("Guten Tag", "0", "4", "1")):
        said = _text(hotline, f"SM{number}", body)
    assert _say(hotline, "callback.noted") in (said or "")
    (callback,) = hotline.rows("callbacks")
    assert (callback["safe_times"], callback["state"]) == ("morning", "wanted")
    assert hotline.services.cipher.decrypt(callback["number_encrypted"]) == PERSON  # type: ignore[arg-type]
    assert callback["due_at"] - NOW > timedelta(hours=12)  # type: ignore[operator]
    assert hotline.rows("conversations")[0]["status"] == "callback"


def test_caller_who_asked_and_hangs_up_is_called_back(hotline: Hotline) -> None:
    _call(hotline, 0)
    assert _say(hotline, "person.noted", ".voice") in _call(hotline, 1, digits="0")
    hotline.services.turns.close_call("CA1")
    (conversation,) = hotline.rows("conversations")
    assert conversation["status"] == "callback"
    assert conversation["closed_at"] is not None
    assert len(hotline.rows("callbacks")) == 1
    hotline.services.turns.close_call("CA1")
    assert len(hotline.rows("callbacks")) == 1, "the provider may report the end twice"


def test_withheld_caller_who_hangs_up_cannot_be_reached_and_stays_in_sight(hotline: Hotline) -> None:
    _call(hotline, 0, caller=None)
    _call(hotline, 1, caller=None, digits="0")
    hotline.services.turns.close_call("CA1")
    assert [row["state"] for row in hotline.rows("handoffs")] == ["abandoned"]
    assert hotline.rows("conversations")[0]["status"] == "closed"
    with hotline.services.database.read() as connection:
        assert find_disowned(connection) == []


def test_land_of_the_person_is_known_to_the_routing_and_the_place_is_not(hotline: Hotline) -> None:
    _text(hotline, "SM0", "Guten Tag")
    _text(hotline, "SM1", "80331")
    _text(hotline, "SM2", "0")
    (handoff,) = hotline.rows("handoffs")
    assert handoff["land"] == "DE-BY"
    assert "80331" not in str(handoff)
