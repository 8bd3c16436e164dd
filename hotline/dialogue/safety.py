"""The danger net: rules an editor can read, in front of everything, and independent of Rasa.

Rule files are ``content/danger/<lang>.yml``; their syntax is described in ``nlu_data/README.md``. All languages are searched in
every text: nobody in danger chooses a language first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


@dataclass(frozen=True)
class _Rule:
    """All groups must be found, and ``without`` must not; groups are known by their numbers."""

    category: str
    groups: tuple[int, ...]
    without: tuple[int, ...]


class DangerNet:
    """All rules of all languages in one automaton."""

    def __init__(self, rules_by_language: Mapping[str, Mapping[str, Iterable[str]]]) -> None:
        """Build the net.

        Args:
            rules_by_language: language -> category -> rules.

        Raises:
            BrokenDangerRule: a rule is empty or its category unknown.
        """
        self._patterns = PatternFinder()
        # The same long list of alternatives stands in many rules and is kept once.
        self._numbers: dict[str, int] = {}
        groups_of: dict[int, list[int]] = defaultdict(list)
        self._rules_of: dict[int, list[_Rule]] = defaultdict(list)
        for language, categories in rules_by_language.items():
            for category, rules in categories.items():
                if category not in CATEGORIES:
                    raise BrokenDangerRule(f"danger/{language}.yml: unknown category {category!r}; use {', '.join(CATEGORIES)}.")
                for text in rules:
                    rule = self._read_rule(language, category, str(text), groups_of)
                    self._rules_of[rule.groups[0]].append(rule)
        self._groups_of = {pattern: tuple(groups) for pattern, groups in groups_of.items()}
        self._numbers.clear()
        self._patterns.finish()

    @classmethod
    def load(cls, folder: Path) -> DangerNet:
        """Read every ``<lang>.yml`` of a folder.

        Raises:
            BrokenDangerRule: a file is missing, no YAML, or holds a broken rule.
        """
        found: dict[str, dict[str, Any]] = {}
        for path in sorted(folder.glob("*.yml")):
            try:
                content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
                found[path.stem] = {category: rules or [] for category, rules in content["categories"].items()}
            except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
                raise BrokenDangerRule(f"{path}: must hold `language` and `categories` with lists of rules ({error}).") from None
        if not found:
            raise BrokenDangerRule(f"{folder} holds no danger rules; the hotline does not start without them.")
        return cls(found)

    def find(self, text: str) -> str | None:
        """The most urgent danger a text speaks of, or None."""
        patterns = self._patterns.find(words(text, LONGEST_TEXT))
        found = {group for pattern in patterns for group in self._groups_of.get(pattern, ())}
        categories = {
            rule.category
            for first in found
            for rule in self._rules_of.get(first, ())
            if found.issuperset(rule.groups) and found.isdisjoint(rule.without)
        }
        return next((category for category in CATEGORIES if category in categories), None)

    def _read_rule(self, language: str, category: str, rule: str, groups_of: dict[int, list[int]]) -> _Rule:
        wanted, *without = rule.split(" - ")
        groups = [self._read_group(part, groups_of) for part in wanted.split(" + ")]
        if None in groups:
            raise BrokenDangerRule(f"danger/{language}.yml, {category}: the rule {rule!r} has an empty part.")
        forbidden = [self._read_group(part, groups_of) for part in without]
        return _Rule(category, tuple(filter(None, groups)), tuple(filter(None, forbidden)))

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
