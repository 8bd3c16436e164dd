"""What the pages of understanding choose from: languages, topics and control intents, and pages of a long list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from flask import abort, request

from hotline.dialogue.turn import today_in_germany
from hotline.knowledge.starter import SOURCE_LANGUAGE
from hotline.web.access import services

PER_PAGE = 50
Item = TypeVar("Item")


@dataclass(frozen=True)
class Paged(Generic[Item]):
    """One page of a list."""

    items: Sequence[Item]
    total: int
    number: int
    last: int

    @property
    def first_shown(self) -> int:
        """Number of the first item shown, from 1; 0 when there is none."""
        return (self.number - 1) * PER_PAGE + 1 if self.total else 0

    @property
    def last_shown(self) -> int:
        """Number of the last item shown."""
        return min(self.number * PER_PAGE, self.total)


def paged(found: Sequence[Item]) -> Paged[Item]:
    """The page of the list the address asks for; the nearest one there is."""
    last = max(1, -(-len(found) // PER_PAGE))
    wanted = request.args.get("page", "1")
    number = min(max(1, int(wanted)), last) if wanted.isdecimal() and len(wanted) < 9 else 1
    return Paged(found[(number - 1) * PER_PAGE : number * PER_PAGE], len(found), number, last)


def topic_names() -> dict[str, str]:
    """Every label the model can give, with its title: topics in the order of the menu, then control intents."""
    hotline = services()
    with hotline.database.read() as connection:
        library = hotline.library.current(connection, today_in_germany())
    topics = {name: library.title(name, SOURCE_LANGUAGE) or name for name in library.topics}
    return topics | {name: name for name in hotline.phrase_files.intents() if name not in topics}


def wanted_language(given: str) -> str:
    """A live language; the source language where none is named."""
    return given if given in services().live_languages else SOURCE_LANGUAGE


def expect_language(given: str) -> str:
    """A live language of a form; what is none ends the request."""
    if given not in services().live_languages:
        abort(400)
    return given


def expect_topic(given: str) -> str:
    """A label of a form; what is none ends the request."""
    if given not in topic_names():
        abort(400)
    return given


def expect_number(given: str) -> int:
    """An id of a form; what is none ends the request."""
    if not given.isdecimal() or len(given) > 9:
        abort(400)
    return int(given)
