"""The table of states: every state has an owner, a timer and a next step, and nothing can fall between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from hotline.counselling.states import (
    ACCEPTED,
    CALLBACK,
    FINAL,
    OFFERED,
    OPEN,
    REQUESTED,
    STAGES,
    WAIT_ENDS,
    WAITING,
    Clockwork,
    IllegalMove,
    Move,
    Owner,
    State,
    is_bot_silent,
    move,
    on_timer,
    owner_of,
    timer_of,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def _clockwork(state: State, **changed: object) -> Clockwork:
    values = {"is_urgent": False, "awaits": "counsellor", "requested_at": NOW, "reminders": 0, **changed}
    return Clockwork(state, **values)  # type: ignore[arg-type]


def test_every_state_is_in_the_table_and_has_an_owner() -> None:
    assert set(STAGES) == set(get_args(State))
    assert {stage.owner for stage in STAGES.values()} == set(get_args(Owner))


def test_every_move_is_used_and_leads_to_a_state() -> None:
    assert {made for stage in STAGES.values() for made in stage.moves} == set(get_args(Move))
    assert {to for stage in STAGES.values() for to in stage.moves.values()} <= set(STAGES)


@pytest.mark.parametrize("state", sorted(OPEN))
@pytest.mark.parametrize("awaits", ["counsellor", "contact"])
@pytest.mark.parametrize("is_urgent", [False, True])
def test_every_open_state_has_a_timer_and_a_next_step(state: State, awaits: str, is_urgent: bool) -> None:
    clockwork = _clockwork(state, awaits=awaits, is_urgent=is_urgent)
    ends = timer_of(clockwork, NOW, NOW)
    assert ends is not None
    assert ends > NOW
    made = on_timer(clockwork, ends)
    assert made in STAGES[state].on_timer
    assert move(state, made) in STAGES


@pytest.mark.parametrize("state", sorted(OPEN))
def test_from_every_open_state_the_end_is_reached_by_timers_alone(state: State) -> None:
    """Danger aside, whatever nobody touches is over some day: nothing hangs for ever."""
    now, at, steps = NOW, state, 0
    while at in OPEN:
        clockwork = _clockwork(at, awaits="contact", reminders=steps)
        now = timer_of(clockwork, now, now) or now
        at = move(at, on_timer(clockwork, now))
        steps += 1
        assert steps < 100
    assert now - NOW <= WAIT_ENDS + timedelta(days=16)


@pytest.mark.parametrize("state", sorted(FINAL))
def test_final_state_has_neither_timer_nor_move(state: State) -> None:
    assert timer_of(_clockwork(state), NOW, NOW) is None
    with pytest.raises(IllegalMove, match=rf"^This handoff is {state}; .*\.$"):
        on_timer(_clockwork(state), NOW)
    for made in get_args(Move):
        with pytest.raises(IllegalMove, match=rf"^This handoff is {state}; it cannot be .* now\.$"):
            move(state, made)


def test_machine_is_silent_exactly_while_a_counsellor_has_the_conversation() -> None:
    assert {state for state in STAGES if is_bot_silent(owner_of(state))} == {ACCEPTED}
    assert owner_of(None) == "bot"


def test_danger_is_never_given_up_by_a_clock() -> None:
    late = NOW + WAIT_ENDS
    for state in WAITING:
        assert on_timer(_clockwork(state, reminders=3), late) == "give_up"
        assert on_timer(_clockwork(state, reminders=3, is_urgent=True), late) == "remind"
        assert on_timer(_clockwork(state, reminders=2), late) == "remind", "a callback in vain has just come back into the queue"


def test_nobody_is_late_while_everybody_is_at_home_but_danger_does_not_wait_for_the_morning() -> None:
    opens = NOW + timedelta(hours=15)
    assert timer_of(_clockwork(REQUESTED), NOW, opens) == opens + timedelta(minutes=30)
    assert timer_of(_clockwork(ACCEPTED), NOW, opens) == opens + timedelta(minutes=30)
    assert timer_of(_clockwork(REQUESTED, is_urgent=True), NOW, opens) == NOW + timedelta(minutes=5)


def test_counsellor_who_does_not_answer_loses_the_conversation_and_a_person_who_does_not_sleeps() -> None:
    assert on_timer(_clockwork(ACCEPTED, awaits="counsellor"), NOW) == "answer_ran_out"
    assert on_timer(_clockwork(ACCEPTED, awaits="contact"), NOW) == "fall_asleep"
    assert owner_of(move(ACCEPTED, "answer_ran_out")) == "queue"
    assert owner_of(move(ACCEPTED, "fall_asleep")) == "bot"


def test_offer_that_is_not_taken_goes_back_to_the_queue() -> None:
    assert move(OFFERED, on_timer(_clockwork(OFFERED), NOW)) in WAITING
    assert move(OFFERED, "decline") in WAITING
    assert owner_of(OFFERED) == "queue"


def test_failed_callback_waits_for_a_counsellor_again() -> None:
    assert owner_of(CALLBACK) == "callback"
    assert move(CALLBACK, "callback_ended") == REQUESTED
