"""One turn: one inbound event in, one reply out, everything stored in one transaction under one lock per conversation.

The model is asked before the transaction and the worker is woken after it, so no network call ever holds the lock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from hotline.counselling.voicemail import note_message
from hotline.dialogue.call_reply import speak_turn
from hotline.dialogue.codes import CodeDesk, hide_given, hide_tried
from hotline.dialogue.conversations import ACTIVE, Conversation, Conversations, StoredMessage, TurnResult
from hotline.dialogue.data_desk import CONFIRMED_AT, DataDesk
from hotline.dialogue.definition import Step
from hotline.dialogue.events import Answered, CentresShown, Ended, Event, Heard, Meaning, PersonRequested
from hotline.dialogue.feedback import AskedInput, Feedback
from hotline.dialogue.flow import advance
from hotline.dialogue.hearing import heard_in_writing, heard_on_the_phone, is_about_data
from hotline.dialogue.inputs import InboundCallStep, InboundText, read_key, read_postcode, read_thumb
from hotline.dialogue.meaning import Interpreter, Understood
from hotline.dialogue.pace import FREE, Pacer, is_always_answered
from hotline.dialogue.person import HandoffDesk, NotedPerson, without_promises
from hotline.dialogue.rendering import SMS_SEGMENTS, Renderer
from hotline.dialogue.session import Session, World
from hotline.dialogue.spoken import Spoken
from hotline.dialogue.surroundings import Standpoint, make_world, spoken_to
from hotline.dialogue.text_me import TextDesk
from hotline.dialogue.turn_rules import TurnRules
from hotline.dialogue.turn_seen import TurnSeen, asked_in, outcome_of
from hotline.knowledge.library import Library, LibraryReader
from hotline.store.database import Database

BERLIN = ZoneInfo("Europe/Berlin")
# After this a text starts afresh instead of answering a question nobody remembers.
IDLE_CLOSES = timedelta(hours=24)

Reply = TypeVar("Reply")


def _now() -> datetime:
    return datetime.now(UTC)


def today_in_germany() -> date:
    """The day that deadlines and answers count from."""
    return datetime.now(BERLIN).date()


@dataclass
class _Turn:
    """What one turn gathers before it is stored."""

    conversation: Conversation
    session: Session
    library: Library
    understood: Understood = field(default_factory=lambda: Understood(Meaning()))
    question: Mapping[str, Any] = field(default_factory=dict, repr=False)
    events: list[Event] = field(default_factory=list)
    outbox_ids: list[int] = field(default_factory=list)
    is_person_wanted: bool = False
    # The provider's id of a text; what it keeps of it can be deleted there.
    provider_sid: str | None = None
    is_erased: bool = False
    is_code: bool = False
    own_number: str | None = field(default=None, repr=False)
    # Ours that was called.
    called: str = ""


class Turns:
    """Takes every inbound event, once."""

    def __init__(
        self,
        database: Database,
        conversations: Conversations,
        library: LibraryReader,
        interpreter: Interpreter,
        renderer: Renderer,
        desk: HandoffDesk,
        data_desk: DataDesk,
        feedback: Feedback,
        codes: CodeDesk,
        text_desk: TextDesk,
        rules: TurnRules,
        ring: Callable[[int], None],
        clock: Callable[[], datetime] = _now,
        seen: Callable[[TurnSeen], None] = lambda _: None,
        pacer: Pacer | None = None,
        is_deaf: Callable[[], bool] = lambda: False,
    ) -> None:
        """Hold what a turn needs.

        Args:
            database: for the one unit of work.
            conversations: queries on contacts, conversations and messages.
            library: the approved answers.
            interpreter: understands texts.
            renderer: turns events into words.
            desk: stores handoffs and says what happens next.
            data_desk: shows and erases what is stored of a person.
            feedback: keeps how answers were rated and what was not answered.
            codes: gives continuation codes and finds what they lead to.
            text_desk: sends answers of calls as SMS.
            rules: flows and languages.
            ring: wakes the worker for an outbox row, after the commit.
            clock: gives aware UTC.
            seen: told of every turn, after the commit.
            pacer: tells who writes or calls too fast; nobody does without it.
            is_deaf: whether the understanding process is known to be down: callers are asked for keys alone.
        """
        self._database = database
        self._conversations = conversations
        self._library = library
        self._interpreter = interpreter
        self._renderer = renderer
        self._desk = desk
        self._data_desk = data_desk
        self._feedback = feedback
        self._codes = codes
        self._text_desk = text_desk
        self._rules = rules
        self._ring = ring
        self._clock = clock
        self._seen = seen
        self._pacer = pacer
        self._is_deaf = is_deaf

    def take_text(self, text: InboundText, compose: Callable[[str | None], str]) -> str:
        """Answer a written message.

        Args:
            text: the message.
            compose: makes the provider's document of the reply; None means that nothing is said.

        Returns:
            The document, the same one however often the event comes.
        """
        key = read_key(text.body)
        with self._database.read() as connection:
            idle_before = self._clock() - IDLE_CLOSES
            before = self._conversations.look_at_text(connection, text.event_key, text.sender, text.channel, idle_before)
            if before.reply is not None:
                return before.reply
            library = self._library.current(connection, self._today(), before.content_revision)
        pace = self._pacer.of_text(text.sender) if self._pacer else FREE
        is_code = self._codes.reads(text.body, before.language)
        is_plain = key is not None or is_code or read_postcode(text.body) or read_thumb(text.body)
        needs_no_model = is_plain or not text.body.strip()
        understood = Understood(Meaning())
        if not needs_no_model:
            understood = self._interpreter.interpret(text.body, before.language, asks_model=not pace.is_slowed)
        question = self._feedback.read(text.body, understood)
        with self._database.begin() as connection:
            address = self._conversations.lock_address(connection, text.sender, self._clock(), is_known=before.is_known)
            # The same event may have been answered while this one waited for the lock.
            if not address.is_new and (stored := self._conversations.find_reply(connection, text.event_key)) is not None:
                return stored
            conversation = self._conversations.open_text(
                connection, address, text.channel, text.recipient, self._clock(), IDLE_CLOSES
            )
            turn = _begin(conversation, library, understood, question)
            turn.provider_sid = text.event_key
            helps = is_always_answered(understood.meaning, key, text.opt_out, turn.session.step)
            if pace.is_slowed and not helps and conversation.status != ACTIVE:
                told = self._renderer.tell("limit.slow", turn.session.language, turn.session.likely)
                written = told if pace.is_first else None
            else:
                written = self._answer_text(connection, turn, text, key)
            document = compose(written)
            body = hide_tried(text.body) if turn.is_code else text.body
            inbound = StoredMessage("in", "contact", body, "received", provider_sid=text.event_key)
            self._store(connection, turn, [inbound, *_reply(written, turn.events)], text.event_key, document)
        self._wake(turn)
        return document

    def take_call_step(self, step: InboundCallStep, compose: Callable[[Spoken, int], str]) -> str:
        """Answer one step of a call.

        Args:
            step: the start of the call, keys, speech or silence.
            compose: makes the provider's document of what is spoken; gets the number of the next step.

        Returns:
            The document, the same one however often the event comes.
        """
        with self._database.read() as connection:
            before = self._conversations.look_at_call_step(connection, step.event_key, step.call_sid)
            if before.reply is not None:
                return before.reply
            library = self._library.current(connection, self._today(), before.content_revision)
        pace = self._pacer.of_call(step) if self._pacer else FREE
        is_deaf = self._is_deaf()
        understood = Understood(Meaning())
        if step.speech and not step.digits:
            understood = self._interpreter.interpret(
                step.speech, before.language, may_switch=False, asks_model=not pace.is_slowed
            )
            if not step.is_clear and understood.meaning.danger is None:
                # Asking again is better than a good answer to what nobody said; a cry for help is taken as it is.
                understood = replace(understood, meaning=Meaning(), is_question=False)
        question = self._feedback.read(step.speech or "", understood)
        with self._database.begin() as connection:
            conversation = self._conversations.lock_call(connection, step.call_sid, step.caller, step.called, self._clock())
            if (stored := self._conversations.find_reply(connection, step.event_key)) is not None:
                return stored
            turn = _begin(conversation, library, understood, question)
            turn.own_number, turn.called = step.caller, step.called
            if step.recording is not None:
                note_message(self._database, connection, conversation.id, *step.recording, self._clock())
            said_now = step.digits or (step.speech if step.is_clear else "") or ""
            heard = self._try_code(connection, turn, said_now)
            asked, meaning = self._asked(turn), turn.understood.meaning
            if not turn.session.step and not step.start:
                heard = self._begin_call(connection, turn)
            self._advance(connection, turn, heard or heard_on_the_phone(asked, step, turn.session, meaning))
            is_slowed = pace.is_slowed and not turn.is_person_wanted
            turn.session, spoken = speak_turn(
                self._renderer, turn.events, turn.session, library, is_deaf=is_deaf, is_slowed=is_slowed
            )
            document = compose(spoken, conversation.turns + 1)
            said = " ".join(utterance.text for utterance in spoken.utterances)
            body = step.digits or step.speech
            inbound = [StoredMessage("in", "contact", hide_tried(body) if turn.is_code else body, "received")] if body else []
            self._store(connection, turn, [*inbound, *_reply(said, turn.events)], step.event_key, document)
        self._wake(turn)
        return document

    def _begin_call(self, connection: Connection, turn: _Turn) -> Heard:
        earlier = self._conversations.earlier_language(connection, turn.conversation)
        spoken = spoken_to(self._rules, turn.conversation, turn.library)
        here = self._clock().astimezone(BERLIN)
        turn.session, start = self._rules.calls.begin(connection, turn.session, turn.called, earlier, spoken, here)
        return Heard("start", start=start)

    def close_call(self, call_sid: str) -> None:
        """Close the conversation of a call that has ended."""
        with self._database.begin() as connection:
            conversation_id = self._conversations.close_call(connection, call_sid, self._clock())
            if conversation_id is not None:
                self._desk.note_caller_left(connection, conversation_id, self._clock())

    def _answer_text(self, connection: Connection, turn: _Turn, text: InboundText, key: str | None) -> str | None:
        meaning = turn.understood.meaning
        wish = text.opt_out or meaning.wish
        # A cry for help is answered, whatever else the text asks for.
        if text.opt_out == "stop" or (wish == "stop" and meaning.danger is None):
            is_new = self._conversations.opt_out(connection, text.sender, text.channel, self._clock())
            # Said once; and the provider has confirmed its own keyword already and would refuse ours.
            return self._renderer.tell("stop.done", turn.session.language) if is_new and not text.opt_out else None
        if text.opt_out == "help":
            # The provider has answered its own keyword already.
            return None
        if turn.conversation.status == ACTIVE and wish != "start" and not is_about_data(turn.session, meaning, key):
            return self._leave_to_counsellor(connection, turn)
        code = None if wish == "start" else self._try_code(connection, turn, text.body)
        turn.own_number = text.sender if text.channel != "webchat" else None
        heard = Heard("start", start="text") if wish == "start" else code
        heard = heard or heard_in_writing(self._asked(turn), text, turn.session, meaning, key)
        noted = self._advance(connection, turn, heard)
        if wish == "start" or noted.is_asked:
            # Who asks for a person asks to be written to; a mere question, and even a cry for help, changes nothing.
            self._conversations.opt_in(connection, text.sender, text.channel)
        elif noted.is_person_wanted and self._conversations.is_opted_out(connection, text.sender, text.channel):
            turn.events = without_promises(turn.events)
        first = "start.done" if wish == "start" else "question.only_text" if text.has_media else None
        language, likely = turn.session.language, turn.session.likely
        before = [self._renderer.tell(first, language, likely)] if first else []
        segments = SMS_SEGMENTS if text.channel == "sms" else None
        return "\n".join([*before, self._renderer.write(turn.events, language, turn.library, likely, segments)])

    def _leave_to_counsellor(self, connection: Connection, turn: _Turn) -> str | None:
        """A text for the counsellor who has the conversation: the machine keeps silent, but for a cry for help."""
        turn.events = self._desk.note_word(connection, turn.conversation, self._clock())
        if turn.session.step == CONFIRMED_AT:
            # Something else was said: a later yes or 1 is no answer to the question whether to erase.
            turn.session = replace(turn.session, step="")
        danger = turn.understood.meaning.danger
        if danger is not None:
            self._note(connection, turn, [PersonRequested("danger", turn.session.topic, danger)])
        language, likely = turn.session.language, turn.session.likely
        return self._renderer.write(turn.events, language, turn.library, likely) if turn.events else None

    def _asked(self, turn: _Turn) -> Step | None:
        """The question at hand."""
        return self._rules.definition.steps.get(turn.session.step)

    def _try_code(self, connection: Connection, turn: _Turn, said: str) -> Heard | None:
        """What came of a continuation code; None when the input is something else."""
        asked = self._asked(turn)
        if asked is not None and asked.collects in ("number", "alias", "day"):
            # Six figures may be a telephone number there, or a day without its century.
            return None
        is_asked = asked is not None and asked.collects == "code"
        languages = spoken_to(self._rules, turn.conversation, turn.library)
        tried = self._codes.hear(connection, turn.conversation, turn.session, said, languages, self._clock(), is_asked=is_asked)
        if tried is None:
            return None
        turn.session, turn.conversation, turn.is_code = tried.session, tried.conversation, True
        return tried.heard

    def _advance(self, connection: Connection, turn: _Turn, heard: Heard) -> NotedPerson:
        session, events = advance(self._rules.definition, self._world(connection, turn), turn.session, heard)
        asked = AskedInput(turn.conversation.channel, turn.question)
        today = self._clock().astimezone(BERLIN).date()
        turn.session = self._feedback.note(connection, asked, session, events, turn.library, today)
        events = self._codes.give(connection, turn.conversation, events, self._clock())
        numbers = turn.own_number, turn.called
        events, turn.outbox_ids = self._text_desk.note(
            connection, numbers, events, lambda what: self._text_of(turn, what), self._clock()
        )
        return self._note(connection, turn, events)

    def _note(self, connection: Connection, turn: _Turn, events: Sequence[Event]) -> NotedPerson:
        language, now = turn.session.language, self._clock()
        also = [turn.provider_sid] if turn.provider_sid else []
        data = self._data_desk.note(connection, turn.conversation, events, also, now)
        noted = self._desk.note(connection, turn.conversation, language, self._land(turn), data.events, now)
        turn.events, turn.is_person_wanted, turn.is_erased = noted.events, noted.is_person_wanted, data.is_erased
        turn.outbox_ids += [*data.outbox_ids, *noted.outbox_ids]
        if turn.session.told_place != noted.told_place:
            turn.session = replace(turn.session, told_place=noted.told_place)
        return noted

    def _text_of(self, turn: _Turn, what: Answered | CentresShown) -> str:
        return self._renderer.write_sms(what, turn.session.language, turn.library)

    def _land(self, turn: _Turn) -> str | None:
        place = self._rules.places.find(turn.session.slots)
        # A postcode on a border lies in two Laender: then neither is known.
        return place.lands[0] if place is not None and len(place.lands) == 1 else None

    def _today(self) -> date:
        return self._clock().astimezone(BERLIN).date()

    def _world(self, connection: Connection, turn: _Turn) -> World:
        is_call = turn.conversation.channel == "voice"
        can_text = is_call and self._text_desk.can_text(connection, turn.own_number)
        land = self._land(turn)
        at = Standpoint(turn.conversation, turn.session, turn.library, turn.own_number, land, can_text)
        return make_world(connection, self._rules, self._renderer, at, self._clock())

    def _store(
        self, connection: Connection, turn: _Turn, messages: Sequence[StoredMessage], event_key: str, document: str
    ) -> None:
        if turn.is_erased:
            # Nothing is left but the reply with the receipt, for a webhook that comes again.
            self._conversations.keep_reply(connection, event_key, document, self._clock())
            return
        answered = next((event for event in turn.events if isinstance(event, Answered)), None)
        # Told centres count as the topic that asks for them, however the person came there.
        is_found = any(isinstance(event, CentresShown) for event in turn.events)
        finder = next(iter(self._rules.definition.topics), None) if is_found else None
        version = turn.library.articles[answered.topic, turn.session.language or ""].version if answered else None
        self._conversations.store_turn(
            connection,
            turn.conversation,
            messages,
            TurnResult(
                session=turn.session.to_dict(),
                language=turn.session.language,
                is_over=any(isinstance(event, Ended) for event in turn.events),
                topic=answered.topic if answered else finder or turn.understood.meaning.topic,
                article_version=version,
                confidence=round(turn.understood.confidence * 100),
                engine=turn.understood.engine or None,
                danger=turn.understood.meaning.danger,
            ),
            self._clock(),
        )
        self._conversations.keep_reply(connection, event_key, document, self._clock())

    def _wake(self, turn: _Turn) -> None:
        for outbox_id in turn.outbox_ids:
            self._ring(outbox_id)
        if turn.is_person_wanted:
            self._desk.ring()
        outcome = outcome_of(turn.events, is_person_wanted=turn.is_person_wanted)
        danger = turn.understood.meaning.danger
        self._seen(TurnSeen(turn.conversation.channel, turn.session.language, outcome, danger, *asked_in(turn.events)))


def _begin(conversation: Conversation, library: Library, understood: Understood, question: Mapping[str, Any]) -> _Turn:
    session = Session.from_dict(conversation.session) if conversation.session else Session(language=conversation.language)
    return _Turn(conversation, session, library, understood, question)


def _reply(text: str | None, events: Sequence[Event]) -> list[StoredMessage]:
    return [StoredMessage("out", "bot", hide_given(text, events), "replied")] if text else []
