"""What a text means for the conversation: word lists and danger net first, then the model, then the thresholds."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from hotline.dialogue.events import Decision, Meaning
from hotline.dialogue.inputs import split_code
from hotline.dialogue.safety import Net
from hotline.dialogue.word_lists import Command, WordLists
from hotline.knowledge.places import PLACE_SLOTS
from hotline.understanding.entities import Entity, EntityFinder, days_left, slots_of
from hotline.understanding.folding import words
from hotline.understanding.port import UNKNOWN_LANGUAGE, Parse, Score, Understander
from hotline.understanding.thresholds import Threshold, Thresholds

# Below this the language of a first message is asked, not guessed (shared measurements: 99 % right above it).
SURE_LANGUAGE = 0.6
# Asked are at most so many languages first, each at least this likely.
LIKELY_LANGUAGES, LIKELY_LANGUAGE = 3, 0.1
# A conversation changes its language only for a whole sentence that is clearly in another one.
SWITCH_LANGUAGE = 0.8
SWITCH_WORDS = 3
SUGGESTIONS = 3
# So many words are the answer to a question rather than one of its own.
BRIEF_WORDS = 3
# Control intents of the model and the wishes they are; every other label is a topic.
WISH_OF_INTENT = {
    "greet": "greet", "thank": "thank", "goodbye": "goodbye", "who_are_you": "who_are_you", "person": "person",
    "change_language": "language", "repeat": "repeat", "menu": "menu", "yes": "yes", "no": "no", "stop": "stop", "start": "start",
    "erase_my_data": "erase_my_data", "callback": "callback",
}  # fmt: skip
# Nobody may be cut off from a counsellor's reply by a guess: the model must be this sure of a "stop".
SURE_STOP = 0.9
INTENT_OF_WISH = {wish: intent for intent, wish in WISH_OF_INTENT.items()}
# A deadline of so many days, or one that is over, is for a person (shared facts: policy of departure_deadline).
PRESSING_DAYS = 7
DEADLINE_TOPICS = frozenset({"departure_deadline", "rejected_options", "border_crossing_cert", "processing_time", "dublin"})
WISHES_FOR_A_PERSON = frozenset({"person", "callback"})
# A text with so much of the likeness that makes it a cry for help is nothing for editors.
HINT_OF_DANGER = 0.5
CONTINUE = "continue"
# What is known of a text no model has read.
_UNREAD = Parse((Score(UNKNOWN_LANGUAGE, 0.0),), (), "fallback")
CRISIS = {"crisis_selfharm_violence": "selfharm"}


@dataclass(frozen=True)
class Understood:
    """One text understood: its meaning for the flow, and what is stored with the message.

    ``topic`` is the best label, a topic or a control intent; ``alternatives`` holds it and the next ones, best first.
    ``is_question`` tells whether editors may see the text, stripped: it asks something, and nothing in it hints at danger.
    """

    meaning: Meaning
    language: str | None = None
    language_score: float = 0.0
    topic: str | None = None
    confidence: float = 0.0
    alternatives: tuple[Score, ...] = ()
    engine: str = ""
    entities: tuple[Entity, ...] = ()
    is_question: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values, as ``flask understand`` prints it."""
        meaning = self.meaning
        is_for_person = meaning.danger is not None or meaning.wish in WISHES_FOR_A_PERSON or meaning.is_pressing
        return {
            "language": self.language,
            "language_score": round(self.language_score, 4),
            "topic": self.topic,
            "confidence": round(self.confidence, 4),
            "alternatives": [{"topic": score.name, "score": round(score.score, 4)} for score in self.alternatives],
            "entities": [asdict(entity) for entity in self.entities],
            "danger": meaning.danger,
            "decision": "handoff" if is_for_person else "answer" if meaning.wish else meaning.decision,
            "engine": self.engine,
        }


