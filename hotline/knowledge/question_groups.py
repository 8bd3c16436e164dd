"""Puts questions that ask the same in other words together, language by language."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from rapidfuzz import fuzz, process

from hotline.knowledge.questions import Question
from hotline.privacy.stripping import MARKS
from hotline.understanding.folding import words

# Careful on purpose: of 41,000 pairs of development texts (de, ar, tr, ru, ka each) at most two of different topics are so alike.
ALIKE = 66


@dataclass(frozen=True)
class Wording:
    """One text, as often as it was asked."""

    text: str
    ids: tuple[str, ...]


@dataclass(frozen=True)
class QuestionGroup:
    """Questions alike, the most frequent wording first."""

    language: str | None
    wordings: tuple[Wording, ...]
    reasons: tuple[tuple[str, int], ...]
    newest: date

    @property
    def size(self) -> int:
        """How many questions."""
        return sum(len(wording.ids) for wording in self.wordings)

    @property
    def example(self) -> str:
        """The most frequent wording, without marks."""
        return without_marks(self.wordings[0].text)


def without_marks(text: str) -> str:
    """A stripped text with nothing in the place of what was taken out."""
    for mark in MARKS:
        text = text.replace(mark, " ")
    return " ".join(text.split())


def group_questions(found: Iterable[Question]) -> list[QuestionGroup]:
    """Group questions by language and likeness, the largest group first.

    Each question goes to the group whose first wording is likest to it, or begins one; the most frequent wordings come first.
    """
    by_wording: dict[tuple[str | None, str], list[Question]] = defaultdict(list)
    for question in found:
        by_wording[question.language, " ".join(words(without_marks(question.text)))].append(question)
    leaders: dict[str | None, list[str]] = defaultdict(list)
    gathered: dict[tuple[str | None, str], list[list[Question]]] = {}
    for (language, folded), same in sorted(by_wording.items(), key=lambda item: (-len(item[1]), str(item[0]))):
        likest = process.extractOne(folded, leaders[language], scorer=fuzz.token_sort_ratio, score_cutoff=ALIKE)
        if likest is None:
            leaders[language].append(folded)
            gathered[language, folded] = [same]
        else:
            gathered[language, likest[0]].append(same)
    groups = [_group(language, wordings) for (language, _), wordings in gathered.items()]
    return sorted(groups, key=lambda group: (-group.size, -group.newest.toordinal(), group.wordings[0].text))


def _group(language: str | None, wordings: list[list[Question]]) -> QuestionGroup:
    every = [question for same in wordings for question in same]
    return QuestionGroup(
        language=language,
        wordings=tuple(Wording(same[0].text, tuple(question.id for question in same)) for same in wordings),
        reasons=tuple(Counter(question.reason for question in every).most_common()),
        newest=max(question.day for question in every),
    )
