"""Twilio's webhooks: read, hand to the turn, answer with TwiML. Never a 500: the person always gets a sentence."""

from __future__ import annotations

import logging
import re
import time
from datetime import UTC, datetime

from flask import Blueprint, Response, g, request

from hotline.delivery.receipts import note_status
from hotline.dialogue.inputs import InboundCallStep, InboundText
from hotline.dialogue.offers import LANGUAGE_DIGITS
from hotline.dialogue.rendering import OPENING_LANGUAGES
from hotline.dialogue.spoken import Spoken
from hotline.telephony.inbound import StatusUpdate, UnusableWebhook, parse_call, parse_message, parse_status
from hotline.telephony.prompts import PromptMissing
from hotline.telephony.retry import RECIPIENT_STOPPED
from hotline.telephony.twiml import Gather, Pause, Play, Say, hand_call_on, message_recording, message_reply, voice_reply
from hotline.web.access import access, form_pairs, services
from hotline.web.numbers import read_number
from hotline.web.pages import HOLD_SOUND_PATH

log = logging.getLogger(__name__)
webhooks = Blueprint("webhooks", __name__, url_prefix="/webhooks/twilio")

UNUSABLE, FAILED = "webhooks_unusable", "turns_failed"
# Below this, speech recognition is guessing (Twilio, from 0 to 1).
SURE_SPEECH = 0.5
# It goes into an address of the provider's API.
_RECORDING = re.compile(r"RE[0-9a-zA-Z]{1,60}")
GATHER_SECONDS, HOLD_TIMES = 6, 2
# Where one key or two may be pressed, the answer comes so long after the first one; "#" ends the waiting.
SECOND_KEY_SECONDS = 3
ENDED_CALLS = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})


@webhooks.before_request
def start_clock() -> None:
    """Note when the answer to a webhook was begun."""
    g.webhook_started = time.perf_counter()


@webhooks.after_request
def stop_clock(response: Response) -> Response:
    """Count how long the answer took; a refused webhook is counted elsewhere."""
    if "webhook_started" in g:
        kind = (request.endpoint or "").removeprefix(f"{webhooks.name}.take_")
        services().meter.time_webhook(kind, time.perf_counter() - g.webhook_started)
    return response


@webhooks.post("/messages")
@access("twilio")
def take_message() -> Response:
    """An SMS or a WhatsApp message."""
    try:
        message = parse_message(dict(form_pairs(request)))
    except UnusableWebhook as error:
        return _unusable(error, message_reply(None))
    text = InboundText(
        event_key=message.provider_sid,
        channel=message.channel,
        sender=message.sender,
        recipient=message.recipient,
        body=message.body,
        has_media=message.media_count > 0,
        opt_out=message.opt_out,
    )
    try:
        return _twiml(services().turns.take_text(text, message_reply))
    except Exception:
        return _twiml(message_reply(_sorry_in_writing(text.recipient)))


@webhooks.post("/calls", defaults={"step": 0})
@webhooks.post("/calls/<int:step>")
@access("twilio")
def take_call(step: int) -> Response:
    """A call, or one step of it."""
    try:
        call = parse_call(dict(form_pairs(request)))
    except UnusableWebhook as error:
        return _unusable(error, voice_reply([], None, hang_up=True))
    recording = _recording(call.call_sid)
    inbound = InboundCallStep(
        event_key=f"{call.call_sid}:{step}",
        call_sid=call.call_sid,
        caller=call.caller,
        called=call.called,
        digits=call.digits,
        speech=call.speech,
        is_clear=call.speech_confidence is None or call.speech_confidence >= SURE_SPEECH,
        start="after_message" if recording is not None else "",
        recording=recording,
    )
    try:
        return _twiml(services().turns.take_call_step(inbound, compose_call))
    except Exception:
        return _twiml(sorry_aloud(call.called))


def _recording(call_sid: str) -> tuple[str, int] | None:
    """The message that was just recorded in a call."""
    form = dict(form_pairs(request))
    sid, seconds = form.get("RecordingSid", ""), form.get("RecordingDuration", "")
    return (
        (sid, int(seconds) if seconds.isdecimal() and len(seconds) < 6 else 0) if _RECORDING.fullmatch(sid) and call_sid else None
    )


