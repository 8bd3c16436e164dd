"""The fallback program as a WSGI application: signed webhooks in, pages of the book out."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote
from xml.sax.saxutils import escape, quoteattr
from zoneinfo import ZoneInfo

from hotline.fallback.book import ACTION, FILE, SOUNDS, START, Book, UnusableBook, read_book
from hotline.fallback.settings import FallbackSettings
from hotline.telephony.audio import AudioLibrary
from hotline.telephony.inbound import E164, WHATSAPP
from hotline.telephony.signature import FORM, SignedRequest, is_signed, public_url
from hotline.understanding.folding import words

log = logging.getLogger(__name__)
VOICE, MESSAGES, AUDIO, LIVE = "/voice", "/messages", "/audio/", "/health/live"
MAX_REQUEST_BYTES = 128_000
SILENCES = 3
LOOKS_EVERY_SECONDS = 5.0
NOTHING = "<?xml version='1.0' encoding='UTF-8'?><Response />"
# Said if even this program fails: deploy/fallback/voice.xml and message.xml, which Twilio can hold itself.
STATIC = Path(__file__).resolve().parents[2] / "deploy" / "fallback"
BERLIN = ZoneInfo("Europe/Berlin")

Environ = Mapping[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], object]


class Shelf:
    """Holds the book and takes a newer one; one that cannot be used never replaces one that can."""

    def __init__(self, path: Path, settings: FallbackSettings, clock: Callable[[], float]) -> None:
        """Read the first book.

        Args:
            path: of the file.
            settings: of this process.
            clock: seconds.

        Raises:
            UnusableBook: there is none that can be used.
        """
        self._path = path
        self._settings = settings
        self._clock = clock
        self._stamp = self._look()
        self._looked_at = clock()
        self._book = self._read()
        self._lock = threading.Lock()

    def book(self) -> Book:
        """The newest good one."""
        with self._lock:
            if self._clock() - self._looked_at >= LOOKS_EVERY_SECONDS:
                self._looked_at = self._clock()
                self._follow()
            return self._book

    def _follow(self) -> None:
        stamp = self._look()
        if stamp is None or stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._book = self._read()
        except UnusableBook as error:
            log.warning("the new book is not used, the former one goes on", extra={"cause": str(error)})

    def _read(self) -> Book:
        return read_book(self._path, self._settings.key, self._settings.base_url)

    def _look(self) -> tuple[int, int] | None:
        try:
            stat = self._path.stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_ino


def _today() -> date:
    return datetime.now(BERLIN).date()


class FallbackServer:
    """Answers Twilio while the hotline cannot. Keeps nothing: where a caller is stands in the address."""

    def __init__(
        self, settings: FallbackSettings, today: Callable[[], date] = _today, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Read the book.

        Args:
            settings: of this process.
            today: the day in Germany.
            clock: seconds, for looking after a newer book.

        Raises:
            UnusableBook: the message names the file and the remedy.
        """
        self._shelf = Shelf(settings.folder / FILE, settings, clock)
        self._sounds = AudioLibrary(settings.folder / SOUNDS)
        self._tokens = settings.auth_tokens
        self._today = today
        self._last_words = {kind: (STATIC / f"{kind}.xml").read_text(encoding="utf-8") for kind in ("voice", "message")}

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path = str(environ.get("PATH_INFO") or "/")
        if path == LIVE:
            return _answer(start_response, "200 OK", self._shelf.book().made_at, "text/plain; charset=utf-8")
        if path.startswith(AUDIO):
            return self._sound(path, start_response)
        if path not in (VOICE, MESSAGES) and not path.startswith(f"{VOICE}/"):
            return _answer(start_response, "404 Not Found", "Not found\n", "text/plain")
        body = _read(environ)
        if body is None:
            return _answer(start_response, "413 Content Too Large", "Too large\n", "text/plain")
        form = _form(environ, body)
        if not self._is_from_twilio(environ, body, form):
            log.warning("webhook refused")
            return _answer(start_response, "403 Forbidden", "Forbidden\n", "text/plain")
        return _answer(start_response, "200 OK", self._say(path, environ, dict(form)), "text/xml; charset=utf-8")

    def _say(self, path: str, environ: Environ, form: Mapping[str, str]) -> str:
        try:
            # By GET the parameters stand in the address.
            given = {**dict(parse_qsl(str(environ.get("QUERY_STRING") or ""))), **form}
            if path == MESSAGES:
                return self.answer_message(given)
            return self.answer_call(path.removeprefix(VOICE).strip("/"), given)
        except Exception:
            # Whatever it is, the person hears a sentence and the emergency number.
            log.exception("the fallback could not answer")
            return self._last_words["message" if path == MESSAGES else "voice"]

    def answer_call(self, at: str, given: Mapping[str, str]) -> str:
        """The TwiML of one step of a call.

        Args:
            at: the page the caller has heard, "" at the beginning.
            given: parameters of the webhook, with ``silent``, how many silences there were, and ``enter`` for who is sent here.
        """
        book = self._shelf.book()
        known = book.line_languages.get(given.get("To", ""), START)
        heard, digits = book.pages.get(at), given.get("Digits", "")[:1]
        silent = 0
        if heard is None or given.get("enter"):
            name = at if heard is not None else known if known in book.pages else START
        elif digits in heard.keys:
            name = heard.keys[digits]
        elif digits == "#":
            name = heard.silence or at
        else:
            silent = int(given["silent"]) + 1 if given.get("silent", "").isdecimal() else 1
            name = heard.ended if silent >= SILENCES or heard.silence is None else heard.silence
        page = book.pages[name]
        if not page.holds(self._today()) and page.instead:
            name, page = page.instead, book.pages[page.instead]
        action = f"{book.base_url}{VOICE}/{name}?silent={silent}"
        return page.document.replace(ACTION, quoteattr(action)[1:-1])

    def answer_message(self, given: Mapping[str, str]) -> str:
        """The TwiML for a message: in the language of its words, else of the line, else one message for each opening language."""
        sender = given.get("From", "").removeprefix(WHATSAPP)
        # Behind a short code stands a machine, and the provider has answered its own keyword already.
        if not E164.fullmatch(sender) or given.get("OptOutType"):
            return NOTHING
        book = self._shelf.book()
        line = book.line_languages.get(given.get("To", "").removeprefix(WHATSAPP))
        language = _language_of(given.get("Body", ""), book.words) or line
        languages = (language,) if language and language in book.messages else book.opening
        texts = "".join(f"<Message>{escape(book.messages[code])}</Message>" for code in languages)
        return f"<?xml version='1.0' encoding='UTF-8'?><Response>{texts}</Response>"

    def _is_from_twilio(self, environ: Environ, body: bytes, form: list[tuple[str, str]]) -> bool:
        raw = environ.get("RAW_URI") or environ.get("REQUEST_URI") or _rebuilt(environ)
        signed = SignedRequest(
            url=public_url(self._shelf.book().base_url, str(raw)),
            form=form,
            body=body,
            content_type=str(environ.get("CONTENT_TYPE") or ""),
            signature=environ.get("HTTP_X_TWILIO_SIGNATURE"),
        )
        return is_signed(signed, self._tokens)

    def _sound(self, path: str, start_response: StartResponse) -> Iterable[bytes]:
        language, _, name = path.removeprefix(AUDIO).partition("/")
        file = self._sounds.open_file(language, name)
        if file is None:
            return _answer(start_response, "404 Not Found", "Not found\n", "text/plain")
        # The name of a file is the hash of its content, so what is behind it never changes.
        cache = ("Cache-Control", "public, max-age=31536000, immutable")
        return _answer(start_response, "200 OK", file.read_bytes(), "audio/wav", cache)


