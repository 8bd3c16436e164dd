"""Fills the facts of a text in. A sentence whose fact has expired or is not sure leaves the text by itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from hotline.knowledge.facts import PLACEHOLDER, Fact, FactBook, show_value

_SENTENCE_ENDS = re.compile(r"(?<=[.!?؟])\s+")
_BLANK_LINES = re.compile(r"\n{3,}")
_BULLET = "- "


@dataclass(frozen=True)
class Filled:
    """A text as people get it, the facts it states and those it had to leave out."""

    text: str
    said: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def facts_named(text: str) -> tuple[str, ...]:
    """The keys of the facts a text names, each once, in order."""
    return tuple(dict.fromkeys(match[1] for match in PLACEHOLDER.finditer(text)))


def fill(text: str, language: str, facts: FactBook, today: date, ask_a_counsellor: str) -> Filled:
    """Put the facts into a text.

    Args:
        text: with placeholders.
        language: how to write numbers, dates and sums.
        facts: all facts by key.
        today: the day in Germany; what has expired before it is left out.
        ask_a_counsellor: the sentence, in this language, that stands in for what was left out.
    """
    named = facts_named(text)
    if not named:
        return Filled(text)
    usable = {key: facts[key] for key in named if key in facts and facts[key].is_said(today)}
    left_out = tuple(key for key in named if key not in usable)
    kept = [line for raw in text.split("\n") if (line := _fill_line(raw, language, usable)) is not None]
    filled = _BLANK_LINES.sub("\n\n", "\n".join(kept)).strip()
    if left_out:
        joint = "\n\n" if "\n" in text.strip() else " "
        filled = f"{filled}{joint}{ask_a_counsellor}".strip()
    return Filled(filled, tuple(usable), left_out)


def _fill_line(line: str, language: str, usable: dict[str, Fact]) -> str | None:
    """One line with its facts, or None when nothing of it can be said."""
    if "{" not in line:
        return line
    bullet = _BULLET if line.startswith(_BULLET) else ""
    sentences = _SENTENCE_ENDS.split(line.removeprefix(bullet))
    kept = [_fill_sentence(sentence, language, usable) for sentence in sentences if all(_named_in(sentence, usable))]
    return bullet + " ".join(kept) if kept else None


def _named_in(sentence: str, usable: dict[str, Fact]) -> Iterable[bool]:
    return (key in usable for key in facts_named(sentence))


def _fill_sentence(sentence: str, language: str, usable: dict[str, Fact]) -> str:
    return PLACEHOLDER.sub(lambda found: show_value(usable[found[1]], language, is_bare=bool(found[2])), sentence)
