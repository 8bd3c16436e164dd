"""Leads a call as Twilio does: reads each document, runs its verbs in order, presses keys, and posts signed requests."""

from __future__ import annotations

import base64
import hashlib
import wave
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Protocol
from urllib.parse import parse_qsl, urldefrag, urlencode, urljoin, urlsplit
from xml.etree.ElementTree import Element

from twilio.request_validator import RequestValidator

from tests.calls.valid import InvalidDocument, read_voice

CALLER, OURS, ACCOUNT = "+4915112345678", "+4930555000", "AC" + "0" * 32
# What the player does as Twilio does; elements within them included. A test proves that we send nothing else.
FOLLOWED = frozenset(
    {
        *("Say", "prosody", "Play", "Pause"),
        *("Gather", "Redirect", "Enqueue", "Dial", "Conference", "Record", "Hangup", "Reject", "Leave"),
    }
)
# A call that goes on for longer runs in a circle.
MOST_DOCUMENTS = 200
# Twilio tries once more when it cannot connect, unless the address says otherwise.
DEFAULT_RETRIES, DEFAULT_POLICY = 1, "ct"


@dataclass(frozen=True)
class Speech:
    """What the caller says, and how sure the recognition is."""

    text: str
    confidence: float = 0.9


@dataclass(frozen=True)
class Leaves:
    """The caller hangs up while the question is spoken."""


# Address, parameters and method of the next request.
Step = tuple[str, dict[str, str], str]
Input = str | Speech | Leaves | None
SILENCE: Input = None


class ApplicationError(AssertionError):
    """The caller hears Twilio's own "an application error has occurred"."""


class CannotConnect(OSError):
    """Nothing answers at this address."""


@dataclass(frozen=True)
class Got:
    """An answer of a server."""

    status: int
    content_type: str
    body: bytes


