"""The flow engine: pure, for voice and text alike.

``advance(definition, world, session, heard)`` takes one input and returns the new session and what happened, as events. It knows
no channel, no database, no Flask and no network, so a conversation can be stored, reloaded and replayed at every turn. What an
event sounds or looks like is decided by ``rendering``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Literal

from hotline.dialogue import wishes
from hotline.dialogue.answer_steps import answer_at_hand, text_wanted
from hotline.dialogue.asking import choices_at
from hotline.dialogue.centre_steps import show_centres
from hotline.dialogue.collecting import Named, known_at_once, named_by_digits, named_by_words
from hotline.dialogue.conditions import holds
from hotline.dialogue.definition import CentresPart, Definition, Step
from hotline.dialogue.events import (
    Asked,
    Choice,
    Ended,
    Event,
    Heard,
    LanguageChosen,
    Meaning,
    Rated,
    Told,
    Unanswered,
)
from hotline.dialogue.offers import LANGUAGE_DIGITS, STAY, can_answer, list_choices
from hotline.dialogue.session import Session, World
from hotline.knowledge.places import PLACE_SLOTS

BACK, REPEAT = "back", "repeat"
BUILT_IN = frozenset({BACK, REPEAT, STAY})
# Wishes that agree or disagree with a suggestion, and those granted before the language is known.
AGREEMENT = {"yes": True, "no": False, "helpful": True, "unhelpful": False}
WISHES_WITHOUT_LANGUAGE = frozenset({"person", "callback", "goodbye", "language", "continue"})


class FlowError(Exception):
    """A flow cannot go on: it runs in a circle or names a step that is not there. The message names the step."""


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
            is_known = self.session.language is not None or self.session.preset is not None
            return self.definition.start[heard.start] if is_known else self.definition.routes["unknown_language"]
        if heard.kind == "silence":
            step = self._step()
            if step is not None and step.waits:
                # A caller holds the line: silence is no miss.
                self.session = replace(self.session, waited=self.session.waited + 1)
                return step.waits
            if step is not None and step.silence:
                return step.silence
            return self._missed("no_match", "nothing_heard")
        if heard.kind == "key":
            return self._resolve_key(heard.key)
        if heard.kind == "digits":
            return self._resolve_digits(heard.key)
        if heard.kind == "code":
            self._understood()
            return self.definition.routes[f"code_{heard.key}"]
        if heard.kind == "alias":
            self._name({wishes.CALLBACK_ALIAS: heard.key})
            return self.definition.routes["alias"]
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

    def _resolve_digits(self, digits: str) -> str:
        step = self._step()
        if step is not None and step.options_from == "languages" and len(digits) == LANGUAGE_DIGITS:
            language = next((name for name, code in self.world.language_codes.items() if code == digits), None)
            return self._named_language(language) if language is not None else self._missed("no_match", "wrong_key")
        return self._take_named(named_by_digits(step, digits, self.world.today))

    def _take_named(self, named: Named) -> str:
        if named.missed:
            return self._missed(named.missed, named.route)
        self._understood()
        self._name(named.slots)
        is_early = named.route == "place" and self.session.language is None
        return self.definition.routes["unknown_language" if is_early else named.route]

    def _name(self, slots: Mapping[str, str]) -> None:
        """Keep what was named: it need not be said again, and a newer name replaces an older one."""
        if not slots:
            return
        kept = dict(self.session.slots)
        if any(kind in slots for kind in PLACE_SLOTS):
            # A postcode named before says nothing of the city that is named now.
            kept = {kind: value for kind, value in kept.items() if kind not in PLACE_SLOTS}
        self.session = replace(self.session, slots={**kept, **slots})

    def _resolve_words(self, meaning: Meaning) -> str:
        routes = self.definition.routes
        self._name(known_at_once(self._step(), meaning))
        if meaning.likely != self.session.likely:
            self.session = replace(self.session, likely=meaning.likely)
        if meaning.language is not None and meaning.language in self.world.languages:
            self._choose_language(meaning.language)
        if meaning.danger is not None:
            self._understood()
            # Nothing of such a conversation is shown to editors, not even what was asked before.
            self.session = replace(self.session, in_danger=True, question={})
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
        step = self._step()
        for option in step.options if step is not None else ():
            if option.wish == wish and holds(option.when, self.world, self.session):
                return option.go
        if step is not None and step.options_from == "suggestions" and wish in AGREEMENT:
            # "Yes" to "did you mean" takes the first suggestion, "no" is the key that says so.
            wanted = [choice for choice in self._choices() if (choice.kind == "topic") == AGREEMENT[wish]]
            return self._take(wanted[0]) if wanted else self._refuse_suggestions()
        if wish == "more" and self.session.topic is None:
            return self.definition.wishes["menu"]
        if self.session.language is None and wish not in WISHES_WITHOUT_LANGUAGE:
            return self.definition.routes["unknown_language"]
        return self.definition.wishes[wish]

    def _resolve_question(self, meaning: Meaning) -> str:
        routes = self.definition.routes
        step = self._step()
        if step is not None and (named := named_by_words(step, meaning, self.world.today)) is not None:
            return self._take_named(named)
        self._name(meaning.slots)
        if self.session.answered is not None:
            # With a new question the time to rate the answer before is over.
            self.session = replace(self.session, answered=None)
        if meaning.decision == "handoff":
            self.events.append(Unanswered("gave_up"))
            return routes["gave_up"]
        if meaning.decision == "clarify":
            target = self._missed("not_understood", "not_understood")
            self.events.append(Unanswered("gave_up" if target == routes["gave_up"] else "not_understood"))
            return target
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

    def _refuse_suggestions(self) -> str:
        self.events.append(Unanswered("none_of_these"))
        return self.definition.routes["not_understood"]

    def _suggest(self, topic: str | None) -> str:
        # Only what can be answered in this language is worth asking back.
        is_listed = list_choices("suggestions", self.world, self.session)
        return self.definition.routes["confirm"] if is_listed else self._answer_to(topic)

    def _answer_to(self, topic: str | None) -> str:
        routes = self.definition.routes
        if topic in self.world.handed_over:
            return routes["hand_over"]
        if topic is not None and topic in self.definition.topics:
            return self.definition.topics[topic]
        return routes["question"] if can_answer(self.world, self.session, topic) else routes["no_answer"]

    def _take(self, choice: Choice) -> str:
        if choice.kind == "language":
            return self._named_language(choice.value)
        is_suggesting = (step := self._step()) is not None and step.options_from == "suggestions"
        if choice.kind == "topic":
            # What was asked in words before has nothing to do with a topic of the menu.
            question = self.session.question if is_suggesting else {}
            self.session = replace(self.session, topic=choice.value, suggestions=(), answered=None, question=question)
            return self._answer_to(choice.value)
        if is_suggesting and choice.go == self.definition.routes["not_understood"]:
            return self._refuse_suggestions()
        if choice.kind == "text" and (named := self._topic_of(choice.go)) is not None:
            self.session = replace(self.session, topic=named, answered=None)
        if choice.kind == "group":
            self.session = replace(self.session, group=choice.value)
        if choice.kind == "land":
            self._name({"land": choice.value})
        if choice.kind == "country":
            self._name(wishes.heard_slots("country", choice.value))
        if choice.go == STAY:
            self.session = replace(self.session, page=self.session.page + 1)
        return choice.go

    def _topic_of(self, step: str) -> str | None:
        return next((topic for topic, first in self.definition.topics.items() if first == step), None)

    def _named_language(self, language: str) -> str:
        self._understood()
        if language not in self.world.languages:
            return self.definition.routes["language_not_live"]
        self._choose_language(language)
        return self._after_language()

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
        if self.session.not_understood or self.session.no_match:
            self.session = replace(self.session, not_understood=0, no_match=0)

    def _missed(self, counter: Literal["not_understood", "no_match"], route: str) -> str:
        count = getattr(self.session, counter) + 1
        self.session = replace(self.session, **{counter: count})
        limit = getattr(self.definition.limits, counter)
        if counter == "not_understood" and self.world.is_call and self.session.language is not None:
            # On the phone it may be the recognition alone: the keys are tried before a person is called.
            if count == limit:
                step = self._step()
                is_collecting = step is not None and step.collects is not None
                return self.definition.routes["use_keys_here" if is_collecting else "use_keys"]
            limit += 1
        if count >= limit:
            self._understood()
            return self.definition.routes["gave_up"]
        if self.session.language is None and counter == "not_understood":
            return self.definition.routes["unknown_language"]
        return self.definition.routes[route]

    def enter(self, target: str, danger: str | None) -> None:
        """Walk from ``target`` to the next question or the end."""
        for name in self._walk(target):
            step = self.definition.steps[name]
            self._do(step, danger)

    def _do(self, step: Step, danger: str | None) -> None:
        match step.kind:
            case "say":
                self.events.extend(Told(key) for key in step.say)
            case "answer":
                self._give_answer(step)
            case "centres":
                self._show_centres(step.centres)
            case "read_back" | "keep":
                self._read_back_or_keep(step)
            case "rate":
                self._rate(is_helpful=step.rating == "helpful")
            case "handoff" | "callback" | "withdraw" | "record" | "data" | "code" | "send":
                self._wish(step, danger)
            case "pace":
                self.session = replace(self.session, is_slow=True)
            case "ask":
                self._ask(step)
            case "end":
                self.session = replace(self.session, ended=True)
                self.events.append(Ended())

    def _read_back_or_keep(self, step: Step) -> None:
        if step.kind == "keep":
            self.session = replace(self.session, slots=wishes.kept_slots(step.kept, self.session.slots))
            return
        self.events += wishes.read_back(step, self.world, self.session)
        self.session = replace(self.session, tries=self.session.tries + 1)

    def _wish(self, step: Step, danger: str | None) -> None:
        if step.kind == "send":
            self.events.append(text_wanted(self.definition, self.world, self.session, step.sent))
            return
        slots, event = wishes.wish_of(step, self.session, danger)
        self._name(slots)
        self.events.append(event)
        if step.reason == wishes.DANGER_KEY:
            self.session = replace(self.session, in_danger=True, question={})

    def _walk(self, target: str) -> Iterator[str]:
        for _ in range(self.definition.limits.steps_per_input):
            name = self._built_in(target)
            if name not in self.definition.steps:
                raise FlowError(f"The flows lead to {name!r}, which is no step. Run `flask flows check`.")
            yield name
            step = self.definition.steps[name]
            following = step.go if step.kind == "check" and holds(step.condition, self.world, self.session) else step.next
            if following is None:
                return
            target = following
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
        answered = answer_at_hand(self.definition, self.world, self.session, step.part)
        if answered is not None:
            self._can_be_rated(answered.topic)
        self.events.append(answered or Told("answer.missing"))

    def _can_be_rated(self, topic: str) -> None:
        """An answer was given; more of the same one is rated once."""
        self.session = replace(self.session, answered=topic, is_rated=self.session.is_rated and self.session.answered == topic)

    def _rate(self, *, is_helpful: bool) -> None:
        if not holds("unrated", self.world, self.session):
            return
        self.events.append(Rated(self.session.answered or "", is_helpful))
        self.session = replace(self.session, is_rated=True)
        if not is_helpful:
            self.events.append(Unanswered("unhelpful"))

    def _show_centres(self, part: CentresPart) -> None:
        self.session, shown = show_centres(self.world, self.session, part)
        if self.definition.topics:
            # Told centres count as the topic that asks for them, however the person came there.
            self._can_be_rated(next(iter(self.definition.topics)))
        self.events.append(shown)

    def _step(self) -> Step | None:
        """The step the session stands at."""
        return self.definition.steps.get(self.session.step)

    def _ask(self, step: Step) -> None:
        if step.name != self.session.step:
            earlier = (*self.session.back, self.session.step) if self.session.step else ()
            back = tuple(name for name in earlier if name != step.name)[-self.definition.limits.back_steps :]
            tries = self.session.tries if step.collects else 0
            self.session = replace(self.session, step=step.name, page=0, back=back, waited=0, tries=tries)
        waits, preset = step.waits is not None, self.session.preset if step.options_from == "preset" else None
        asked = Asked(step.name, step.say[0], self._choices(), step.listens, step.digits, waits, preset, step.collects)
        self.events.append(asked)

    def _choices(self) -> tuple[Choice, ...]:
        """The keys on offer where the session stands now."""
        step = self._step()
        if step is None:
            return ()
        return choices_at(step, self.world, self.session)
