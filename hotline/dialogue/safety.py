"""The danger net: rules an editor can read, in front of everything, and independent of Rasa.

Rule files are ``content/danger/<lang>.yml``; their syntax is described in ``nlu_data/README.md``. All languages are searched in
every text: nobody in danger chooses a language first.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ahocorasick
import yaml

from hotline.errors import CannotStart
from hotline.understanding.folding import fold, words

# The order in which a text with several signals is taken: what kills first comes first.
CATEGORIES = ("medical", "selfharm", "violence", "child_alone", "trafficking", "detention", "pressure")
NUMBER = "#"
OPEN = "*"
# A cry for help may stand at the end of a long message.
LONGEST_TEXT = 20_000
# Words are joined by this, so that a pattern's open ends can be told from word borders.
_BORDER = " "


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
        self._patterns: dict[str, int] = {}
        self._shapes: dict[int, re.Pattern[str]] = {}
        self._automaton = ahocorasick.Automaton()
        self._rules: list[_Rule] = []
        for language, categories in rules_by_language.items():
            for category, rules in categories.items():
                if category not in CATEGORIES:
                    raise BrokenDangerRule(f"danger/{language}.yml: unknown category {category!r}; use {', '.join(CATEGORIES)}.")
                for rule in rules:
                    self._rules.append(self._read_rule(language, category, str(rule)))
        self._build_automaton()
        self._rules_of: dict[int, list[_Rule]] = defaultdict(list)
        for rule_ in self._rules:
            for number in rule_.groups[0]:
                self._rules_of[number].append(rule_)

    def _build_automaton(self) -> None:
        by_piece: dict[str, list[int]] = defaultdict(list)
        for pattern, number in self._patterns.items():
            pieces = pattern.split(OPEN)
            if len(pieces) > 1:
                self._shapes[number] = re.compile(r"\w*".join(re.escape(piece) for piece in pieces))
            by_piece[max(pieces, key=len)].append(number)
        for piece, numbers in by_piece.items():
            self._automaton.add_word(piece, tuple(numbers))
        if self._patterns:
            self._automaton.make_automaton()

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
        if not self._patterns:
            return None
        found = self._matches(text)
        categories = {
            rule.category
            for number in found
            for rule in self._rules_of[number]
            if not (rule.without & found) and all(group & found for group in rule.groups)
        }
        return next((category for category in CATEGORIES if category in categories), None)

    def _matches(self, text: str) -> frozenset[int]:
        prepared = _BORDER + _BORDER.join(NUMBER if word.isdigit() else word for word in words(text, LONGEST_TEXT)) + _BORDER
        candidates = {number for _, numbers in self._automaton.iter(prepared) for number in numbers}
        return frozenset(n for n in candidates if n not in self._shapes or self._shapes[n].search(prepared))

    def _read_rule(self, language: str, category: str, rule: str) -> _Rule:
        wanted, *without = rule.split(" - ")
        groups = tuple(self._read_group(part) for part in wanted.split(" + "))
        if not groups or not all(groups):
            raise BrokenDangerRule(f"danger/{language}.yml, {category}: the rule {rule!r} has an empty part.")
        return _Rule(category, groups, frozenset[int]().union(*(self._read_group(part) for part in without)))

    def _read_group(self, group: str) -> frozenset[int]:
        return frozenset(
            self._patterns.setdefault(pattern, len(self._patterns)) for part in group.split("|") if (pattern := _pattern(part))
        )


def _pattern(alternative: str) -> str:
    """The text to look for, folded: a border at each end that no star leaves open, stars kept inside."""
    pieces = [_clean(piece) for piece in alternative.strip().strip("*").split("*")]
    if not any(piece.strip() for piece in pieces):
        return ""
    start = "" if alternative.strip().startswith("*") else _BORDER
    end = "" if alternative.strip().endswith("*") else _BORDER
    return start + OPEN.join(pieces).strip() + end


def _clean(piece: str) -> str:
    # A space at an edge of a piece is a word border and must survive the folding.
    kept = "".join(c if c.isalnum() or c == NUMBER else " " for c in fold(piece))
    before, after = (_BORDER if edge.isspace() else "" for edge in (piece[:1] or "x", piece[-1:] or "x"))
    return before + " ".join(kept.split()) + after
