"""Who gets whom: danger first, then waiting time; language, topic, Land, presence, capacity; who knows the matter first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.counselling.routing import (
    PRESENCES,
    Counsellor,
    Waiting,
    choose_counsellor,
    expected_wait,
    in_order,
    is_everybody_asked,
    plan_offers,
    who_can_take,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ALL = frozenset[str]()


def _one(number: int, *languages: str, **changed: object) -> Counsellor:
    made = Counsellor(number, frozenset(languages or ("de",)), ALL, ALL, "available", 2, 0)
    return replace(made, **changed)  # type: ignore[arg-type]


def _waits(number: int, minutes: float = 0, **changed: object) -> Waiting:
    made = Waiting(number, "de", None, None, False, NOW - timedelta(minutes=minutes))
    return replace(made, **changed)  # type: ignore[arg-type]


def test_danger_comes_first_and_then_who_waits_longest() -> None:
    found = in_order([_waits(1, 5), _waits(2, 50), _waits(3, 1, is_urgent=True), _waits(4, 10, is_urgent=True)])
    assert [handoff.id for handoff in found] == [4, 3, 2, 1]


def test_only_who_speaks_the_language_is_asked() -> None:
    people = [_one(1, "de"), _one(2, "ar", "de")]
    assert choose_counsellor(_waits(1, language="ar"), people) == 2
    assert choose_counsellor(_waits(1, language="ka"), people) is None


def test_in_danger_a_person_without_the_language_is_better_than_none() -> None:
    people = [_one(1, "de"), _one(2, "ar", presence="away")]
    assert choose_counsellor(_waits(1, language="ar", is_urgent=True), people) == 1
    assert choose_counsellor(_waits(1, language="ar", is_urgent=True), [*people, _one(3, "ar")]) == 3


@pytest.mark.parametrize("presence", ["away", "busy"])
def test_nobody_is_asked_who_is_not_available(presence: str) -> None:
    assert choose_counsellor(_waits(1), [_one(1, presence=presence)]) is None


def test_nobody_gets_more_than_they_can_hold_but_one_more_in_danger() -> None:
    full = _one(1, capacity=2, load=2)
    assert choose_counsellor(_waits(1), [full]) is None
    assert choose_counsellor(_waits(1, is_urgent=True), [full]) == 1
    assert choose_counsellor(_waits(1, is_urgent=True), [replace(full, load=3)]) is None


def test_who_is_there_for_the_topic_or_the_land_comes_before_who_is_there_for_everything() -> None:
    everything, topic, land = _one(1), _one(2, topics=frozenset({"ukraine"})), _one(3, lands=frozenset({"DE-BY"}))
    people = [everything, topic, land]
    assert choose_counsellor(_waits(1, topic="ukraine", land="DE-BE"), people) == 2
    assert choose_counsellor(_waits(1, topic="entry_ban", land="DE-BY"), people) == 3
    assert choose_counsellor(_waits(1, topic="entry_ban", land="DE-BE"), people) == 1


def test_who_knows_the_matter_is_asked_first() -> None:
    people = [_one(1, topics=frozenset({"ukraine"})), _one(2, load=1)]
    assert choose_counsellor(_waits(1, topic="ukraine", last_counsellor=2), people) == 2
    assert choose_counsellor(_waits(1, topic="ukraine", last_counsellor=9), people) == 1


def test_who_has_the_most_room_is_asked_before_the_others() -> None:
    assert choose_counsellor(_waits(1), [_one(1, load=1), _one(2, load=0)]) == 2
    assert choose_counsellor(_waits(1), [_one(1, load=1, capacity=2), _one(2, load=2, capacity=8)]) == 2


def test_who_declined_is_not_asked_again_before_everybody_else_was() -> None:
    people = [_one(1), _one(2)]
    assert choose_counsellor(_waits(1, asked=frozenset({1})), people) == 2
    assert choose_counsellor(_waits(1, asked=frozenset({1, 2})), people) is None
    assert is_everybody_asked(_waits(1, asked=frozenset({1, 2})), people)
    assert not is_everybody_asked(_waits(1, asked=frozenset({1})), people)
    assert not is_everybody_asked(_waits(1), [])


people = st.lists(
    st.builds(
        Counsellor,
        id=st.integers(1, 50),
        languages=st.frozensets(st.sampled_from(["de", "ar", "tr"]), min_size=1),
        topics=st.frozensets(st.sampled_from(["a", "b"])),
        lands=st.frozensets(st.sampled_from(["DE-BY", "DE-BE"])),
        presence=st.sampled_from(PRESENCES),
        capacity=st.integers(1, 3),
        load=st.integers(0, 4),
    ),
    unique_by=lambda one: one.id,
)
queue = st.lists(
    st.builds(
        Waiting,
        id=st.integers(1, 99),
        language=st.sampled_from(["de", "ar", "tr", None]),
        topic=st.sampled_from(["a", "b", None]),
        land=st.sampled_from(["DE-BY", "DE-BE", None]),
        is_urgent=st.booleans(),
        requested_at=st.integers(0, 500).map(lambda minutes: NOW - timedelta(minutes=minutes)),
        asked=st.frozensets(st.integers(1, 50)),
    ),
    unique_by=lambda handoff: handoff.id,
)


@given(queue, people)
def test_plan_offers_each_handoff_once_and_never_more_than_somebody_can_hold(
    waiting: list[Waiting], there: list[Counsellor]
) -> None:
    offers = plan_offers(waiting, there)
    assert len({offer.handoff_id for offer in offers}) == len(offers)
    by_id = {handoff.id: handoff for handoff in waiting}
    for one in there:
        got = [by_id[offer.handoff_id] for offer in offers if offer.counsellor_id == one.id]
        assert not got or one.presence == "available"
        assert len(got) <= max(0, one.capacity + any(h.is_urgent for h in got) - one.load)
        assert all(h.is_urgent or h.language is None or h.language in one.languages for h in got)
        assert not any(one.id in h.asked for h in got)


@given(queue, people)
def test_nobody_who_could_be_served_is_passed_over_for_somebody_behind(waiting: list[Waiting], there: list[Counsellor]) -> None:
    offered = {offer.handoff_id for offer in plan_offers(waiting, there)}
    order = in_order(waiting)
    for place, handoff in enumerate(order):
        if handoff.id not in offered:
            for later in order[place + 1 :]:
                alike = (later.language, later.topic, later.land, later.is_urgent, later.asked)
                same = (handoff.language, handoff.topic, handoff.land, handoff.is_urgent, handoff.asked)
                assert alike != same or later.id not in offered


def test_one_telephone_rings_for_one_person_and_who_is_called_back_takes_a_turn() -> None:
    anna = _one(1, capacity=5, has_phone=True)
    waiting = [_waits(1, 5, is_on_the_line=True), _waits(2, 9, is_on_the_line=True), _waits(3, 20, callback_id=7)]
    assert [(offer.handoff_id, offer.callback_id) for offer in plan_offers(waiting, [anna])] == [(3, 7)]
    assert [offer.handoff_id for offer in plan_offers(waiting[:2], [anna])] == [2]
    # Without a telephone nobody calls back; what is written is taken at the screen.
    assert [offer.handoff_id for offer in plan_offers([waiting[2], _waits(4)], [_one(1)])] == [4]


@pytest.mark.parametrize(("before", "minutes"), [(0, 5), (1, 15), (4, 30), (5, 60), (8, 60), (9, 0)])
def test_wait_is_told_in_steps_people_can_remember(before: int, minutes: int) -> None:
    # One free hand at once, two at most, a quarter of an hour each.
    there = [_one(1, capacity=2, load=1)]
    assert expected_wait(_waits(99), [_waits(number, 10) for number in range(before)], there, 900) == minutes


def test_who_holds_the_line_waits_for_a_telephone_and_not_for_room_on_a_screen() -> None:
    holds, before = _waits(1, 1, is_on_the_line=True), _waits(2, 9, is_on_the_line=True)
    texts = [_waits(number, 20) for number in range(10, 20)]
    free, talks = _one(1, capacity=5, has_phone=True), _one(1, capacity=5, has_phone=True, is_on_phone=True, load=1)
    assert expected_wait(holds, texts, [free], 900) == 5
    assert expected_wait(holds, [], [talks], 900) == 15, "the only telephone is in a talk"
    assert expected_wait(holds, [before], [talks], 900) == 30
    assert expected_wait(holds, [_waits(3, 9, callback_id=1)], [free], 900) == 15
    assert expected_wait(holds, [], [_one(1, capacity=5)], 900) == 5, "where nobody has one, somebody at a screen comes"


def test_only_those_at_their_screens_who_know_the_language_make_a_wait() -> None:
    there = [_one(1, presence="away"), _one(2, "ar"), _one(3, presence="busy"), _one(4)]
    assert [one.id for one in who_can_take(_waits(1), there)] == [3, 4]
    assert expected_wait(_waits(1), [], [_one(3, presence="busy")], 900) == 15
