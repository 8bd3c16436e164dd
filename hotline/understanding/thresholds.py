"""How sure the model must be, per language: measured on the development sets and stored beside the model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hotline.errors import CannotStart


@dataclass(frozen=True)
class Threshold:
    """From ``answer`` on the topic is answered, from ``confirm`` on the person is asked "did you mean".

    From ``danger`` on a text is taken for a cry for help. Below ``calm`` it is none for sure, and a rule of the danger net that
    fired is not believed. At 0, as of models trained before there was such a threshold, every rule is.
    """

    answer: float
    confirm: float
    danger: float
    calm: float = 0.0


UNMEASURED = Threshold(answer=0.6, confirm=0.25, danger=0.3)
# Likeness to a known phrase is a weaker sign than a trained model's confidence.
FALLBACK = Threshold(answer=0.75, confirm=0.4, danger=1.0)


class BrokenThresholds(CannotStart):
    """``thresholds.json`` cannot be used."""


class Thresholds:
    """Thresholds by language."""

    def __init__(self, by_language: Mapping[str, Threshold]) -> None:
        self._by_language = by_language

    @classmethod
    def load(cls, path: Path) -> Thresholds:
        """Read the file written beside the model; without it the careful defaults hold.

        Raises:
            BrokenThresholds: the file is there and of another form.
        """
        if not path.exists():
            return cls({})
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            return cls({code: Threshold(**{name: float(value) for name, value in item.items()}) for code, item in found.items()})
        except (ValueError, KeyError, TypeError, AttributeError):
            raise BrokenThresholds(f"{path} is damaged. Delete the models folder and train again.") from None

    def of(self, language: str | None, engine: str) -> Threshold:
        """The thresholds of a language for the engine that understood the text."""
        if engine == "fallback":
            return FALLBACK
        return self._by_language.get(language or "", UNMEASURED)