@webhooks.post("/status")
@access("twilio")
def take_status() -> Response:
    """What became of a message we sent, or of a call."""
    try:
        update = parse_status(dict(form_pairs(request)))
    except UnusableWebhook as error:
        return _unusable(error, "")
    try:
        _note_status(update)
    except Exception:
        # Twilio tries again after an error, and a status may be taken late.
        _count_failure("status not stored")
        return Response(status=503)
    return Response(status=204)


def _note_status(update: StatusUpdate) -> None:
    if update.kind == "call":
        if update.status in ENDED_CALLS:
            services().turns.close_call(update.provider_sid)
            hotline = services()
            with hotline.database.begin() as connection:
                follow = hotline.talks.end_calls(connection, update.provider_sid, hotline.clock())
            hotline.follow(follow)
        return
    with services().database.begin() as connection:
        note_status(connection, update, request.args.get("outbox", type=read_number), datetime.now(UTC))
        if update.error_code == str(RECIPIENT_STOPPED):
            services().outbox.remember_opt_out(connection, update.provider_sid, datetime.now(UTC))


def compose_call(spoken: Spoken, next_step: int) -> str:
    """The document of what a caller hears next."""
    parts: list[Say | Play | Pause] = [Pause(spoken.pause_seconds)] if spoken.pause_seconds else []
    for utterance in spoken.utterances:
        speak = services().prompts.speak_slowly if utterance.is_slow else services().prompts.speak
        parts += speak(utterance.language, utterance.text)
    if spoken.ended:
        return voice_reply(parts, None, hang_up=True)
    if spoken.records:
        return message_recording(parts, f"{services().settings.public_base_url}{webhooks.url_prefix}/calls/{next_step}")
    if spoken.waits:
        # About a minute with the words, then the place is told again.
        parts.append(Play(services().settings.public_base_url + HOLD_SOUND_PATH, HOLD_TIMES))
    language = services().languages[spoken.language] if spoken.language else None
    gather = Gather(
        parts=tuple(parts),
        action=f"{services().settings.public_base_url}{webhooks.url_prefix}/calls/{next_step}",
        speech_language=language.gather_code if language and spoken.listens else None,
        hints=spoken.hints,
        max_digits=spoken.digits,
        timeout_seconds=1 if spoken.waits else SECOND_KEY_SECONDS if spoken.digits == LANGUAGE_DIGITS else GATHER_SECONDS,
    )
    return voice_reply([], gather, hang_up=False)


def _sorry_in_writing(recipient: str) -> str:
    _count_failure("a message could not be answered")
    return services().renderer.tell("technical.sorry", _language_of_line(recipient))


def sorry_aloud(called: str = "") -> str:
    """The document of a call that could not be answered: never silence."""
    _count_failure("a call could not be answered")
    goes_on = services().settings.fallback_base_url
    line = _language_of_line(called)
    parts: list[Say | Play | Pause] = []
    for language in [line] if line else OPENING_LANGUAGES:
        key = "fallback.trouble" if goes_on else "technical.sorry"
        try:
            parts += services().prompts.speak(language, services().texts.get(language, key, (".voice",)))
        except PromptMissing:
            log.exception("no voice for the apology")
    if goes_on:
        return hand_call_on(parts, f"{goes_on}/voice/{f'{line}.menu' if line else 'start'}?enter=1")
    return voice_reply(parts, None, hang_up=True)


def _language_of_line(number: str) -> str | None:
    """The language of one of our numbers, where it has one that is live. Known without the database."""
    language = services().settings.line_languages.get(number)
    return language if language in services().live_languages else None


def _count_failure(what: str) -> None:
    log.exception(what)
    services().tally.add(FAILED)


def _unusable(error: UnusableWebhook, document: str) -> Response:
    log.warning("webhook without effect", extra={"cause": str(error)})
    services().tally.add(UNUSABLE)
    return _twiml(document)


def _twiml(document: str) -> Response:
    return Response(document, content_type="text/xml; charset=utf-8")
