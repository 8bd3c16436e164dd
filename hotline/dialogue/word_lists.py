"""Whole messages that need no model: "stop", "menu", "person", the name of a language.

Word lists are ``content/words/<lang>.yml``; the names of languages come from CLDR besides, so that anybody can name any
language in any language.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml
from babel import Locale, UnknownLocaleError

from hotline.errors import CannotStart
from hotline.understanding.folding import words
from hotline.yaml_file import read_yaml

# The key of a list and the wish it is: `language` is the code of the file itself.
WISHES = {
    "person": "person", "menu": "menu", "back": "back", "repeat": "repeat", "more": "more", "change_language": "language",
    "yes": "yes", "no": "no", "stop": "stop", "start": "start", "greet": "greet", "thank": "thank", "goodbye": "goodbye",
    "helpful": "helpful", "unhelpful": "unhelpful", "erase": "erase_my_data", "show": "show_my_data",
    "continue": "continue", "withdraw": "withdraw",
}  # fmt: skip
NAMES = "names"
# A longer message is no command.
LONGEST_COMMAND = 8


class BrokenWordList(CannotStart):
    """A word list cannot be used. The message names the file and the remedy."""


@dataclass(frozen=True)
class Command:
    """What a whole message means. ``languages`` are those in whose list it stands; ``named`` is the language it names."""

    wish: str | None
    languages: frozenset[str]
    named: str | None = None


class WordLists:
    """Finds commands in every language at once."""

    def __init__(self, lists: Mapping[str, Mapping[str, Iterable[str]]], named: Mapping[str, str] = MappingProxyType({})) -> None:
        """Build the index.

        Args:
            lists: language -> wish (or ``names``) -> messages.
            named: languages whose CLDR names are known too, each with its name for itself.
        """
        self._wishes: dict[tuple[str, ...], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        self._names: dict[tuple[str, ...], str] = {}
        for code, autonym in named.items():
            # CLDR is not asked for names in languages nobody is answered in: it would stay in the memory of each process.
            for name in (autonym, *(_name(code, shown_in) for shown_in in lists)):
                if name:
                    self._names[tuple(words(name))] = code
        for language, wishes in lists.items():
            for wish, messages in wishes.items():
                for message in messages:
                    key = tuple(words(str(message)))
                    if key and wish == NAMES:
                        self._names[key] = language
                    elif key:
                        self._wishes[key][wish].add(language)

    @classmethod
    def load(cls, folder: Path, named: Mapping[str, str]) -> WordLists:
        """Read every ``<lang>.yml`` of a folder.

        Args:
            folder: the word lists.
            named: see ``__init__``.

        Raises:
            BrokenWordList: a file is no YAML mapping of lists or has an unknown key.
        """
        lists = {path.stem: _read(path) for path in sorted(folder.glob("*.yml"))}
        if not lists:
            raise BrokenWordList(f"{folder} holds no word lists; restore them from the repository.")
        return cls(lists, named)

    def find(self, text: str, language: str | None) -> Command | None:
        """The command a whole message is, or None.

        Args:
            text: the message.
            language: the language of the conversation; decides where two languages read the same word differently.
        """
        key = tuple(words(text))
        if not key or len(key) > LONGEST_COMMAND:
            return None
        if key in self._names:
            return Command(None, frozenset(), self._names[key])
        readings = self._wishes.get(key)
        if not readings:
            return None
        wish = next((wish for wish, languages in readings.items() if language in languages), None)
        if wish is None:
            # In no list of the conversation's language: certain only where all languages agree.
            wish = next(iter(readings)) if len(readings) == 1 else None
        return Command(wish, frozenset(readings[wish])) if wish else None


def read_phrases(folder: Path) -> dict[str, list[str]]:
    """Language -> every message of its word list.

    Args:
        folder: the word lists.

    Raises:
        BrokenWordList: a file is no YAML mapping of lists or has an unknown key.
    """
    return {path.stem: [message for messages in _read(path).values() for message in messages] for path in folder.glob("*.yml")}


def _name(code: str, shown_in: str) -> str | None:
    """The name of a language in another one, as far as CLDR knows it."""
    try:
        return Locale.parse(shown_in).languages.get(code)
    except UnknownLocaleError:
        return None


def _read(path: Path) -> dict[str, list[Any]]:
    try:
        content = read_yaml(path)
        lists = {key: list(values) for key, values in content.items() if key != "language"}
    except (yaml.YAMLError, AttributeError, TypeError) as error:
        raise BrokenWordList(f"{path}: must hold `language` and lists of messages ({str(error).splitlines()[0]}).") from None
    unknown = sorted(set(lists) - set(WISHES) - {NAMES})
    if unknown:
        raise BrokenWordList(f"{path}: unknown key {unknown[0]!r}; use {', '.join(sorted(WISHES))} or names.")
    # YAML reads an unquoted yes, no and 1 as something else than words.
    wrong = next((value for values in lists.values() for value in values if not isinstance(value, str)), None)
    if wrong is not None:
        raise BrokenWordList(f"{path}: put {wrong!r} in quotes.")
    return {WISHES.get(key, key): values for key, values in lists.items()}
