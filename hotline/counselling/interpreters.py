"""Interpreters who can be called into a talk: a list in ``content/interpreters.yml``."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from hotline.counselling.numbers import read_number
from hotline.errors import CannotStart
from hotline.yaml_file import read_yaml


class BrokenInterpreters(CannotStart):
    """The list cannot be used. The message names the file and the remedy."""


@dataclass(frozen=True)
class Interpreter:
    """Somebody, or a service, who interprets one language by telephone."""

    name: str
    language: str
    number: str = field(repr=False)


def load_interpreters(path: Path, languages: Container[str]) -> tuple[Interpreter, ...]:
    """Read the list.

    Args:
        path: of the file.
        languages: codes there are.

    Raises:
        BrokenInterpreters: it is missing or an entry cannot be used.
    """
    try:
        entries = read_yaml(path)["interpreters"] or []
        found = tuple(Interpreter(str(e["name"]), str(e["language"]), read_number(str(e["number"])) or "") for e in entries)
    except (OSError, yaml.YAMLError, KeyError, TypeError):
        raise BrokenInterpreters(f"{path}: must hold `interpreters`, each with name, language and number.") from None
    for one in found:
        if not one.number or one.language not in languages:
            raise BrokenInterpreters(f"{path}: {one.name} needs the code of a language, and a number such as +4930123456.")
    return found
