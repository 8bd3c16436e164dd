"""Continuation codes in a conversation: what a code on the way in leads to, and the code that is told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, select

from hotline.counselling.continuation import Continuation, Here, TriedTooOften
from hotline.dialogue.conversations import Conversation
from hotline.dialogue.events import CodeGiven, CodeWanted, Event, Heard
from hotline.dialogue.inputs import looks_like_code
from hotline.dialogue.session import Session
from hotline.privacy.cipher import Cipher
from hotline.privacy.slots import open_slots
from hotline.store.tables import conversations

# What came of a code, as the routes are named.
FOUND, UNKNOWN, SLOWED = "found", "unknown", "slowed"
HIDDEN = "••••••"


@dataclass(frozen=True)
class Tried:
    """What came of a code: the input for the flow, and where the conversation stands now."""

    heard: Heard
    session: Session
    conversation: Conversation


class CodeDesk:
    """Between the flow, which only wishes for a code, and the matters they lead to."""

    def __init__(self, continuation: Continuation, cipher: Cipher, read: Callable[[str, str | None], str | None]) -> None:
        """Hold what is needed.

        Args:
            continuation: makes codes and finds what they lead to.
            cipher: opens what the earlier conversation knew.
            read: the code a whole message is in a language, or None.
        """
        self._continuation = continuation
        self._cipher = cipher
        self._read = read

    def reads(self, text: str, language: str | None) -> bool:
        """Whether a text is a code."""
        return self._read(text, language) is not None

    def give(self, connection: Connection, conversation: Conversation, events: Sequence[Event], now: datetime) -> list[Event]:
        """The events with a code where one was wished for."""
        return [
            CodeGiven(self._continuation.give(connection, conversation.id, now), event.is_next)
            if isinstance(event, CodeWanted)
            else event
            for event in events
        ]

    def hear(
        self,
        connection: Connection,
        conversation: Conversation,
        session: Session,
        said: str,
        languages: Collection[str],
        now: datetime,
        *,
        is_asked: bool,
    ) -> Tried | None:
        """Try a code, and go on with its matter where it is right.

        Args:
            connection: the unit of work of the turn, which has locked the conversation.
            conversation: whose turn it is.
            session: where it stands.
            said: what was written, spoken or pressed.
            languages: that can be spoken here.
            now: aware UTC.
            is_asked: a code was asked for.

        Returns:
            None when it is no code.
        """
        code = self._read(said, session.language)
        if code is None:
            # Figures that are no code, where one was asked for, were meant as one.
            return Tried(Heard("code", key=UNKNOWN), session, conversation) if is_asked and looks_like_code(said) else None
        here = Here(conversation.id, conversation.address_id, conversation.channel)
        try:
            earlier_id = self._continuation.find(connection, here, code, now)
        except TriedTooOften:
            return Tried(Heard("code", key=SLOWED), session, conversation)
        if earlier_id is None:
            return Tried(Heard("code", key=UNKNOWN), session, conversation)
        if earlier_id == conversation.id:
            return Tried(Heard("code", key=FOUND), session, conversation)
        query = select(conversations.c.session, conversations.c.language).where(conversations.c.id == earlier_id)
        row = connection.execute(query).one()
        earlier = Session.from_dict(open_slots(row.session, self._cipher)) if row.session else Session(language=row.language)
        carried = carry_over(earlier, session, languages)
        status = self._continuation.go_on(connection, here, earlier_id, carried.language, now)
        return Tried(Heard("code", key=FOUND), carried, replace(conversation, status=status))


def carry_over(earlier: Session, here: Session, languages: Collection[str]) -> Session:
    """A session that knows what the earlier one knew. What was named since holds; no question of before comes along.

    Args:
        earlier: of the conversation that was left.
        here: of the one that goes on.
        languages: that can be spoken here; in no other one it goes on.
    """
    language = earlier.language if earlier.language in languages else here.language
    return replace(
        here,
        language=language,
        slots={**earlier.slots, **here.slots},
        topic=earlier.topic,
        suggestions=(),
        in_danger=earlier.in_danger or here.in_danger,
        not_understood=0,
        no_match=0,
    )


def hide_given(text: str, events: Sequence[Event]) -> str:
    """A reply as it is kept: a code is for the person alone, counsellors read it nowhere."""
    for event in events:
        if isinstance(event, CodeGiven):
            text = text.replace(event.code, HIDDEN).replace(" ".join(event.code), HIDDEN)
    return text


def hide_tried(text: str) -> str:
    """A message with a code as it is kept: whoever mistyped may try again, and nobody else."""
    return "".join("•" if letter.isdigit() else letter for letter in text)
