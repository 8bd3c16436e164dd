"""A callback keeps its place, comes when it is safe, is made by one counsellor at a time, and ends in some way."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from hotline.counselling.callbacks import MOST_TRIES, CannotCall
from hotline.counselling.handoff import get_open
from hotline.counselling.hours import BERLIN
from tests.counselling.desks import Office

PERSON = "+4915112345678"


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def _book(office: Office, safe: str = "any", **asked: object) -> int:
    handoff_id = office.ask(**asked)  # type: ignore[arg-type]
    with office.database.begin() as connection:
        office.callbacks.book(connection, get_open(connection, handoff_id), safe, office.clock())
    return handoff_id


def _run(office: Office, at: datetime) -> None:
    office.set_clock(at)
    office.timers.run()


def _take(office: Office, callback_id: int, who: str = "anna") -> str:
    with office.database.begin() as connection:
        return office.callbacks.take(connection, callback_id, getattr(office, who), who, office.clock())


def _due(office: Office) -> list[int]:
    with office.database.read() as connection:
        return [row["handoff_id"] for row in office.callbacks.list_due(connection)]


def test_number_is_encrypted_and_given_to_who_calls_with_an_audit_row(office: Office) -> None:
    handoff_id = _book(office)
    _run(office, office.clock() + timedelta(minutes=1))
    callback = office.callback(handoff_id)
    assert PERSON[1:].encode() not in bytes(callback["number_encrypted"])
    assert callback["state"] == "due"
    assert _take(office, callback["id"]) == PERSON
    assert ("anna", "call_back") in [(row["actor"], row["action"]) for row in office.rows("audit")]


def test_owner_is_the_callback_and_nobody_is_offered_it(office: Office) -> None:
    handoff_id = _book(office)
    assert (office.state(handoff_id), office.status(handoff_id)) == ("callback", "callback")
    office.timers.run()
    assert office.rows("handoff_offers") == []


def test_callback_keeps_the_place_in_the_queue(office: Office) -> None:
    first = office.ask(office.open("+4915100000001"))
    office.clock.move(minutes=10)
    second = _book(office, conversation_id=office.open("+4915100000002"))
    office.clock.move(minutes=10)
    with office.database.begin() as connection:
        office.callbacks.book(connection, get_open(connection, first), "any", office.clock())
    urgent = _book(office, conversation_id=office.open("+4915100000003"), danger="violence")
    _run(office, office.clock() + timedelta(minutes=1))
    assert _due(office) == [urgent, first, second], "who asked first is called first, whenever the callback was booked"


def test_safe_time_of_the_person_is_kept_and_nobody_calls_outside_it(office: Office) -> None:
    handoff_id = _book(office, "morning")
    assert office.callback(handoff_id)["due_at"] == _at("2026-11-25 09:00")
    callback_id = office.callback(handoff_id)["id"]
    _run(office, _at("2026-11-25 08:59"))
    assert _due(office) == []
    with pytest.raises(CannotCall, match=r"is wanted; this person is not to be called before 25\.11\. 09:00\."):
        _take(office, callback_id)
    _run(office, _at("2026-11-25 09:00"))
    assert _due(office) == [handoff_id]
    office.set_clock(_at("2026-11-25 12:01"))
    with pytest.raises(CannotCall, match="not to be called now"):
        _take(office, callback_id)
    office.timers.run()
    assert (office.callback(handoff_id)["state"], office.callback(handoff_id)["due_at"]) == ("wanted", _at("2026-11-26 09:00"))


def test_no_call_at_night_though_it_is_due(office: Office) -> None:
    handoff_id = _book(office)
    _run(office, office.clock() + timedelta(minutes=1))
    for hour in (0, 3, 7, 20, 23):
        office.set_clock(_at(f"2026-11-25 {hour:02}:00"))
        with pytest.raises(CannotCall, match="not to be called"):
            _take(office, office.callback(handoff_id)["id"])


def test_of_two_who_take_it_at_once_one_calls(office: Office) -> None:
    handoff_id = _book(office)
    _run(office, office.clock() + timedelta(minutes=1))
    callback_id = office.callback(handoff_id)["id"]
    start = threading.Barrier(4)

    def take(number: int) -> str:
        start.wait()
        try:
            return _take(office, callback_id, "anna" if number % 2 else "bert")
        except CannotCall as told:
            return str(told)

    with ThreadPoolExecutor(4) as pool:
        told = sorted(pool.map(take, range(4)))
    assert told == [PERSON, *[f"Somebody else is calling for callback {callback_id}."] * 3]
    assert office.callback(handoff_id)["tries"] == 1


def test_reached_person_ends_the_matter(office: Office) -> None:
    handoff_id = _book(office)
    _run(office, office.clock() + timedelta(minutes=1))
    callback_id = office.callback(handoff_id)["id"]
    _take(office, callback_id)
    with office.database.begin() as connection:
        office.callbacks.note_reached(connection, callback_id, "anna", office.clock())
    assert office.callback(handoff_id)["state"] == "done"
    assert (office.state(handoff_id), office.status(handoff_id)) == ("closed", "bot")


def test_three_tries_in_vain_and_then_a_counsellor_decides(office: Office) -> None:
    handoff_id = _book(office)
    for tries in range(1, MOST_TRIES + 1):
        callback = office.callback(handoff_id)
        _run(office, max(office.clock() + timedelta(minutes=1), callback["due_at"]))
        _take(office, callback["id"])
        with office.database.begin() as connection:
            again = office.callbacks.note_missed(connection, callback["id"], "anna", office.clock())
        assert (again is None) == (tries == MOST_TRIES)
        assert again is None or again >= office.clock() + timedelta(hours=2)
    assert office.callback(handoff_id)["state"] == "failed"
    assert (office.state(handoff_id), office.status(handoff_id)) == ("requested", "waiting")


def test_counsellor_who_closed_the_screen_while_calling_holds_nobody_up(office: Office) -> None:
    handoff_id = _book(office)
    _run(office, office.clock() + timedelta(minutes=1))
    _take(office, office.callback(handoff_id)["id"])
    _run(office, office.clock() + timedelta(minutes=31))
    assert office.callback(handoff_id)["state"] == "due"
    assert _take(office, office.callback(handoff_id)["id"], "bert") == PERSON


def test_callback_nobody_made_in_a_week_waits_for_a_counsellor_again(office: Office) -> None:
    handoff_id = _book(office)
    for _ in range(8):
        _run(office, office.clock() + timedelta(days=1))
    assert office.callback(handoff_id)["state"] == "expired"
    assert office.state(handoff_id) in ("requested", "offered")


def test_new_time_replaces_the_old_one_and_there_is_one_callback(office: Office) -> None:
    handoff_id = _book(office)
    with office.database.begin() as connection:
        office.callbacks.book(connection, get_open(connection, handoff_id), "evening", office.clock())
    assert [row["state"] for row in office.rows("callbacks")] == ["expired", "wanted"]
    assert office.callback(handoff_id)["due_at"] == _at("2026-11-24 17:00")


def test_danger_does_not_wait_for_the_hour_of_a_callback(office: Office) -> None:
    handoff_id = _book(office, "morning")
    office.ask(office.handoff(handoff_id)["conversation_id"], "violence")
    assert (office.state(handoff_id), office.handoff(handoff_id)["is_urgent"]) == ("requested", True)
    assert office.callback(handoff_id)["state"] == "expired"


def test_withheld_number_cannot_be_called_back_and_chat_has_none(office: Office) -> None:
    for conversation in (office.open(None, "voice"), office.open("chat-1", "webchat")):
        handoff_id = office.ask(conversation)
        with pytest.raises(CannotCall, match="withheld"), office.database.begin() as connection:
            office.callbacks.book(connection, get_open(connection, handoff_id), "any", office.clock())
        assert office.state(handoff_id) == "requested"


def test_counsellors_are_told_when_a_callback_is_due_without_a_number(office: Office) -> None:
    handoff_id = _book(office)
    _run(office, office.clock() + timedelta(minutes=1))
    (row,) = office.rows("outbox")
    assert (
        office.cipher.decrypt(row["body_encrypted"])
        == f"Callback {office.callback(handoff_id)['id']} is due: flask callbacks list"
    )
    assert office.rung == [row["id"]]


def test_caller_who_hangs_up_while_waiting_is_called_back_or_left_when_nobody_can(office: Office) -> None:
    known, withheld = office.open("+4915100000001", "voice"), office.open(None, "voice")
    first, second = office.ask(known), office.ask(withheld)
    for conversation in (known, withheld):
        with office.database.begin() as connection:
            office.desk.note_caller_left(connection, conversation, office.clock())
    assert (office.state(first), office.status(first)) == ("callback", "callback")
    assert office.state(second) == "abandoned"
