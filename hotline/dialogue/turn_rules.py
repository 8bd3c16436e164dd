"""What is fixed for every turn while the process runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hotline.dialogue.definition import Definition
from hotline.knowledge.library import Library
from hotline.knowledge.places import GermanPlaces


@dataclass(frozen=True)
class TurnRules:
    """What is fixed while the process runs: flows, live languages, those a call can hold, the menu's first topics, places."""

    definition: Definition
    languages: tuple[str, ...]
    spoken_languages: Callable[[Library], tuple[str, ...]]
    menu: tuple[str, ...]
    places: GermanPlaces
