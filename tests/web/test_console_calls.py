"""The telephone panel of the console: only of one's own talk, every deed in the audit, no number shown."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from hotline.counselling.counsellors import set_phone
from hotline.counselling.interpreters import BrokenInterpreters, Interpreter, load_interpreters
from hotline.store.tables import call_legs, counsellors
from hotline.telephony.client import SendFailed
from tests.conftest import Hotline
from tests.web import twilio
from tests.web.counsellors import Colleague, hire
from tests.web.test_calls_whole import PHONE, Exchange


def _with_phone(hotline: Hotline, name: str, number: str, *roles: str) -> Colleague:
    one = hire(hotline, name, *roles)
    with hotline.services.database.begin() as connection:
        set_phone(connection, one.id, number, hotline.services.cipher, name, hotline.clock())
    return one


def _talk(exchange: Exchange) -> int:
    """A caller with anna in a conference; gives the handoff."""
    hotline = exchange.hotline
    twilio.call(hotline, "CA1")
    twilio.call(hotline, "CA1", 1, Digits="1")
    twilio.call(hotline, "CA1", 2, Digits="0")
    exchange.work()
    exchange.at("counsellor", "answer")
    exchange.at("counsellor", "key", Digits="1")
    exchange.at("person", "join")
    exchange.at("counsellor", "room", ConferenceSid="CF1")
    return int(str(hotline.rows("handoffs")[-1]["id"]))


def _legs(hotline: Hotline) -> dict[str, int]:
    with hotline.services.database.read() as connection:
        return {row.role: row.id for row in connection.execute(select(call_legs).order_by(call_legs.c.id))}


def test_talk_is_held_muted_handed_over_and_left_at_the_screen(quick_hotline: Hotline) -> None:
    exchange = Exchange(quick_hotline)
    anna, bert = _with_phone(quick_hotline, "anna", PHONE), _with_phone(quick_hotline, "bert", "+4930222222")
    vars(quick_hotline.services)["interpreters"] = (Interpreter("Dolmetschdienst", "ar", "+4930333333"),)
    handoff_id = _talk(exchange)
    call = f"/console/handoffs/{handoff_id}/call"
    page = anna.open(f"/console/handoffs/{handoff_id}")
    assert "Gespräch läuft" in page
    assert twilio.PERSON not in page
    assert PHONE not in page
    legs = _legs(quick_hotline)
    for what, role, done in (
        ("hold", "person", ("participant", "CF1", "CA1", "True", "None")),
        ("unhold", "person", ("participant", "CF1", "CA1", "False", "None")),
    ):
        assert anna.post(f"{call}/{legs[role]}/{what}").status_code == 303
        exchange.carry_out()
        assert exchange.provider.asked[-1] == done
    assert anna.post(f"{call}/{legs['counsellor']}/mute").status_code == 303
    # Nobody else's talk, no other call's number, nothing that is no wish of such a call.
    assert bert.post(f"{call}/{legs['person']}/hold").status_code == 404
    assert anna.post(f"{call}/{legs['counsellor'] + 100}/hold").status_code == 404
    assert anna.post(f"{call}/{legs['person']}/leave").status_code == 404
    assert anna.post(f"{call}/interpret", interpreter="7").status_code == 400
    anna.post(f"{call}/interpret", interpreter="0")
    anna.post(f"{call}/consult", to=str(bert.id))
    exchange.carry_out()
    assert exchange.dialled == [PHONE, "+4930333333", "+4930222222"]
    exchange.at("interpreter", "answer")
    assert exchange.at("interpreter", "key", Digits="1").status_code == 200
    asked = exchange.at("consulted", "answer")
    assert "um Rat" in twilio.said(asked)
    exchange.at("consulted", "key", Digits="1")
    live = anna.get(f"{call}/live").get_data(as_text=True)
    assert "Gespräch übergeben" in live
    anna.post(f"{call}/{_legs(quick_hotline)['consulted']}/hand_over")
    exchange.carry_out()
    assert quick_hotline.rows("handoffs")[-1]["counsellor_id"] == bert.id
    assert anna.post(f"{call}/{legs['person']}/hold").status_code in (403, 404), "it is bert's now"
    bert.open(f"/console/handoffs/{handoff_id}")
    bert.post(f"{call}/{_legs(quick_hotline)['counsellor']}/leave")
    exchange.carry_out()
    assert ("redirect", "CA1", f"/webhooks/twilio/legs/{legs['person']}/back") in exchange.provider.asked
    assert {row["state"] for row in quick_hotline.rows("call_legs")} == {"gone"}
    audit = {str(row["action"]) for row in quick_hotline.rows("audit")}
    assert {"hold_call", "mute_call", "hand_over_call", "leave_call", "call_interpreter", "call_consulted"} <= audit


def test_what_the_provider_did_not_do_is_said_and_a_call_that_went_silent_too(quick_hotline: Hotline) -> None:
    exchange = Exchange(quick_hotline)
    anna = _with_phone(quick_hotline, "anna", PHONE)
    handoff_id = _talk(exchange)
    call, legs = f"/console/handoffs/{handoff_id}/call", _legs(quick_hotline)
    anna.open(f"/console/handoffs/{handoff_id}")
    live = lambda: anna.get(f"{call}/live").get_data(as_text=True)  # noqa: E731
    anna.post(f"{call}/{legs['person']}/hold")
    assert "wird auf Halten gesetzt" in live()
    exchange.provider.failure = SendFailed(20404, "fail", None, is_certain=True)
    exchange.carry_out()
    assert "Das Halten hat nicht geklappt: Die Person hört Sie." in live()
    assert "wird gehalten" not in live()
    exchange.provider.failure = None
    anna.post(f"{call}/{legs['person']}/hold")
    exchange.carry_out()
    assert "wird gehalten und hört Musik" in live()
    assert "nicht geklappt" not in live()
    # The talk ends, the person goes back to the machine, and nothing is heard of them any more.
    anna.post(f"{call}/{legs['counsellor']}/leave")
    exchange.carry_out()
    assert "Die Person ist am Telefon" in live()
    quick_hotline.clock.move(minutes=11)
    exchange.work()
    assert "Es war lange nichts zu hören" in live()


def test_callback_is_booked_at_the_screen_and_rung_without_showing_a_number(quick_hotline: Hotline) -> None:
    exchange = Exchange(quick_hotline)
    anna = _with_phone(quick_hotline, "anna", PHONE)
    handoff_id = _talk(exchange)
    call = f"/console/handoffs/{handoff_id}/call"
    anna.open(f"/console/handoffs/{handoff_id}")
    refused = anna.post(f"{call}/book", safe_times="any", number="0900 123456")
    assert refused.status_code == 303
    assert quick_hotline.rows("callbacks") == []
    assert anna.post(f"{call}/book", safe_times="any", number="030 998877", alias="Frau Mond").status_code == 302
    booked = quick_hotline.rows("callbacks")[-1]
    assert quick_hotline.services.cipher.decrypt(booked["number_encrypted"]) == "+4930998877"  # type: ignore[arg-type]
    twilio.post(quick_hotline, "/webhooks/twilio/status", {"CallSid": "CA1", "CallStatus": "completed"})
    quick_hotline.clock.move(minutes=1)
    with quick_hotline.services.database.begin() as connection:
        # Nobody is rung by itself who is busy; whoever wants to may ask for it.
        connection.execute(update(counsellors).values(presence="busy"))
    exchange.work()
    assert "030998877" not in anna.open("/console")
    anna.post(f"/console/callbacks/{booked['id']}/ring")
    exchange.carry_out()
    exchange.at("counsellor", "answer")
    exchange.at("counsellor", "key", Digits="1")
    assert exchange.dialled[-2:] == [PHONE, "+4930998877"]


def test_counsellor_sets_the_own_telephone_and_sees_its_end_only(quick_hotline: Hotline) -> None:
    anna = hire(quick_hotline, "anna")
    anna.open("/staff/account")
    assert anna.post("/staff/account/phone", phone="kein Telefon").status_code == 422
    assert anna.post("/staff/account/phone", phone="030 / 11 11 17").status_code == 303
    page = anna.open("/staff/account")
    assert "endet auf 17" in page
    assert "111117" not in page
    assert anna.post("/staff/account/phone", phone="").status_code == 303
    assert quick_hotline.rows("counsellors")[-1]["phone_encrypted"] is None


def test_list_of_interpreters_says_what_is_wrong(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("x") / "interpreters.yml"
    path.write_text('interpreters: [{name: A, language: ar, number: "030"}]', encoding="utf-8")
    with pytest.raises(BrokenInterpreters, match="A needs the code of a language"):
        load_interpreters(path, {"ar"})
