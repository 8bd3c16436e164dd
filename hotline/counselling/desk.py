"""What a counsellor does with a handoff from the command line: read, answer in writing, close. The console builds on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select

from hotline.counselling.assignment import note_word
from hotline.counselling.handoff import close_handoff, conversation_of, get_open, read_conversation, write_audit
from hotline.delivery.outbox import Outbox, OutgoingMessage
from hotline.privacy.cipher import Cipher
from hotline.privacy.slots import SLOTS, open_slots
from hotline.store.database import insert_returning_id
from hotline.store.tables import addresses, messages


class CannotReply(Exception):
    """A written answer cannot reach this person. The message says why."""


@dataclass(frozen=True)
class Line:
    """One message of a conversation, readable."""

    author: str
    said_at: datetime
    text: str = field(repr=False)


class CounsellorDesk:
    """Every method takes the unit of work it is part of; every look and deed leaves an audit row."""

    def __init__(self, outbox: Outbox, cipher: Cipher) -> None:
        self._outbox = outbox
        self._cipher = cipher

    def read(self, connection: Connection, handoff_id: int, actor: str, now: datetime) -> Sequence[Line]:
        """The conversation of a handoff, oldest first.

        Raises:
            UnknownHandoff: it is not there or closed.
        """
        lines = [
            Line(row["author"], row["created_at"], self._cipher.decrypt(row["body_encrypted"]))
            for row in read_conversation(connection, handoff_id)
        ]
        write_audit(connection, actor, "read_conversation", handoff_id, now)
        return lines

    def named(self, connection: Connection, handoff_id: int) -> dict[str, str]:
        """What the person's texts named: country, Land, city, a day and the like.

        Raises:
            UnknownHandoff: it is not there or closed.
        """
        named: dict[str, str] = open_slots(conversation_of(connection, handoff_id)["session"], self._cipher).get(SLOTS, {})
        return named

    def reveal_number(self, connection: Connection, handoff_id: int, actor: str, now: datetime) -> str | None:
        """The person's number, to call back; None when it was withheld.

        Raises:
            UnknownHandoff: it is not there or closed.
        """
        write_audit(connection, actor, "reveal_number", handoff_id, now)
        return self._number(connection, conversation_of(connection, handoff_id)["address_id"])

    def reply(self, connection: Connection, handoff_id: int, text: str, actor: str, now: datetime) -> int:
        """Answer in writing on the channel the person used; the handoff stays open.

        Args:
            connection: a unit of work.
            handoff_id: an open handoff.
            text: the answer.
            actor: who answers, for the audit.
            now: aware UTC.

        Returns:
            The outbox id; ring the doorbell with it after the commit.

        Raises:
            UnknownHandoff: it is not there or closed.
            CannotReply: nobody can be written to, or the person wants no messages.
        """
        handoff, conversation = get_open(connection, handoff_id), conversation_of(connection, handoff_id)
        if not text.strip():
            raise CannotReply("The reply is empty.")
        number = self._number(connection, conversation["address_id"])
        if number is None:
            raise CannotReply("The caller's number was withheld; only the caller can call again.")
        # A caller is called back; a text to the same number helps where it is a mobile phone.
        channel = "sms" if handoff["channel"] == "voice" else handoff["channel"]
        if self._outbox.is_opted_out(connection, number, channel):
            raise CannotReply("This person has stopped messages on this channel and must write first.")
        row = {
            "conversation_id": conversation["id"],
            "direction": "out",
            "author": "counsellor",
            "body_encrypted": self._cipher.encrypt(text),
            "status": "queued",
            "language": conversation["language"],
            "created_at": now,
        }
        message_id = insert_returning_id(connection, messages, row)
        write_audit(connection, actor, "reply", handoff_id, now)
        note_word(connection, handoff, "counsellor", now)
        sender = self._cipher.decrypt(conversation["service_address_encrypted"])
        return self._outbox.put(connection, OutgoingMessage(channel, number, sender, text, message_id), now)

    def close(self, connection: Connection, handoff_id: int, actor: str, now: datetime) -> None:
        """Close a handoff.

        Raises:
            UnknownHandoff: it is not there or closed.
        """
        close_handoff(connection, handoff_id, actor, now)

    def _number(self, connection: Connection, address_id: int | None) -> str | None:
        query = select(addresses.c.number_encrypted).where(addresses.c.id == address_id)
        stored = connection.execute(query).scalar_one_or_none()
        return None if stored is None else self._cipher.decrypt(stored)
