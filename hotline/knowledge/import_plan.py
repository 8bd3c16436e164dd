"""What an import would change, and everything that stands against it; nothing is stored here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hotline.knowledge.editing import Edit
from hotline.knowledge.exchange_files import ImportProblem
from hotline.knowledge.problems import Problem


@dataclass(frozen=True)
class Importer:
    """Whose work the import becomes, and what they may do."""

    name: str
    permissions: frozenset[str]


@dataclass(frozen=True)
class Place:
    """Where something stands in the file; problems are said there."""

    sheet: str
    row: int

    def problem(self, column: str, problem: Problem) -> ImportProblem:
        """Something wrong in a column of this row."""
        return ImportProblem(self.sheet, self.row, column, problem)


@dataclass(frozen=True)
class PlannedText:
    """A text that becomes a draft. ``is_outdated`` when the German text changed since the translator saw it."""

    place: Place
    edit: Edit
    is_outdated: bool


@dataclass(frozen=True)
class PlannedFact:
    """A fact that becomes a proposal; written columns."""

    place: Place
    raw: Mapping[str, str]


@dataclass(frozen=True)
class PlannedArticle:
    """What stands behind an answer, to be changed at once."""

    place: Place
    topic: str
    values: Mapping[str, Any]


@dataclass
class Plan:
    """Everything an import would do. It is stored only while ``problems`` is empty."""

    texts: list[PlannedText] = field(default_factory=list)
    facts: list[PlannedFact] = field(default_factory=list)
    articles: list[PlannedArticle] = field(default_factory=list)
    problems: list[ImportProblem] = field(default_factory=list)
    unchanged: int = 0
    unfinished: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether nothing would change."""
        return not (self.texts or self.facts or self.articles)

    @property
    def outdated(self) -> list[str]:
        """The texts whose German text changed since, as topic/language."""
        return [f"{text.edit.topic}/{text.edit.language}" for text in self.texts if text.is_outdated]

    def refuse(self, place: Place, column: str, code: str, **values: object) -> None:
        """Note something wrong."""
        self.problems.append(place.problem(column, Problem(code, values)))

    def words_by_language(self) -> dict[str, list[str]]:
        """One wording of every changed text, by language: the full one, which tells the language best."""
        found: dict[str, list[str]] = {}
        for text in self.texts:
            found.setdefault(text.edit.language, []).append(text.edit.full)
        return found


def twice(plan: Plan, places: Iterable[tuple[object, Place]], column: str) -> None:
    """Note every key that stands in the file a second time."""
    first: dict[object, Place] = {}
    for key, place in places:
        same = first.setdefault(key, place)
        if same is not place:
            plan.refuse(place, column, "row_twice", row=same.row)
