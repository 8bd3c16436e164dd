"""Talks that go on: holding, consulting, interpreters, what the provider did not do, and the clock that ends the rest."""

from __future__ import annotations

import pytest
from sqlalchemy import insert

from hotline.counselling.line import read_due
from hotline.counselling.standing import read_standing
from hotline.counselling.talks import CannotRing
from hotline.store.tables import call_legs, counsellors
from hotline.telephony.client import SendFailed
from tests.counselling.desks import Office
from tests.counselling.telephones import (
    ANNAS,
    PERSON,
    asked_for,
    begin_talk,
    carry_out,
    due_callback,
    happens,
    hold_the_line,
    leg_of,
    shown,
    tick,
    with_phones,
)


def test_warm_transfer_holds_the_caller_consults_and_hands_over(office: Office) -> None:
    handoff_id, talk_id = begin_talk(office)
    with office.database.begin() as connection:
        office.ordered += office.talks.add_call(connection, talk_id, "anna", office.clock(), account_id=office.bert).orders
    carry_out(office)
    assert [asked[0] for asked in office.provider.asked[-2:]] == ["participant", "dial"]
    consulted = leg_of(office, "consulted")
    happens(office, consulted, "answered", "accepted", "hand_over")
    assert office.handoff(handoff_id)["counsellor_id"] == office.bert
    assert sorted(asked_for(office)[-2:]) == ["hang_up", "participant"]
    happens(office, leg_of(office, "person"), "gone")
    assert [row["state"] for row in office.rows("call_legs")] == ["gone"] * 3, "no call is left over"


def test_interpreter_joins_by_key_and_leaves_with_the_counsellor(office: Office) -> None:
    handoff_id, talk_id = begin_talk(office)
    with office.database.begin() as connection:
        follow = office.talks.add_call(connection, talk_id, "anna", office.clock(), number="+4930333333", language="ar")
    office.ordered += follow.orders
    carry_out(office)
    happens(office, leg_of(office, "interpreter"), "answered", "accepted")
    happens(office, leg_of(office, "counsellor"), "leave")
    assert office.state(handoff_id) == "accepted", "who talked has it, and writes down what came of it"
    assert asked_for(office)[-3:].count("hang_up") == 2
    assert "redirect" in asked_for(office)[-3:]


def test_telephone_in_a_call_is_not_rung_a_second_time(office: Office) -> None:
    _, talk_id = begin_talk(office)
    with office.database.begin() as connection, pytest.raises(CannotRing, match="in a call"):
        office.talks.add_call(connection, talk_id, "anna", office.clock(), account_id=office.anna)
    with office.database.begin() as connection:
        connection.execute(insert(call_legs).values(
            talk_id=talk_id, role="consulted", account_id=office.bert, state="joined", ending="", created_at=office.clock()
        ))  # fmt: skip
    other = hold_the_line(office, "CA-other")
    tick(office)
    assert office.state(other) == "requested", "the caller waits for a free telephone"


def test_whoever_was_called_in_and_is_not_heard_of_holds_nobody_up(office: Office) -> None:
    _, talk_id = begin_talk(office)
    with office.database.begin() as connection:
        office.ordered += office.talks.add_call(connection, talk_id, "anna", office.clock(), account_id=office.bert).orders
        office.ordered += office.talks.add_call(connection, talk_id, "anna", office.clock(), number="+4930333333").orders
    carry_out(office)
    assert shown(office, "person")["is_held"]
    office.clock.move(seconds=74)
    tick(office)
    assert {shown(office, role)["state"] for role in ("consulted", "interpreter")} == {"ordered"}
    office.clock.move(seconds=1)
    tick(office)
    assert {shown(office, role)["state"] for role in ("consulted", "interpreter")} == {"gone"}
    assert not shown(office, "person")["is_held"]
    assert asked_for(office).count("hang_up") == 2
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
    with_phones(office)
    with office.database.begin() as connection:
        connection.execute(counsellors.update().where(counsellors.c.account_id == office.bert).values(presence="away"))
    handoff_id = hold_the_line(office)
    tick(office)
    for what in happened:
        happens(office, leg_of(office, "person" if what == "joined" else "counsellor"), what)
    sids = {row["call_sid"]: row["role"] for row in office.rows("call_legs")}
    with office.database.begin() as connection:
        # Nobody is there for the next offer: what is left of the first one is looked at.
        connection.execute(counsellors.update().values(presence="busy"))
    office.clock.move(minutes=minutes)
    tick(office)
    assert {row["state"] for row in office.rows("call_legs")} == {"gone"}
    assert office.rows("talks")[-1]["state"] == "over"
    assert sorted(sids[asked[1]] for asked in office.provider.asked if asked[0] == "hang_up") == hung_up
    assert office.state(handoff_id) == handoff
    is_alone = happened == ("answered", "accepted")
    brought_back = [asked for asked in office.provider.asked if asked[0] == "redirect" and asked[2].endswith("/back")]
    assert len(brought_back) == is_alone, "a person who was sent for is never left in silence"


