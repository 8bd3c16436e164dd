"""Counsellors take, decline, pass on and give back; of two who grab at once one wins and the other is told."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from hotline.counselling.assignment import (
    TakenByAnother,
    accept,
    decline,
    note_word,
    offer_waiting,
    reassign,
    release,
    return_to_bot,
)
from hotline.counselling.counsellors import SEEN_LASTS, read_counsellors
from hotline.counselling.handoff import UnknownHandoff, close_handoff, get_open
from hotline.counselling.states import IllegalMove
from tests.counselling.desks import LONGER, Office


def _do(office: Office, work: Callable[..., object], *values: object) -> None:
    with office.database.begin() as connection:
        work(connection, *values, office.clock())


def _offer(office: Office) -> None:
    _do(office, offer_waiting)


def _accepted(office: Office, danger: str | None = None) -> int:
    handoff_id = office.ask(danger=danger)
    _do(office, accept, handoff_id, office.anna)
    return handoff_id


def _grab(office: Office, handoff_id: int, who: int, start: threading.Barrier) -> str:
    """Take it at the same moment as somebody else; what one is told, nothing when it worked."""
    start.wait()
    try:
        _do(office, accept, handoff_id, who)
    except TakenByAnother as told:
        return str(told)
    return ""


# -- races -----------------------------------------------------------------------------------------------------------------


def test_of_two_who_grab_at_once_one_wins_and_the_other_is_told_who(office: Office) -> None:
    for _ in range(10):
        handoff_id = office.ask()
        start = threading.Barrier(2)

        with ThreadPoolExecutor(2) as pool:
            grabs = [pool.submit(_grab, office, handoff_id, who, start) for who in (office.anna, office.bert)]
            told = [grab.result() for grab in grabs]
        assert sorted(map(bool, told)) == [False, True]
        winner = "anna" if told[0] == "" else "bert"
        assert "".join(told) == f"{winner} has taken handoff {handoff_id} already."
        assert office.handoff(handoff_id)["counsellor_id"] == getattr(office, winner)
        actions = [row["actor"] for row in office.rows("audit") if row["object"] == f"handoff {handoff_id}"]
        assert actions == [winner]


def test_many_workers_at_once_make_one_offer_each_and_overload_nobody(office: Office) -> None:
    for _ in range(15):
        office.ask()
    start = threading.Barrier(4)

    def offer(_: int) -> int:
        start.wait()
        with office.database.begin() as connection:
            return len(offer_waiting(connection, office.clock()))

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(offer, range(4))) == 10
    offers = office.rows("handoff_offers")
    assert len({row["handoff_id"] for row in offers}) == len(offers) == 10
    with office.database.read() as connection:
        assert [known.counsellor.load for known in read_counsellors(connection)] == [5, 5]


def test_timers_run_by_many_workers_at_once_take_effect_once(office: Office) -> None:
    handoff_id = office.ask()
    office.set_clock(office.clock() + timedelta(minutes=31))
    with office.database.begin() as connection:
        connection.exec_driver_sql("UPDATE counsellors SET presence = 'away'")
    start = threading.Barrier(4)

    def run(_: int) -> None:
        start.wait()
        office.timers.run()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(4)))
    assert office.handoff(handoff_id)["reminders"] == 1
    assert len(office.rows("outbox")) == 2, "one to the person, one to the counsellors"


def test_grab_and_turn_and_timer_at_once_never_wait_for_each_other_for_ever(office: Office) -> None:
    """Everybody locks the conversation first."""
    handoff_id = office.ask()
    conversation_id = office.handoff(handoff_id)["conversation_id"]

    def work(number: int) -> None:
        match number % 4:
            case 0:
                office.ask(conversation_id, "violence" if number % 8 else None)
            case 1:
                office.timers.run()
            case 2:
                with contextlib.suppress(TakenByAnother):
                    _do(office, accept, handoff_id, office.anna if number % 8 == 2 else office.bert)
            case 3:
                with contextlib.suppress(TakenByAnother, IllegalMove):
                    _do(office, release, handoff_id, office.anna)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(40)))
    assert len(office.rows("handoffs")) == 1


# -- offers ----------------------------------------------------------------------------------------------------------------


def test_offer_not_taken_in_time_moves_on_to_the_next(office: Office) -> None:
    handoff_id = office.ask()
    _offer(office)
    first = office.handoff(handoff_id)["offered_to"]
    office.set_clock(office.clock() + timedelta(seconds=91))
    office.timers.run()
    second = office.handoff(handoff_id)["offered_to"]
    assert {first, second} == {office.anna, office.bert}
    office.set_clock(office.clock() + timedelta(seconds=91))
    office.timers.run()
    assert office.handoff(handoff_id)["offered_to"] == first, "when all have been asked, the round begins anew"
    assert [row["outcome"] for row in office.rows("handoff_offers")] == ["asked", "asked", ""]


def test_declined_offer_goes_to_the_next_at_once(office: Office) -> None:
    handoff_id = office.ask()
    _offer(office)
    first = office.handoff(handoff_id)["offered_to"]
    _do(office, decline, handoff_id, first)
    assert (office.state(handoff_id), office.status(handoff_id)) == ("declined", "waiting")
    _offer(office)
    assert office.handoff(handoff_id)["offered_to"] not in (None, first)


def test_somebody_elses_offer_cannot_be_grabbed_or_declined(office: Office) -> None:
    handoff_id = office.ask()
    _offer(office)
    other = office.bert if office.handoff(handoff_id)["offered_to"] == office.anna else office.anna
    with pytest.raises(TakenByAnother, match=r"is offered to (anna|bert) just now; it comes back"):
        _do(office, accept, handoff_id, other)
    with pytest.raises(TakenByAnother, match="not offered to you any more"):
        _do(office, decline, handoff_id, other)


def test_late_click_on_an_offer_that_moved_on_is_told_so(office: Office) -> None:
    handoff_id = office.ask()
    _offer(office)
    first = office.handoff(handoff_id)["offered_to"]
    office.set_clock(office.clock() + timedelta(seconds=91))
    office.timers.run()
    with pytest.raises(TakenByAnother):
        _do(office, accept, handoff_id, first)


def test_returning_person_is_offered_to_the_counsellor_they_had(office: Office) -> None:
    for who in (office.bert, office.anna, office.bert):
        conversation = office.open("+4915199999999")
        handoff_id = office.ask(conversation)
        _do(office, accept, handoff_id, who)
        _do(office, close_handoff, handoff_id, "bert")
        later = office.ask(office.open("+4915199999999"))
        _offer(office)
        assert office.handoff(later)["offered_to"] == who
        _do(office, close_handoff, later, "bert")


def test_whoever_is_not_seen_any_more_gets_no_offer(office: Office) -> None:
    office.clock.move(seconds=SEEN_LASTS.total_seconds() + 1)
    office.ask()
    office.timers.run()
    assert office.rows("handoff_offers") == []
    assert {row["presence"] for row in office.rows("counsellors")} == {"away"}


# -- taking over -------------------------------------------------------------------------------------------------------------


def test_owner_follows_every_step(office: Office) -> None:
    handoff_id = office.ask()
    assert office.status(handoff_id) == "waiting"
    _do(office, accept, handoff_id, office.anna)
    assert office.status(handoff_id) == "active"
    _do(office, release, handoff_id, office.anna)
    assert (office.status(handoff_id), office.handoff(handoff_id)["counsellor_id"]) == ("waiting", None)
    _do(office, accept, handoff_id, office.bert)
    _do(office, return_to_bot, handoff_id, office.bert)
    assert (office.status(handoff_id), office.state(handoff_id)) == ("bot", "returned")
    with pytest.raises(UnknownHandoff):
        _do(office, accept, handoff_id, office.anna)


def test_second_click_of_the_same_counsellor_changes_nothing(office: Office) -> None:
    handoff_id = _accepted(office)
    before = office.handoff(handoff_id)
    _do(office, accept, handoff_id, office.anna)
    assert office.handoff(handoff_id) == before


def test_nobody_gives_back_what_is_somebody_elses(office: Office) -> None:
    handoff_id = _accepted(office)
    for deed in (release, return_to_bot):
        with pytest.raises(TakenByAnother, match=f"Handoff {handoff_id} is with anna"):
            _do(office, deed, handoff_id, office.bert)


def test_supervisor_gives_a_waiting_one_as_an_offer_and_a_taken_one_at_once(office: Office) -> None:
    handoff_id = office.ask()
    _do(office, reassign, handoff_id, office.bert, "cleo")
    assert (office.state(handoff_id), office.handoff(handoff_id)["offered_to"]) == ("offered", office.bert)
    _do(office, accept, handoff_id, office.bert)
    _do(office, reassign, handoff_id, office.anna, "cleo")
    assert (office.state(handoff_id), office.handoff(handoff_id)["counsellor_id"]) == ("accepted", office.anna)
    assert [row["actor"] for row in office.rows("audit")] == ["cleo", "bert", "cleo"]


def test_danger_makes_a_waiting_one_urgent_and_it_is_offered_first(office: Office) -> None:
    first, second = office.ask(), office.ask()
    conversation = office.handoff(second)["conversation_id"]
    assert office.ask(conversation, "violence") == second
    with office.database.begin() as connection:
        assert [offer.handoff_id for offer in offer_waiting(connection, office.clock())] == [second, first]


# -- timers ----------------------------------------------------------------------------------------------------------------


def test_counsellor_who_does_not_answer_loses_it_and_the_person_is_told_once(office: Office) -> None:
    handoff_id = _accepted(office)
    with office.database.begin() as connection:
        connection.exec_driver_sql("UPDATE counsellors SET presence = 'busy'")
    office.set_clock(office.clock() + timedelta(minutes=29))
    office.timers.run()
    assert office.state(handoff_id) == "accepted"
    office.set_clock(office.clock() + timedelta(minutes=2))
    office.timers.run()
    assert (office.state(handoff_id), office.status(handoff_id)) == ("expired", "waiting")
    office.set_clock(office.clock() + timedelta(hours=5))
    office.timers.run()
    bodies = [office.cipher.decrypt(row["body_encrypted"]) for row in office.rows("outbox")]
    assert bodies.count(LONGER) == 1
    assert len([body for body in bodies if body.startswith(f"Handoff {handoff_id} still waits")]) == len(bodies) - 1
    assert len(office.rung) == len(bodies)


def test_answer_winds_up_the_clock_and_a_person_who_writes_twice_does_not(office: Office) -> None:
    handoff_id = _accepted(office)

    def write(connection: Connection, author: str) -> None:
        note_word(connection, get_open(connection, handoff_id), author, office.clock())

    with office.database.begin() as connection:
        write(connection, "counsellor")
    assert office.handoff(handoff_id)["timer_at"] == office.clock() + timedelta(hours=24)
    office.set_clock(office.clock() + timedelta(minutes=5))
    with office.database.begin() as connection:
        write(connection, "contact")
    due = office.handoff(handoff_id)["timer_at"]
    assert due == office.clock() + timedelta(minutes=30)
    office.set_clock(office.clock() + timedelta(minutes=5))
    with office.database.begin() as connection:
        write(connection, "contact")
    assert office.handoff(handoff_id)["timer_at"] == due


def test_machine_wakes_by_its_timer_when_the_person_is_silent_for_a_day(office: Office) -> None:
    handoff_id = _accepted(office)
    with office.database.begin() as connection:
        note_word(connection, get_open(connection, handoff_id), "counsellor", office.clock())
    office.set_clock(office.clock() + timedelta(hours=24))
    office.timers.run()
    assert (office.state(handoff_id), office.status(handoff_id)) == ("returned", "bot")
    assert office.rows("outbox") == [], "nobody is written to for having been silent"


def test_who_waits_for_a_week_is_given_up_but_never_in_danger(office: Office) -> None:
    calm, danger = office.ask(), office.ask(danger="violence")
    with office.database.begin() as connection:
        connection.exec_driver_sql("UPDATE counsellors SET presence = 'away'")
    for _ in range(9):
        office.set_clock(office.clock() + timedelta(days=1))
        office.timers.run()
    assert (office.state(calm), office.status(calm)) == ("closed", "bot")
    assert (office.state(danger), office.status(danger)) == ("requested", "waiting")
