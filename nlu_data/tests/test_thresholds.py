"""Thresholds are the lowest that keep wrong answers and false alarms within bounds."""

from __future__ import annotations

import random

import pytest

from components.thresholds import (
    CONFIRM_BELOW_ANSWER,
    FALSE_NEAR,
    FALSE_ORDINARY,
    HIGHEST_ANSWER,
    HIGHEST_CALM,
    LOWEST_ANSWER,
    LOWEST_DANGER,
    WRONG_SHARE,
    Judged,
    find_thresholds,
)

CALM = [("near", 0.01)] * 20 + [("none", 0.0)] * 20


def _judged(seed: int) -> Judged:
    """What a model of chance says."""
    chance = random.Random(seed)
    judged = Judged()
    for code in ("de", "ar", "uk"):
        judged.topics[code] = [(chance.random() < 0.7, chance.random()) for _ in range(chance.randrange(1, 300))]
    labels = ["near", "none", "selfharm", "medical"]
    judged.dangers = [(chance.choice(labels), round(chance.random(), 4)) for _ in range(chance.randrange(1, 200))]
    return judged


def _answer(*topics: tuple[bool, float]) -> float:
    return find_thresholds(Judged({"de": list(topics)}))["de"]["answer"]


def _danger(*dangers: tuple[str, float]) -> float:
    return find_thresholds(Judged({"de": [(True, 0.9)]}, list(dangers)))["de"]["danger"]


@pytest.mark.parametrize("seed", range(20))
def test_wrong_answers_stay_within_their_share_in_every_language_unless_the_model_is_hopeless(seed: int) -> None:
    judged = _judged(seed)
    for code, threshold in find_thresholds(judged).items():
        topics, answer = judged.topics[code], threshold["answer"]
        wrong = sum(not is_right and confidence >= answer for is_right, confidence in topics)
        assert LOWEST_ANSWER <= answer <= HIGHEST_ANSWER
        assert wrong <= WRONG_SHARE * len(topics) or answer == HIGHEST_ANSWER


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(("label", "share"), [("near", FALSE_NEAR), ("none", FALSE_ORDINARY)])
def test_false_alarms_stay_within_their_share(seed: int, label: str, share: float) -> None:
    judged = _judged(seed)
    threshold = find_thresholds(judged)["de"]["danger"]
    calm = [score for true, score in judged.dangers if true == label]
    assert sum(score >= threshold for score in calm) <= share * len(calm)


def test_every_language_that_was_judged_gets_its_own_answer_threshold_and_the_same_for_danger() -> None:
    found = find_thresholds(_judged(7))
    assert list(found) == ["ar", "de", "uk"]
    assert len({threshold["danger"] for threshold in found.values()}) == 1
    assert len({threshold["answer"] for threshold in found.values()}) > 1


def test_answer_threshold_is_no_higher_than_needed() -> None:
    # Of 200 texts 8 may be wrong; the ninth wrong one from above is the first that may not.
    assert _answer(*[(False, 0.5 + number / 1000) for number in range(100)], *[(True, 0.9)] * 100) == pytest.approx(0.592)


def test_danger_threshold_is_no_higher_than_needed() -> None:
    near = [("near", 0.4 + number / 1000) for number in range(100)]
    # Of 100 near ones 5 may raise an alarm; the sixth from above is the first that may not.
    assert _danger(*near) == pytest.approx(0.495)
    assert _danger(*near, *[("none", 0.7)] * 10) == pytest.approx(0.701), "the stricter of both counts"


def test_perfect_model_gets_the_lowest_thresholds() -> None:
    judged = Judged({"de": [(True, 0.3)] * 50}, [("selfharm", 0.9), *CALM])
    confirm = round(LOWEST_ANSWER * CONFIRM_BELOW_ANSWER, 3)
    assert find_thresholds(judged) == {
        "de": {"answer": LOWEST_ANSWER, "confirm": confirm, "danger": LOWEST_DANGER, "calm": HIGHEST_CALM}
    }


def _calm(*dangers: tuple[str, float]) -> float:
    return find_thresholds(Judged({"de": [(True, 0.9)]}, list(dangers)))["de"]["calm"]


def test_hardly_a_cry_is_taken_for_surely_calm() -> None:
    cries = [("medical", number / 10_000) for number in range(1000)]
    # Of 1,000 cries 5 may lie below; texts without danger do not count.
    assert _calm(*cries, *CALM) == pytest.approx(0.0005)
    assert _calm(*CALM) == 0.0, "without cries to judge by no rule is overruled"


def test_model_that_was_never_judged_has_no_thresholds() -> None:
    assert find_thresholds(Judged()) == {}


def test_model_that_is_always_wrong_and_sure_gets_the_highest_answer_threshold() -> None:
    assert _answer(*[(False, 0.99)] * 50) == HIGHEST_ANSWER


def test_asking_back_begins_below_answering() -> None:
    for seed in range(20):
        for threshold in find_thresholds(_judged(seed)).values():
            assert 0 < threshold["confirm"] < threshold["answer"]


def test_cries_for_help_do_not_raise_the_threshold() -> None:
    assert _danger(*CALM) == _danger(*CALM, *[("selfharm", 0.99)] * 30)
