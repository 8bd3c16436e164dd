"""A person is asked for: the handoff is stored, counsellors are told, and the caller hears truthfully what happens next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, update

from hotline.counselling.assignment import note_word, withdraw
from hotline.counselling.callbacks import Callbacks, CannotCall, leave_line
from hotline.counselling.handoff import HandoffRequest, NotedHandoff, change_language, find_open, move_handoff, request_handoff
from hotline.counselling.hours import BERLIN
from hotline.counselling.notices import CallbackConfirmation, Notices
from hotline.counselling.ringing import can_hold_the_line
from hotline.counselling.routing import TOLD_PLACES, WAIT_BANDS
from hotline.counselling.standing import Standing, read_standing
from hotline.counselling.states import ABANDONED, ACCEPTED, IN_QUEUE, STAGES
from hotline.dialogue.conversations import BOT, Conversation
from hotline.dialogue.events import CallbackWanted, Event, LanguageChosen, PersonRequested, Told, WithdrawWanted
from hotline.dialogue.spoken_parts import PLACE
from hotline.store.tables import handoffs

CALLBACK_REASON = "callback"
# Reasons of a handoff that are the person's own wish.
ASKED = frozenset({"asked", CALLBACK_REASON})
# What promises a message of ours; said to nobody who wants none.
PROMISES = frozenset(
    {
        "person.noted", "person.passed_on", "person.urgent", "person.urgent_closed", "person.opens_at", "person.wait_long",
        *(f"person.wait_{minutes}" for minutes in WAIT_BANDS),
    }
)  # fmt: skip
NO_PROMISE = "stop.still"
# Said again every minute to who holds the line; wanted again after a talk that broke off.
ON_THE_LINE, AGAIN = "on_the_line", "again"
# Where a caller who holds the line stands, and that somebody is being asked for them.
FIRST_PLACE, MANY_BEFORE, ASKING_NOW = "person.place_first", "person.place_many", "person.asking_now"
# Everything the desk says; `flask texts check` looks for these.
PERSON_TEXT_KEYS = frozenset(
    {
        "person.noted", "person.passed_on", "person.no_number", "person.already", "person.urgent", "person.urgent_closed",
        "person.closed", "person.opens_at", "person.answers", NO_PROMISE, "person.takes_longer", "person.wait_long",
        "person.withdrawn", PLACE, FIRST_PLACE, MANY_BEFORE, ASKING_NOW,
        *(f"person.wait_{minutes}" for minutes in WAIT_BANDS),
    }
)  # fmt: skip


@dataclass(frozen=True)
class NotedPerson:
    """What a turn's events became: what is said instead, messages to send, and whether a person is to come.

    ``is_asked`` tells that the person wished it, in words or by key; else the machine found it necessary. ``told_place`` is the
    place in the queue that was told, None when none was.
    """

    events: list[Event]
    outbox_ids: list[int]
    is_person_wanted: bool
    is_asked: bool = False
    told_place: int | None = None


class HandoffDesk:
    """Between the flow, which only wishes for a person, and the counsellors."""

    def __init__(
        self, notices: Notices, callbacks: Callbacks, confirmation: CallbackConfirmation, ring: Callable[[], object]
    ) -> None:
        """Hold what is needed.

        Args:
            notices: tells counsellors.
            callbacks: books them.
            confirmation: writes to callers when they will be called.
            ring: has the worker look at who waits; called after the commit.
        """
        self._notices = notices
        self._callbacks = callbacks
        self._confirmation = confirmation
        self.ring = ring

    def note(
        self,
        connection: Connection,
        conversation: Conversation,
        language: str | None,
        land: str | None,
        events: Sequence[Event],
        now: datetime,
    ) -> NotedPerson:
        """Store every request for a person or a callback and say what happens next in its place.

        Args:
            connection: the unit of work of the turn, which has locked the conversation.
            conversation: whose turn it is.
            language: what the conversation is held in now.
            land: the Land the person named, or None.
            events: of the flow.
            now: aware UTC.
        """
        told: list[Event] = []
        outbox_ids: list[int] = []
        is_wanted = is_asked = False
        place: int | None = None
        for event in events:
            if isinstance(event, CallbackWanted):
                told += self._book(connection, conversation, language, land, event, now, outbox_ids)
                is_wanted = is_asked = True
                continue
            if isinstance(event, WithdrawWanted):
                told += self._withdraw(connection, conversation, now)
                continue
            if isinstance(event, LanguageChosen) and conversation.status != BOT:
                change_language(connection, conversation.id, event.language, now)
            if not isinstance(event, PersonRequested):
                told.append(event)
                continue
            is_wanted = True
            is_asked = is_asked or event.reason in ASKED
            if event.reason == ON_THE_LINE:
                standing = self._find_standing(connection, conversation, language, land, now)
                # The same place is not told again every minute.
                is_news = standing is not None and standing.place != conversation.session.get("told_place")
                told += _where_one_stands(standing, tells_place=is_news) if standing is not None else [Told("person.already")]
                place = standing.place if standing is not None else None
                continue
            if event.reason == AGAIN:
                self._give_back(connection, conversation, now)
            request = HandoffRequest(
                conversation.id, event.reason, event.danger, language, event.topic, conversation.channel, land
            )
            noted = request_handoff(connection, request, now)
            standing = read_standing(connection, noted.id, now)
            is_holding = conversation.channel == "voice" and can_hold_the_line(connection, language, land, conversation.id, now)
            told += _what_happens_next(event, noted, conversation, standing, is_holding=is_holding)
            place = standing.place if is_holding else None
            if noted.is_new or noted.is_raised:
                outbox_ids += self._tell_counsellors(connection, request, noted, now)
        return NotedPerson(told, outbox_ids, is_wanted, is_asked, place)

    def note_word(self, connection: Connection, conversation: Conversation, now: datetime) -> list[Event]:
        """A text for the counsellor who has the conversation: what is said to it, once, is that a person will answer."""
        handoff = find_open(connection, conversation.id)
        if handoff is None:
            return []
        note_word(connection, handoff, "contact", now)
        if handoff["is_told"]:
            return []
        connection.execute(update(handoffs).where(handoffs.c.id == handoff["id"]).values(is_told=True))
        return [Told("person.answers")]

    def note_caller_left(self, connection: Connection, conversation_id: int, now: datetime) -> None:
        """A call is over: who waited is called back, as the machine has said.

        Args:
            connection: a unit of work that has locked the conversation.
            conversation_id: of the call.
            now: aware UTC.
        """
        handoff = find_open(connection, conversation_id)
        if handoff is None or handoff["state"] not in IN_QUEUE:
            return
        leave_line(connection, self._callbacks, handoff, now)

    def _book(
        self,
        connection: Connection,
        conversation: Conversation,
        language: str | None,
        land: str | None,
        event: CallbackWanted,
        now: datetime,
        outbox_ids: list[int],
    ) -> list[Event]:
        handoff = find_open(connection, conversation.id)
        if handoff is None or handoff["state"] == ABANDONED:
            # A counsellor closed it while the person was choosing the time.
            request = HandoffRequest(conversation.id, CALLBACK_REASON, None, language, None, conversation.channel, land)
            request_handoff(connection, request, now)
            handoff = find_open(connection, conversation.id)
        try:
            due_at = self._callbacks.book(
                connection, handoff or {}, event.safe_times, now, number=event.number, alias=event.alias
            )
        except CannotCall:
            return [Told("person.no_number")]
        if conversation.channel == "voice" and language is not None and due_at is not None:
            # Whoever writes has it in writing already.
            outbox_ids += self._confirmation.tell(connection, conversation.id, event.number, language, due_at, now)
        return []

    def _withdraw(self, connection: Connection, conversation: Conversation, now: datetime) -> list[Event]:
        handoff = find_open(connection, conversation.id)
        if handoff is not None and handoff["state"] == ACCEPTED:
            return [Told("person.already")]
        if handoff is not None and "withdraw" in STAGES[handoff["state"]].moves:
            withdraw(connection, handoff["id"], now)
        number = self._callbacks.number_of(connection, conversation.id)
        if number is not None:
            # Booked in a call, cancelled in writing, or the other way round. The answer is the same whether there was one or not.
            self._callbacks.cancel_all(connection, number, now)
        return [Told("person.withdrawn")]

    def _find_standing(
        self, connection: Connection, conversation: Conversation, language: str | None, land: str | None, now: datetime
    ) -> Standing | None:
        """Where somebody stands who holds the line; None when a counsellor has taken it at the screen."""
        handoff = find_open(connection, conversation.id)
        if handoff is not None and handoff["state"] in IN_QUEUE:
            return read_standing(connection, handoff["id"], now)
        if handoff is not None and handoff["state"] == ACCEPTED:
            return None
        # It was closed at a screen, and the person is still there and waits.
        again = HandoffRequest(conversation.id, "asked", None, language, None, conversation.channel, land)
        return read_standing(connection, request_handoff(connection, again, now).id, now)

    def _give_back(self, connection: Connection, conversation: Conversation, now: datetime) -> None:
        """The talk broke off and the person wants to go on: the handoff waits again, at its old place."""
        handoff = find_open(connection, conversation.id)
        if handoff is not None and handoff["state"] == ACCEPTED:
            move_handoff(connection, handoff, "release", now)

    def _tell_counsellors(self, connection: Connection, request: HandoffRequest, noted: NotedHandoff, now: datetime) -> list[int]:
        urgent = f"URGENT ({request.danger}) " if request.danger else ""
        about = ", ".join(part for part in (request.language, request.channel, request.topic or request.reason) if part)
        # No number and no text of the person: this leaves the encrypted store.
        body = f"{urgent}Handoff {noted.id}: {about}. Open: flask handoffs show {noted.id}"
        return self._notices.tell(connection, body, now)


def _what_happens_next(
    event: PersonRequested, noted: NotedHandoff, conversation: Conversation, standing: Standing, *, is_holding: bool
) -> Iterator[Event]:
    if event.danger is not None:
        yield Told(f"danger.{event.danger}")
    if is_holding:
        # Nobody is called back who is asked to stay on the line next.
        yield from _where_one_stands(standing, tells_place=True, tells_time=event.danger is None)
    elif conversation.address_id is None:
        yield Told("person.no_number")
    elif event.danger is not None:
        yield Told("person.urgent" if standing.opening.is_open else "person.urgent_closed")
    elif event.reason == CALLBACK_REASON:
        # The question that follows says it: when may we call?
        return
    elif not noted.is_new:
        yield Told("person.already")
    else:
        yield from what_is_told(standing, is_call=conversation.channel == "voice")


def _where_one_stands(standing: Standing, *, tells_place: bool, tells_time: bool = True) -> Iterator[Told]:
    """What a caller who holds the line is told of the place, "about", for danger goes first, and of the time."""
    if standing.is_offered:
        yield Told(ASKING_NOW)
    if standing.place is not None and tells_place:
        yield _place_told(standing.place)
    if standing.wait_minutes is not None and tells_time:
        yield Told(f"person.wait_{standing.wait_minutes or 'long'}")


def _place_told(place: int) -> Told:
    if place in TOLD_PLACES:
        return Told(PLACE, {"place": str(place)})
    return Told(FIRST_PLACE if place < TOLD_PLACES.start else MANY_BEFORE)


def without_promises(events: Sequence[Event]) -> list[Event]:
    """The events for somebody who wants no messages: instead of a promise to write it is said how to get an answer."""
    kept: list[Event] = []
    for event in events:
        is_promise = isinstance(event, Told) and event.text_key in PROMISES
        new = Told(NO_PROMISE) if is_promise else event
        if not is_promise or new not in kept:
            kept.append(new)
    return kept


def what_is_told(standing: Standing, is_call: bool) -> Iterator[Told]:
    """What somebody who asks for a person is told of when one comes.

    Args:
        standing: of the handoff.
        is_call: on the phone.
    """
    if not standing.opening.is_open:
        yield from _closed(standing, is_call)
        return
    if standing.wait_minutes is None:
        # Nobody is at a screen: no time is promised.
        yield Told("person.noted")
        return
    yield Told("person.passed_on")
    yield Told(f"person.wait_{standing.wait_minutes or 'long'}")


def _closed(standing: Standing, is_call: bool) -> Iterator[Told]:
    yield Told("person.closed")
    if standing.opening.next_at is not None and not is_call:
        # Figures alone: every language reads them. By ear they would need a recording of each day and hour.
        yield Told("person.opens_at", {"when": f"{standing.opening.next_at.astimezone(BERLIN):%d.%m. %H:%M}"})