class Interpreter:
    """Turns texts into meanings. Calls the model over the network, so it is asked before the turn's transaction."""

    def __init__(
        self,
        understander: Understander,
        net: Net,
        word_lists: WordLists,
        entities: EntityFinder,
        thresholds: Callable[[str], Thresholds],
        live: Collection[str],
        today: Callable[[], date],
    ) -> None:
        """Hold what is needed.

        Args:
            understander: the model, or what stands in for it.
            net: the danger net.
            word_lists: whole messages that need no model.
            entities: countries, places, dates and numbers in texts.
            thresholds: how sure a model must be, by its name.
            live: languages offered.
            today: the day in Germany; "tomorrow" and deadlines count from it.
        """
        self._understander = understander
        self._net = net
        self._word_lists = word_lists
        self._thresholds = thresholds
        self._live = frozenset(live)
        self._entities = entities
        self._today = today

    def interpret(self, text: str, language: str | None, *, may_switch: bool = True, asks_model: bool = True) -> Understood:
        """Understand one text.

        Args:
            text: what the person wrote or said.
            language: language of the conversation, None at its start.
            may_switch: False where the text cannot be in another language (speech recognised in a given one).
            asks_model: False where word lists and the rules of the danger net must do.
        """
        today = self._today()
        parse = self._understander.parse(text, language) if asks_model else _UNREAD
        entities = self._entities.find(text, today)
        danger = self._net.find(text)
        command = None if danger else self._word_lists.find(text, language)
        if command is not None:
            return self._obey(command, language, parse)
        length = len(words(text))
        spoken = _speak(parse, language, is_long=length >= SWITCH_WORDS) if may_switch else language
        threshold = self._thresholds(parse.model).of(spoken, parse.engine)
        topics = tuple(score for score in parse.topics if score.name not in WISH_OF_INTENT)
        best = parse.topics[0] if parse.topics else Score("", 0.0)
        # The name of a town alone is no danger, whatever the model hears in it; the rules of the net have read it already.
        is_name = length == 1 and any(entity.kind in PLACE_SLOTS for entity in entities)
        heard = danger
        if danger and _is_calm(parse, threshold):
            danger = self._net.find_certain(text)
        danger = danger or (None if is_name else _suspect(parse, best, threshold))
        is_live = spoken is None or spoken in self._live
        decision = _decide(topics, threshold)
        left = days_left(entities, today)
        # Asking back first could cost the day that is left, so a likely topic is enough.
        is_near = left is not None and left <= PRESSING_DAYS
        is_pressing = is_near and decision in ("answer", "confirm") and topics[0].name in DEADLINE_TOPICS
        meaning = Meaning(
            danger=danger,
            wish=_wish(best, threshold),
            language=spoken if is_live and spoken != language else None,
            language_not_live=None if is_live else spoken,
            likely=self._likely(parse) if spoken is None else (),
            topic=topics[0].name if topics else None,
            decision=decision,
            alternatives=tuple(score.name for score in topics[:SUGGESTIONS]),
            slots=slots_of(entities),
            is_pressing=is_pressing,
            is_brief=length <= BRIEF_WORDS,
        )
        first = parse.languages[0] if parse.languages else Score(UNKNOWN_LANGUAGE, 0.0)
        hints = heard is not None or _hints_at_danger(parse, threshold)
        is_question = meaning.danger is None and meaning.wish is None and is_live and not hints
        return Understood(
            meaning, first.name, first.score, best.name or None, best.score, parse.topics, parse.engine, entities, is_question
        )

    def read_code(self, text: str, language: str | None) -> str | None:
        """The continuation code a whole message is, alone or after words that ask to go on ("code 482 913"); else None.

        Args:
            text: what the person wrote or said.
            language: language of the conversation, None at its start.
        """
        parts = split_code(text)
        if parts is None:
            return None
        command = self._word_lists.find(parts[0], language)
        return parts[1] if not parts[0] or (command is not None and command.wish == CONTINUE) else None

    def _likely(self, parse: Parse) -> tuple[str, ...]:
        offered = (score.name for score in parse.languages if score.name in self._live and score.score >= LIKELY_LANGUAGE)
        return tuple(offered)[:LIKELY_LANGUAGES]

    def _obey(self, command: Command, language: str | None, parse: Parse) -> Understood:
        """What a whole message of the word lists means, whatever the model makes of it."""
        if command.named is not None:
            is_live = command.named in self._live
            meaning = Meaning(
                language=command.named if is_live else None,
                language_named=True,
                language_not_live=None if is_live else command.named,
            )
            return _understood(meaning, command.named, "change_language", parse)
        # "Hello" opens a conversation in English only if no other language says it so.
        (only,) = command.languages if len(command.languages) == 1 else (None,)
        chosen = only if language is None and only in self._live else None
        guessed = parse.languages[0].name if parse.languages else None
        intent = INTENT_OF_WISH.get(command.wish or "", command.wish or "")
        read_by = tuple(sorted(command.languages & self._live))
        likely = read_by if chosen is None and language is None and len(read_by) <= LIKELY_LANGUAGES else ()
        return _understood(Meaning(wish=command.wish, language=chosen, likely=likely), only or language or guessed, intent, parse)


def _understood(meaning: Meaning, language: str | None, intent: str, parse: Parse) -> Understood:
    others = tuple(score for score in parse.topics if score.name != intent)
    return Understood(meaning, language, 1.0 if language else 0.0, intent, 1.0, (Score(intent, 1.0), *others), parse.engine)


def _speak(parse: Parse, language: str | None, *, is_long: bool) -> str | None:
    """The language to go on in: the conversation's, unless another one is clear; None when it must be asked."""
    best = parse.languages[0] if parse.languages else Score(UNKNOWN_LANGUAGE, 0.0)
    if best.name == UNKNOWN_LANGUAGE:
        return language
    if language is None:
        return best.name if best.score >= SURE_LANGUAGE else None
    return best.name if is_long and best.score >= SWITCH_LANGUAGE else language


def _suspect(parse: Parse, best: Score, threshold: Threshold) -> str | None:
    """The danger the model sees where the rules of the net saw none."""
    if parse.danger is not None and parse.danger.score >= threshold.danger:
        return parse.danger.name
    return CRISIS.get(best.name) if best.score >= threshold.answer else None


def _is_calm(parse: Parse, threshold: Threshold) -> bool:
    """Whether the model is sure that a text in which a rule of the net heard danger only sounds alike."""
    return parse.danger is not None and parse.danger.score < threshold.calm


def _hints_at_danger(parse: Parse, threshold: Threshold) -> bool:
    if parse.danger is not None and parse.danger.score >= threshold.danger * HINT_OF_DANGER:
        return True
    return any(score.name in CRISIS for score in parse.topics[:SUGGESTIONS] if score.score >= threshold.confirm * HINT_OF_DANGER)


def _wish(best: Score, threshold: Threshold) -> str | None:
    wish = WISH_OF_INTENT.get(best.name)
    needed = max(SURE_STOP, threshold.answer) if wish == "stop" else threshold.answer
    return wish if best.score >= needed else None


def _decide(topics: tuple[Score, ...], threshold: Threshold) -> Decision:
    best = topics[0].score if topics else 0.0
    if best >= threshold.answer:
        return "answer"
    return "confirm" if best >= threshold.confirm else "clarify"
