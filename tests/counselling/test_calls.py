"""A talk by telephone: whatever happens in whatever order, no call is left over and no person is left alone in a conference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline.counselling.calls import Deed, Leg, Purpose, Talk, What, step

PERSON, COUNSELLOR, CONSULTED, INTERPRETER = 1, 2, 3, 4
BRINGS_OUT = {"hang_up", "bring_back", "tell_missed"}


def begin(purpose: Purpose = "caller") -> Talk:
    """A counsellor is being rung; a second one and an interpreter may be added."""
    legs = (
        Leg(PERSON, "person", "waiting"),
        Leg(COUNSELLOR, "counsellor", "ordered"),
        Leg(CONSULTED, "consulted", "waiting"),
        Leg(INTERPRETER, "interpreter", "waiting"),
    )
    return Talk(purpose, "ringing", legs)


def play(talk: Talk, happened: Sequence[tuple[int, What]]) -> tuple[Talk, list[Deed]]:
    """Everything that happens, in order."""
    done: list[Deed] = []
    for leg_id, what in happened:
        talk, deeds = step(talk, leg_id, what)
        done += deeds
    return talk, done


ACCEPTED: list[tuple[int, What]] = [(COUNSELLOR, "answered"), (COUNSELLOR, "accepted")]
TALKING = [*ACCEPTED, (PERSON, "joined")]
CALLED: list[tuple[int, What]] = [*ACCEPTED, (PERSON, "answered"), (PERSON, "accepted")]
WITH_INTERPRETER: list[tuple[int, What]] = [*TALKING, (INTERPRETER, "add")]
CONSULTING: list[tuple[int, What]] = [
    *TALKING, (CONSULTED, "add"), (CONSULTED, "answered"), (CONSULTED, "accepted"),
]  # fmt: skip


# Every row of docs/calls.md: what happens, how the talk ends, and what is done to the handoff and the person.
@pytest.mark.parametrize(
    ("purpose", "happened", "state", "ending", "last_deeds"),
    [
        ("caller", [(PERSON, "gone")], "over", "caller_left", ["hang_up 2", "lost_caller"]),
        ("caller", [(COUNSELLOR, "answered"), (COUNSELLOR, "declined")], "over", "declined", ["hang_up 2", "pass_on"]),
        ("caller", [(COUNSELLOR, "gone")], "over", "declined", ["pass_on"]),
        ("caller", [(COUNSELLOR, "refused")], "over", "declined", ["pass_on"]),
        ("caller", [(COUNSELLOR, "unclear")], "over", "declined", ["pass_on"]),
        ("caller", [(PERSON, "ran_out")], "over", "declined", ["hang_up 2", "pass_on"]),
        ("caller", [*ACCEPTED], "joining", "", ["accept", "fetch 1"]),
        ("caller", [*ACCEPTED, (PERSON, "gone")], "over", "caller_left", ["hang_up 2", "lost_caller"]),
        ("caller", [*ACCEPTED, (PERSON, "refused")], "over", "caller_left", ["hang_up 2", "lost_caller"]),
        ("caller", [*ACCEPTED, (COUNSELLOR, "gone")], "over", "counsellor_left", ["release", "bring_back 1"]),
        ("caller", [*ACCEPTED, (PERSON, "ran_out")], "over", "counsellor_left", ["release", "bring_back 1", "hang_up 2"]),
        ("caller", [*TALKING], "talking", "", ["talked"]),
        ("caller", [*TALKING, (PERSON, "gone")], "over", "done", ["hang_up 2"]),
        ("caller", [*TALKING, (COUNSELLOR, "gone")], "over", "counsellor_left", ["bring_back 1"]),
        ("caller", [*TALKING, (COUNSELLOR, "leave")], "over", "counsellor_left", ["hang_up 2", "bring_back 1"]),
        ("caller", [*TALKING, (PERSON, "ran_out")], "over", "done", ["hang_up 1", "hang_up 2"]),
        ("caller", [*TALKING, (CONSULTED, "add")], "talking", "", ["hold 1", "dial 3"]),
        ("caller", [*TALKING, (CONSULTED, "add"), (CONSULTED, "gone")], "talking", "", ["unhold 1"]),
        ("caller", [*CONSULTING, (CONSULTED, "hand_over")], "talking", "", ["hang_up 2", "hand_over 3", "unhold 1"]),
        ("caller", [*CONSULTING, (COUNSELLOR, "gone")], "talking", "", ["hand_over 3", "unhold 1"]),
        ("caller", [*TALKING, (INTERPRETER, "add"), (INTERPRETER, "refused")], "talking", "", []),
        ("caller", [*TALKING, (INTERPRETER, "add"), (INTERPRETER, "ran_out")], "talking", "", ["hang_up 4"]),
        ("caller", [*TALKING, (CONSULTED, "add"), (CONSULTED, "ran_out")], "talking", "", ["hang_up 3", "unhold 1"]),
        ("caller", [*TALKING, (PERSON, "hold"), (PERSON, "hold_failed")], "talking", "", []),
        ("caller", [*WITH_INTERPRETER, (COUNSELLOR, "gone")], "over", "counsellor_left", ["bring_back 1", "hang_up 4"]),
        ("callback", [(COUNSELLOR, "declined")], "over", "declined", ["hang_up 2"]),
        ("callback", [*ACCEPTED], "joining", "", ["take_callback", "dial 1"]),
        ("callback", [*ACCEPTED, (PERSON, "gone")], "over", "not_reached", ["tell_missed 2", "missed"]),
        ("callback", [*ACCEPTED, (PERSON, "declined")], "over", "not_reached", ["hang_up 1", "tell_missed 2", "missed"]),
        ("callback", [*ACCEPTED, (PERSON, "refused")], "over", "not_reached", ["tell_missed 2", "missed"]),
        ("callback", [*ACCEPTED, (PERSON, "unclear")], "over", "unclear", ["tell_missed 2", "unclear"]),
        ("callback", [*ACCEPTED, (PERSON, "ran_out")], "over", "not_reached", ["hang_up 1", "tell_missed 2", "missed"]),
        ("callback", [*ACCEPTED, (COUNSELLOR, "gone")], "over", "counsellor_left", ["hang_up 1", "missed"]),
        ("callback", [*CALLED], "talking", "", ["talked"]),
        ("callback", [*CALLED, (PERSON, "gone")], "over", "done", ["hang_up 2", "reached"]),
        ("callback", [*CALLED, (COUNSELLOR, "gone")], "over", "counsellor_left", ["bring_back 1", "reached"]),
    ],
)  # fmt: skip
def test_every_ending_has_its_state_and_its_deeds(
    purpose: Purpose, happened: list[tuple[int, What]], state: str, ending: str, last_deeds: list[str]
) -> None:
    before, _ = play(begin(purpose), happened[:-1])
    talk, deeds = step(before, *happened[-1])
    assert (talk.state, talk.ending) == (state, ending)
    assert [f"{deed.kind} {deed.leg_id or ''}".strip() for deed in deeds] == last_deeds


HAPPENED = st.lists(st.tuples(st.sampled_from((1, 2, 3, 4)), st.sampled_from(get_args(What))), max_size=14)
# Random events alone hardly ever reach a conference.
BEGINNINGS: st.SearchStrategy[list[tuple[int, What]]] = st.sampled_from([[], ACCEPTED, TALKING, CALLED, CONSULTING])


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(get_args(Purpose)), BEGINNINGS, HAPPENED)
def test_nothing_is_left_over_and_nobody_is_alone(
    purpose: Purpose, beginning: list[tuple[int, What]], random: list[tuple[int, What]]
) -> None:
    talk = begin(purpose)
    known_to_ring = {COUNSELLOR}
    dialled: list[int] = []
    for leg_id, what in [*beginning, *random]:
        was_over = talk.state == "over"
        talk, deeds = step(talk, leg_id, what)
        if was_over:
            assert all(deed.kind == "hang_up" for deed in deeds), "after the end calls are only hung up on"
            continue
        rung = [deed.leg_id for deed in deeds if deed.kind == "dial" and deed.leg_id]
        dialled += rung
        known_to_ring |= set(rung)
        if what in ("gone", "refused", "unclear"):
            known_to_ring.discard(leg_id)
        known_to_ring -= {deed.leg_id for deed in deeds if deed.kind in BRINGS_OUT and deed.leg_id}
        if talk.state == "talking":
            assert talk.alive("counsellor"), "a person in a conference is with somebody who counsels"
        if talk.state == "over":
            assert not talk.alive()
            assert talk.ending
            assert not known_to_ring, "no call is left over"
    assert len(dialled) == len(set(dialled)), "nobody is dialled twice"
