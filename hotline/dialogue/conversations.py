"""Contacts, conversations and messages in the database: the queries of a turn. Numbers and texts are encrypted on the way in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from hotline.knowledge.library import CONTENT_REVISION
from hotline.privacy.cipher import Cipher
from hotline.privacy.opting_out import is_opted_out, opt_out
from hotline.privacy.slots import close_slots, open_slots
from hotline.store.counters import value_of
from hotline.store.database import Database, insert_returning_id
from hotline.store.tables import addresses, contacts, conversations, inbound_events, messages, opt_outs

# Who has a conversation (``counselling.states``): the machine, nobody any more, a counsellor; other owners change nothing here.
BOT, CLOSED, ACTIVE = "bot", "closed", "active"


# The statements of every turn, built once: building one costs more than running it.
_REPLY = select(inbound_events.c.reply_encrypted).where(inbound_events.c.key == bindparam("event_key"))
_KEEP_REPLY = insert(inbound_events)
_LANGUAGE = (
    select(func.coalesce(conversations.c.language, contacts.c.language))
    .select_from(addresses)
    .join(contacts, contacts.c.id == addresses.c.contact_id)
    .outerjoin(
        conversations,
        (conversations.c.address_id == addresses.c.id)
        & (conversations.c.channel == bindparam("on_channel"))
        & conversations.c.closed_at.is_(None)
        & (conversations.c.last_inbound_at >= bindparam("idle_before")),
    )
    .where(addresses.c.pseudonym == bindparam("pseudonym"))
    .order_by(conversations.c.id.desc())
    .limit(1)
)
_ADDRESS = (
    select(addresses.c.id, addresses.c.contact_id, contacts.c.language)
    .join(contacts, contacts.c.id == addresses.c.contact_id)
    .where(addresses.c.pseudonym == bindparam("pseudonym"))
    .with_for_update(of=addresses)
)
_OPEN_CONVERSATION = (
    select(conversations)
    .where(
        conversations.c.address_id == bindparam("of_address"),
        conversations.c.channel == bindparam("on_channel"),
        conversations.c.closed_at.is_(None),
    )
    .order_by(conversations.c.id.desc())
    .limit(1)
    .with_for_update()
)
_LANGUAGE_OF_CALL = select(conversations.c.language).where(conversations.c.provider_sid == bindparam("call_sid"))
_EARLIER_LANGUAGE = select(
    func.coalesce(
        select(conversations.c.language)
        .where(
            conversations.c.address_id == bindparam("of_address"),
            conversations.c.channel == "voice",
            conversations.c.language.is_not(None),
            conversations.c.id < bindparam("not_this"),
        )
        .order_by(conversations.c.id.desc())
        .limit(1)
        .scalar_subquery(),
        select(contacts.c.language)
        .join(addresses, addresses.c.contact_id == contacts.c.id)
        .where(addresses.c.id == bindparam("of_address"))
        .scalar_subquery(),
    )
)
# What has to be known before the model is asked, at one go.
_BEFORE = (_REPLY.scalar_subquery().label("reply"), value_of(CONTENT_REVISION).label("revision"))
_KNOWN = select(addresses.c.id).where(addresses.c.pseudonym == bindparam("pseudonym")).scalar_subquery().label("known")
_BEFORE_TEXT = select(*_BEFORE, _LANGUAGE.scalar_subquery().label("language"), _KNOWN)
_BEFORE_CALL_STEP = select(*_BEFORE, _LANGUAGE_OF_CALL.scalar_subquery().label("language"))
_CALL = select(conversations).where(conversations.c.provider_sid == bindparam("call_sid")).with_for_update()
_KEEP_MESSAGES = insert(messages)
_KEEP_STATE = update(conversations).where(conversations.c.id == bindparam("conversation"))
_REMEMBER_LANGUAGE = update(contacts).where(
    contacts.c.id == select(addresses.c.contact_id).where(addresses.c.id == bindparam("of_address")).scalar_subquery()
)
_OPT_IN = delete(opt_outs).where(opt_outs.c.pseudonym == bindparam("pseudonym"), opt_outs.c.channel == bindparam("on_channel"))


@dataclass(frozen=True)
class Address:
    """A phone number we know: its row, its contact and the language the contact wrote in last.

    ``is_new`` tells that this unit of work made it, so nothing else can be stored of it yet.
    """

    id: int
    contact_id: int
    language: str | None
    is_new: bool = False


@dataclass(frozen=True)
class Before:
    """What is known of an event before it is understood: the reply it got if it came before, and the language to expect.

    ``content_revision`` is that of the answers at this moment; ``is_known`` tells of a text whether its number was seen before.
    """

    reply: str | None = field(repr=False)
    language: str | None
    content_revision: int = 0
    is_known: bool = True


@dataclass(frozen=True)
class Conversation:
    """An open conversation under our lock. ``session`` is empty at its first turn."""

    id: int
    address_id: int | None
    channel: str
    language: str | None
    session: Mapping[str, Any]
    turns: int
    status: str = BOT


@dataclass(frozen=True)
class StoredMessage:
    """A message of a turn as it is kept."""

    direction: str
    author: str
    body: str = field(repr=False)
    status: str
    provider_sid: str | None = None


@dataclass(frozen=True)
class TurnResult:
    """What a turn leaves behind besides its messages."""

    session: Mapping[str, Any]
    language: str | None
    is_over: bool
    topic: str | None = None
    article_version: int | None = None
    confidence: int | None = None
    engine: str | None = None
    danger: str | None = None


class Conversations:
    """Every method takes the unit of work it is part of."""

    def __init__(self, database: Database, cipher: Cipher) -> None:
        self._database = database
        self._cipher = cipher

    # -- events: each takes effect once --------------------------------------------------------------------------------

    def find_reply(self, connection: Connection, event_key: str) -> str | None:
        """The reply an event got before, or None when it is new."""
        stored = connection.execute(_REPLY, {"event_key": event_key}).scalar_one_or_none()
        return None if stored is None else self._cipher.decrypt(stored)

    def keep_reply(self, connection: Connection, event_key: str, document: str, now: datetime) -> None:
        """Keep the reply of an event for its repetitions; the unique key makes a second effect impossible."""
        row = {"key": event_key, "reply_encrypted": self._cipher.encrypt(document), "created_at": now}
        connection.execute(_KEEP_REPLY, row)

    def look_at_text(self, connection: Connection, event_key: str, number: str, channel: str, idle_before: datetime) -> Before:
        """What is known of a text that came in.

        Args:
            connection: any connection; nothing is locked.
            event_key: of the text.
            number: E.164.
            channel: channel of the text.
            idle_before: conversations older than this count as over.
        """
        wanted = {"event_key": event_key, **self._sought(number, channel, idle_before)}
        row = connection.execute(_BEFORE_TEXT, wanted).one()
        return self._before(row, is_known=row.known is not None)

    def look_at_call_step(self, connection: Connection, event_key: str, call_sid: str) -> Before:
        """What is known of a step of a call; its language is None before one was chosen. Nothing is locked."""
        return self._before(connection.execute(_BEFORE_CALL_STEP, {"event_key": event_key, "call_sid": call_sid}).one())

    def _before(self, row: Any, *, is_known: bool = True) -> Before:
        reply = None if row.reply is None else self._cipher.decrypt(row.reply)
        return Before(reply, row.language, row.revision or 0, is_known)

    # -- texts ---------------------------------------------------------------------------------------------------------

    def language_of(self, connection: Connection, number: str, channel: str, idle_before: datetime) -> str | None:
        """The language to expect of a number: its open conversation's, else the one its contact wrote in last.

        Args:
            connection: any connection; nothing is locked.
            number: E.164.
            channel: channel of the message.
            idle_before: conversations older than this count as over.
        """
        return connection.execute(_LANGUAGE, self._sought(number, channel, idle_before)).scalar_one_or_none()

    def _sought(self, number: str, channel: str, idle_before: datetime) -> dict[str, Any]:
        return {"pseudonym": self._cipher.pseudonym(number), "on_channel": channel, "idle_before": idle_before}

    def lock_address(self, connection: Connection, number: str, now: datetime, *, is_known: bool = True) -> Address:
        """The address of a number, made when new, locked until the unit of work ends.

        Args:
            connection: the unit of work.
            number: E.164.
            now: aware UTC.
            is_known: False where a look before found nothing: then it is made at once.
        """
        pseudonym = self._cipher.pseudonym(number)
        found = connection.execute(_ADDRESS, {"pseudonym": pseudonym}).one_or_none() if is_known else None
        if found is None:
            contact_id = insert_returning_id(connection, contacts, {"created_at": now})
            row = {"contact_id": contact_id, "pseudonym": pseudonym, "number_encrypted": self._cipher.encrypt(number)}
            new_id = self._database.insert_once(connection, addresses, row, "pseudonym")
            if new_id is not None:
                return Address(new_id, contact_id, None, is_new=True)
            # Somebody else's first message of this number came in between.
            connection.execute(delete(contacts).where(contacts.c.id == contact_id))
            found = connection.execute(_ADDRESS, {"pseudonym": pseudonym}).one()
        return Address(found.id, found.contact_id, found.language)

    def open_text(
        self, connection: Connection, address: Address, channel: str, service_number: str, now: datetime, idle_closes: timedelta
    ) -> Conversation:
        """The open conversation of an address on a channel; one idle for too long is closed and a new one opened.

        One that somebody waits in or answers stays; after the idle time it only begins its questions anew.

        Args:
            connection: the unit of work that locked the address.
            address: whose it is.
            channel: sms or whatsapp.
            service_number: our number that was written to; a later answer comes from it.
            now: aware UTC.
            idle_closes: silence that ends a conversation.
        """
        row = None if address.is_new else self._find_open(connection, address.id, channel)
        if row is not None and row.last_inbound_at >= now - idle_closes:
            return self._conversation(row)
        if row is not None and row.status != BOT:
            return replace(self._conversation(row), session={})
        if row is not None:
            connection.execute(update(conversations).where(conversations.c.id == row.id).values(status=CLOSED, closed_at=now))
        return self._open(connection, channel, service_number, now, address_id=address.id, language=address.language)

    def _find_open(self, connection: Connection, address_id: int, channel: str) -> Any:
        return connection.execute(_OPEN_CONVERSATION, {"of_address": address_id, "on_channel": channel}).one_or_none()

    # -- calls ---------------------------------------------------------------------------------------------------------

    def lock_call(self, connection: Connection, call_sid: str, caller: str | None, called: str, now: datetime) -> Conversation:
        """The conversation of a call, made at its first step, locked until the unit of work ends.

        Args:
            connection: the unit of work.
            call_sid: the provider's id of the call.
            caller: E.164, or None when the number is withheld: such a call belongs to nobody.
            called: our number.
            now: aware UTC.
        """
        row = connection.execute(_CALL, {"call_sid": call_sid}).one_or_none()
        if row is None:
            address_id = self.lock_address(connection, caller, now).id if caller else None
            values = self._new_row("voice", called, now, address_id=address_id, provider_sid=call_sid)
            self._database.insert_once(connection, conversations, values, "provider_sid")
            row = connection.execute(_CALL, {"call_sid": call_sid}).one()
        return self._conversation(row)

    def earlier_language(self, connection: Connection, conversation: Conversation) -> str | None:
        """The language of the last call from the same number, else the one its contact wrote in; None when there is none.

        Only on offer in a call, never assumed: the telephone may be a shared one.
        """
        if conversation.address_id is None:
            return None
        parameters = {"of_address": conversation.address_id, "not_this": conversation.id}
        return connection.execute(_EARLIER_LANGUAGE, parameters).scalar_one_or_none()

    def close_call(self, connection: Connection, call_sid: str, now: datetime) -> int | None:
        """Close the conversation of a call that is over.

        Returns:
            Its id; None when the call is unknown.
        """
        row = connection.execute(_CALL, {"call_sid": call_sid}).one_or_none()
        if row is None:
            return None
        if row.closed_at is None:
            over = {"closed_at": now, **({"status": CLOSED} if row.status == BOT else {})}
            connection.execute(update(conversations).where(conversations.c.id == row.id).values(over))
        return int(row.id)

    def _open(
        self, connection: Connection, channel: str, service_number: str, now: datetime, *, address_id: int, language: str | None
    ) -> Conversation:
        values = self._new_row(channel, service_number, now, address_id=address_id, language=language)
        new_id = insert_returning_id(connection, conversations, values)
        return Conversation(new_id, address_id, channel, language, {}, 0)

    def _new_row(self, channel: str, service_number: str, now: datetime, **values: Any) -> dict[str, Any]:
        return {
            "channel": channel,
            "service_address_encrypted": self._cipher.encrypt(service_number),
            "status": BOT,
            "session": {},
            "turns": 0,
            "opened_at": now,
            "last_inbound_at": now,
            **values,
        }

    # -- after the turn ------------------------------------------------------------------------------------------------

    def store_turn(
        self, connection: Connection, conversation: Conversation, said: Sequence[StoredMessage], result: TurnResult, now: datetime
    ) -> None:
        """Store the messages of a turn and where the conversation stands now.

        Args:
            connection: the unit of work that locked the conversation.
            conversation: whose turn it was.
            said: inbound and outbound messages, in order.
            result: the new state, and what the inbound text was taken to mean.
            now: aware UTC.
        """
        meaning = {
            "language": result.language,
            "topic": result.topic,
            "confidence": result.confidence,
            "engine": result.engine,
            "danger": result.danger,
        }
        rows = [
            {
                "conversation_id": conversation.id,
                "direction": message.direction,
                "author": message.author,
                "body_encrypted": self._cipher.encrypt(message.body),
                "provider_sid": message.provider_sid,
                "status": message.status,
                "article_version": result.article_version if message.direction == "out" else None,
                "created_at": now,
                **meaning,
            }
            for message in said
        ]
        if rows:
            connection.execute(_KEEP_MESSAGES, rows)
        state = {
            "session": close_slots(result.session, self._cipher),
            "language": result.language,
            "turns": conversation.turns + 1,
            "last_inbound_at": now,
            **_end(conversation, result, now),
        }
        connection.execute(_KEEP_STATE, {"conversation": conversation.id, **state})
        if conversation.address_id is not None and conversation.channel != "voice" and result.language != conversation.language:
            # Only for texts: a shared phone must not greet the next caller in somebody else's language.
            connection.execute(_REMEMBER_LANGUAGE, {"of_address": conversation.address_id, "language": result.language})

    def _conversation(self, row: Any) -> Conversation:
        session = open_slots(row.session, self._cipher)
        return Conversation(row.id, row.address_id, row.channel, row.language, session, row.turns, row.status)

    # -- opt-out -------------------------------------------------------------------------------------------------------

    def opt_out(self, connection: Connection, number: str, channel: str, now: datetime) -> bool:
        """Send this number nothing more by itself on this channel; gives whether that is new."""
        return opt_out(self._database, connection, self._cipher.pseudonym(number), channel, now)

    def is_opted_out(self, connection: Connection, number: str, channel: str) -> bool:
        """Whether this number wants no messages on this channel."""
        return is_opted_out(connection, self._cipher.pseudonym(number), channel)

    def opt_in(self, connection: Connection, number: str, channel: str) -> None:
        """Messages are wanted again."""
        connection.execute(_OPT_IN, {"pseudonym": self._cipher.pseudonym(number), "on_channel": channel})


def _end(conversation: Conversation, result: TurnResult, now: datetime) -> dict[str, Any]:
    """What changes when a person says goodbye: who still waits for somebody keeps the conversation, unless it was a call."""
    if not result.is_over or (conversation.status != BOT and conversation.channel != "voice"):
        return {}
    return {"closed_at": now, **({"status": CLOSED} if conversation.status == BOT else {})}
