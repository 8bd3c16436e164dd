"""The danger net: rules an editor can read, in front of everything, and independent of Rasa.

Rule files are ``content/danger/<lang>.yml``; their syntax is described in ``nlu_data/README.md``. All languages are searched in
every text: nobody in danger chooses a language first.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from zlib import crc32

import yaml

from hotline.errors import CannotStart
from hotline.understanding.folding import words
from hotline.understanding.patterns import PatternFinder
from hotline.yaml_file import read_yaml

# The order in which a text with several signals is taken: what kills first comes first.
CATEGORIES = ("medical", "selfharm", "violence", "child_alone", "trafficking", "detention", "pressure")
# Beside the categories a file has rules for idioms, jokes and old stories: what their first group finds is read over.
HARMLESS = "harmless"
# So many words apart, two parts of a text may speak of the same thing.
_SAME_BREATH = 12
# Numbers that are ages of nobody under age. "Not 18 yet" is a child's word, and larger numbers are years of birth.
_GROWN_UP = range(19, 121)
# Stands for a word that is read over; no pattern holds it.
_READ_OVER = "\x00"
# A cry for help may stand at the end of a long message.
LONGEST_TEXT = 20_000


class BrokenDangerRule(CannotStart):
    """A danger rule cannot be used. The message names file, category and rule."""


class Net(Protocol):
    """Whatever finds danger in a text."""

    def find(self, text: str) -> str | None:
        """The most urgent danger a text speaks of, or None."""
        ...

    def find_certain(self, text: str) -> str | None:
        """As ``find``, by the rules that no model may overrule alone: those added in the studio."""
        ...


def mark_of(language: str, category: str, rule: str) -> int:
    """A short mark by which a rule is switched off; the text of thousands of rules is not kept."""
    return crc32(f"{language}\t{category}\t{' '.join(rule.split())}".encode())


def most_urgent(categories: Iterable[str | None]) -> str | None:
    """What of several dangers is taken: what kills first comes first."""
    found = set(categories)
    return next((category for category in CATEGORIES if category in found), None)


@dataclass(frozen=True, slots=True)
class _Rule:
    """All groups must be found, and ``without`` must not; groups are known by their numbers."""

    category: str
    groups: tuple[int, ...]
    without: tuple[int, ...]
    mark: int


class _Members:
    """Which pattern is in which groups, in plain numbers: a list for each would take more room than the net."""

    def __init__(self) -> None:
        self._patterns, self._groups = array("I"), array("I")

    def add(self, pattern: int, group: int) -> None:
        """A pattern is in a group."""
        self._patterns.append(pattern)
        self._groups.append(group)

    def sort(self) -> tuple[array[int], array[int]]:
        """Starts and groups: the groups of pattern n are those from the n-th start to the next."""
        starts = array("I", [0]) * (max(self._patterns, default=-1) + 2)
        for pattern in self._patterns:
            starts[pattern + 1] += 1
        for pattern in range(1, len(starts)):
            starts[pattern] += starts[pattern - 1]
        groups, free = array("I", [0]) * len(self._groups), starts[:]
        for pattern, group in zip(self._patterns, self._groups, strict=True):
            groups[free[pattern]] = group
            free[pattern] += 1
        return starts, groups


class DangerNet:
    """All rules of all languages in one automaton."""

    def __init__(self, rules_by_language: Iterable[tuple[str, Mapping[str, Iterable[str]]]]) -> None:
        """Build the net.

        Args:
            rules_by_language: (language, category or ``HARMLESS`` -> rules), read one after the other: together they take
                much memory.

        Raises:
            BrokenDangerRule: a rule is empty or its category unknown.
        """
        self._patterns = PatternFinder()
        # The same long list of alternatives stands in many rules and is kept once.
        self._numbers: dict[str, int] = {}
        members = _Members()
        self._rules_of: dict[int, list[_Rule]] = defaultdict(list)
        for language, categories in rules_by_language:
            for category, rules in categories.items():
                if category not in (*CATEGORIES, HARMLESS):
                    raise BrokenDangerRule(f"danger/{language}.yml: unknown category {category!r}; use {', '.join(CATEGORIES)}.")
                for text in rules:
                    rule = self._read_rule(language, category, str(text), members)
                    self._rules_of[rule.groups[0]].append(rule)
        self._numbers.clear()
        self._starts, self._groups = members.sort()
        # Last, so that the automaton takes the room of what was needed only to read the rules: every web process keeps its peak.
        self._patterns.finish()

    @classmethod
    def load(cls, folder: Path) -> DangerNet:
        """Read every ``<lang>.yml`` of a folder.

        Raises:
            BrokenDangerRule: a file is missing, no YAML, or holds a broken rule.
        """
        paths = sorted(folder.glob("*.yml"))
        if not paths:
            raise BrokenDangerRule(f"{folder} holds no danger rules; the hotline does not start without them.")
        return cls((path.stem, read_categories(path)) for path in paths)

    def find(self, text: str, muted: Collection[int] = ()) -> str | None:
        """The most urgent danger a text speaks of, or None.

        Args:
            text: of a person.
            muted: marks of rules that do not count; see ``mark_of``.
        """
        folded = words(text, LONGEST_TEXT)
        fired = self._fired(folded, muted)
        if any(rule.category == HARMLESS for rule in fired):
            folded = self._without_harmless(folded, fired)
            fired = self._fired(folded, muted)
        categories = {rule.category for rule in fired}
        if "child_alone" in categories and _is_grown_up(folded):
            ageless = [_READ_OVER if word.isdecimal() else word for word in folded]
            if all(rule.category != "child_alone" for rule in self._fired(ageless, muted)):
                categories.remove("child_alone")
        return most_urgent(categories)

    def find_certain(self, text: str) -> str | None:
        """See ``Net.find_certain``: none of the rules of the files is."""
        return None

    def _fired(self, folded: Sequence[str], muted: Collection[int]) -> list[_Rule]:
        found = {group for pattern in self._patterns.find(folded) for group in self._groups_with(pattern)}
        return [
            rule
            for first in found
            for rule in self._rules_of.get(first, ())
            if found.issuperset(rule.groups) and found.isdisjoint(rule.without) and rule.mark not in muted
        ]

    def _without_harmless(self, folded: Sequence[str], fired: Iterable[_Rule]) -> list[str]:
        """The words of a text; what an idiom is made of is read over, the rest may still be a cry for help."""
        places: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for pattern, first, last in self._patterns.places(folded):
            for group in self._groups_with(pattern):
                places[group].append((first, last))
        kept = list(folded)
        for rule in fired:
            if rule.category == HARMLESS:
                for first, last in places[rule.groups[0]]:
                    if all(any(abs(other - first) <= _SAME_BREATH for other, _ in places[group]) for group in rule.groups[1:]):
                        kept[first : last + 1] = [_READ_OVER] * (last + 1 - first)
        return kept

    def _groups_with(self, pattern: int) -> array[int]:
        # A pattern of a number above was never a rule's: it is a piece of one.
        return self._groups[self._starts[pattern] : self._starts[pattern + 1]] if pattern + 1 < len(self._starts) else array("I")

    def _read_rule(self, language: str, category: str, rule: str, members: _Members) -> _Rule:
        wanted, *without = rule.split(" - ")
        groups = [self._read_group(part, members) for part in wanted.split(" + ")]
        if None in groups:
            raise BrokenDangerRule(f"danger/{language}.yml, {category}: the rule {rule!r} has an empty part.")
        forbidden = [self._read_group(part, members) for part in without]
        return _Rule(category, tuple(filter(None, groups)), tuple(filter(None, forbidden)), mark_of(language, category, rule))

    def _read_group(self, group: str, members: _Members) -> int | None:
        """The number of a group, from 1; None when no alternative is left after folding."""
        if group in self._numbers:
            return self._numbers[group]
        patterns = {pattern for part in group.split("|") if (pattern := self._patterns.add(part)) is not None}
        if not patterns:
            return None
        number = self._numbers[group] = len(self._numbers) + 1
        for pattern in patterns:
            members.add(pattern, number)
        return number


def _is_grown_up(folded: Iterable[str]) -> bool:
    """Whether all numbers of a text are ages of grown-ups."""
    numbers = [word for word in folded if word.isdecimal()]
    return bool(numbers) and all(len(number) <= 3 and int(number) in _GROWN_UP for number in numbers)


def read_categories(path: Path) -> dict[str, list[str]]:
    """The rules of one file by category.

    Raises:
        BrokenDangerRule: it is no YAML or of another form.
    """
    try:
        content = read_yaml(path)
        return {category: rules or [] for category, rules in [*content["categories"].items(), (HARMLESS, content.get(HARMLESS))]}
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        said = " ".join(str(error).split())
        raise BrokenDangerRule(f"{path}: must hold `language` and `categories` with lists of rules ({said}).") from None
