"""The simulator: a telephone and an SMS thread for newcomers, through the same signed webhooks as Twilio's.

It also plays the provider's side: a small REST API in Twilio's form takes what the worker sends and reports it as delivered.
Off in production, because it can send messages in anybody's name.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, fromstring

import urllib3
from flask import Blueprint, abort, render_template, request
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from hotline.dialogue.texts import SCREENS, Texts
from hotline.services import Services
from hotline.web.access import access, services

simulator = Blueprint("simulator", __name__, url_prefix="/simulator")

OUR_NUMBER = "+4930555000"
WEBHOOK_SECONDS = 15
KEPT_MESSAGES = 500
_http = urllib3.PoolManager(retries=False, timeout=WEBHOOK_SECONDS)


@dataclass(frozen=True)
class ReceivedMessage:
    """A message the worker sent to a simulated telephone."""

    number: int
    recipient: str
    body: str


class Inbox:
    """The simulated network: messages on their way to telephones, in memory only."""

    def __init__(self) -> None:
        self._received: deque[ReceivedMessage] = deque(maxlen=KEPT_MESSAGES)
        # From the clock, so that a page left open knows what is new after a restart.
        self._numbers = itertools.count(time.time_ns() // 1_000_000)
        self._lock = threading.Lock()

    def put(self, recipient: str, body: str) -> None:
        """Hand a message over to a telephone."""
        with self._lock:
            self._received.append(ReceivedMessage(next(self._numbers), recipient, body))

    def read(self, recipient: str, after: int) -> list[ReceivedMessage]:
        """What a telephone got after a message it knows."""
        with self._lock:
            return [message for message in self._received if message.recipient == recipient and message.number > after]


_inbox = Inbox()


@simulator.get("")
@access("simulator")
def show() -> str:
    """The page, in the language of ``?lang=``, else of the browser, else the first live one."""
    hotline = services()
    live = hotline.live_languages
    code = request.args.get("lang")
    if code not in live:
        code = request.accept_languages.best_match(live, live[0])
    texts = _screen_texts(hotline.translations_folder, live)
    return render_template(
        "simulator.html",
        page_language=hotline.languages[code or live[0]],
        languages=[hotline.languages[code] for code in live],
        screen=partial(texts.get, code),
        screen_in=texts.get,
    )


@cache
def _screen_texts(folder: Path, languages: tuple[str, ...]) -> Texts:
    return Texts.load(folder, languages, SCREENS)


@simulator.post("/texts")
@access("simulator")
def send_text() -> dict[str, Any]:
    """Send a text from the telephone; JSON ``number``, ``body``, ``channel`` (sms or whatsapp). Gives ``replies``."""
    wanted = _json()
    prefix = "whatsapp:" if wanted.get("channel") == "whatsapp" else ""
    document = _post_signed(
        "/webhooks/twilio/messages",
        {
            "MessageSid": f"SM{token_hex(16)}",
            "From": prefix + str(wanted.get("number", "")),
            "To": prefix + OUR_NUMBER,
            "Body": str(wanted.get("body", "")),
            "NumMedia": "1" if wanted.get("has_media") else "0",
        },
    )
    return {"replies": [message.text or "" for message in _parse(document).iter("Message")]}


@simulator.post("/calls")
@access("simulator")
def step_call() -> dict[str, Any]:
    """Start a call or go one step; JSON ``number``, ``call_sid`` and ``action`` of the step before, ``digits`` or ``speech``.

    Gives ``call_sid``, ``parts`` (each with ``text``, ``language`` and ``url`` when it is a sound), ``action`` (null when the
    call is over) and ``listens``.
    """
    wanted = _json()
    call_sid = str(wanted.get("call_sid") or f"CA{token_hex(16)}")
    path = urlsplit(str(wanted.get("action") or "/webhooks/twilio/calls")).path
    if not path.startswith("/webhooks/twilio/calls"):
        abort(400, "action must be one the simulator gave.")
    form = {
        "CallSid": call_sid,
        "From": str(wanted.get("number") or "anonymous"),
        "To": OUR_NUMBER,
        "Direction": "inbound",
        "CallStatus": "in-progress",
    }
    for name, parameter in (("digits", "Digits"), ("speech", "SpeechResult")):
        if wanted.get(name):
            form[parameter] = str(wanted[name])
    if "SpeechResult" in form:
        form["Confidence"] = "0.9"
    document = _parse(_post_signed(path, form))
    gather = document.find("Gather")
    spoken = [element for element in document.iter() if element.tag in ("Say", "Play")]
    return {
        "call_sid": call_sid,
        "parts": [_spoken(element.tag, element.text or "", element.get("language")) for element in spoken],
        "action": gather.get("action") if gather is not None else None,
        "listens": gather is not None and "speech" in (gather.get("input") or ""),
    }


@simulator.post("/hangups")
@access("simulator")
def hang_up() -> dict[str, Any]:
    """End a call; JSON ``call_sid``."""
    _post_signed("/webhooks/twilio/status", {"CallSid": str(_json().get("call_sid", "")), "CallStatus": "completed"})
    return {}


@simulator.get("/inbox")
@access("simulator")
def read_inbox() -> dict[str, Any]:
    """What the worker sent to a telephone; ``number`` and ``after`` (the last ``id`` known). Gives ``messages``."""
    received = _inbox.read(request.args.get("number", ""), request.args.get("after", 0, type=int))
    return {"messages": [{"id": message.number, "body": message.body} for message in received]}


@simulator.post("/twilio/2010-04-01/Accounts/<account>/Messages.json")
@access("twilio_api")
def take_sent_message(account: str) -> tuple[dict[str, Any], int]:
    """Twilio's REST API, as far as the worker uses it: the message reaches the telephone at once and is reported delivered."""
    sid = f"SM{token_hex(16)}"
    recipient = request.form["To"].removeprefix("whatsapp:")
    _inbox.put(recipient, request.form["Body"])
    callback = request.form.get("StatusCallback", "")
    if callback:
        parts = urlsplit(callback)
        report = {"MessageSid": sid, "MessageStatus": "delivered"}
        target = (services(), f"{parts.path}?{parts.query}", report)
        threading.Thread(target=_report, args=target, daemon=True).start()
    return {"sid": sid, "status": "queued", "account_sid": account}, 201


