"""What counsellors and interpreters hear before they press a key: language, topic and danger, in German or English."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError

from hotline.dialogue.texts import SCREENS, STAFF_LANGUAGES, Texts
from hotline.dialogue.turn import today_in_germany
from hotline.services import Services
from hotline.web.staff_texts import screen_key

CONSULTED = "consulted"


@cache
def _texts(folder: Path) -> Texts:
    return Texts.load(folder, STAFF_LANGUAGES, SCREENS)


class CallWords:
    """Words for one telephone of ours."""

    def __init__(self, hotline: Services, language: str | None) -> None:
        """Hold what is needed.

        Args:
            hotline: the services.
            language: of the account; German where it is none of ours or not known.
        """
        self._hotline = hotline
        self.language = language if language in STAFF_LANGUAGES else STAFF_LANGUAGES[0]

    def get(self, key: str, **values: object) -> str:
        """One text."""
        return _texts(self._hotline.translations_folder).get(self.language, key, **values)

    def offer(self, leg: Mapping[str, Any]) -> str:
        """What a counsellor is asked to take: what kind of call, danger first, language, topic, and the keys."""
        kind = (
            screen_key("staff.call_consulted") if leg["role"] == CONSULTED
            else screen_key("staff.call_back") if leg["callback_id"] is not None
            else screen_key("staff.call_waiting")
        )  # fmt: skip
        parts = [self.get(kind)]
        if leg["danger"]:
            parts.append(self.get(screen_key("staff.call_danger")))
        parts.append(self.get(screen_key("staff.call_language"), language=self._name(leg["spoken"])))
        topic = self._topic(leg["topic"])
        if topic:
            parts.append(self.get(screen_key("staff.call_topic"), topic=topic))
        parts.append(self.get(screen_key("staff.call_keys")))
        return " ".join(parts)

    def interpreter(self, language: str | None) -> str:
        """What an interpreter hears; nothing of who it is for."""
        return self.get(screen_key("staff.call_interpreter"), language=self._name(language))

    def _name(self, code: str | None) -> str:
        if code is None:
            return self.get(screen_key("staff.call_language_unknown"))
        try:
            return str(Locale.parse(self.language).languages.get(code, code))
        except UnknownLocaleError:
            return code

    def _topic(self, topic: str | None) -> str | None:
        if topic is None:
            return None
        with self._hotline.database.read() as connection:
            library = self._hotline.library.current(connection, today_in_germany())
        return library.title(topic, self.language)
