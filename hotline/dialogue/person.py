"""A person is asked for: the handoff is stored, counsellors are told, and the caller hears truthfully what happens next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from hotline.counselling.handoff import HandoffRequest, NotedHandoff, request_handoff
from hotline.delivery.outbox import Outbox, OutgoingMessage
from hotline.dialogue.conversations import Conversation
from hotline.dialogue.events import Event, PersonRequested, Told


@dataclass(frozen=True)
class NotedPerson:
    """What a turn's events became: what is said instead, messages to send, and whether a person was asked for at all."""

    events: list[Event]
    outbox_ids: list[int]
    is_person_wanted: bool


class HandoffDesk:
    """Between the flow, which only wishes for a person, and the counsellors."""

    def __init__(self, outbox: Outbox, notify: Sequence[str], notify_from: str | None) -> None:
        """Hold who is told.

        Args:
            outbox: where notices to counsellors go.
            notify: their numbers, E.164.
            notify_from: our number the notices come from; None tells nobody.
        """
        self._outbox = outbox
        self._notify = notify
        self._notify_from = notify_from

    def note(
        self, connection: Connection, conversation: Conversation, language: str | None, events: Sequence[Event], now: datetime
    ) -> NotedPerson:
        """Store every request for a person and say what happens next in its place.

        Args:
            connection: the unit of work of the turn.
            conversation: whose turn it is.
            language: what the conversation is held in now.
            events: of the flow.
            now: aware UTC.
        """
        told: list[Event] = []
        outbox_ids: list[int] = []
        is_wanted = False
        for event in events:
            if not isinstance(event, PersonRequested):
                told.append(event)
                continue
            is_wanted = True
            request = HandoffRequest(conversation.id, event.reason, event.danger, language, event.topic, conversation.channel)
            noted = request_handoff(connection, request, now)
            told += [Told(key) for key in _what_happens_next(event, noted, can_answer=conversation.address_id is not None)]
            if noted.is_new or noted.is_raised:
                outbox_ids += list(self._tell_counsellors(connection, request, noted, now))
        return NotedPerson(told, outbox_ids, is_wanted)

    def _tell_counsellors(
        self, connection: Connection, request: HandoffRequest, noted: NotedHandoff, now: datetime
    ) -> Iterator[int]:
        if self._notify_from is None:
            return
        urgent = f"URGENT ({request.danger}) " if request.danger else ""
        about = ", ".join(part for part in (request.language, request.channel, request.topic or request.reason) if part)
        # No number and no text of the person: this leaves the encrypted store.
        body = f"{urgent}Handoff {noted.id}: {about}. Open: flask handoffs show {noted.id}"
        for number in self._notify:
            yield self._outbox.put(connection, OutgoingMessage("sms", number, self._notify_from, body), now)


def _what_happens_next(event: PersonRequested, noted: NotedHandoff, *, can_answer: bool) -> Iterator[str]:
    if event.danger is not None:
        yield f"danger.{event.danger}"
    if not can_answer:
        yield "person.no_number"
    elif event.danger is not None:
        yield "person.urgent"
    else:
        yield "person.noted" if noted.is_new else "person.already"
