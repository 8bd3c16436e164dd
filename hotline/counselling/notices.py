"""Short messages around a handoff: to counsellors that somebody waits, to the person that it takes longer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from hotline.delivery.outbox import WHATSAPP_WINDOW, Outbox, OutgoingMessage
from hotline.dialogue.texts import Texts
from hotline.privacy.cipher import Cipher
from hotline.store.database import insert_returning_id
from hotline.store.tables import addresses, conversations, messages

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

    def __init__(self, outbox: Outbox, cipher: Cipher, texts: Texts) -> None:
        self._outbox = outbox
        self._cipher = cipher
        self._texts = texts

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
        return self._outbox.put(connection, OutgoingMessage(row.channel, number, sender, body, message_id), now)
