"""Which languages a call can be held in: those whose every sentence can be spoken. Never another language's voice."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from hotline.dialogue.definition import Definition
from hotline.dialogue.rendering import Renderer
from hotline.knowledge.library import Library


class SpeakableLanguages:
    """Checks every sentence of a language, again only when the answers or the sounds have changed."""

    def __init__(
        self,
        languages: Sequence[str],
        renderer: Renderer,
        definition: Definition,
        can_speak: Callable[[str, Iterable[str]], bool],
        sounds: Callable[[], object],
    ) -> None:
        """Hold what is needed.

        Args:
            languages: live languages, in menu order.
            renderer: knows every sentence of a language.
            definition: the flows.
            can_speak: whether all of some texts can be spoken in a language.
            sounds: something that is another when the library of sounds has changed.
        """
        self._languages = languages
        self._renderer = renderer
        self._definition = definition
        self._can_speak = can_speak
        self._sounds = sounds
        self._checked: tuple[Library, object, tuple[str, ...]] | None = None
        self._lock = threading.Lock()

    def check_texts(self, library: Library) -> None:
        """Make every sentence a call may hold, so that a text that lacks for one is told at the start and not to a caller.

        Args:
            library: the answers of today.

        Raises:
            TextMissing: the message names the text and the language.
        """
        for language in self._languages:
            deque(self._renderer.all_utterances(language, self._definition, library), maxlen=0)

    def among(self, library: Library) -> tuple[str, ...]:
        """The live languages that can be spoken wholly with these answers."""
        with self._lock:
            sounds = self._sounds()
            if self._checked is None or self._checked[0] is not library or self._checked[1] != sounds:
                spoken = tuple(code for code in self._languages if self._is_whole(code, library))
                self._checked = (library, sounds, spoken)
            return self._checked[2]

    def _is_whole(self, language: str, library: Library) -> bool:
        # One by one: most languages have a voice, and one without sounds lacks the very first sentence.
        return self._can_speak(language, self._renderer.all_utterances(language, self._definition, library))
