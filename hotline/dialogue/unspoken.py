"""Which answers a call cannot say: no voice of the language, and no recording of one of their sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hotline.dialogue.events import Answered, AnswerPart
from hotline.dialogue.rendering import Renderer
from hotline.knowledge.library import Library

PARTS: tuple[AnswerPart, ...] = ("short", "full")


def find_unspoken(
    library: Library, languages: Iterable[str], renderer: Renderer, can_speak: Callable[[str, Iterable[str]], bool]
) -> frozenset[tuple[str, str]]:
    """The answers that cannot be spoken, as (topic, language).

    Args:
        library: the answers of today.
        languages: codes to look at.
        renderer: knows the sentences of an answer.
        can_speak: whether all of some texts can be spoken in a language.
    """
    wanted = frozenset(languages)
    return frozenset(
        (topic, code)
        for topic, code in library.articles
        if code in wanted and not can_speak(code, _sentences(topic, code, library, renderer))
    )


def _sentences(topic: str, language: str, library: Library, renderer: Renderer) -> list[str]:
    spoken = renderer.speak([Answered(topic, part) for part in PARTS], language, library)
    return [utterance.text for utterance in spoken.utterances]
