"""Twilio's webhooks as plain values: messages, calls and status callbacks."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

Channel = Literal["sms", "whatsapp"]
OptOut = Literal["stop", "start", "help"]

WHATSAPP = "whatsapp:"
E164 = re.compile(r"\+[1-9][0-9]{6,14}")

# Carriers spell a withheld number on the keypad: ANONYMOUS, RESTRICTED, UNAVAILABLE, BLOCKED, UNKNOWN.
WITHHELD = frozenset({"+266696687", "+7378742833", "+86282452253", "+2562533", "+8656696"})

# Sids have 34 characters and states fewer; error codes have five figures.
LONGEST_VALUE, LONGEST_ERROR_CODE = 64, 16
# Callbacks overtake each other. An end has the same rank as "delivered": from there only "read" is news.
MESSAGE_STATUS_RANK: Mapping[str, int] = MappingProxyType(
    {"queued": 0, "sending": 1, "sent": 2, "delivered": 3, "undelivered": 3, "failed": 3, "read": 4}
)
FINAL_MESSAGE_STATUSES = frozenset({"undelivered", "failed", "read"})


class UnusableWebhook(ValueError):
    """A webhook we cannot act on. The text names the parameter, never its value: it may be a phone number."""


@dataclass(frozen=True)
class InboundMessage:
    """A text from a person. Numbers are E.164 without a channel prefix, the body is as typed.

    What is personal stays out of the repr, here and in InboundCall, so that no log line can show it.
    """

    provider_sid: str
    channel: Channel
    sender: str = field(repr=False)
    recipient: str
    body: str = field(repr=False)
    media_count: int
    opt_out: OptOut | None


@dataclass(frozen=True)
class InboundCall:
    """A call, or one step of it. `caller` is None when the number is withheld or is no phone number."""

    call_sid: str
    caller: str | None = field(repr=False)
    called: str
    direction: str
    digits: str | None = field(repr=False)
    speech: str | None = field(repr=False)
    speech_confidence: float | None
    call_status: str


@dataclass(frozen=True)
class StatusUpdate:
    """What became of a message we sent, or of a call."""

    kind: Literal["message", "call"]
    provider_sid: str
    status: str
    error_code: str | None


def parse_message(form: Mapping[str, str]) -> InboundMessage:
    """Read the webhook of an incoming SMS or WhatsApp message.

    Args:
        form: the POST parameters; Twilio adds new ones without notice, so unknown ones are ignored.
    Raises:
        UnusableWebhook: MessageSid is missing or too long, or From is neither a number nor "whatsapp:" and a number. Short codes
            and names are refused too: a machine stands behind them and an answer could start a loop.
    Source: https://www.twilio.com/docs/messaging/guides/webhook-request
    """
    address = form.get("From", "")
    sender = address.removeprefix(WHATSAPP)
    if not E164.fullmatch(sender):
        raise UnusableWebhook("From is not a phone number of a known channel")
    media_count = form.get("NumMedia", "")
    return InboundMessage(
        provider_sid=_required(form, "MessageSid"),
        channel="whatsapp" if address.startswith(WHATSAPP) else "sms",
        sender=sender,
        recipient=form.get("To", "").removeprefix(WHATSAPP),
        body=form.get("Body", ""),
        media_count=int(media_count) if media_count.isdecimal() and len(media_count) < 4 else 0,
        opt_out=_opt_out(form.get("OptOutType", "")),
    )


def parse_call(form: Mapping[str, str]) -> InboundCall:
    """Read the webhook of a call, the first one as well as every <Gather> action.

    Args:
        form: the POST parameters. After a silent <Gather> neither Digits nor SpeechResult is set.
    Raises:
        UnusableWebhook: CallSid is missing or too long.
    Source: https://www.twilio.com/docs/voice/twiml and https://www.twilio.com/docs/voice/twiml/gather
    """
    caller = form.get("From", "")
    # "anonymous", "client:…", "sip:…" and the like are no number to call back or to remember.
    is_shown = E164.fullmatch(caller) is not None and caller not in WITHHELD
    return InboundCall(
        call_sid=_required(form, "CallSid"),
        caller=caller if is_shown else None,
        called=form.get("To", ""),
        direction=form.get("Direction", ""),
        digits=form.get("Digits") or None,
        speech=form.get("SpeechResult", "").strip() or None,
        speech_confidence=_confidence(form.get("Confidence", "")),
        call_status=form.get("CallStatus", ""),
    )


def parse_status(form: Mapping[str, str]) -> StatusUpdate:
    """Read a status callback of a message or a call.

    Args:
        form: the POST parameters.
    Raises:
        UnusableWebhook: the Sid or the status is missing or too long.
    Source: https://www.twilio.com/docs/messaging/guides/track-outbound-message-status
    """
    is_message = "MessageSid" in form
    return StatusUpdate(
        kind="message" if is_message else "call",
        provider_sid=_required(form, "MessageSid" if is_message else "CallSid"),
        status=_required(form, "MessageStatus" if is_message else "CallStatus"),
        error_code=form.get("ErrorCode", "")[:LONGEST_ERROR_CODE] or None,
    )


def is_forward(old: str | None, new: str) -> bool:
    """May a message go from one status to another?

    Args:
        old: the stored status, None when there is none yet.
        new: the status of a callback; one we do not know (accepted, scheduled, …) never counts.
    Returns:
        True when `new` comes later than `old` and `old` is not an end.
    """
    if new not in MESSAGE_STATUS_RANK or old in FINAL_MESSAGE_STATUSES:
        return False
    return old is None or MESSAGE_STATUS_RANK[new] > MESSAGE_STATUS_RANK.get(old, -1)


def _required(form: Mapping[str, str], name: str) -> str:
    value = form.get(name)
    if not value:
        raise UnusableWebhook(f"{name} is missing")
    if len(value) > LONGEST_VALUE or not value.isascii() or not value.isprintable():
        raise UnusableWebhook(f"{name} is none of Twilio's")
    return value


def _opt_out(value: str) -> OptOut | None:
    match value.lower():
        case "stop" | "start" | "help" as word:
            return word
    return None


def _confidence(value: str) -> float | None:
    try:
        confidence = float(value)
    except ValueError:
        return None
    return confidence if math.isfinite(confidence) else None
