"""Talks by telephone on a database: whose telephone rings, what the provider is told, and that nobody is dialled twice."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from hotline.counselling.assignment import withdraw
from hotline.counselling.counsellors import set_phone
from hotline.counselling.handoff import get_open
from hotline.counselling.hours import BERLIN
from hotline.counselling.line import read_due
from hotline.counselling.standing import read_standing
from hotline.counselling.talk_rows import list_calls
from hotline.counselling.talks import CannotRing
from hotline.store.tables import call_legs, conversations, counsellors
from hotline.telephony.client import SendFailed
from tests.counselling.desks import OURS, Office

PERSON, ANNAS, BERTS = "+4915112345678", "+4930111111", "+4930222222"


def _office(office: Office) -> Office:
    with office.database.begin() as connection:
        for account_id, number in ((office.anna, ANNAS), (office.bert, BERTS)):
            set_phone(connection, account_id, number, office.cipher, "anna", office.clock())
    return office


def _caller(office: Office, call_sid: str = "CA-person", **asked: str) -> int:
    """Somebody who holds the line; gives the handoff."""
    conversation_id = office.open(PERSON, "voice")
    with office.database.begin() as connection:
        connection.execute(update(conversations).where(conversations.c.id == conversation_id).values(provider_sid=call_sid))
    return office.ask(conversation_id, **asked)


def _callback(office: Office) -> int:
    """A due callback."""
    handoff_id = office.ask()
    with office.database.begin() as connection:
        office.callbacks.book(connection, get_open(connection, handoff_id), "any", office.clock())
    office.clock.move(minutes=1)
    return handoff_id


def _run(office: Office) -> None:
    """What the worker does at a tick: timers, then the orders."""
    office.set_clock(office.clock())
    office.timers.run()
    _work(office)


def _work(office: Office) -> None:
    while office.ordered:
        office.book.carry_out(office.ordered.pop(0))


def _happen(office: Office, leg_id: int, *happened: str) -> str:
    state = ""
    for what in happened:
        state = office.note(leg_id, what)  # type: ignore[arg-type]
    _work(office)
    return state


def _leg(office: Office, role: str) -> int:
    with office.database.read() as connection:
        query = select(call_legs.c.id).where(call_legs.c.role == role).order_by(call_legs.c.id.desc()).limit(1)
        return int(connection.execute(query).scalar_one())


def _asked(office: Office) -> list[str]:
    return [asked[0] for asked in office.provider.asked]


def test_whoever_is_offered_a_caller_is_rung_accepts_by_key_and_the_caller_is_fetched(office: Office) -> None:
    _office(office)
    handoff_id = _caller(office)
    _run(office)
    counsellor, person = _leg(office, "counsellor"), _leg(office, "person")
    assert office.provider.asked == [("dial", ANNAS, OURS, f"/webhooks/twilio/legs/{counsellor}/answer")]
    assert office.state(handoff_id) == "offered", "a telephone that rings, or is answered, has accepted nothing"
    _happen(office, counsellor, "answered")
    assert office.state(handoff_id) == "offered", "nor has a mailbox"
    assert _happen(office, counsellor, "accepted") == "joining"
    assert (office.state(handoff_id), office.handoff(handoff_id)["counsellor_id"]) == ("accepted", office.anna)
    assert office.provider.asked[-1] == ("redirect", "CA-person", f"/webhooks/twilio/legs/{person}/join")
    assert _happen(office, person, "joined") == "talking"
    assert office.handoff(handoff_id)["awaits"] == "contact"
    assert all(
        number[1:].encode() not in bytes(leg["number_encrypted"] or b"")
        for leg in office.rows("call_legs")
        for number in (ANNAS,)
    )


def test_declined_or_unanswered_offers_move_on_and_the_caller_keeps_waiting(office: Office) -> None:
    _office(office)
    handoff_id = _caller(office)
    _run(office)
    first = _leg(office, "counsellor")
    _happen(office, first, "answered", "declined")
    assert office.state(handoff_id) == "declined"
    _run(office)
    assert [asked[1] for asked in office.provider.asked if asked[0] == "dial"] == [ANNAS, BERTS]
    _happen(office, _leg(office, "counsellor"), "gone")
    assert office.state(handoff_id) == "expired"
    assert [row["outcome"] for row in office.rows("handoff_offers")] == ["declined", "expired"]
    _run(office)
    assert len([asked for asked in office.provider.asked if asked[0] == "dial"]) == 2, "nobody is rung again at once"


def test_caller_who_hangs_up_while_it_rings_is_called_back_and_the_telephone_stops(office: Office) -> None:
    _office(office)
    handoff_id = _caller(office)
    _run(office)
    with office.database.begin() as connection:
        office.ordered += office.talks.end_calls(connection, "CA-person", office.clock()).orders
    _work(office)
    assert office.state(handoff_id) == "callback"
    assert _asked(office) == ["dial", "hang_up"]
    assert _happen(office, _leg(office, "counsellor"), "answered", "accepted") == "over", "too late: nothing is accepted"
    assert office.state(handoff_id) == "callback"


def test_line_of_the_counsellor_drops_before_the_talk_and_the_caller_waits_at_the_old_place(office: Office) -> None:
    _office(office)
    handoff_id = _caller(office)
    asked_at = office.handoff(handoff_id)["requested_at"]
    _run(office)
    _happen(office, _leg(office, "counsellor"), "answered", "accepted", "gone")
    assert (office.state(handoff_id), office.handoff(handoff_id)["requested_at"]) == ("requested", asked_at)
    assert office.provider.asked[-1][2] == f"/webhooks/twilio/legs/{_leg(office, 'person')}/back"


def test_caller_whose_call_is_over_when_fetched_is_called_back(office: Office) -> None:
    _office(office)
    handoff_id = _caller(office)
    _run(office)
    office.provider.failure = SendFailed(21220, "fail", None, is_certain=True)
    _happen(office, _leg(office, "counsellor"), "answered", "accepted")
    assert office.state(handoff_id) == "callback"


def test_two_telephones_that_accept_at_once_get_one_talk(office: Office) -> None:
    _office(office)
    handoff_id = _caller(office)
    _run(office)
    counsellor = _leg(office, "counsellor")
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
    _office(office)
    handoff_id = _caller(office)
    _run(office)
    counsellor = _leg(office, "counsellor")
    _happen(office, counsellor, "answered")
    with office.database.begin() as connection:
        office.talks._callbacks.book(connection, get_open(connection, handoff_id), "any", office.clock())
        connection.execute(update(conversations).values(closed_at=office.clock()))
    with office.database.begin() as connection:
        withdraw(connection, handoff_id, office.clock())
    assert _happen(office, counsellor, "accepted") == "over"
    assert office.state(handoff_id) == "returned"


# -- callbacks -------------------------------------------------------------------------------------------------------------


def _reach(office: Office) -> tuple[int, int]:
    """A callback on its way: the counsellor has accepted and the person is being called."""
    handoff_id = _callback(office)
    _run(office)
    _run(office)
    _happen(office, _leg(office, "counsellor"), "answered", "accepted")
    return handoff_id, _leg(office, "person")


def test_due_callback_rings_the_counsellor_first_and_then_the_person_once(office: Office) -> None:
    _office(office)
    handoff_id, person = _reach(office)
    assert [asked[1] for asked in office.provider.asked] == [ANNAS, PERSON]
    assert office.callback(handoff_id)["state"] == "calling"
    _happen(office, person, "answered", "accepted")
    assert (office.callback(handoff_id)["state"], office.state(handoff_id)) == ("done", "accepted")
    assert office.handoff(handoff_id)["counsellor_id"] == office.anna, "who talks sees the conversation and closes it"
    _happen(office, person, "gone")
    assert office.state(handoff_id) == "accepted"
    assert _asked(office) == ["dial", "dial", "hang_up"]


def test_order_carried_out_by_several_workers_at_once_dials_once(office: Office) -> None:
    _office(office)
    _callback(office)
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
    assert _asked(office) == ["dial"]


def test_person_is_not_rung_when_the_counsellor_was_gone_before_the_order_was_carried_out(office: Office) -> None:
    _office(office)
    _callback(office)
    _run(office)
    _run(office)
    for what in ("answered", "accepted", "gone"):
        office.note(_leg(office, "counsellor"), what)  # type: ignore[arg-type]
    _work(office)
    assert [asked[1] for asked in office.provider.asked if asked[0] == "dial"] == [ANNAS]


def test_lost_answer_to_a_dial_is_unclear_told_and_never_dialled_again(office: Office) -> None:
    _office(office)
    handoff_id = _callback(office)
    _run(office)
    _run(office)
    office.provider.failure = SendFailed(None, "retry", None)
    _happen(office, _leg(office, "counsellor"), "answered", "accepted")
    office.provider.failure = None
    assert office.callback(handoff_id)["state"] == "unclear"
    bodies = [office.cipher.decrypt(row["body_encrypted"]) for row in office.rows("outbox")]
    assert any("unclear whether the telephone rang" in body for body in bodies)
    for _ in range(5):
        office.clock.move(hours=1)
        _run(office)
    assert [asked[1] for asked in office.provider.asked].count(PERSON) == 1
    # It rang after all: whoever answers is hung up on without a word.
    _happen(office, _leg(office, "person"), "answered")
    assert office.rows("call_orders")[-1]["kind"] == "hang_up"
    with office.database.begin() as connection:
        office.callbacks.note_missed(connection, office.callback(handoff_id)["id"], "anna", office.clock())
    assert office.callback(handoff_id)["state"] == "wanted", "a counsellor has looked, and it may be called again"


def test_worker_that_died_while_dialling_leaves_it_unclear(office: Office) -> None:
    _office(office)
    handoff_id = _callback(office)
    _run(office)
    _run(office)
    office.note(_leg(office, "counsellor"), "answered")
    office.note(_leg(office, "counsellor"), "accepted")
    order_id = office.ordered.pop()
    assert office.book._claim(order_id) is not None
    office.ordered.clear()
    office.clock.move(seconds=31)
    office.book.sweep()
    assert office.callback(handoff_id)["state"] == "unclear"
    assert [asked[1] for asked in office.provider.asked].count(PERSON) == 0


def test_three_tries_in_vain_spaced_by_rule_and_then_a_counsellor_is_told(office: Office) -> None:
    _office(office)
    handoff_id = _callback(office)
    tries = []
    for _ in range(3):
        _run(office)
        _run(office)
        _happen(office, _leg(office, "counsellor"), "answered", "accepted")
        tries.append(office.clock())
        _happen(office, _leg(office, "person"), "gone")
        if (due_at := office.callback(handoff_id)["due_at"]) is not None:
            office.clock.now = max(due_at, office.clock.now + timedelta(minutes=11))
    assert office.callback(handoff_id)["state"] == "failed"
    assert office.state(handoff_id) in ("requested", "offered")
    assert all(later - earlier >= timedelta(hours=2) for earlier, later in pairwise(tries))
    bodies = [office.cipher.decrypt(row["body_encrypted"]) for row in office.rows("outbox")]
    assert any("3 tries in vain" in body for body in bodies)


def test_cancelled_callback_is_not_called_though_the_counsellor_accepts(office: Office) -> None:
    _office(office)
    handoff_id = _callback(office)
    _run(office)
    _run(office)
    with office.database.begin() as connection:
        assert office.callbacks.cancel_all(connection, PERSON, office.clock()) == 1
    assert _happen(office, _leg(office, "counsellor"), "answered", "accepted") == "over"
    assert [asked[1] for asked in office.provider.asked if asked[0] == "dial"] == [ANNAS]
    assert (office.callback(handoff_id)["state"], office.state(handoff_id)) == ("cancelled", "returned")


def test_nobody_is_called_at_night_though_a_counsellor_wants_to(office: Office) -> None:
    _office(office)
    handoff_id = _callback(office)
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
    assert _happen(office, _leg(office, "counsellor"), "answered", "accepted") == "over"
    assert PERSON not in [asked[1] for asked in office.provider.asked]


# -- in the talk -----------------------------------------------------------------------------------------------------------


def _talking(office: Office) -> tuple[int, int]:
    _office(office)
    handoff_id = _caller(office)
    _run(office)
    _happen(office, _leg(office, "counsellor"), "answered", "accepted")
    _happen(office, _leg(office, "person"), "joined")
    with office.database.begin() as connection:
        connection.exec_driver_sql("UPDATE talks SET conference_sid = 'CF1'")
    return handoff_id, int(office.rows("talks")[-1]["id"])


def test_warm_transfer_holds_the_caller_consults_and_hands_over(office: Office) -> None:
    handoff_id, talk_id = _talking(office)
    with office.database.begin() as connection:
        office.ordered += office.talks.add_call(connection, talk_id, "anna", office.clock(), account_id=office.bert).orders
    _work(office)
    assert [asked[0] for asked in office.provider.asked[-2:]] == ["participant", "dial"]
    consulted = _leg(office, "consulted")
    _happen(office, consulted, "answered", "accepted", "hand_over")
    assert office.handoff(handoff_id)["counsellor_id"] == office.bert
    assert sorted(_asked(office)[-2:]) == ["hang_up", "participant"]
    _happen(office, _leg(office, "person"), "gone")
    assert [row["state"] for row in office.rows("call_legs")] == ["gone"] * 3, "no call is left over"


def test_interpreter_joins_by_key_and_leaves_with_the_counsellor(office: Office) -> None:
    handoff_id, talk_id = _talking(office)
    with office.database.begin() as connection:
        follow = office.talks.add_call(connection, talk_id, "anna", office.clock(), number="+4930333333", language="ar")
    office.ordered += follow.orders
    _work(office)
    _happen(office, _leg(office, "interpreter"), "answered", "accepted")
    _happen(office, _leg(office, "counsellor"), "leave")
    assert office.state(handoff_id) == "accepted", "who talked has it, and writes down what came of it"
    assert _asked(office)[-3:].count("hang_up") == 2
    assert "redirect" in _asked(office)[-3:]


def test_telephone_in_a_call_is_not_rung_a_second_time(office: Office) -> None:
    _, talk_id = _talking(office)
    with office.database.begin() as connection, pytest.raises(CannotRing, match="in a call"):
        office.talks.add_call(connection, talk_id, "anna", office.clock(), account_id=office.anna)
    with office.database.begin() as connection:
        connection.execute(insert(call_legs).values(
            talk_id=talk_id, role="consulted", account_id=office.bert, state="joined", ending="", created_at=office.clock()
        ))  # fmt: skip
    other = _caller(office, "CA-other")
    _run(office)
    assert office.state(other) == "requested", "the caller waits for a free telephone"


def test_whoever_was_called_in_and_is_not_heard_of_holds_nobody_up(office: Office) -> None:
    _, talk_id = _talking(office)
    with office.database.begin() as connection:
        office.ordered += office.talks.add_call(connection, talk_id, "anna", office.clock(), account_id=office.bert).orders
        office.ordered += office.talks.add_call(connection, talk_id, "anna", office.clock(), number="+4930333333").orders
    _work(office)
    assert _call(office, "person")["is_held"]
    office.clock.move(seconds=74)
    _run(office)
    assert {_call(office, role)["state"] for role in ("consulted", "interpreter")} == {"ordered"}
    office.clock.move(seconds=1)
    _run(office)
    assert {_call(office, role)["state"] for role in ("consulted", "interpreter")} == {"gone"}
    assert not _call(office, "person")["is_held"]
    assert _asked(office).count("hang_up") == 2
    assert office.rows("talks")[-1]["state"] == "talking", "the talk itself goes on"


@pytest.mark.parametrize(
    ("happened", "minutes", "hung_up", "handoff"),
    [
        ((), 1, ["counsellor"], "expired"),
        (("answered",), 1, ["counsellor"], "expired"),
        (("answered", "accepted"), 2, ["counsellor"], "requested"),
        (("answered", "accepted", "joined"), 246, ["counsellor", "person"], "accepted"),
    ],
)
def test_every_call_ends_by_the_clock_when_no_report_ever_comes(
    office: Office, happened: tuple[str, ...], minutes: int, hung_up: list[str], handoff: str
) -> None:
    _office(office)
    with office.database.begin() as connection:
        connection.execute(counsellors.update().where(counsellors.c.account_id == office.bert).values(presence="away"))
    handoff_id = _caller(office)
    _run(office)
    for what in happened:
        _happen(office, _leg(office, "person" if what == "joined" else "counsellor"), what)
    sids = {row["call_sid"]: row["role"] for row in office.rows("call_legs")}
    with office.database.begin() as connection:
        # Nobody is there for the next offer: what is left of the first one is looked at.
        connection.execute(counsellors.update().values(presence="busy"))
    office.clock.move(minutes=minutes)
    _run(office)
    assert {row["state"] for row in office.rows("call_legs")} == {"gone"}
    assert office.rows("talks")[-1]["state"] == "over"
    assert sorted(sids[asked[1]] for asked in office.provider.asked if asked[0] == "hang_up") == hung_up
    assert office.state(handoff_id) == handoff
    is_alone = happened == ("answered", "accepted")
    brought_back = [asked for asked in office.provider.asked if asked[0] == "redirect" and asked[2].endswith("/back")]
    assert len(brought_back) == is_alone, "a person who was sent for is never left in silence"


# -- what the provider did not do --------------------------------------------------------------------------------------------

REFUSED = SendFailed(20404, "fail", None, is_certain=True)


def _call(office: Office, role: str) -> dict[str, Any]:
    """A call as the screen shows it."""
    with office.database.read() as connection:
        return next(leg for leg in list_calls(connection, office.rows("talks")[-1]["id"]) if leg["role"] == role)


@pytest.mark.parametrize(("wish", "role", "shows"), [("hold", "person", "is_held"), ("mute", "counsellor", "is_muted")])
def test_refused_wish_is_not_shown_as_done(office: Office, wish: str, role: str, shows: str) -> None:
    _talking(office)
    leg = _leg(office, role)
    office.note(leg, wish)  # type: ignore[arg-type]
    assert (_call(office, role)[shows], _call(office, role)["pending"]) == (True, wish), "it is on its way"
    office.provider.failure = REFUSED
    _work(office)
    assert (_call(office, role)[shows], _call(office, role)["failed"]) == (False, wish)
    office.provider.failure = None
    _happen(office, leg, wish)
    assert (_call(office, role)[shows], _call(office, role)["failed"], _call(office, role)["pending"]) == (True, "", "")
    office.provider.failure = REFUSED
    _happen(office, leg, f"un{wish}")
    assert (_call(office, role)[shows], _call(office, role)["failed"]) == (True, f"un{wish}"), "it still is"


def test_wish_that_comes_late_does_not_undo_a_newer_one(office: Office) -> None:
    _talking(office)
    leg = _leg(office, "person")
    office.provider.failure = SendFailed(20500, "retry", None)
    _happen(office, leg, "hold")
    office.provider.failure = None
    _happen(office, leg, "unhold")
    office.clock.move(seconds=4)
    _run(office)
    assert [asked[3] for asked in office.provider.asked if asked[0] == "participant"] == ["True", "False"]
    assert not _call(office, "person")["is_held"]


# -- the place of who is called back -----------------------------------------------------------------------------------------


def test_who_chose_to_be_called_back_is_served_before_those_who_came_later_and_hold_the_line(office: Office) -> None:
    _office(office)
    with office.database.begin() as connection:
        connection.execute(counsellors.update().where(counsellors.c.account_id == office.bert).values(presence="away"))
    first = _callback(office)
    second = _caller(office, "CA-second")
    with office.database.read() as connection:
        # The callback comes due at the next tick; until then nobody is rung for it.
        assert read_due(connection, office.clock()) == []
    office.set_clock(office.clock())
    with office.database.begin() as connection:
        office.callbacks.run_timer(connection, office.callback(first)["id"], office.clock())
    with office.database.read() as connection:
        standing = read_standing(connection, second, office.clock())
    assert standing.place == 2, "and they hear so"
    _run(office)
    _happen(office, _leg(office, "counsellor"), "answered", "accepted")
    assert [asked[1] for asked in office.provider.asked] == [ANNAS, PERSON]
    assert (office.callback(first)["state"], office.state(second)) == ("calling", "requested")
    # Called in vain: those who hold the line do not wait for a telephone that nobody takes.
    _happen(office, _leg(office, "person"), "gone")
    _run(office)
    assert office.state(second) == "offered"
