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
    category: str
    groups: tuple[frozenset[int], ...]
    without: frozenset[int]


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
        self._rules_of: dict[int, list[_Rule]] = defaultdict(list)
        for language, categories in rules_by_language.items():
            for category, rules in categories.items():
                if category not in CATEGORIES:
                    raise BrokenDangerRule(f"danger/{language}.yml: unknown category {category!r}; use {', '.join(CATEGORIES)}.")
                for text in rules:
                    rule = self._read_rule(language, category, str(text))
                    for number in rule.groups[0]:
                        self._rules_of[number].append(rule)
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
                content = yaml.safe_load(path.read_text(encoding="utf-8"))
                found[path.stem] = {category: rules or [] for category, rules in content["categories"].items()}
            except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
                raise BrokenDangerRule(f"{path}: must hold `language` and `categories` with lists of rules ({error}).") from None
        if not found:
            raise BrokenDangerRule(f"{folder} holds no danger rules; the hotline does not start without them.")
        return cls(found)

    def find(self, text: str) -> str | None:
        """The most urgent danger a text speaks of, or None."""
        found = self._patterns.find(words(text, LONGEST_TEXT))
        categories = {
            rule.category
            for number in found
            for rule in self._rules_of[number]
            if not (rule.without & found) and all(group & found for group in rule.groups)
        }
        return next((category for category in CATEGORIES if category in categories), None)

    def _read_rule(self, language: str, category: str, rule: str) -> _Rule:
        wanted, *without = rule.split(" - ")
        groups = tuple(self._read_group(part) for part in wanted.split(" + "))
        if not groups or not all(groups):
            raise BrokenDangerRule(f"danger/{language}.yml, {category}: the rule {rule!r} has an empty part.")
        return _Rule(category, groups, frozenset[int]().union(*(self._read_group(part) for part in without)))

    def _read_group(self, group: str) -> frozenset[int]:
        return frozenset(number for part in group.split("|") if (number := self._patterns.add(part)) is not None)