# -- what the provider did not do --------------------------------------------------------------------------------------------

REFUSED = SendFailed(20404, "fail", None, is_certain=True)


@pytest.mark.parametrize(("wish", "role", "shows"), [("hold", "person", "is_held"), ("mute", "counsellor", "is_muted")])
def test_refused_wish_is_not_shown_as_done(office: Office, wish: str, role: str, shows: str) -> None:
    begin_talk(office)
    leg = leg_of(office, role)
    office.note(leg, wish)  # type: ignore[arg-type]
    assert (shown(office, role)[shows], shown(office, role)["pending"]) == (True, wish), "it is on its way"
    office.provider.failure = REFUSED
    carry_out(office)
    assert (shown(office, role)[shows], shown(office, role)["failed"]) == (False, wish)
    office.provider.failure = None
    happens(office, leg, wish)
    assert (shown(office, role)[shows], shown(office, role)["failed"], shown(office, role)["pending"]) == (True, "", "")
    office.provider.failure = REFUSED
    happens(office, leg, f"un{wish}")
    assert (shown(office, role)[shows], shown(office, role)["failed"]) == (True, f"un{wish}"), "it still is"


def test_wish_that_comes_late_does_not_undo_a_newer_one(office: Office) -> None:
    begin_talk(office)
    leg = leg_of(office, "person")
    office.provider.failure = SendFailed(20500, "retry", None)
    happens(office, leg, "hold")
    office.provider.failure = None
    happens(office, leg, "unhold")
    office.clock.move(seconds=4)
    tick(office)
    assert [asked[3] for asked in office.provider.asked if asked[0] == "participant"] == ["True", "False"]
    assert not shown(office, "person")["is_held"]


# -- the place of who is called back -----------------------------------------------------------------------------------------


def test_who_chose_to_be_called_back_is_served_before_those_who_came_later_and_hold_the_line(office: Office) -> None:
    with_phones(office)
    with office.database.begin() as connection:
        connection.execute(counsellors.update().where(counsellors.c.account_id == office.bert).values(presence="away"))
    first = due_callback(office)
    second = hold_the_line(office, "CA-second")
    with office.database.read() as connection:
        # The callback comes due at the next tick; until then nobody is rung for it.
        assert read_due(connection, office.clock()) == []
    office.set_clock(office.clock())
    with office.database.begin() as connection:
        office.callbacks.run_timer(connection, office.callback(first)["id"], office.clock())
    with office.database.read() as connection:
        standing = read_standing(connection, second, office.clock())
    assert standing.place == 2, "and they hear so"
    tick(office)
    happens(office, leg_of(office, "counsellor"), "answered", "accepted")
    assert [asked[1] for asked in office.provider.asked] == [ANNAS, PERSON]
    assert (office.callback(first)["state"], office.state(second)) == ("calling", "requested")
    # Called in vain: those who hold the line do not wait for a telephone that nobody takes.
    happens(office, leg_of(office, "person"), "gone")
    tick(office)
    assert office.state(second) == "offered"
