"""Talks by telephone on a database: whose telephone rings, what the provider is told, and that nobody is dialled twice."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import update

from hotline.counselling.assignment import withdraw
from hotline.counselling.handoff import get_open
from hotline.counselling.hours import BERLIN
from hotline.store.tables import call_legs, conversations
from hotline.telephony.client import SendFailed
from tests.counselling.desks import OURS, Office
from tests.counselling.telephones import (
    ANNAS,
    BERTS,
    PERSON,
    asked_for,
    carry_out,
    due_callback,
    happens,
    hold_the_line,
    leg_of,
    tick,
    with_phones,
)


def test_whoever_is_offered_a_caller_is_rung_accepts_by_key_and_the_caller_is_fetched(office: Office) -> None:
    with_phones(office)
    handoff_id = hold_the_line(office)
    tick(office)
    counsellor, person = leg_of(office, "counsellor"), leg_of(office, "person")
    assert office.provider.asked == [("dial", ANNAS, OURS, f"/webhooks/twilio/legs/{counsellor}/answer")]
    assert office.state(handoff_id) == "offered", "a telephone that rings, or is answered, has accepted nothing"
    happens(office, counsellor, "answered")
    assert office.state(handoff_id) == "offered", "nor has a mailbox"
    assert happens(office, counsellor, "accepted") == "joining"
    assert (office.state(handoff_id), office.handoff(handoff_id)["counsellor_id"]) == ("accepted", office.anna)
    assert office.provider.asked[-1] == ("redirect", "CA-person", f"/webhooks/twilio/legs/{person}/join")
    assert happens(office, person, "joined") == "talking"
    assert office.handoff(handoff_id)["awaits"] == "contact"
    assert all(
        number[1:].encode() not in bytes(leg["number_encrypted"] or b"")
        for leg in office.rows("call_legs")
        for number in (ANNAS,)
    )


def test_declined_or_unanswered_offers_move_on_and_the_caller_keeps_waiting(office: Office) -> None:
    with_phones(office)
    handoff_id = hold_the_line(office)
    tick(office)
    first = leg_of(office, "counsellor")
    happens(office, first, "answered", "declined")
    assert office.state(handoff_id) == "declined"
    tick(office)
    assert [asked[1] for asked in office.provider.asked if asked[0] == "dial"] == [ANNAS, BERTS]
    happens(office, leg_of(office, "counsellor"), "gone")
    assert office.state(handoff_id) == "expired"
    assert [row["outcome"] for row in office.rows("handoff_offers")] == ["declined", "expired"]
    tick(office)
    assert len([asked for asked in office.provider.asked if asked[0] == "dial"]) == 2, "nobody is rung again at once"


def test_caller_who_hangs_up_while_it_rings_is_called_back_and_the_telephone_stops(office: Office) -> None:
    with_phones(office)
    handoff_id = hold_the_line(office)
    tick(office)
    with office.database.begin() as connection:
        office.ordered += office.talks.end_calls(connection, "CA-person", office.clock()).orders
    carry_out(office)
    assert office.state(handoff_id) == "callback"
    assert asked_for(office) == ["dial", "hang_up"]
    assert happens(office, leg_of(office, "counsellor"), "answered", "accepted") == "over", "too late: nothing is accepted"
    assert office.state(handoff_id) == "callback"


def test_line_of_the_counsellor_drops_before_the_talk_and_the_caller_waits_at_the_old_place(office: Office) -> None:
    with_phones(office)
    handoff_id = hold_the_line(office)
    asked_at = office.handoff(handoff_id)["requested_at"]
    tick(office)
    happens(office, leg_of(office, "counsellor"), "answered", "accepted", "gone")
    assert (office.state(handoff_id), office.handoff(handoff_id)["requested_at"]) == ("requested", asked_at)
    assert office.provider.asked[-1][2] == f"/webhooks/twilio/legs/{leg_of(office, 'person')}/back"


def test_caller_whose_call_is_over_when_fetched_is_called_back(office: Office) -> None:
    with_phones(office)
    handoff_id = hold_the_line(office)
    tick(office)
    office.provider.failure = SendFailed(21220, "fail", None, is_certain=True)
    happens(office, leg_of(office, "counsellor"), "answered", "accepted")
    assert office.state(handoff_id) == "callback"


def test_two_telephones_that_accept_at_once_get_one_talk(office: Office) -> None:
    with_phones(office)
    handoff_id = hold_the_line(office)
    tick(office)
    counsellor = leg_of(office, "counsellor")
    office.note(counsellor, "answered")
    start = threading.Barrier(3)

    def press(_: int) -> str:
        start.wait()
        return office.note(counsellor, "accepted")

    with ThreadPoolExecutor(3) as pool:
        assert set(pool.map(press, range(3))) == {"joining"}
    assert [row["kind"] for row in office.rows("call_orders")].count("fetch") == 1
    assert office.state(handoff_id) == "accepted"


def test_somebody_else_was_quicker_and_the_key_takes_nothing(office: Office) -> None:
    with_phones(office)
    handoff_id = hold_the_line(office)
    tick(office)
    counsellor = leg_of(office, "counsellor")
    happens(office, counsellor, "answered")
    with office.database.begin() as connection:
        office.talks._callbacks.book(connection, get_open(connection, handoff_id), "any", office.clock())
        connection.execute(update(conversations).values(closed_at=office.clock()))
    with office.database.begin() as connection:
        withdraw(connection, handoff_id, office.clock())
    assert happens(office, counsellor, "accepted") == "over"
    assert office.state(handoff_id) == "returned"


# -- callbacks -------------------------------------------------------------------------------------------------------------


def _reach(office: Office) -> tuple[int, int]:
    """A callback on its way: the counsellor has accepted and the person is being called."""
    handoff_id = due_callback(office)
    tick(office)
    tick(office)
    happens(office, leg_of(office, "counsellor"), "answered", "accepted")
    return handoff_id, leg_of(office, "person")


def test_due_callback_rings_the_counsellor_first_and_then_the_person_once(office: Office) -> None:
    with_phones(office)
    handoff_id, person = _reach(office)
    assert [asked[1] for asked in office.provider.asked] == [ANNAS, PERSON]
    assert office.callback(handoff_id)["state"] == "calling"
    happens(office, person, "answered", "accepted")
    assert (office.callback(handoff_id)["state"], office.state(handoff_id)) == ("done", "accepted")
    assert office.handoff(handoff_id)["counsellor_id"] == office.anna, "who talks sees the conversation and closes it"
    happens(office, person, "gone")
    assert office.state(handoff_id) == "accepted"
    assert asked_for(office) == ["dial", "dial", "hang_up"]


def test_order_carried_out_by_several_workers_at_once_dials_once(office: Office) -> None:
    with_phones(office)
    due_callback(office)
    office.set_clock(office.clock())
    office.timers.run()
    office.set_clock(office.clock() + timedelta(seconds=1))
    office.timers.run()
    order_id = next(row["id"] for row in office.rows("call_orders"))
    start = threading.Barrier(4)

    def carry_out(_: int) -> object:
        start.wait()
        return office.book.carry_out(order_id)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(carry_out, range(4)))
    assert asked_for(office) == ["dial"]


def test_person_is_not_rung_when_the_counsellor_was_gone_before_the_order_was_carried_out(office: Office) -> None:
    with_phones(office)
    due_callback(office)
    tick(office)
    tick(office)
    for what in ("answered", "accepted", "gone"):
        office.note(leg_of(office, "counsellor"), what)  # type: ignore[arg-type]
    carry_out(office)
    assert [asked[1] for asked in office.provider.asked if asked[0] == "dial"] == [ANNAS]


def test_lost_answer_to_a_dial_is_unclear_told_and_never_dialled_again(office: Office) -> None:
    with_phones(office)
    handoff_id = due_callback(office)
    tick(office)
    tick(office)
    office.provider.failure = SendFailed(None, "retry", None)
    happens(office, leg_of(office, "counsellor"), "answered", "accepted")
    office.provider.failure = None
    assert office.callback(handoff_id)["state"] == "unclear"
    bodies = [office.cipher.decrypt(row["body_encrypted"]) for row in office.rows("outbox")]
    assert any("unclear whether the telephone rang" in body for body in bodies)
    for _ in range(5):
        office.clock.move(hours=1)
        tick(office)
    assert [asked[1] for asked in office.provider.asked].count(PERSON) == 1
    # It rang after all: whoever answers is hung up on without a word.
    happens(office, leg_of(office, "person"), "answered")
    assert office.rows("call_orders")[-1]["kind"] == "hang_up"
    with office.database.begin() as connection:
        office.callbacks.note_missed(connection, office.callback(handoff_id)["id"], "anna", office.clock())
    assert office.callback(handoff_id)["state"] == "wanted", "a counsellor has looked, and it may be called again"


def test_worker_that_died_while_dialling_leaves_it_unclear(office: Office) -> None:
    with_phones(office)
    handoff_id = due_callback(office)
    tick(office)
    tick(office)
    office.note(leg_of(office, "counsellor"), "answered")
    office.note(leg_of(office, "counsellor"), "accepted")
    order_id = office.ordered.pop()
    assert office.book._claim(order_id) is not None
    office.ordered.clear()
    office.clock.move(seconds=31)
    office.book.sweep()
    assert office.callback(handoff_id)["state"] == "unclear"
    assert [asked[1] for asked in office.provider.asked].count(PERSON) == 0


def test_three_tries_in_vain_spaced_by_rule_and_then_a_counsellor_is_told(office: Office) -> None:
    with_phones(office)
    handoff_id = due_callback(office)
    tries = []
    for _ in range(3):
        tick(office)
        tick(office)
        happens(office, leg_of(office, "counsellor"), "answered", "accepted")
        tries.append(office.clock())
        happens(office, leg_of(office, "person"), "gone")
        if (due_at := office.callback(handoff_id)["due_at"]) is not None:
            office.clock.now = max(due_at, office.clock.now + timedelta(minutes=11))
    assert office.callback(handoff_id)["state"] == "failed"
    assert office.state(handoff_id) in ("requested", "offered")
    assert all(later - earlier >= timedelta(hours=2) for earlier, later in pairwise(tries))
    bodies = [office.cipher.decrypt(row["body_encrypted"]) for row in office.rows("outbox")]
    assert any("3 tries in vain" in body for body in bodies)


def test_cancelled_callback_is_not_called_though_the_counsellor_accepts(office: Office) -> None:
    with_phones(office)
    handoff_id = due_callback(office)
    tick(office)
    tick(office)
    with office.database.begin() as connection:
        assert office.callbacks.cancel_all(connection, PERSON, office.clock()) == 1
    assert happens(office, leg_of(office, "counsellor"), "answered", "accepted") == "over"
    assert [asked[1] for asked in office.provider.asked if asked[0] == "dial"] == [ANNAS]
    assert (office.callback(handoff_id)["state"], office.state(handoff_id)) == ("cancelled", "returned")


def test_nobody_is_called_at_night_though_a_counsellor_wants_to(office: Office) -> None:
    with_phones(office)
    handoff_id = due_callback(office)
    office.set_clock(office.clock())
    office.timers.run()
    office.ordered.clear()
    office.set_clock(datetime(2026, 11, 24, 23, 0, tzinfo=BERLIN))
    callback_id = office.callback(handoff_id)["id"]
    with office.database.begin() as connection:
        connection.execute(call_legs.update().values(state="gone"))
    with office.database.begin() as connection:
        connection.exec_driver_sql("UPDATE talks SET state = 'over'")
        office.talks.ring_for_callback(connection, callback_id, office.anna, office.clock(), is_asked=True)
    assert happens(office, leg_of(office, "counsellor"), "answered", "accepted") == "over"
    assert PERSON not in [asked[1] for asked in office.provider.asked]
