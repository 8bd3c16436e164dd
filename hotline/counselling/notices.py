"""Short messages around a handoff: to counsellors that somebody waits, to the person that it takes longer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from hotline.counselling.hours import BERLIN, Slot, next_daytime
from hotline.delivery.outbox import WHATSAPP_WINDOW, Outbox, OutgoingMessage
from hotline.dialogue.texts import Texts
from hotline.privacy.cipher import Cipher
from hotline.store.database import insert_returning_id
from hotline.store.tables import addresses, conversations, messages

CONFIRMED = "callback.confirmed"
WRITTEN_CHANNELS = frozenset({"sms", "whatsapp"})


class Notices:
    """Tells counsellors by SMS, where numbers of theirs are set. No number and no text of a person leaves the encrypted store."""

    def __init__(self, outbox: Outbox, notify: Sequence[str], notify_from: str | None) -> None:
        """Hold who is told.

        Args:
            outbox: where notices go.
            notify: numbers of counsellors, E.164.
            notify_from: our number the notices come from; None tells nobody.
        """
        self._outbox = outbox
        self._notify = notify
        self._notify_from = notify_from

    def tell(self, connection: Connection, body: str, now: datetime) -> list[int]:
        """Tell all of them.

        Returns:
            Outbox ids; ring the doorbell with them after the commit.
        """
        if self._notify_from is None:
            return []
        sender = self._notify_from
        return [self._outbox.put(connection, OutgoingMessage("sms", number, sender, body), now) for number in self._notify]


class PersonNotices:
    """Writes to a person who waits, in their language, on the channel they wrote on."""

    def __init__(self, outbox: Outbox, cipher: Cipher, texts: Texts, window: Slot) -> None:
        """Hold what is needed.

        Args:
            outbox: where they go.
            cipher: opens numbers.
            texts: the prompts.
            window: of the day in which a telephone may make a sound.
        """
        self._outbox = outbox
        self._cipher = cipher
        self._texts = texts
        self._window = window

    def tell(self, connection: Connection, handoff: Mapping[str, Any], text_key: str, now: datetime) -> int | None:
        """Write one text of the catalogue.

        A caller is not written to: who reads the messages of a phone is not known.

        Args:
            connection: a unit of work.
            handoff: whose person.
            text_key: of the prompts.
            now: aware UTC.

        Returns:
            The outbox id; None when nothing may or can be written.
        """
        query = (
            select(conversations, addresses.c.number_encrypted)
            .join(addresses, addresses.c.id == conversations.c.address_id)
            .where(conversations.c.id == handoff["conversation_id"], conversations.c.channel.in_(WRITTEN_CHANNELS))
        )
        row = connection.execute(query).one_or_none()
        if row is None or row.language is None:
            return None
        if row.channel == "whatsapp" and now - row.last_inbound_at >= WHATSAPP_WINDOW:
            return None
        number, sender = self._cipher.decrypt(row.number_encrypted), self._cipher.decrypt(row.service_address_encrypted)
        if self._outbox.is_opted_out(connection, number, row.channel):
            return None
        body = self._texts.get(row.language, text_key, (".text",))
        values = {
            "conversation_id": row.id,
            "direction": "out",
            "author": "bot",
            "body_encrypted": self._cipher.encrypt(body),
            "status": "queued",
            "language": row.language,
            "created_at": now,
        }
        message_id = insert_returning_id(connection, messages, values)
        message = OutgoingMessage(row.channel, number, sender, body, message_id)
        return self._outbox.put(connection, message, now, due_at=next_daytime(now, self._window))


class CallbackConfirmation:
    """Writes to a caller when the call will come and how to cancel it, in words that say nothing of what it is about.

    Whoever else reads the messages of the telephone learns that somebody will call, and no more.
    """

    def __init__(self, outbox: Outbox, cipher: Cipher, texts: Texts, window: Slot) -> None:
        """Takes what ``PersonNotices`` takes."""
        self._outbox = outbox
        self._cipher = cipher
        self._texts = texts
        self._window = window

    def tell(
        self, connection: Connection, conversation_id: int, number: str | None, language: str, due_at: datetime, now: datetime
    ) -> list[int]:
        """Write one SMS, never at night.

        Args:
            connection: a unit of work.
            conversation_id: of the call.
            number: where the call goes; None is that of the conversation.
            language: of the person.
            due_at: when the call comes at the earliest.
            now: aware UTC.

        Returns:
            Outbox ids.
        """
        query = (
            select(conversations.c.service_address_encrypted, addresses.c.number_encrypted)
            .outerjoin(addresses, addresses.c.id == conversations.c.address_id)
            .where(conversations.c.id == conversation_id)
        )
        row = connection.execute(query).one()
        if number is None and row.number_encrypted is None:
            return []
        recipient = number or self._cipher.decrypt(row.number_encrypted)
        if self._outbox.is_opted_out(connection, recipient, "sms"):
            return []
        # Figures alone: every language reads them.
        body = self._texts.get(language, CONFIRMED, (".text",), when=f"{due_at.astimezone(BERLIN):%d.%m. %H:%M}")
        message = OutgoingMessage("sms", recipient, self._cipher.decrypt(row.service_address_encrypted), body)
        return [self._outbox.put(connection, message, now, due_at=next_daytime(now, self._window))]
