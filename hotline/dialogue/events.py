"""What goes into the flow engine and what comes out: one input with its meaning, and the events of a turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Literal

from hotline.knowledge.centres import Centre
from hotline.knowledge.countries import CountryView
from hotline.knowledge.places import Place

if TYPE_CHECKING:
    from hotline.dialogue.definition import Collected

AnswerPart = Literal["short", "full"]
# Why an editor should see a question: not understood, twice so that a person was called, none of the suggestions, no help.
UnansweredReason = Literal["not_understood", "gave_up", "none_of_these", "unhelpful"]
Decision = Literal["answer", "confirm", "clarify", "handoff"]


@dataclass(frozen=True)
class Meaning:
    """What a text or a spoken sentence was taken to mean.

    ``likely`` are the languages to ask about when it is not clear which one this is.
    ``slots`` is what the text names (country, Land, city …), ``is_pressing`` a deadline within days, ``is_brief`` a text of a few
    words: see ``meaning``.
    ``danger`` is a category of the danger net, ``wish`` a key of ``wishes``, ``language`` the language to go on in when it
    should change, ``language_not_live`` one that was recognised and is not offered here.
    """

    danger: str | None = None
    wish: str | None = None
    language: str | None = None
    language_named: bool = False
    language_not_live: str | None = None
    topic: str | None = None
    decision: Decision = "clarify"
    alternatives: tuple[str, ...] = ()
    likely: tuple[str, ...] = ()
    slots: Mapping[str, str] = field(default_factory=dict)
    is_pressing: bool = False
    is_brief: bool = False


@dataclass(frozen=True)
class Heard:
    """One input: the start of a conversation, a key, the digits of a postcode, a telephone number or a day, a text with its
    meaning, silence, or what somebody wants to be called.

    ``code`` is a continuation code that was tried already; ``key`` holds what came of it, not the code.
    """

    kind: Literal["start", "key", "digits", "code", "words", "silence", "alias"]
    key: str = field(default="", repr=False)
    start: str = ""
    meaning: Meaning = field(default_factory=Meaning)


@dataclass(frozen=True)
class Told:
    """A text is said. ``values`` are what its placeholders stand for; by ear only a place in the queue has one."""

    text_key: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Choice:
    """A key on offer. ``kind`` tells what ``value`` is: a text key, a topic, a group of topics, a language, a Land or a country.

    One that is named ``if_fits`` works always and is left unsaid in an SMS that has no room for it.
    """

    key: str
    kind: Literal["text", "topic", "group", "language", "land", "country"]
    value: str
    go: str
    if_fits: bool = False


@dataclass(frozen=True)
class Asked:
    """The question the conversation now waits at.

    ``digits`` is how many keys a caller may press, ``collects`` what is asked for besides keys and words; ``waits`` tells that a
    caller holds the line there for a person.
    ``preset`` is the language offered while none is chosen: it is asked in that one too.
    """

    step: str
    text_key: str
    choices: tuple[Choice, ...]
    listens: bool
    digits: int = 1
    waits: bool = False
    preset: str | None = None
    collects: Collected | None = None


@dataclass(frozen=True)
class Answered:
    """The approved answer to a topic is given, with what is known of the country that was named."""

    topic: str
    part: AnswerPart
    country: CountryView | None = None
    is_country_first: bool = False


@dataclass(frozen=True)
class PlaceRead:
    """A place is read back, so that the caller can say whether it is the right one."""

    place: Place


@dataclass(frozen=True)
class CountryRead:
    """A country (ISO code) is read back, so that the caller can say whether it is the right one."""

    country: str


@dataclass(frozen=True)
class DayRead:
    """A day is read back, so that the caller can say whether it is the right one."""

    day: date


@dataclass(frozen=True)
class CentresShown:
    """Some centres of a place are told, none when nobody is listed there; ``nationwide`` is what serves every place."""

    centres: tuple[Centre, ...]
    nationwide: tuple[Centre, ...]
    place: Place | None


@dataclass(frozen=True)
class Rated:
    """The answer to a topic was called helpful, or not."""

    topic: str
    is_helpful: bool


@dataclass(frozen=True)
class Unanswered:
    """A question was left without an answer that helps."""

    reason: UnansweredReason


@dataclass(frozen=True)
class LanguageChosen:
    """The language of the conversation is now this one."""

    language: str


@dataclass(frozen=True)
class PersonRequested:
    """A human is to take over. ``danger`` is a category of the danger net or None."""

    reason: str
    topic: str | None
    danger: str | None


@dataclass(frozen=True)
class CallbackWanted:
    """The person is to be called back, at a time of day that is safe for them (``counselling.hours.SAFE_TIMES``).

    ``number`` is another one than that of the conversation, ``alias`` what they want to be called.
    """

    safe_times: str
    number: str | None = field(default=None, repr=False)
    alias: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class WithdrawWanted:
    """The person wants nobody any more, and no call."""


@dataclass(frozen=True)
class RecordWanted:
    """The caller has heard the notice and pressed the key: a message is recorded now. Nothing else ever is."""


@dataclass(frozen=True)
class SmsWanted:
    """The caller wants what was told last as an SMS to the phone at hand; nothing where it is not to be told any more."""

    what: Answered | CentresShown | None


@dataclass(frozen=True)
class NumberRead:
    """The number that is to be called is read back; E.164."""

    number: str = field(repr=False)


@dataclass(frozen=True)
class DataWished:
    """The person wants to know what is stored of them, or to have it erased."""

    deed: Literal["show", "erase"]


@dataclass(frozen=True)
class DataShown:
    """What is stored is told: label (a text key) -> how many, and since when. Never what it says.

    ``has_case``: counsellors keep notes on the matter, which stay longer.
    """

    counts: Mapping[str, int]
    since: date
    has_case: bool = False


@dataclass(frozen=True)
class DataErased:
    """Everything is erased; the receipt is a row of digits."""

    receipt: str


@dataclass(frozen=True)
class CodeWanted:
    """A code is wanted with which the matter goes on from another phone or channel; ``is_next`` when one was just used."""

    is_next: bool = False


@dataclass(frozen=True)
class CodeGiven:
    """The code, to be told once; only its hash is kept."""

    code: str = field(repr=False)
    is_next: bool = False


@dataclass(frozen=True)
class Ended:
    """The conversation is over."""


Event = (
    Told
    | Asked
    | Answered
    | PlaceRead
    | CountryRead
    | DayRead
    | CentresShown
    | Rated
    | Unanswered
    | LanguageChosen
    | PersonRequested
    | CallbackWanted
    | DataWished
    | DataShown
    | DataErased
    | CodeWanted
    | CodeGiven
    | WithdrawWanted
    | RecordWanted
    | SmsWanted
    | NumberRead
    | Ended
)
