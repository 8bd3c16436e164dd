"""The flow engine: pure, for voice and text alike.

``advance(definition, world, session, heard)`` takes one input and returns the new session and what happened, as events. It knows
no channel, no database, no Flask and no network, so a conversation can be stored, reloaded and replayed at every turn. What an
event sounds or looks like is decided by ``rendering``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from hotline.dialogue.events import (
    Answered,
    AnswerPart,
    Asked,
    Choice,
    Ended,
    Event,
    Heard,
    LanguageChosen,
    Meaning,
    PersonRequested,
    Told,
)

StepKind = Literal["say", "ask", "answer", "handoff", "end"]
OptionSource = Literal["languages", "topics", "suggestions"]

BACK, REPEAT, STAY = "back", "repeat", "stay"
BUILT_IN = frozenset({BACK, REPEAT, STAY})
NEXT_PAGE_KEY = "9"
NEXT_PAGE_LABELS = {"topic": "option.next_page", "language": "option.more_languages"}
# Wishes that agree or disagree with a suggestion, and those granted before the language is known.
AGREEMENT = {"yes": True, "no": False}
WISHES_WITHOUT_LANGUAGE = frozenset({"person", "callback", "goodbye", "language"})
FIRST_OPTION_KEYS = "12345678"


class FlowError(Exception):
    """A flow cannot go on: it runs in a circle or names a step that is not there. The message names the step."""


@dataclass(frozen=True)
class Option:
    """One key of a question: the key, the text key of its name and the step it leads to."""

    key: str
    label: str
    go: str


@dataclass(frozen=True)
class Step:
    """One step of a flow file. ``name`` is ``<flow>.<step>``; ``say`` holds text keys; ``next`` is empty at a question."""

    name: str
    kind: StepKind
    say: tuple[str, ...] = ()
    next: str | None = None
    options: tuple[Option, ...] = ()
    options_from: OptionSource | None = None
    listens: bool = False
    part: AnswerPart = "short"
    reason: str = ""


@dataclass(frozen=True)
class Limits:
    """Hard limits of one conversation, from ``hotline.yml``."""

    not_understood: int
    no_match: int
    steps_per_input: int
    back_steps: int


@dataclass(frozen=True)
class Definition:
    """All flows of the hotline, as ``flow_files.load_flows`` reads them."""

    steps: Mapping[str, Step]
    start: Mapping[str, str]
    keys: Mapping[str, str]
    wishes: Mapping[str, str]
    routes: Mapping[str, str]
    limits: Limits


@dataclass(frozen=True)
class World:
    """What the engine must know of content at this turn: live languages, answerable topics, policies, menu size."""

    languages: tuple[str, ...]
    topics: tuple[str, ...]
    answerable: frozenset[tuple[str, str]]
    handed_over: frozenset[str]
    page_size: int


@dataclass(frozen=True)
class Session:
    """Where a conversation stands. Small and of bounded size: the 300th turn costs what the first does."""

    step: str = ""
    language: str | None = None
    back: tuple[str, ...] = ()
    page: int = 0
    topic: str | None = None
    suggestions: tuple[str, ...] = ()
    not_understood: int = 0
    no_match: int = 0
    ended: bool = False
    slots: Mapping[str, str] = field(default_factory=dict)
    likely: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """The session as JSON values."""
        return {
            "step": self.step,
            "language": self.language,
            "back": list(self.back),
            "page": self.page,
            "topic": self.topic,
            "suggestions": list(self.suggestions),
            "not_understood": self.not_understood,
            "no_match": self.no_match,
            "ended": self.ended,
            "slots": dict(self.slots),
            "likely": list(self.likely),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, object]) -> Session:
        """Read what ``to_dict`` wrote; lists become tuples again."""
        values = {key: tuple(value) if isinstance(value, list) else value for key, value in stored.items()}
        return cls(**values)  # type: ignore[arg-type]


def advance(definition: Definition, world: World, session: Session, heard: Heard) -> tuple[Session, list[Event]]:
    """Take one input through the flows.

    Args:
        definition: the flows.
        world: what content there is at this turn.
        session: where the conversation stands.
        heard: the input.

    Returns:
        The new session and the events in the order in which the person meets them. The last one is ``Asked`` or ``Ended``.

    Raises:
        FlowError: the flows run in a circle without ever asking anything.
    """
    run = _Run(definition, world, session)
    run.enter(run.resolve(heard), danger=heard.meaning.danger)
    return run.session, run.events


class _Run:
    """One input on its way: holds the session as it changes and collects the events."""

    def __init__(self, definition: Definition, world: World, session: Session) -> None:
        self.definition = definition
        self.world = world
        self.session = session
        self.events: list[Event] = []

    def resolve(self, heard: Heard) -> str:
        """The step (or built-in target) this input leads to."""
        if heard.kind == "start":
            is_known = self.session.language is not None
            return self.definition.start[heard.start] if is_known else self.definition.routes["unknown_language"]
        if heard.kind == "silence":
            return self._missed("no_match", "nothing_heard")
        if heard.kind == "key":
            return self._resolve_key(heard.key)
        return self._resolve_words(heard.meaning)

    def _resolve_key(self, key: str) -> str:
        for choice in self._choices():
            if choice.key == key:
                self._understood()
                return self._take(choice)
        if key in self.definition.keys:
            self._understood()
            return self.definition.keys[key]
        return self._missed("no_match", "wrong_key")

    def _resolve_words(self, meaning: Meaning) -> str:
        routes = self.definition.routes
        # What was named once need not be said again; a newer name replaces an older one.
        self.session = replace(self.session, slots={**self.session.slots, **meaning.slots}, likely=meaning.likely)
        if meaning.language is not None and meaning.language in self.world.languages:
            self._choose_language(meaning.language)
        if meaning.danger is not None:
            self._understood()
            return routes["danger"]
        if meaning.language_named:
            self._understood()
            return self._after_language() if meaning.language is not None else routes["language_not_live"]
        wish = meaning.wish if meaning.wish in self.definition.wishes else None
        # A person is there for everybody, also for those whose language we do not speak yet.
        if wish is not None and (meaning.language_not_live is None or wish in WISHES_WITHOUT_LANGUAGE):
            return self._resolve_wish(wish)
        if meaning.language_not_live is not None:
            return routes["language_not_live"]
        return self._resolve_question(meaning)

    def _resolve_wish(self, wish: str) -> str:
        self._understood()
        step = self.definition.steps.get(self.session.step)
        if step is not None and step.options_from == "suggestions" and wish in AGREEMENT:
            # "Yes" to "did you mean" takes the first suggestion, "no" is the key that says so.
            wanted = [choice for choice in self._choices() if (choice.kind == "topic") == AGREEMENT[wish]]
            return self._take(wanted[0]) if wanted else self.definition.routes["not_understood"]
        if wish == "more" and self.session.topic is None:
            return self.definition.wishes["menu"]
        if self.session.language is None and wish not in WISHES_WITHOUT_LANGUAGE:
            return self.definition.routes["unknown_language"]
        return self.definition.wishes[wish]

    def _resolve_question(self, meaning: Meaning) -> str:
        routes = self.definition.routes
        if meaning.decision == "handoff":
            return routes["gave_up"]
        if meaning.decision == "clarify":
            return self._missed("not_understood", "not_understood")
        if meaning.decision == "confirm":
            self.session = replace(self.session, suggestions=meaning.alternatives, topic=None)
        else:
            self.session = replace(self.session, suggestions=(), topic=meaning.topic)
        if self.session.language is None:
            return routes["unknown_language"]
        self._understood()
        if meaning.is_pressing:
            return routes["deadline"]
        return self._suggest(meaning.topic) if meaning.decision == "confirm" else self._answer_to(meaning.topic)

    def _suggest(self, topic: str | None) -> str:
        # Only what can be answered in this language is worth asking back.
        return self.definition.routes["confirm"] if self._listed("suggestions") else self._answer_to(topic)

    def _answer_to(self, topic: str | None) -> str:
        routes = self.definition.routes
        if topic in self.world.handed_over:
            return routes["hand_over"]
        return routes["question"] if self._can_answer(topic) else routes["no_answer"]

    def _can_answer(self, topic: str | None) -> bool:
        return (topic, self.session.language) in self.world.answerable

    def _take(self, choice: Choice) -> str:
        if choice.kind == "language":
            self._choose_language(choice.value)
            return self._after_language()
        if choice.kind == "topic":
            self.session = replace(self.session, topic=choice.value, suggestions=())
            return self._answer_to(choice.value)
        if choice.go == STAY:
            self.session = replace(self.session, page=self.session.page + 1)
        return choice.go

    def _choose_language(self, language: str) -> None:
        if language != self.session.language:
            self.session = replace(self.session, language=language)
            self.events.append(LanguageChosen(language))

    def _after_language(self) -> str:
        if self.session.topic is not None:
            return self._answer_to(self.session.topic)
        if self.session.suggestions:
            return self._suggest(self.session.suggestions[0])
        return self.definition.routes["language_chosen"]

    def _understood(self) -> None:
        self.session = replace(self.session, not_understood=0, no_match=0)

    def _missed(self, counter: Literal["not_understood", "no_match"], route: str) -> str:
        count = getattr(self.session, counter) + 1
        self.session = replace(self.session, **{counter: count})
        if count >= getattr(self.definition.limits, counter):
            self._understood()
            return self.definition.routes["gave_up"]
        if self.session.language is None and counter == "not_understood":
            return self.definition.routes["unknown_language"]
        return self.definition.routes[route]

    def enter(self, target: str, danger: str | None) -> None:
        """Walk from ``target`` to the next question or the end."""
        for name in self._walk(target):
            step = self.definition.steps[name]
            self.events.extend(Told(key) for key in step.say if step.kind == "say")
            if step.kind == "answer":
                self._give_answer(step)
            elif step.kind == "handoff":
                category = danger if step.reason == "danger" else None
                self.events.append(PersonRequested(step.reason, self.session.topic, category))
            elif step.kind == "ask":
                self._ask(step)
            elif step.kind == "end":
                self.session = replace(self.session, ended=True)
                self.events.append(Ended())

    def _walk(self, target: str) -> Iterator[str]:
        for _ in range(self.definition.limits.steps_per_input):
            name = self._built_in(target)
            if name not in self.definition.steps:
                raise FlowError(f"The flows lead to {name!r}, which is no step. Run `flask flows check`.")
            yield name
            step = self.definition.steps[name]
            if step.next is None:
                return
            target = step.next
        raise FlowError(f"The flows run in a circle at {target!r} without asking anything. Run `flask flows check`.")

    def _built_in(self, target: str) -> str:
        if target not in BUILT_IN:
            return target
        if target == BACK and self.session.back:
            *earlier, last = self.session.back
            # The step itself is put back on the stack when something else is asked after it.
            self.session = replace(self.session, back=tuple(earlier), step=last, page=0)
        return self.session.step or self.definition.start["text"]

    def _give_answer(self, step: Step) -> None:
        topic = self.session.topic
        # Checked again: "more" may come when the answer has expired or the language has changed since.
        if topic is not None and self._can_answer(topic):
            self.events.append(Answered(topic, step.part))
        else:
            self.events.append(Told("answer.missing"))

    def _ask(self, step: Step) -> None:
        if step.name != self.session.step:
            earlier = (*self.session.back, self.session.step) if self.session.step else ()
            back = tuple(name for name in earlier if name != step.name)[-self.definition.limits.back_steps :]
            self.session = replace(self.session, step=step.name, page=0, back=back)
        self.events.append(Asked(step.name, step.say[0], self._choices(), step.listens))

    def _choices(self) -> tuple[Choice, ...]:
        """The keys on offer where the session stands now."""
        step = self.definition.steps.get(self.session.step)
        if step is None:
            return ()
        fixed = tuple(Choice(option.key, "text", option.label, option.go) for option in step.options)
        if step.options_from is None:
            return fixed
        return self._listed(step.options_from) + fixed

    def _listed(self, source: OptionSource) -> tuple[Choice, ...]:
        kind: Literal["language", "topic"] = "language" if source == "languages" else "topic"
        values = {
            # The likely ones first; the order of the rest stays.
            "languages": tuple(sorted(self.world.languages, key=lambda code: code not in self.session.likely)),
            "topics": tuple(topic for topic in self.world.topics if self._can_answer(topic)),
            "suggestions": tuple(topic for topic in self.session.suggestions if self._can_answer(topic)),
        }[source]
        size = len(FIRST_OPTION_KEYS) if source == "languages" else self.world.page_size
        pages = max(1, -(-len(values) // size))
        first = self.session.page % pages * size
        shown = tuple(
            Choice(key, kind, value, "") for key, value in zip(FIRST_OPTION_KEYS, values[first : first + size], strict=False)
        )
        return (*shown, Choice(NEXT_PAGE_KEY, "text", NEXT_PAGE_LABELS[kind], STAY)) if pages > 1 else shown
