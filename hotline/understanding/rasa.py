"""Asks the Rasa server, at most two seconds long, and leaves it alone for a while when it does not answer."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

import urllib3

from hotline.breaker import CircuitBreaker
from hotline.understanding.port import STARTER_MODEL, UNKNOWN_LANGUAGE, Parse, Score, Understander

log = logging.getLogger(__name__)
# Asked to see whether Rasa is back.
PROBE = "?"


class RasaUnavailable(Exception):
    """The Rasa server did not give a usable answer in time."""


class Parser(Protocol):
    """One Rasa server, or several as one."""

    def parse(self, text: str) -> Parse:
        """Parse one text; raises ``RasaUnavailable``."""


class RasaClient:
    """One Rasa server, ``POST /model/parse`` only."""

    def __init__(self, url: str, token: str, timeout_seconds: float) -> None:
        # One pool of one server: the manager of many pools costs as much again on every message.
        self._pool = urllib3.connection_from_url(url, maxsize=32, retries=False, timeout=timeout_seconds)
        self._path = f"{urlsplit(url).path}/model/parse?token={token}"

    def parse(self, text: str) -> Parse:
        """Parse one text.

        Raises:
            RasaUnavailable: no answer in time, an error, or an answer of another version.
        """
        try:
            response = self._pool.urlopen(
                "POST", self._path, body=json.dumps({"text": text}), headers={"Content-Type": "application/json"}
            )
        except urllib3.exceptions.HTTPError as error:
            # The name of the error only: its text holds the address with the token.
            raise RasaUnavailable(type(error).__name__) from None
        if response.status != 200:
            raise RasaUnavailable(f"status {response.status}")
        try:
            return read_parse(json.loads(response.data))
        except (ValueError, KeyError, TypeError):
            raise RasaUnavailable("an answer of another form; is the model of this version?") from None


def answers_without_token(url: str) -> bool:
    """Whether a Rasa server understands texts for whoever asks."""
    try:
        answer = urllib3.request("POST", f"{url}/model/parse", json={"text": "?"}, timeout=3.0, retries=False)
    except urllib3.exceptions.HTTPError:
        return False
    return answer.status == 200


def read_parse(answer: Mapping[str, Any]) -> Parse:
    """Read the JSON of ``/model/parse`` as our components shape it."""
    language = answer["language"]
    guesses = [(language["code"], language["score"])] + [(item["code"], item["score"]) for item in language["alternatives"]]
    named: dict[str, float] = {}
    for code, score in guesses:
        named.setdefault(str(code), float(score))
    return Parse(
        languages=tuple(Score(code, score) for code, score in named.items()),
        topics=tuple(Score(str(item["name"]), float(item["confidence"])) for item in answer["intent_ranking"] if item["name"]),
        engine="rasa",
        danger=Score(str(answer["danger"]["category"]), float(answer["danger"]["score"])),
        model=str(answer.get("model") or STARTER_MODEL),
    )


class OnlyRasa:
    """Rasa and nothing in its stead: for measuring a model."""

    def __init__(self, rasa: RasaClient) -> None:
        self._rasa = rasa

    def parse(self, text: str, language: str | None) -> Parse:
        """See ``Understander.parse``.

        Raises:
            RasaUnavailable: Rasa did not answer.
        """
        return self._rasa.parse(text)


class ResilientUnderstander:
    """Rasa while it answers, the fallback while it does not."""

    def __init__(
        self,
        rasa: Parser,
        fallback: Understander,
        breaker: CircuitBreaker | None = None,
        answered: Callable[[str], None] | None = None,
    ) -> None:
        """Hold what is needed.

        Args:
            rasa: asked first.
            fallback: asked when Rasa does not answer.
            breaker: of its own where none is given.
            answered: told the name of the model after each answer of Rasa.
        """
        self._rasa = rasa
        self._fallback = fallback
        self.breaker = breaker or CircuitBreaker()
        self._answered = answered

    def parse(self, text: str, language: str | None) -> Parse:
        """See ``Understander.parse``."""
        if not text.strip():
            return Parse((Score(UNKNOWN_LANGUAGE, 0.0),), (), "rasa")
        parse = self._try(text) if self.breaker.may_call() else None
        return parse or self._fallback.parse(text, language)

    def is_down(self) -> bool:
        """Whether Rasa is known not to answer.

        Callers who are asked for keys alone send no words, so nobody would find out that it is back: while it is down, it is
        asked in the background, once in a pause of the breaker. Nobody waits for that.
        """
        if not self.breaker.is_open:
            return False
        if self.breaker.may_call():
            threading.Thread(target=self._try, args=(PROBE,), daemon=True).start()
        return True

    def _try(self, text: str) -> Parse | None:
        try:
            parse = self._rasa.parse(text)
        except RasaUnavailable as error:
            self.breaker.report(succeeded=False)
            log.warning("Rasa did not answer; the fallback does", extra={"cause": str(error)})
            return None
        self.breaker.report(succeeded=True)
        if self._answered is not None:
            self._answered(parse.model)
        return parse
