"""What a counsellor does with a handoff: read, answer in writing, close. Command line and console share it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select

from hotline.counselling.assignment import note_word
from hotline.counselling.handoff import close_handoff, conversation_of, get_open, read_conversation, write_audit
from hotline.counselling.thread import read_number
from hotline.counselling.writing import LONGEST_REPLY, Template, find_writing
from hotline.delivery.outbox import Outbox, OutgoingMessage
from hotline.privacy.audit import note_action
from hotline.privacy.cipher import Cipher
from hotline.privacy.slots import SLOTS, open_slots
from hotline.store.database import insert_returning_id
from hotline.store.tables import messages

WEBCHAT = "webchat"
_REFUSED = {
    "no_number": "The caller's number was withheld; only the caller can call again.",
    "landline": "The person called from a landline, which gets no SMS; call back.",
    "opted_out": "This person has stopped messages on this channel and must write first.",
    "window_over": "WhatsApp takes free words for 24 hours after the person's last message; send the approved text.",
    "window_open": "WhatsApp still takes free words; the approved text is for later.",
    "no_template": "There is no approved text in this language; content/whatsapp_templates.yml lists them.",
    "empty": "The reply is empty.",
    "too_long": f"The reply is longer than {LONGEST_REPLY} characters.",
}


class CannotReply(Exception):
    """A written answer cannot reach this person. The message says why, ``reason`` is its code."""

    def __init__(self, reason: str) -> None:
        super().__init__(_REFUSED[reason])
        self.reason = reason


@dataclass(frozen=True)
class Line:
    """One message of a conversation, readable."""

    author: str
    said_at: datetime
    text: str = field(repr=False)


@dataclass(frozen=True)
class Reply:
    """A written answer.

    ``key`` is of the form it was written in: sent twice, it is one message. ``topic`` and ``version`` name the article it was
    taken from. ``template`` is an approved text sent instead of words of one's own.
    """

    text: str = field(repr=False)
    key: str | None = None
    topic: str | None = None
    version: int | None = None
    template: Template | None = None


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

    def reveal_number(
        self, connection: Connection, handoff_id: int, actor: str, now: datetime, *, purpose: str = ""
    ) -> str | None:
        """The person's number, to call back; None when it was withheld.

        Args:
            connection: a unit of work.
            handoff_id: an open handoff.
            actor: who looks, for the audit.
            now: aware UTC.
            purpose: one coded word for the audit.

        Raises:
            UnknownHandoff: it is not there or closed.
        """
        number = read_number(connection, self._cipher, conversation_of(connection, handoff_id)["address_id"])
        note_action(connection, actor, "reveal_number", f"handoff {handoff_id} {purpose}".strip(), now)
        return number

    def reply(self, connection: Connection, handoff_id: int, reply: Reply, actor: str, now: datetime) -> int | None:
        """Answer in writing on the channel the person used; the handoff stays open.

        Args:
            connection: a unit of work.
            handoff_id: an open handoff.
            reply: the answer.
            actor: who answers.
            now: aware UTC.

        Returns:
            The outbox id; ring the doorbell with it after the commit. None when the worker has nothing to send: the same form
            came before, or the person reads on our own page.

        Raises:
            UnknownHandoff: it is not there or closed.
            CannotReply: nobody can be written to so, or the person wants no messages.
        """
        handoff, conversation = get_open(connection, handoff_id), conversation_of(connection, handoff_id)
        # The lock of the conversation is ours: what came before is there to be seen.
        key = f"{handoff_id}:{reply.key}" if reply.key else None
        if key and connection.execute(select(messages.c.id).where(messages.c.reply_key == key)).first() is not None:
            return None
        text = reply.template.text if reply.template else reply.text.strip()
        if not text:
            raise CannotReply("empty")
        if len(text) > LONGEST_REPLY:
            raise CannotReply("too_long")
        number = read_number(connection, self._cipher, conversation["address_id"])
        about = {**conversation, "channel": handoff["channel"]}
        channel = self._expect_channel(connection, about, number, reply, now)
        row = {
            "conversation_id": conversation["id"],
            "direction": "out",
            "author": "counsellor",
            "written_by": actor,
            "reply_key": key,
            "body_encrypted": self._cipher.encrypt(text),
            "status": "sent" if channel == WEBCHAT else "queued",
            "language": conversation["language"],
            "topic": reply.topic,
            "article_version": reply.version,
            "created_at": now,
        }
        message_id = insert_returning_id(connection, messages, row)
        write_audit(connection, actor, "reply", handoff_id, now)
        note_word(connection, handoff, "counsellor", now)
        if channel == WEBCHAT:
            return None
        sender = self._cipher.decrypt(conversation["service_address_encrypted"])
        sid = reply.template.sid if reply.template else None
        return self._outbox.put(connection, OutgoingMessage(channel, number or "", sender, text, message_id, sid), now)

    def _expect_channel(
        self, connection: Connection, about: Mapping[str, object], number: str | None, reply: Reply, now: datetime
    ) -> str:
        writing = find_writing(connection, about, number, now)
        if writing.way == "none":
            raise CannotReply(writing.reason)
        if writing.way == "template" and reply.template is None:
            raise CannotReply("window_over")
        if reply.template is not None and writing.way != "template":
            raise CannotReply("window_open")
        if reply.template is not None and not reply.template.sid:
            raise CannotReply("no_template")
        return writing.channel

    def close(self, connection: Connection, handoff_id: int, actor: str, now: datetime) -> None:
        """Close a handoff.

        Raises:
            UnknownHandoff: it is not there or closed.
        """
        close_handoff(connection, handoff_id, actor, now)