def _report(hotline: Services, path: str, form: dict[str, str]) -> None:
    _post(hotline, path, form)


def _parse(document: str) -> Element:
    return fromstring(document)  # noqa: S314 - our own TwiML, from our own webhook


def _json() -> dict[str, Any]:
    content = request.get_json(silent=True)
    if not isinstance(content, dict):
        abort(400, "A JSON object is needed.")
    return content


def _spoken(tag: str, text: str, language: str | None) -> dict[str, Any]:
    if tag == "Say":
        return {"text": text, "language": language, "url": None}
    path = urlsplit(text).path
    code, _, name = path.removeprefix("/audio/").partition("/")
    return {"text": _text_of(services(), code).get(name, ""), "language": code, "url": path}


def _text_of(hotline: Services, language: str) -> dict[str, str]:
    """File name -> the words of a sound, so that a silent screen can show them."""
    if language not in hotline.live_languages:
        return {}
    with hotline.database.read() as connection:
        library = hotline.library.current(connection)
    texts = hotline.renderer.all_utterances(language, hotline.definition, library)
    return {file.name: text for text in texts if (file := hotline.audio.find(language, text))}


def _post_signed(path: str, form: dict[str, str]) -> str:
    document = _post(services(), path, form)
    if document is None:
        abort(502, "The hotline did not take the webhook.")
    return document


def _post(hotline: Services, path: str, form: dict[str, str]) -> str | None:
    """Post a webhook to ourselves as Twilio would: over HTTP, signed with our token."""
    url = hotline.settings.public_base_url + path
    signature = RequestValidator(hotline.settings.twilio_auth_tokens[0]).compute_signature(url, form)
    try:
        answer = _http.request_encode_body(
            "POST", url, fields=form, encode_multipart=False, headers={"X-Twilio-Signature": signature}
        )
    except urllib3.exceptions.HTTPError:
        return None
    return answer.data.decode() if answer.status < 300 else None
