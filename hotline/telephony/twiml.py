"""TwiML documents. The only module that knows how an answer to Twilio is written."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import quote

from twilio.twiml import TwiML  # type: ignore[import-untyped]
from twilio.twiml.messaging_response import MessagingResponse  # type: ignore[import-untyped]
from twilio.twiml.voice_response import Gather as GatherVerb  # type: ignore[import-untyped]
from twilio.twiml.voice_response import VoiceResponse

MAX_DOCUMENT_BYTES = 64_000  # error 11750; "64 kB" read the strict way
MAX_MESSAGE_CHARACTERS = 1600
MAX_SAY_CHARACTERS = 500
MAX_MESSAGE_SECONDS = 120
MAX_SAY_ENCODED = 4500  # error 13521 counts the URL-encoded text: 9 for one Amharic letter
MAX_HINTS = 500
MAX_HINT_CHARACTERS = 100

_FORBIDDEN_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Full stops of our scripts: Latin, Arabic and Urdu, Armenian, Devanagari and Bengali, Ethiopic, Chinese.
_SENTENCE_END = re.compile(
    r"(?:[.!?\u2026\u061f\u06d4\u0589\u0964\u1362\u1367]+[\"'\u00bb\u201d\u2019)]*\s+|[\u3002\uff01\uff1f]+|\n+)"
)
_WORD_END = re.compile(r"\s+")


@dataclass(frozen=True)
class Say:
    """Text for a Twilio voice; code and voice come from the language catalogue. ``is_slow`` needs a voice that reads SSML."""

    text: str
    language_code: str
    voice: str
    is_slow: bool = False


@dataclass(frozen=True)
class Play:
    """An audio file at an absolute address, played so many times; 0 is until the call ends."""

    url: str
    times: int = 1


@dataclass(frozen=True)
class Pause:
    """Silence."""

    seconds: int


@dataclass(frozen=True)
class Gather:
    """A question: the parts are spoken and may be interrupted by a key or by speech.

    Args:
        parts: what is spoken.
        action: where the answer, or the silence, is posted.
        speech_language: a Gather code of the catalogue; None takes keys only.
        hints: words the recognition should expect.
        timeout_seconds: how long to wait for the answer.
        max_digits: keys to wait for; with more than one, "#" ends what was pressed and is no answer itself.
    """

    parts: tuple[Say | Play | Pause, ...]
    action: str
    speech_language: str | None
    hints: tuple[str, ...] = ()
    timeout_seconds: int = 6
    max_digits: int = 1


@dataclass(frozen=True)
class Room:
    """A conference a call is put into. It is never recorded.

    Args:
        name: random; the provider shows it.
        action: where it is posted that the call has left the room.
        wait_url: document for whoever is alone in it.
        status_callback: where it is posted who comes and goes.
        is_ended_by_leaving: the room ends for all when this call leaves it.
    """

    name: str
    action: str
    wait_url: str
    status_callback: str
    is_ended_by_leaving: bool


def message_reply(text: str | None) -> str:
    """Answer a message webhook.

    Args:
        text: the reply; None or blank sends nothing. Over 1,600 characters it becomes several messages.
    Returns:
        The TwiML document.
    Raises:
        ValueError: the document is over 64 kB.
    Source: https://www.twilio.com/docs/messaging/twiml/message
    """
    response = MessagingResponse()
    for part in _split(_clean(text or ""), _longest_message, (_WORD_END,)):
        response.message(part)
    return _document(response)


def voice_reply(parts: Iterable[Say | Play | Pause], gather: Gather | None, hang_up: bool) -> str:
    """Answer a voice webhook.

    Args:
        parts: what is spoken first.
        gather: the question after it.
        hang_up: end the call after all this.
    Returns:
        The TwiML document. A long Say text becomes several <Say>, split by sentence.
    Raises:
        ValueError: the document is over 64 kB.
    Source: https://www.twilio.com/docs/voice/twiml/gather, …/say, …/play
    """
    response = VoiceResponse()
    _speak(response, parts)
    if gather:
        _speak(response.nest(_gather_verb(gather)), gather.parts)
    if hang_up:
        response.hangup()
    return _document(response)


def message_recording(parts: Iterable[Say | Play | Pause], action: str) -> str:
    """Answer a voice webhook with the recording of a message: the one document that records, after a notice and a key.

    Args:
        parts: what is spoken first.
        action: where it is posted that there is a message.
    Returns:
        The TwiML document.
    Source: https://www.twilio.com/docs/voice/twiml/record
    """
    response = VoiceResponse()
    _speak(response, parts)
    response.record(
        action=_clean(action),
        method="POST",
        max_length=MAX_MESSAGE_SECONDS,
        timeout=5,
        finish_on_key="#",
        play_beep=True,
        trim="trim-silence",
    )
    # Without a word the recording falls through to here: the call goes on all the same.
    response.redirect(_clean(action), method="POST")
    return _document(response)


def room_reply(parts: Iterable[Say | Play | Pause], room: Room) -> str:
    """Answer a voice webhook with a conference.

    Args:
        parts: what is spoken first.
        room: the conference.
    Returns:
        The TwiML document.
    Source: https://www.twilio.com/docs/voice/twiml/conference
    """
    response = VoiceResponse()
    _speak(response, parts)
    dial = response.dial(action=_clean(room.action), method="POST")
    dial.conference(
        room.name,
        # A signal tone would tell everybody who listens that somebody came.
        beep="false",
        start_conference_on_enter=True,
        end_conference_on_exit=room.is_ended_by_leaving,
        wait_url=_clean(room.wait_url),
        wait_method="POST",
        status_callback=_clean(room.status_callback),
        status_callback_method="POST",
        status_callback_event="start join leave end",
    )
    return _document(response)


def hand_call_on(parts: Iterable[Say | Play | Pause], url: str) -> str:
    """Answer a voice webhook by sending the call to another address.

    Args:
        parts: what is spoken before.
        url: absolute address that goes on with the call.
    Returns:
        The TwiML document.
    Raises:
        ValueError: the document is over 64 kB.
    Source: https://www.twilio.com/docs/voice/twiml/redirect
    """
    response = VoiceResponse()
    _speak(response, parts)
    response.redirect(_clean(url), method="POST")
    return _document(response)


def _gather_verb(gather: Gather) -> TwiML:
    # No speechModel: without one Twilio chooses the provider and changes over when one is down.
    speech = {}
    if gather.speech_language:
        hints = [_clean(hint).replace(",", " ").strip() for hint in gather.hints]
        usable = [hint for hint in hints if 0 < len(hint) <= MAX_HINT_CHARACTERS][:MAX_HINTS]
        speech = {
            "language": _clean(gather.speech_language),
            "speech_timeout": "auto",
            "hints": ",".join(usable) or None,
        }
    return GatherVerb(
        input="dtmf speech" if gather.speech_language else "dtmf",
        action=_clean(gather.action),
        method="POST",
        timeout=gather.timeout_seconds,
        num_digits=gather.max_digits,
        # Without one, # and * arrive as answers.
        finish_on_key="#" if gather.max_digits > 1 else "",
        action_on_empty_result=True,  # silence, too, is a step of the flow
        barge_in=True,
        **speech,
    )


def _speak(verb: TwiML, parts: Iterable[Say | Play | Pause]) -> None:
    for part in parts:
        match part:
            case Say():
                for text in _split(_clean(part.text), _longest_say, (_SENTENCE_END, _WORD_END)):
                    said = verb.say(None if part.is_slow else text, voice=_clean(part.voice), language=_clean(part.language_code))
                    if part.is_slow:
                        said.prosody(text, rate="slow")
            case Play():
                verb.play(_clean(part.url), loop=part.times if part.times != 1 else None)
            case Pause():
                verb.pause(length=part.seconds)


def _longest_message(text: str) -> int:
    return min(len(text), MAX_MESSAGE_CHARACTERS)


def _longest_say(text: str) -> int:
    if len(text) <= MAX_SAY_CHARACTERS and len(quote(text, safe="")) <= MAX_SAY_ENCODED:
        # Nearly every sentence; letter by letter it took a sixth of the time of an answer.
        return len(text)
    encoded = 0
    for end, character in enumerate(text[:MAX_SAY_CHARACTERS]):
        # quote() writes a blank as %20; should Twilio count "+", the text is only shorter.
        encoded += len(quote(character, safe=""))
        if encoded > MAX_SAY_ENCODED:
            return end
    return min(len(text), MAX_SAY_CHARACTERS)


def _split(text: str, longest: Callable[[str], int], borders: tuple[re.Pattern[str], ...]) -> list[str]:
    """Cut a text into parts that fit, each at the first kind of border it has, else anywhere.

    No character is lost: the parts joined are the text. Only blank parts are left out, they are silent.
    """
    parts = []
    while text:
        end = longest(text)
        if end < len(text):
            ends = (max((match.end() for match in border.finditer(text[:end])), default=0) for border in borders)
            end = next((border_end for border_end in ends if border_end), end)
        parts.append(text[:end])
        text = text[end:]
    return [part for part in parts if part.strip()]


def _clean(text: str) -> str:
    return _FORBIDDEN_IN_XML.sub("", text)


def _document(response: TwiML) -> str:
    document = str(response)
    size = len(document.encode())
    if size > MAX_DOCUMENT_BYTES:
        raise ValueError(f"TwiML of {size} bytes is over Twilio's {MAX_DOCUMENT_BYTES}")
    return document
