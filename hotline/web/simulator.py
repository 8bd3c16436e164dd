"""The simulator: a telephone and an SMS thread for newcomers, through the same signed webhooks as Twilio's.

It also plays the provider's side: a small REST API in Twilio's form takes what the worker sends and reports it as delivered.
Off in production, because it can send messages in anybody's name.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, fromstring

import urllib3
from flask import Blueprint, abort, render_template, request
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from hotline.dialogue.conversations import Conversations
from hotline.dialogue.texts import SCREENS, Texts
from hotline.dialogue.turn import today_in_germany
from hotline.services import Services
from hotline.telephony.hold_sound import FILE as HOLD_FILE
from hotline.telephony.inbound import WHATSAPP
from hotline.web.access import access, services
from hotline.web.simulated_line import SimulatedLine
from hotline.web.simulated_phones import ReceivedMessage, SimulatedPhones

simulator = Blueprint("simulator", __name__, url_prefix="/simulator")

LEGS = "/webhooks/twilio/legs/"
OUR_NUMBER = "+4930555000"
WEBHOOK_SECONDS = 15
EVER = datetime(2000, 1, 1, tzinfo=UTC)
_http = urllib3.PoolManager(retries=False, timeout=WEBHOOK_SECONDS)


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
    """Send a text from the telephone; JSON ``number``, ``body``, ``channel`` (sms or whatsapp).

    Gives ``replies``, and the ``language`` and ``direction`` they are in (null when not known).
    """
    wanted = _json()
    number, channel = str(wanted.get("number", "")), "whatsapp" if wanted.get("channel") == "whatsapp" else "sms"
    prefix = WHATSAPP if channel == "whatsapp" else ""
    document = _post_signed(
        "/webhooks/twilio/messages",
        {
            "MessageSid": f"SM{token_hex(16)}",
            "From": prefix + number,
            "To": prefix + OUR_NUMBER,
            "Body": str(wanted.get("body", "")),
            "NumMedia": "1" if wanted.get("has_media") else "0",
        },
    )
    replies = [message.text or "" for message in _parse(document).iter("Message")]
    return {"replies": replies, **_language_of(services(), number, channel)}


@simulator.post("/calls")
@access("simulator")
def step_call() -> dict[str, Any]:
    """Start a call or go one step; JSON ``number``, ``call_sid`` and ``action`` of the step before, ``digits`` or ``speech``.

    Gives ``call_sid``, ``parts`` (each with ``text``, ``language``, ``direction``, and ``url`` when it is a sound), ``action``
    (null when the call is over or in a conference), ``listens``, ``digits`` (how many keys it waits for), ``is_in_room`` and
    ``is_waiting`` (the sound of waiting plays).
    """
    wanted = _json()
    call_sid = str(wanted.get("call_sid") or f"CA{token_hex(16)}")
    path = urlsplit(str(wanted.get("action") or "/webhooks/twilio/calls")).path
    if not path.startswith(("/webhooks/twilio/calls", LEGS)):
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
    if path.startswith(LEGS):
        # Here the hotline calls the telephone.
        form |= {"From": OUR_NUMBER, "To": form["From"], "Direction": "outbound-api"}
        SimulatedLine(services().settings.data_dir, services().cipher).answer(call_sid)
    document = _parse(_post_signed(path, form))
    room = document.find("Dial/Conference")
    if room is not None:
        _post_signed(urlsplit(room.get("statusCallback", "")).path, {"CallSid": call_sid, "ConferenceSid": f"CF{room.text}"})
    gather = document.find("Gather")
    spoken = [element for element in document.iter() if element.tag in ("Say", "Play")]
    return {
        "call_sid": call_sid,
        "parts": [_spoken(element.tag, "".join(element.itertext()), element.get("language")) for element in spoken],
        "action": gather.get("action") if gather is not None else None,
        "listens": gather is not None and "speech" in (gather.get("input") or ""),
        "digits": int(gather.get("numDigits") or 1) if gather is not None else 1,
        "is_in_room": room is not None,
        "is_waiting": any(HOLD_FILE in (element.text or "") for element in spoken),
    }


@simulator.post("/hangups")
@access("simulator")
def hang_up() -> dict[str, Any]:
    """End a call; JSON ``call_sid``."""
    sid = str(_json().get("call_sid", ""))
    callback = SimulatedLine(services().settings.data_dir, services().cipher).end(sid)
    _post_signed(callback or "/webhooks/twilio/status", {"CallSid": sid, "CallStatus": "completed"})
    return {}


@simulator.get("/inbox")
@access("simulator")
def read_inbox() -> dict[str, Any]:
    """What the worker sent to a telephone; ``number`` and ``after`` (the last ``id`` known). Gives ``messages``."""
    number = request.args.get("number", "")
    received = _phones().read(number, request.args.get("after", 0, type=int))
    return {"messages": [_as_json(services(), number, message) for message in received]}


def _phones() -> SimulatedPhones:
    return SimulatedPhones(services().settings.data_dir, services().cipher)


def _as_json(hotline: Services, number: str, message: ReceivedMessage) -> dict[str, Any]:
    language = _language_of(hotline, number, message.channel)
    return {"id": message.number, "channel": message.channel, "body": message.body, **language}


def _language_of(hotline: Services, number: str, channel: str) -> dict[str, str | None]:
    """The language a person is written to, so that a screen reader speaks and the page sets it the right way."""
    with hotline.database.read() as connection:
        code = Conversations(hotline.database, hotline.cipher).language_of(connection, number, channel, EVER)
    return {"language": code, "direction": _direction(hotline, code)}


def _direction(hotline: Services, code: str | None) -> str | None:
    return hotline.languages[code].direction if code in hotline.languages else None


@simulator.post("/twilio/2010-04-01/Accounts/<account>/Messages.json")
@access("twilio_api")
def take_sent_message(account: str) -> tuple[dict[str, Any], int]:
    """Twilio's REST API, as far as the worker uses it: the message reaches the telephone at once and is reported delivered."""
    sid = f"SM{token_hex(16)}"
    recipient = request.form["To"]
    channel = "whatsapp" if recipient.startswith(WHATSAPP) else "sms"
    _phones().put(recipient.removeprefix(WHATSAPP), channel, request.form.get("Body") or _approved(request.form["ContentSid"]))
    callback = request.form.get("StatusCallback", "")
    if callback:
        parts = urlsplit(callback)
        report = {"MessageSid": sid, "MessageStatus": "delivered"}
        target = (services(), f"{parts.path}?{parts.query}", report)
        threading.Thread(target=_report, args=target, daemon=True).start()
    return {"sid": sid, "status": "queued", "account_sid": account}, 201


