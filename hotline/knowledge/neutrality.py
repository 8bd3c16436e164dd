"""What no answer may say, in any language: advice for or against leaving, that a place is safe, a promise (shared facts: rules).

``content/neutrality/<lang>.yml`` lists wordings by rule, so that an editor can add to them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import yaml

from hotline.errors import CannotStart
from hotline.knowledge.problems import Problem
from hotline.yaml_file import read_yaml

RULES = ("advice", "safety", "promise")


class BrokenNeutrality(CannotStart):
    """A file of wordings cannot be used. The message names it and the remedy."""


class Neutrality:
    """Finds forbidden wordings."""

    def __init__(self, patterns: Mapping[str, Mapping[str, list[re.Pattern[str]]]]) -> None:
        """Hold the patterns by language and rule."""
        self._patterns = patterns

    @classmethod
    def load(cls, folder: Path) -> Neutrality:
        """Read every file of a folder.

        Raises:
            BrokenNeutrality: a file names an unknown rule or holds no usable pattern.
        """
        return cls({path.stem: _read(path) for path in sorted(folder.glob("*.yml"))})

    def rules(self, language: str) -> Mapping[str, list[re.Pattern[str]]]:
        """Rule -> its patterns in a language; empty when the language has none."""
        return self._patterns.get(language, {})

    def find(self, texts: Mapping[str, str], language: str) -> list[Problem]:
        """What breaks a rule.

        Args:
            texts: part -> text.
            language: code.
        """
        return [
            Problem(rule, {"part": part, "found": found[0]})
            for rule, patterns in self.rules(language).items()
            for part, text in texts.items()
            for pattern in patterns
            if (found := pattern.search(text.lower()))
        ]


def _read(path: Path) -> dict[str, list[re.Pattern[str]]]:
    try:
        raw = read_yaml(path)
        if not isinstance(raw, dict) or set(raw) - set(RULES):
            raise BrokenNeutrality(f"{path} must hold lists under {', '.join(RULES)} only.")
        return {rule: [re.compile(pattern) for pattern in patterns] for rule, patterns in raw.items()}
    except (yaml.YAMLError, re.error, TypeError) as error:
        raise BrokenNeutrality(f"{path} cannot be read: {str(error).splitlines()[0]}. Mend that pattern.") from None