def _language_of(text: str, known: Mapping[str, str]) -> str | None:
    """The language most of the words tell; None when none does, or two tell as much."""
    told = Counter(known[word] for word in words(text) if word in known).most_common(2)
    if not told or (len(told) == 2 and told[0][1] == told[1][1]):
        return None
    return told[0][0]


def _read(environ: Environ) -> bytes | None:
    """The body; None when it is larger than any webhook."""
    length = str(environ.get("CONTENT_LENGTH") or "0")
    if not length.isdecimal() or int(length) > MAX_REQUEST_BYTES:
        return None
    body: bytes = environ["wsgi.input"].read(int(length))
    return body


def _form(environ: Environ, body: bytes) -> list[tuple[str, str]]:
    is_form = str(environ.get("CONTENT_TYPE") or "").partition(";")[0].strip().lower() == FORM
    return parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True) if is_form else []


def _rebuilt(environ: Environ) -> str:
    query = environ.get("QUERY_STRING")
    return quote(str(environ.get("PATH_INFO") or "/")) + (f"?{query}" if query else "")


def _answer(
    start_response: StartResponse, status: str, content: str | bytes, content_type: str, *more: tuple[str, str]
) -> Iterable[bytes]:
    body = content.encode() if isinstance(content, str) else content
    headers = [
        ("Content-Type", content_type),
        ("Content-Length", str(len(body))),
        ("X-Content-Type-Options", "nosniff"),
        *more,
    ]
    start_response(status, headers)
    return [body]