@simulator.delete("/twilio/2010-04-01/Accounts/<account>/<kind>/<sid>.json")
@access("twilio_api")
def delete_copy(account: str, kind: str, sid: str) -> tuple[str, int]:
    """The provider deletes its copy of a message or call; the simulator keeps none."""
    return "", 204


def _approved(sid: str) -> str:
    """The words of an approved text."""
    return next((one.text for one in services().whatsapp_templates.values() if one.sid == sid), "")


def _report(hotline: Services, path: str, form: dict[str, str]) -> None:
    post_to_ourselves(hotline, path, form)


def _parse(document: str) -> Element:
    return fromstring(document)  # noqa: S314 - our own TwiML, from our own webhook


def _json() -> dict[str, Any]:
    content = request.get_json(silent=True)
    if not isinstance(content, dict):
        abort(400, "A JSON object is needed.")
    return content


def _spoken(tag: str, text: str, language: str | None) -> dict[str, Any]:
    hotline = services()
    if tag == "Say":
        code = next((code for code, known in hotline.languages.items() if known.say_code == language), None)
        return {"text": text, "language": language, "direction": _direction(hotline, code), "url": None}
    path = urlsplit(text).path
    if path.endswith(HOLD_FILE):
        return {"text": "", "language": None, "direction": None, "url": path}
    code, _, name = path.removeprefix("/audio/").partition("/")
    words = _text_of(hotline, code).get(name, "")
    return {"text": words, "language": code, "direction": _direction(hotline, code), "url": path}


def _text_of(hotline: Services, language: str) -> dict[str, str]:
    """File name -> the words of a sound, so that a silent screen can show them."""
    if language not in hotline.live_languages:
        return {}
    with hotline.database.read() as connection:
        library = hotline.library.current(connection, today_in_germany())
    texts = hotline.renderer.all_utterances(language, hotline.definition, library)
    return {file.name: text for text in texts if (file := hotline.audio.find(language, text))}


def _post_signed(path: str, form: dict[str, str]) -> str:
    document = post_to_ourselves(services(), path, form)
    if document is None:
        abort(502, "The hotline did not take the webhook.")
    return document


def post_to_ourselves(hotline: Services, path: str, form: dict[str, str]) -> str | None:
    """Post a webhook to ourselves as Twilio would: over HTTP, signed with our token."""
    url = hotline.settings.public_base_url + path
    signature = RequestValidator(hotline.settings.twilio_auth_tokens[0]).compute_signature(url, form)
    try:
        # A kept connection may be closed by the server just as we use it again, and a POST must not be sent twice.
        headers = {"X-Twilio-Signature": signature, "Connection": "close"}
        answer = _http.request_encode_body("POST", url, fields=form, encode_multipart=False, headers=headers)
    except urllib3.exceptions.HTTPError:
        return None
    return answer.data.decode() if answer.status < 300 else None
