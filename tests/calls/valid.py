"""What Twilio accepts as TwiML: verbs, nesting and attributes are read from its own library, enumerations from its pages.

The library checks none of it when it writes a document. It has no enumerations either: languages are those of the catalogue's
tables, taken from the types of Twilio's npm package, the rest stands in https://www.twilio.com/docs/voice/twiml.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from functools import cache
from types import ModuleType
from urllib.parse import quote, urlsplit
from xml.etree.ElementTree import Element, ParseError, fromstring

from twilio.twiml import lower_camel, messaging_response, voice_response

from hotline.telephony.languages import GATHER_CODES, SAY_CODES

MAX_BYTES = 64_000
MAX_SAY_ENCODED, MAX_SAY_POLLY, MAX_SAY_GOOGLE, MAX_SAY_BASIC = 4500, 3000, 5000, 4096
MAX_HINTS, MAX_HINT = 500, 100
MAX_QUEUE_NAME = 64
MAX_MESSAGE = 1600

# Documented where the library allows more: a question holds nothing but sound, and a called party no menu of its own.
CHILDREN = {"Gather": {"Say", "Play", "Pause"}}
_METHODS = {"GET", "POST"}
_BEEPS = {"true", "false", "onEnter", "onExit"}
_CALL_EVENTS = {"initiated", "ringing", "answered", "completed"}
_CONFERENCE_EVENTS = {"start", "end", "join", "leave", "mute", "hold", "modify", "speaker", "announcement"}
Check = Callable[[str], bool]


class InvalidDocument(AssertionError):
    """Twilio would refuse the document or understand it otherwise."""


@cache
def _definitions(module: ModuleType, root: str) -> dict[str, dict[str, set[str]]]:
    """Element -> elements it may hold -> their attributes, from what the methods of the library pass on."""
    classes = {node.name: node for node in ast.parse(inspect.getsource(module)).body if isinstance(node, ast.ClassDef)}
    names = {name: _element_name(node) for name, node in classes.items()}
    names[root] = "Response"
    return {names[name]: _nested(node, names) for name, node in classes.items()}


def voice_verbs() -> dict[str, str]:
    """Method of the library -> the element it writes into a document of a call."""
    tree = ast.parse(inspect.getsource(voice_response))
    classes = {node.name: _element_name(node) for node in tree.body if isinstance(node, ast.ClassDef)}
    found: dict[str, str] = {}
    for method in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        for call in (node for node in ast.walk(method) if isinstance(node, ast.Call)):
            if ast.unparse(call.func) == "self.nest" and isinstance(call.args[0], ast.Call):
                found[method.name] = classes[ast.unparse(call.args[0].func)]
    return found


def _element_name(node: ast.ClassDef) -> str:
    for found in ast.walk(node):
        is_name = isinstance(found, ast.Assign) and ast.unparse(found.targets[0]) == "self.name"
        if is_name and isinstance(found.value, ast.Constant):
            return str(found.value.value)
    return node.name


def _nested(node: ast.ClassDef, names: dict[str, str]) -> dict[str, set[str]]:
    children: dict[str, set[str]] = {}
    for call in (found for found in ast.walk(node) if isinstance(found, ast.Call)):
        if ast.unparse(call.func) == "self.nest" and isinstance(call.args[0], ast.Call):
            inner = call.args[0]
            given = {keyword.arg for keyword in inner.keywords if keyword.arg}
            attributes = {lower_camel({"from_": "from", "for_": "for"}.get(name, name)) for name in given}
            children[names[ast.unparse(inner.func)]] = attributes
    return children


def _number(low: int, high: int) -> Check:
    return lambda value: value.isdecimal() and low <= int(value) <= high


def _one_of(values: set[str]) -> Check:
    return lambda value: value in values


def _some_of(values: set[str]) -> Check:
    return lambda value: bool(value) and set(value.split(" ")) <= values


def _is_address(value: str) -> bool:
    parts = urlsplit(value)
    is_web = parts.scheme in ("http", "https") and bool(parts.netloc)
    return value.isascii() and " " not in value and (is_web or (not parts.scheme and value.startswith("/")))


_is_flag = _one_of({"true", "false"})
ATTRIBUTES: dict[str, dict[str, Check]] = {
    "Say": {"language": _one_of(set(SAY_CODES)), "voice": lambda v: bool(re.fullmatch(r"(Polly|Google)\.[\w-]+", v))},
    "Gather": {
        "input": _one_of({"dtmf", "speech", "dtmf speech"}),
        "language": _one_of(set(GATHER_CODES)),
        "timeout": _number(1, 600),
        "speechTimeout": lambda v: v == "auto" or (v.isdecimal() and int(v) > 0),
        "numDigits": _number(1, 100),
        "finishOnKey": lambda v: bool(re.fullmatch(r"[0-9#*]?", v)),
        "hints": lambda v: len(v.split(",")) <= MAX_HINTS and all(0 < len(hint) <= MAX_HINT for hint in v.split(",")),
    },
    "Pause": {"length": _number(1, 600)},
    "Record": {
        "maxLength": _number(1, 14_400),
        "timeout": _number(1, 600),
        "finishOnKey": lambda v: bool(re.fullmatch(r"[0-9#*]*", v)),
        "trim": _one_of({"trim-silence", "do-not-trim"}),
    },
    "Dial": {
        "timeout": _number(1, 600),
        "timeLimit": _number(1, 86_400),
        "record": _one_of({"do-not-record"}),  # No call is recorded here.
    },
    "Number": {"statusCallbackEvent": _some_of(_CALL_EVENTS)},
    "Client": {"statusCallbackEvent": _some_of(_CALL_EVENTS)},
    "Conference": {
        "beep": _one_of(_BEEPS),
        "maxParticipants": _number(2, 250),
        "statusCallbackEvent": _some_of(_CONFERENCE_EVENTS),
        "record": _one_of({"do-not-record"}),
    },
    "Reject": {"reason": _one_of({"rejected", "busy"})},
}
_BY_NAME: dict[str, Check] = {
    **dict.fromkeys(("action", "waitUrl", "url", "statusCallback", "recordingStatusCallback"), _is_address),
    **dict.fromkeys(("method", "waitUrlMethod", "statusCallbackMethod", "recordingStatusCallbackMethod"), _one_of(_METHODS)),
    **dict.fromkeys(
        (
            *("actionOnEmptyResult", "bargeIn", "profanityFilter", "playBeep", "answerOnBridge", "hangupOnStar", "muted"),
            *("startConferenceOnEnter", "endConferenceOnExit"),
        ),
        _is_flag,
    ),
    "loop": _number(0, 1000),
}


def read_voice(document: bytes) -> Element:
    """The document of a call.

    Raises:
        InvalidDocument: says what Twilio would not take.
    """
    return _read(document, _definitions(voice_response, "VoiceResponse"))


def read_messaging(document: bytes) -> Element:
    """The answer to a message; raises as ``read_voice`` does."""
    return _read(document, _definitions(messaging_response, "MessagingResponse"))


def _read(document: bytes, definitions: dict[str, dict[str, set[str]]]) -> Element:
    if len(document) > MAX_BYTES:
        raise InvalidDocument(f"11750: {len(document)} bytes")
    try:
        root = fromstring(document)
    except ParseError as error:
        raise InvalidDocument(f"12100: no XML ({error})") from None
    if root.tag != "Response" or root.attrib or (root.text or "").strip():
        raise InvalidDocument("12100: the root is no plain <Response>")
    _check(root, definitions)
    return root


def _check(parent: Element, definitions: dict[str, dict[str, set[str]]]) -> None:
    allowed = definitions[parent.tag]
    for child in parent:
        within = CHILDREN.get(parent.tag, set(allowed))
        if child.tag not in allowed or child.tag not in within:
            raise InvalidDocument(f"12200: <{child.tag}> may not be in <{parent.tag}>")
        if (child.tail or "").strip():
            raise InvalidDocument(f"12200: text between the verbs of <{parent.tag}>")
        _check_attributes(child, allowed[child.tag])
        _check_text(child)
        _check(child, definitions)


def _check_attributes(element: Element, known: set[str]) -> None:
    for name, value in element.attrib.items():
        if name not in known:
            raise InvalidDocument(f"12200: <{element.tag}> has no attribute {name}")
        check = ATTRIBUTES.get(element.tag, {}).get(name) or _BY_NAME.get(name)
        if check and not check(value):
            raise InvalidDocument(f"12200: <{element.tag} {name}={value!r}>")


def _check_text(element: Element) -> None:
    text = "".join(element.itertext()) if element.tag == "Say" else element.text or ""
    match element.tag:
        case "Say":
            voice = element.get("voice", "")
            most = MAX_SAY_POLLY if voice.startswith("Polly.") else MAX_SAY_GOOGLE if voice else MAX_SAY_BASIC
            is_good = bool(text.strip()) and len(text) <= most and len(quote(text, safe="")) <= MAX_SAY_ENCODED
        case "Play" | "Redirect":
            is_good = _is_address(text.strip()) or (element.tag == "Play" and bool(element.get("digits")))
        case "Enqueue":
            is_good = 0 < len(text) <= MAX_QUEUE_NAME
        case "Message":
            is_good = 0 < len(text) <= MAX_MESSAGE or len(element) > 0
        case "Hangup" | "Pause" | "Gather" | "Leave":
            is_good = not text.strip()
        case _:
            is_good = True
    if not is_good:
        raise InvalidDocument(f"13521: the text of <{element.tag}> is empty or too long: {len(text)} characters")
