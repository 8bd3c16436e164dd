"""LibreTranslate over HTTP: a service one can run oneself, so that no text leaves the house."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import urllib3

from hotline.translation.port import CannotTranslate, Languages, Reason, Translation

# LibreTranslate gives 403 for a wrong key and for who asked too much too often; 429 while somebody is slowed down.
_REASONS: dict[int, Reason] = {401: "refused", 403: "refused", 429: "busy", 456: "used_up"}


class LibreTranslateService:
    """One LibreTranslate server, ``/languages`` and ``/translate``."""

    engine = "libretranslate"

    def __init__(
        self, key: str, url: str, timeout_seconds: float, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """Connects nothing yet.

        Args:
            key: of the server; empty where it wants none.
            url: of the server.
            timeout_seconds: for one request.
            clock: tells when a translation was made.
        """
        self._pool = urllib3.connection_from_url(url, maxsize=4, retries=False, timeout=timeout_seconds)
        self._path = urlsplit(url).path.rstrip("/")
        self._key = {"api_key": key} if key else {}
        self._clock = clock

    def languages(self) -> Languages:
        """See ``Translator.languages``."""
        answer = self._ask("GET", "/languages")
        try:
            return {str(entry["code"]): frozenset(map(str, entry["targets"])) - {str(entry["code"])} for entry in answer}
        except (KeyError, TypeError):
            raise CannotTranslate("unreachable") from None

    def translate(self, text: str, source: str | None, target: str) -> Translation:
        """See ``Translator.translate``."""
        wanted = {"q": text, "source": source or "auto", "target": target, "format": "text", **self._key}
        answer = self._ask("POST", "/translate", wanted)
        try:
            return Translation(str(answer["translatedText"]), self.engine, self._clock())
        except (KeyError, TypeError):
            raise CannotTranslate("unreachable") from None

    def _ask(self, method: str, path: str, content: dict[str, str] | None = None) -> Any:
        try:
            response = self._pool.urlopen(
                method,
                self._path + path,
                body=json.dumps(content) if content else None,
                headers={"Content-Type": "application/json"},
                redirect=False,
            )
        except urllib3.exceptions.HTTPError:
            raise CannotTranslate("unreachable") from None
        if response.status != 200:
            raise CannotTranslate(_REASONS.get(response.status, "unreachable"))
        try:
            return json.loads(response.data)
        except ValueError:
            raise CannotTranslate("unreachable") from None
