"""Local servers that speak the protocols of DeepL and LibreTranslate, as their documentation describes them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from tests.servers import Asked, LocalServer, local_server

DEEPL_SOURCES = ("DE", "EN", "AR", "TR", "RU", "FR", "UK")
DEEPL_TARGETS = ("DE", "EN-GB", "EN-US", "AR", "TR", "RU", "FR", "UK")
LIBRE_LANGUAGES = ("de", "en", "ar", "fa", "tr", "ru", "fr", "sq", "uk")


@dataclass
class Service:
    """What a service does next, and what it was sent. ``status`` other than 200 is an error of every request."""

    server: LocalServer
    status: int = 200
    slow_seconds: float = 0.0
    answers: Callable[[str], str] = field(default=lambda text: f"«{text}»")
    texts: list[str] = field(default_factory=list)
    wanted: list[dict[str, Any]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it listens."""
        return self.server.url

    def fail(self) -> tuple[int, Any] | None:
        """Wait, and give an error where one is wanted; its words quote what was sent, as those of real servers do."""
        time.sleep(self.slow_seconds)
        return None if self.status == 200 else (self.status, {"message": f"error about {self.texts}", "error": "no"})


@contextmanager
def deepl_server() -> Iterator[Service]:
    """DeepL: ``/v2/translate`` takes JSON or a form, ``/v2/languages`` a query or a form."""

    def answer(asked: Asked) -> tuple[int, Any]:
        fields = _fields(asked.body)
        if asked.path.startswith("/v2/languages"):
            if error := service.fail():
                return error
            is_target = "target" in (*fields.get("type", ()), *asked.path.split("type=")[1:])
            codes = DEEPL_TARGETS if is_target else DEEPL_SOURCES
            return 200, [{"language": code, "name": code, "supports_formality": False} for code in codes]
        text = fields["text"][0]
        service.texts.append(text)
        service.wanted.append({name: value for name, value in fields.items() if name != "text"})
        if error := service.fail():
            return error
        made = {"detected_source_language": "AR", "text": service.answers(text), "billed_characters": len(text)}
        return 200, {"translations": [made]}

    with local_server(answer) as server:
        service = Service(server)
        yield service


@contextmanager
def libretranslate_server() -> Iterator[Service]:
    """LibreTranslate: ``/translate`` and ``/languages``, JSON."""

    def answer(asked: Asked) -> tuple[int, Any]:
        if asked.path == "/languages":
            codes = list(LIBRE_LANGUAGES)
            return service.fail() or (200, [{"code": code, "name": code, "targets": codes} for code in codes])
        content = json.loads(asked.body)
        service.texts.append(content.pop("q"))
        service.wanted.append(content)
        return service.fail() or (200, {"translatedText": service.answers(service.texts[-1])})

    with local_server(answer) as server:
        service = Service(server)
        yield service


def _fields(body: bytes) -> dict[str, Any]:
    if body.startswith(b"{"):
        return dict(json.loads(body))
    return dict(parse_qs(body.decode()))
