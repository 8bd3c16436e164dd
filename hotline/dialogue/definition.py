"""What the flow files say, as values: steps with their options, and the frame every flow lives in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from hotline.dialogue.events import AnswerPart

StepKind = Literal[
    "say", "ask", "answer", "handoff", "end", "check", "read_back", "centres", "rate", "callback", "data", "code", "withdraw",
    "record", "pace", "send", "keep",
]  # fmt: skip
OptionSource = Literal[
    "languages", "topics", "suggestions", "lands", "follow_ups", "group_topics", "preset", "countries",
]  # fmt: skip
# What a step or an option may depend on: a place is named and known, this is a call, more centres wait to be told, there are
# state centres and independent ones, some of the centres speak the person's language, a topic can be answered,
# it can be answered in another language, the last answer was not rated yet, the person writes, there is a number to call,
# the conversation showed danger, a caller can hold the line for a person, a caller may leave a message,
# the caller's own phone takes an SMS of the answer or of the centres, a caller has not chosen a language yet, a caller has named
# no country and no day yet, the answer heard last is another one for each country, the deadline that was named is days away or
# over, a caller whose words were not understood right may try once more.
Condition = Literal[
    "place_known", "is_call", "more_centres", "both_bodies", "own_language", "answer_known", "answer_elsewhere",
    "unrated", "is_written", "can_call_back", "in_danger", "can_wait", "can_record", "can_text", "must_choose_language",
    "asks_country", "asks_day", "differs_by_country", "is_near", "may_try", "can_text_centres",
]  # fmt: skip
Rating = Literal["helpful", "unhelpful"]
DataDeed = Literal["show", "erase"]
SafeTimes = Literal["morning", "afternoon", "evening", "any", "same"]
# What a question asks for besides keys and words: the name or postcode of a place, a continuation code, a telephone number,
# what somebody wants to be called, a country or a day.
Collected = Literal["place", "code", "number", "alias", "country", "day"]
# What is kept only when the caller has heard it and said that it is right.
Kept = Literal["country", "day"]
CodePart = Literal["give", "renew"]
CentresPart = Literal["first", "more", "again", "independent", "own_language"]
# What a text message repeats: the answer to the topic at hand, or the centres told last.
Sent = Literal["answer", "centres"]
# Where what is known of a country stands beside the answer to a topic.
CountryPlace = Literal["before", "after"]


@dataclass(frozen=True)
class Option:
    """One key of a question: the key, the text key of its name and the step it leads to.

    Offered only while the condition ``when`` holds; the wish (such as "yes") does what the key does. ``if_fits``: see ``Choice``.
    One that is ``first`` is named before the list.
    """

    key: str
    label: str
    go: str
    when: Condition | None = None
    wish: str = ""
    if_fits: bool = False
    first: bool = False


@dataclass(frozen=True)
class Step:
    """One step of a flow file. ``name`` is ``<flow>.<step>``; ``say`` holds text keys; ``next`` is empty at a question.

    ``go`` is where a ``check`` leads whose condition holds, and where a Land or a group of topics chosen of a list leads. A
    question that ``collects`` takes the name of a place, a telephone number or an alias and goes the route of that name, or a
    code and goes a route ``code_…``; ``digits`` is how many keys may be pressed there. A country or a day is read back first, and
    ``kept`` by a step of its own when the person agrees. ``waits`` is where silence leads at a question at which a caller holds
    the line, ``silence`` where it leads elsewhere. A callback at the ``same`` time keeps the one chosen before.
    """

    name: str
    kind: StepKind
    say: tuple[str, ...] = ()
    next: str | None = None
    options: tuple[Option, ...] = ()
    options_from: OptionSource | None = None
    listens: bool = False
    part: AnswerPart = "short"
    reason: str = ""
    condition: Condition | None = None
    go: str | None = None
    collects: Collected | None = None
    read_back: Collected = "place"
    waits: str | None = None
    silence: str | None = None
    digits: int = 1
    centres: CentresPart = "first"
    rating: Rating = "helpful"
    safe_times: SafeTimes = "any"
    deed: DataDeed = "show"
    code: CodePart = "give"
    kept: Kept = "country"
    sent: Sent = "answer"


@dataclass(frozen=True)
class Limits:
    """Hard limits of one conversation, from ``hotline.yml``."""

    not_understood: int
    no_match: int
    steps_per_input: int
    back_steps: int


@dataclass(frozen=True)
class Definition:
    """All flows of the hotline, as ``flow_files.load_flows`` reads them.

    ``topics`` are answered by steps of their own, ``country_topics`` carry what is known of the country that was named; after
    the answers to ``country_asked`` a caller may name one.
    """

    steps: Mapping[str, Step]
    start: Mapping[str, str]
    keys: Mapping[str, str]
    wishes: Mapping[str, str]
    routes: Mapping[str, str]
    limits: Limits
    topics: Mapping[str, str] = field(default_factory=dict)
    country_topics: Mapping[str, CountryPlace] = field(default_factory=dict)
    country_asked: frozenset[str] = frozenset()


def options_after_centres(definition: Definition) -> tuple[Option, ...]:
    """The keys a text with told centres names: they share the message with them, except those named if they fit."""
    steps = definition.steps
    following = {step.next for step in steps.values() if step.kind == "centres"}
    # A check between sends only callers elsewhere.
    asked = {steps[name].next if steps[name].kind == "check" else name for name in following if name}
    options = (option for name in sorted(filter(None, asked)) for option in steps[name].options)
    return tuple(option for option in options if not option.if_fits)
