"""How sure the model must be before the hotline answers, asks back or takes a text for a cry for help, per language."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

# Of all texts, at most this share may get a wrong answer without being asked.
WRONG_SHARE = 0.04
# Asked back with three topics, most are right even where the model is quite unsure.
CONFIRM_BELOW_ANSWER = 0.35
LOWEST_ANSWER, HIGHEST_ANSWER = 0.2, 0.9
# Of calm questions that sound like danger, at most this share may raise an alarm; of ordinary ones, next to none.
# The rules of the danger net raise their own false alarms besides.
FALSE_NEAR, FALSE_ORDINARY = 0.055, 0.01
LOWEST_DANGER = 0.06
# Of cries for help, at most this share may be scored as surely calm: then the hotline does not believe a rule of the net either.
SCORED_CALM, HIGHEST_CALM = 0.005, 0.03
CALM_LABELS = {"near": FALSE_NEAR, "none": FALSE_ORDINARY}


@dataclass
class Judged:
    """What the model said of the development sets.

    ``topics`` holds (was it right, confidence) by language, ``dangers`` (true label, score of danger) of all languages: each has
    too few of them to set a threshold of its own.
    """

    topics: dict[str, list[tuple[bool, float]]] = field(default_factory=lambda: defaultdict(list))
    dangers: list[tuple[str, float]] = field(default_factory=list)


def find_thresholds(judged: Judged) -> dict[str, dict[str, float]]:
    """The lowest thresholds of every language that keep errors within bounds: ``answer``, ``confirm``, ``danger``.

    And the highest score at which a text is ``calm`` for sure.
    """
    danger, calm = _danger_threshold(judged.dangers), _calm_threshold(judged.dangers)
    answers = {code: _answer_threshold(topics) for code, topics in sorted(judged.topics.items())}
    return {
        code: {"answer": answer, "confirm": round(answer * CONFIRM_BELOW_ANSWER, 3), "danger": danger, "calm": calm}
        for code, answer in answers.items()
    }


def _answer_threshold(topics: list[tuple[bool, float]]) -> float:
    wrong = sorted((confidence for is_right, confidence in topics if not is_right), reverse=True)
    allowed = int(WRONG_SHARE * len(topics))
    # The first wrong one that may no longer be answered sets the border.
    border = wrong[allowed] if len(wrong) > allowed else 0.0
    return round(min(max(border + 0.001, LOWEST_ANSWER), HIGHEST_ANSWER), 3)


def _danger_threshold(dangers: list[tuple[str, float]]) -> float:
    borders = [LOWEST_DANGER]
    for label, share in CALM_LABELS.items():
        scores = sorted((score for true, score in dangers if true == label), reverse=True)
        allowed = int(share * len(scores))
        if len(scores) > allowed:
            borders.append(scores[allowed] + 0.001)
    return round(max(borders), 3)


def _calm_threshold(dangers: list[tuple[str, float]]) -> float:
    scores = sorted(score for true, score in dangers if true not in CALM_LABELS)
    allowed = int(SCORED_CALM * len(scores))
    # Without cries nothing is known: no rule is overruled.
    return round(min(scores[allowed], HIGHEST_CALM), 4) if scores else 0.0
