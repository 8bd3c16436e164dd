"""A call whose end was never reported: the worker's clock ends it, in the state its report would have led to."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from hotline.counselling.assignment import accept
from hotline.counselling.silent_calls import CALL_ENDS_AFTER, close_silent_call, count_silent_calls, was_silent
from hotline.store.tables import conversations, talks
from tests.counselling.desks import Office

CALLER = "+4915112345678"


def _silent(office: Office, **by: float) -> None:
    """Time goes on, and the worker looks; anybody who is still heard of is at another conversation."""
    office.clock.move(**by)
    office.timers.run()


def _conversation(office: Office, conversation_id: int) -> dict[str, object]:
    return next(row for row in office.rows("conversations") if row["id"] == conversation_id)


@pytest.mark.parametrize(("number", "becomes"), [(CALLER, "callback"), (None, "abandoned")])
def test_who_waited_is_called_back_and_it_stands_in_the_audit(office: Office, number: str | None, becomes: str) -> None:
    call = office.open(number, "voice")
    handoff_id = office.ask(call)
    _silent(office, minutes=9)
    assert _conversation(office, call)["closed_at"] is None, "somebody may listen to a long answer"
    _silent(office, minutes=1)
    assert _conversation(office, call)["closed_at"] == office.clock()
    assert office.state(handoff_id) == becomes
    row = next(row for row in office.rows("audit") if row["action"] == "close_silent_call")
    assert (row["actor"], row["object"]) == ("hotline", f"conversation {call}")
    with office.database.read() as connection:
        assert was_silent(connection, call)
        assert count_silent_calls(connection, office.clock()) == 1
    office.timers.run()
    assert count(office) == 1, "once"


def count(office: Office) -> int:
    """How many calls were ended by the clock."""
    return sum(row["action"] == "close_silent_call" for row in office.rows("audit"))


def test_machines_call_is_closed_what_a_counsellor_has_stays_and_texts_are_never_ended_so(office: Office) -> None:
    alone, taken, text = office.open("+4915100000002", "voice"), office.open("+4915100000003", "voice"), office.open(CALLER)
    handoff_id = office.ask(taken)
    with office.database.begin() as connection:
        accept(connection, handoff_id, office.anna, office.clock())
    _silent(office, minutes=10)
    assert _conversation(office, alone)["status"] == "closed"
    assert (_conversation(office, taken)["status"], office.state(handoff_id)) == ("active", "accepted")
    assert _conversation(office, taken)["closed_at"] is not None
    assert _conversation(office, text)["closed_at"] is None


def test_call_in_a_talk_and_one_that_comes_out_of_it_are_left_alone(office: Office) -> None:
    call = office.open(CALLER, "voice")
    handoff_id = office.ask(call)
    with office.database.begin() as connection:
        values = {"handoff_id": handoff_id, "name": "n", "state": "talking", "ending": "", "created_at": office.clock()}
        connection.execute(talks.insert().values(**values, timer_at=office.clock.now + CALL_ENDS_AFTER * 10))
    _silent(office, minutes=30)
    assert count(office) == 0
    with office.database.begin() as connection:
        connection.execute(update(talks).values(state="over", closed_at=office.clock()))
    _silent(office, minutes=9)
    assert count(office) == 0, "the person goes back to the machine"
    _silent(office, minutes=1)
    assert count(office) == 1


def test_caller_who_is_heard_of_meanwhile_is_not_ended_and_old_ones_in_the_queue_are_found(office: Office) -> None:
    call = office.open(CALLER, "voice")
    handoff_id = office.ask(call)
    office.clock.move(minutes=20)
    with office.database.begin() as connection:
        connection.execute(update(conversations).values(last_inbound_at=office.clock()))
    with office.database.begin() as connection:
        assert not close_silent_call(connection, office.callbacks, call, office.clock())
    _silent(office, days=5)
    assert _conversation(office, call)["closed_at"] is not None
    assert office.state(handoff_id) == "callback"
