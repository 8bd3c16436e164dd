"""Rules of the danger net and the model judge together: a sure model reads over a rule, never one added in the studio."""

from __future__ import annotations

from datetime import date
from typing import Literal

import pytest

from hotline.dialogue.meaning import Interpreter
from hotline.dialogue.safety import DangerNet
from hotline.dialogue.word_lists import WordLists
from hotline.settings import ROOT
from hotline.training.danger_watch import Overlay, RuleChange
from hotline.understanding.entities import EntityFinder
from hotline.understanding.port import Parse, Score
from hotline.understanding.thresholds import Threshold, Thresholds

MEASURED = Threshold(answer=0.4, confirm=0.2, danger=0.15, calm=0.01)
BEFORE = Threshold(answer=0.4, confirm=0.2, danger=0.15)
FILES = DangerNet([("de", {"detention": ["abgeschoben"]})])
TEXT = "mein Onkel wurde damals abgeschoben, wie teuer ist ein Flug"


class _Model:
    def __init__(self, score: float | None, engine: Literal["rasa", "fallback"]) -> None:
        self._danger = None if score is None else Score("detention", score)
        self._engine = engine

    def parse(self, text: str, language: str | None) -> Parse:
        return Parse((Score("de", 0.99),), (Score("ticket_booking", 0.9),), self._engine, self._danger)


def _interpret(
    score: float | None,
    threshold: Threshold = MEASURED,
    engine: Literal["rasa", "fallback"] = "rasa",
    added: tuple[str, ...] = (),
) -> tuple[str | None, bool]:
    """The danger heard, and whether editors may see the text."""
    net = Overlay(FILES, [RuleChange("de", "detention", rule, "add") for rule in added])
    entities = EntityFinder.load(ROOT / "content" / "places", ["de"])
    interpreter = Interpreter(
        _Model(score, engine),
        net,
        WordLists({}),
        entities,
        lambda _: Thresholds({"de": threshold}),
        ["de"],
        lambda: date(2026, 11, 25),
    )
    understood = interpreter.interpret(TEXT, "de")
    return understood.meaning.danger, understood.is_question


@pytest.mark.parametrize(
    ("score", "danger"), [(0.0, None), (0.0099, None), (0.01, "detention"), (0.1, "detention"), (0.9, "detention")]
)
def test_rule_is_believed_unless_the_model_is_sure_of_the_contrary(score: float, danger: str | None) -> None:
    assert _interpret(score)[0] == danger


def test_rule_added_in_the_studio_is_always_believed() -> None:
    assert _interpret(0.0, added=("onkel + abgeschoben",))[0] == "detention"


@pytest.mark.parametrize(
    ("score", "threshold", "engine"), [(None, MEASURED, "rasa"), (0.0, BEFORE, "rasa"), (None, MEASURED, "fallback")]
)
def test_without_a_model_that_can_tell_every_rule_is_believed(
    score: float | None, threshold: Threshold, engine: Literal["rasa", "fallback"]
) -> None:
    assert _interpret(score, threshold, engine)[0] == "detention"


def test_text_a_rule_heard_danger_in_is_kept_from_editors() -> None:
    assert _interpret(0.0) == (None, False)
