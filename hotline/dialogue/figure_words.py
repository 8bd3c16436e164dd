"""Rows of figures, in writing and aloud: a continuation code, a telephone number. By ear there is a sound for each figure."""

from __future__ import annotations

from collections.abc import Iterator

from hotline.dialogue.events import CodeGiven, NumberRead
from hotline.dialogue.texts import Texts

NUMBER_IS = "callback.number_is"
FIGURE_TEXT_KEYS = frozenset({NUMBER_IS, "continue.code", "continue.renewed", "continue.code_again", "continue.code_use"})
LEFT_TO_RIGHT_MARK = "\u200e"


class FigureWords:
    """Says them in the person's language."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def write(self, event: CodeGiven | NumberRead, language: str) -> str:
        """In writing."""
        if isinstance(event, CodeGiven):
            return self._texts.get(language, _code_text(event), (".text",), code=event.code)
        return f"{self._texts.get(language, NUMBER_IS)} {LEFT_TO_RIGHT_MARK}{event.number}"

    def speak(self, event: CodeGiven | NumberRead, language: str) -> Iterator[str]:
        """Aloud, figure by figure; a code twice: somebody is looking for a pen."""
        if isinstance(event, NumberRead):
            yield self._texts.get(language, NUMBER_IS)
            yield from as_dialled(event.number)
            return
        for key in (_code_text(event), "continue.code_again"):
            yield self._texts.get(language, key, (".voice",))
            yield from event.code
        if not event.is_next:
            yield self._texts.get(language, "continue.code_use", (".voice",))


def as_dialled(number: str) -> str:
    """The figures somebody in Germany presses for a number in E.164."""
    return "0" + number.removeprefix("+49") if number.startswith("+49") else "00" + number.removeprefix("+")


def _code_text(given: CodeGiven) -> str:
    return "continue.renewed" if given.is_next else "continue.code"