class Server(Protocol):
    """What stands behind a host: the hotline, the fallback program."""

    def __call__(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Got:
        """Answer one request; raises ``CannotConnect`` when it is down."""
        ...


@dataclass
class Numbers:
    """What is configured at Twilio for our number."""

    voice_url: str
    fallback_url: str | None = None
    status_url: str | None = None
    fallback_method: str = "POST"


@dataclass
class Player:
    """One call.

    Args:
        servers: base address -> who answers there.
        number: what is configured.
        token: signs.
        inputs: what the caller does at each question, in order; after the last one the caller hangs up.
        sid: of the call.
        to: our number.
        caller: the other one; "anonymous" where it is withheld.
        dialled: how each <Dial> ends (DialCallStatus), in order.
        sounds: address -> seconds, of those fetched before.
    """

    servers: Mapping[str, Server]
    number: Numbers
    token: str
    inputs: Sequence[Input] = ()
    sid: str = "CA" + "1" * 32
    to: str = OURS
    caller: str = CALLER
    dialled: Sequence[str] = ()
    heard: list[tuple[str, str]] = field(default_factory=list)
    questions: list[Element] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    seconds: int = 0
    ended: str | None = None
    sounds: dict[str, int] = field(default_factory=dict)

    def run(self) -> Player:
        """Lead the whole call; afterwards ``heard`` tells what was said and ``ended`` by whom it was ended.

        Raises:
            ApplicationError: neither the webhook nor the fallback gave a document.
            InvalidDocument: a document of ours is not as Twilio wants it.
        """
        self._inputs, self._dials = iter(self.inputs), iter(self.dialled)
        at = self.number.voice_url
        fetched = self._fetch(at, {"CallStatus": "ringing"})
        for _ in range(MOST_DOCUMENTS):
            at, document = fetched
            step = self._perform(document, at)
            if step is None:
                self.ended = self.ended or "document over"
                break
            fetched = self._fetch(*step)
        else:
            raise AssertionError(f"{MOST_DOCUMENTS} documents and no end")
        if self.number.status_url:
            self._post(self.number.status_url, {"CallStatus": "completed", "CallDuration": str(self.seconds)})
        return self

    @property
    def said(self) -> str:
        """Everything that was spoken, in order."""
        return "\n".join(text for _, text in self.heard)

    # -- verbs ---------------------------------------------------------------------------------------------------------

    def _perform(self, document: Element, at: str) -> Step | None:
        """Run the verbs; gives the next request, or None at the end of the document or of the call."""
        verbs: dict[str, Callable[[Element, str], Step | None]] = {
            "Gather": self._ask,
            "Redirect": lambda verb, at: (urljoin(at, (verb.text or "").strip()), {}, verb.get("method", "POST")),
            "Enqueue": self._enqueue,
            "Dial": self._dial,
            "Record": self._record,
            "Hangup": self._hang_up,
            "Reject": self._hang_up,
            "Leave": lambda _verb, _at: None,
        }
        for verb in document:
            if verb.tag in ("Say", "Play", "Pause"):
                self._sound(verb, at)
                continue
            assert verb.tag in verbs, f"the player does not know <{verb.tag}>"
            step = verbs[verb.tag](verb, at)
            if step is not None or self.ended or verb.tag == "Leave":
                return step
        return None

    def _ask(self, verb: Element, at: str) -> Step | None:
        answer = self._gather(verb, at)
        return _follow(verb, at, answer) if answer is not None and not self.ended else None

    def _enqueue(self, verb: Element, at: str) -> Step | None:
        given = {"QueueResult": self._wait(verb, at), "QueueTime": "60", "QueueSid": "QU" + "1" * 32}
        return _follow(verb, at, given) if verb.get("action") and not self.ended else None

    def _dial(self, verb: Element, at: str) -> Step | None:
        room = verb.find("Conference")
        if room is not None and room.get("waitUrl"):
            self._waiting_document(room, at, {})
        given = {"DialCallStatus": next(self._dials, "no-answer"), "DialCallSid": "CA" + "2" * 32}
        return _follow(verb, at, given) if verb.get("action") else None

    def _record(self, verb: Element, at: str) -> Step | None:
        given = {"RecordingUrl": f"https://api.twilio.test/{self.sid}", "RecordingDuration": "5", "Digits": "#"}
        return _follow(verb, at, given)

    def _hang_up(self, _verb: Element, _at: str) -> None:
        self.ended = "hotline"

    def _gather(self, verb: Element, at: str) -> dict[str, str] | None:
        """Ask; None where the call goes on with the next verb."""
        self.questions.append(verb)
        given = next(self._inputs, Leaves())
        for part in verb:
            self._sound(part, at)
        takes = verb.get("input", "dtmf").split()
        if isinstance(given, Leaves):
            self.ended = "caller"
            return None
        if isinstance(given, Speech) and "speech" in takes:
            return {"SpeechResult": given.text, "Confidence": str(given.confidence), "Language": verb.get("language", "en-US")}
        digits = self._pressed(verb, given) if isinstance(given, str) and "dtmf" in takes else ""
        if digits:
            return {"Digits": digits, "FinishedOnKey": "", "msg": "Gather End"}
        self.seconds += int(verb.get("timeout", "5"))
        return {} if verb.get("actionOnEmptyResult") == "true" else None

    def _pressed(self, verb: Element, keys: str) -> str:
        most, finish = int(verb.get("numDigits", "100")), verb.get("finishOnKey", "#")
        # The key that finishes does so only after a digit, and is no answer itself.
        end = next((place for place, key in enumerate(keys) if key == finish and place), len(keys))
        return keys[: min(end, most)]

    def _wait(self, verb: Element, at: str) -> str:
        """The waiting room; its document comes again and again, as long as the caller has something to do there."""
        if not verb.get("waitUrl"):
            return "hangup"
        for turn in range(1, 4):
            known = {"QueuePosition": str(turn), "QueueTime": str(30 * turn), "AvgQueueTime": "60", "CurrentQueueSize": "2"}
            if self._waiting_document(verb, at, known):
                return "leave"
            if self.ended:
                return "hangup"
        return "bridged"

    def _waiting_document(self, verb: Element, at: str, known: dict[str, str]) -> bool:
        """Play one; tells whether the caller leaves the waiting room."""
        step: Step | None = (urljoin(at, verb.get("waitUrl", "")), known, "POST")
        while step is not None:
            where, document = self._fetch(*step)
            step = self._perform(document, where)
            if document.find("Leave") is not None and step is None:
                return True
        return False

    def _sound(self, verb: Element, at: str) -> None:
        if verb.tag == "Pause":
            self.seconds += int(verb.get("length", "1"))
        elif verb.tag == "Say":
            # What is said slowly stands in an element of its own.
            text = "".join(verb.itertext())
            self.heard.append((verb.get("language", "en-US"), text))
            self.seconds += 1 + len(text) // 15
        elif verb.text:
            url = urljoin(at, verb.text.strip())
            self.heard.append(("sound", url))
            self.seconds += self._play(url)

    def _play(self, url: str) -> int:
        if url not in self.sounds:
            got = self._send("GET", url, {}, {})
            if got.status != 200 or not got.content_type.startswith("audio/"):
                raise InvalidDocument(f"13420: {got.status} {got.content_type} at {urlsplit(url).path}")
            with wave.open(BytesIO(got.body)) as sound:
                self.sounds[url] = 1 + sound.getnframes() // sound.getframerate()
        return self.sounds[url]

    # -- requests ------------------------------------------------------------------------------------------------------

    def _fetch(self, url: str, given: dict[str, str], method: str = "POST") -> tuple[str, Element]:
        """A document and where it came from: from the webhook, else from the fallback."""
        form = {"CallStatus": "in-progress", **given}
        found = self._try(url, form, method)
        if isinstance(found, Element):
            return url, found
        fallback = self.number.fallback_url
        if fallback is None:
            raise ApplicationError(found)
        told = {**form, "ErrorCode": found.split(":")[0], "ErrorUrl": url}
        instead = self._try(fallback, told, self.number.fallback_method)
        if isinstance(instead, Element):
            return fallback, instead
        raise ApplicationError(f"{found}, and of the fallback {instead}")

    def _try(self, url: str, form: dict[str, str], method: str) -> Element | str:
        """The document, or the error Twilio notes."""
        options = dict(parse_qsl(urldefrag(url).fragment))
        retries, policy = int(options.get("rc", DEFAULT_RETRIES)), options.get("rp", DEFAULT_POLICY).split(",")
        error = ""
        for _ in range(1 + retries):
            try:
                got = self._post(url, form, method)
            except CannotConnect:
                error, kind = "11205: nothing answers", "ct"
            else:
                if got.status < 400:
                    return self._read(got)
                error, kind = f"11200: status {got.status}", f"{got.status // 100}xx"
            self.errors.append(error)
            if "all" not in policy and kind not in policy:
                break
        return error

    def _read(self, got: Got) -> Element:
        if got.content_type.partition(";")[0] not in ("text/xml", "application/xml"):
            raise InvalidDocument(f"12300: content type {got.content_type}")
        return read_voice(got.body)

    def _post(self, url: str, given: Mapping[str, str], method: str = "POST") -> Got:
        return self._send(method, url, {**self._standard(), **given}, {})

    def _send(self, method: str, url: str, form: dict[str, str], headers: dict[str, str]) -> Got:
        url = urldefrag(url).url
        base = next((base for base in self.servers if url.startswith(f"{base}/")), None)
        assert base is not None, f"nobody answers at {urlsplit(url).netloc}"
        if method == "GET" and form:
            url, form = f"{url}{'&' if '?' in url else '?'}{urlencode(form)}", {}
        self.requests.append((url, form))
        # The same over all tries of one request.
        token = base64.b32encode(hashlib.sha256(f"{url}{sorted(form.items())}".encode()).digest()).decode()
        signature = RequestValidator(self.token).compute_signature(url, form)
        sent = {"X-Twilio-Signature": signature, "I-Twilio-Idempotency-Token": token, "User-Agent": "TwilioProxy/1.1", **headers}
        if method == "POST":
            sent["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
        return self.servers[base](method, url.removeprefix(base), urlencode(form).encode(), sent)

    def _standard(self) -> dict[str, str]:
        places = {f"{who}{what}": "" for who in ("Caller", "Called", "From", "To") for what in ("City", "State", "Zip")}
        countries = dict.fromkeys(("CallerCountry", "CalledCountry", "FromCountry", "ToCountry"), "DE")
        ends = {"From": self.caller, "Caller": self.caller, "To": self.to, "Called": self.to}
        call = {"CallSid": self.sid, "AccountSid": ACCOUNT, "ApiVersion": "2010-04-01", "Direction": "inbound"}
        return {**places, **countries, **ends, **call}


def _follow(verb: Element, at: str, given: dict[str, str]) -> Step:
    """Where the action of a verb leads; without one, to the same document again."""
    return urljoin(at, verb.get("action", at)), given, verb.get("method", "POST")


def wsgi(app: Any) -> Server:
    """A WSGI application as a server."""
    from werkzeug.test import Client

    def answer(method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Got:
        # Buffered, because an open file behind an answer is closed with it.
        with Client(app).open(path, method=method, data=body, headers=dict(headers), buffered=True) as response:
            return Got(response.status_code, response.headers.get("Content-Type", ""), response.get_data())

    return answer


def nobody(_method: str, _path: str, _body: bytes, _headers: Mapping[str, str]) -> Got:
    """A server that is down."""
    raise CannotConnect


def failing(status: int) -> Server:
    """A server that answers with an error."""
    return lambda *_: Got(status, "text/html", b"<h1>Error</h1>")
