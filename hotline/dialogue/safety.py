"""The danger net: rules an editor can read, in front of everything, and independent of Rasa.

Rule files are ``content/danger/<lang>.yml``; their syntax is described in ``nlu_data/README.md``. All languages are searched in
every text: nobody in danger chooses a language first.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from zlib import crc32

import yaml

from hotline.errors import CannotStart
from hotline.understanding.folding import words
from hotline.understanding.patterns import PatternFinder

# The order in which a text with several signals is taken: what kills first comes first.
CATEGORIES = ("medical", "selfharm", "violence", "child_alone", "trafficking", "detention", "pressure")
# A cry for help may stand at the end of a long message.
LONGEST_TEXT = 20_000


class BrokenDangerRule(CannotStart):
    """A danger rule cannot be used. The message names file, category and rule."""


class Net(Protocol):
    """Whatever finds danger in a text."""

    def find(self, text: str) -> str | None:
        """The most urgent danger a text speaks of, or None."""
        ...


def mark_of(language: str, category: str, rule: str) -> int:
    """A short mark by which a rule is switched off; the text of thousands of rules is not kept."""
    return crc32(f"{language}\t{category}\t{' '.join(rule.split())}".encode())


def most_urgent(categories: Iterable[str | None]) -> str | None:
    """What of several dangers is taken: what kills first comes first."""
    found = set(categories)
    return next((category for category in CATEGORIES if category in found), None)


@dataclass(frozen=True)
class _Rule:
    """All groups must be found, and ``without`` must not; groups are known by their numbers."""

    category: str
    groups: tuple[int, ...]
    without: tuple[int, ...]
    mark: int


class DangerNet:
    """All rules of all languages in one automaton."""

    def __init__(self, rules_by_language: Iterable[tuple[str, Mapping[str, Iterable[str]]]]) -> None:
        """Build the net.

        Args:
            rules_by_language: (language, category -> rules), read one after the other: together they take much memory.

        Raises:
            BrokenDangerRule: a rule is empty or its category unknown.
        """
        self._patterns = PatternFinder()
        # The same long list of alternatives stands in many rules and is kept once.
        self._numbers: dict[str, int] = {}
        groups_of: dict[int, list[int]] = defaultdict(list)
        self._rules_of: dict[int, list[_Rule]] = defaultdict(list)
        for language, categories in rules_by_language:
            for category, rules in categories.items():
                if category not in CATEGORIES:
                    raise BrokenDangerRule(f"danger/{language}.yml: unknown category {category!r}; use {', '.join(CATEGORIES)}.")
                for text in rules:
                    rule = self._read_rule(language, category, str(text), groups_of)
                    self._rules_of[rule.groups[0]].append(rule)
        self._numbers.clear()
        self._patterns.finish()
        # The groups of pattern n are those from the n-th start to the next: two arrays instead of a hundred thousand tuples.
        self._starts, self._groups = array("I", [0]), array("I")
        for pattern in range(max(groups_of, default=-1) + 1):
            self._groups.extend(groups_of.pop(pattern, ()))
            self._starts.append(len(self._groups))

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
        patterns = self._patterns.find(words(text, LONGEST_TEXT))
        found = {group for pattern in patterns for group in self._groups_with(pattern)}
        categories = {
            rule.category
            for first in found
            for rule in self._rules_of.get(first, ())
            if found.issuperset(rule.groups) and found.isdisjoint(rule.without) and rule.mark not in muted
        }
        return most_urgent(categories)

    def _groups_with(self, pattern: int) -> array[int]:
        # A pattern of a number above was never a rule's: it is a piece of one.
        return self._groups[self._starts[pattern] : self._starts[pattern + 1]] if pattern + 1 < len(self._starts) else array("I")

    def _read_rule(self, language: str, category: str, rule: str, groups_of: dict[int, list[int]]) -> _Rule:
        wanted, *without = rule.split(" - ")
        groups = [self._read_group(part, groups_of) for part in wanted.split(" + ")]
        if None in groups:
            raise BrokenDangerRule(f"danger/{language}.yml, {category}: the rule {rule!r} has an empty part.")
        forbidden = [self._read_group(part, groups_of) for part in without]
        return _Rule(category, tuple(filter(None, groups)), tuple(filter(None, forbidden)), mark_of(language, category, rule))

    def _read_group(self, group: str, groups_of: dict[int, list[int]]) -> int | None:
        """The number of a group, from 1; None when no alternative is left after folding."""
        if group in self._numbers:
            return self._numbers[group]
        patterns = {pattern for part in group.split("|") if (pattern := self._patterns.add(part)) is not None}
        if not patterns:
            return None
        number = self._numbers[group] = len(self._numbers) + 1
        for pattern in patterns:
            groups_of[pattern].append(number)
        return number


def read_categories(path: Path) -> dict[str, list[str]]:
    """The rules of one file by category.

    Raises:
        BrokenDangerRule: it is no YAML or of another form.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        return {category: rules or [] for category, rules in content["categories"].items()}
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise BrokenDangerRule(f"{path}: must hold `language` and `categories` with lists of rules ({error}).") from None
