"""The outbox: messages that still have to be sent, stored in the transaction that decided on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, func, select, update

from hotline.privacy.cipher import Cipher
from hotline.privacy.opting_out import is_opted_out, opt_out
from hotline.privacy.provider_copies import order_deletion
from hotline.store.database import Database, insert_returning_id
from hotline.store.tables import conversations, messages, outbox
from hotline.telephony.inbound import WHATSAPP

QUEUED, SENDING, SENT, FAILED, OPTED_OUT, UNSURE = "queued", "sending", "sent", "failed", "opted_out", "unsure"
# It may have gone out; the provider's list will tell (``doubt``).
CHECKING = "checking"
# A message that is to be sent again knows nothing of the send before: reports of that one must not touch it.
AS_NEW = {"status": QUEUED, "provider_sid": None, "error_code": None}
PROBLEMS = (FAILED, "undelivered", UNSURE)
# WhatsApp takes free words only so long after the person's last message; the code is the provider's own for a later one.
WHATSAPP_WINDOW = timedelta(hours=24)
WINDOW_OVER = 63016
# Longer than a send may take (connect, wait, both time-outs): after it the sender is taken for dead.
CLAIM_SECONDS = 60


# What is written at the message of the conversation, where it has another name.
_TOLD = {OPTED_OUT: FAILED, UNSURE: FAILED, CHECKING: SENDING}


class UnknownOutboxRow(LookupError):
    """There is no such message to send again."""


@dataclass(frozen=True)
class OutgoingMessage:
    """A message to send. Numbers are E.164; the channel decides how they are written to the provider.

    ``content_sid`` is a text WhatsApp has approved, of which ``body`` holds the words: it may go out at any time.
    """

    channel: str
    recipient: str = field(repr=False)
    sender: str = field(repr=False)
    body: str = field(repr=False)
    message_id: int | None = None
    content_sid: str | None = None

    @property
    def address(self) -> str:
        """The recipient as the provider wants it written."""
        return self._prefix + self.recipient

    @property
    def own_address(self) -> str:
        """Our number as the provider wants it written."""
        return self._prefix + self.sender

    @property
    def _prefix(self) -> str:
        return WHATSAPP if self.channel == "whatsapp" else ""


@dataclass(frozen=True)
class ClaimedMessage:
    """A message that is ours now: to send, or, in doubt, to look for at the provider.

    Args:
        id: of its row.
        attempt: which send this is or was, from 1.
        message: what to send.
        is_in_doubt: it may have been sent already.
        tried_at: when the send in doubt began.
        looks: how often the provider's list did not have it.
        provider: name of the account that was asked, None when it is not known.
    """

    id: int
    attempt: int
    message: OutgoingMessage
    is_in_doubt: bool = False
    tried_at: datetime | None = None
    looks: int = 0
    provider: str | None = None


class Outbox:
    """Queries on the outbox. Every method takes the unit of work it is part of."""

    def __init__(self, database: Database, cipher: Cipher) -> None:
        self._database = database
        self._cipher = cipher

    def put(self, connection: Connection, message: OutgoingMessage, now: datetime, due_at: datetime | None = None) -> int:
        """Store a message to be sent.

        Args:
            connection: a unit of work.
            message: to whom, from whom, what.
            now: aware UTC.
            due_at: not before this; None is at once.

        Returns:
            The row's id; ring the doorbell with it after the commit.
        """
        row = {
            "message_id": message.message_id,
            "channel": message.channel,
            "recipient_encrypted": self._cipher.encrypt(message.recipient),
            "sender_encrypted": self._cipher.encrypt(message.sender),
            "body_encrypted": self._cipher.encrypt(message.body),
            "content_sid": message.content_sid,
            "status": QUEUED,
            "attempts": 0,
            "due_at": due_at or now,
            "created_at": now,
        }
        return insert_returning_id(connection, outbox, row)

    def claim(self, connection: Connection, outbox_id: int, now: datetime) -> ClaimedMessage | None:
        """Take a due message for sending, or for looking what became of it; nobody else can take it until the claim ends.

        Returns:
            The message, or None when it is not due, taken, done, its recipient wants no messages, or WhatsApp takes none now.
        """
        is_due = outbox.c.status.in_((QUEUED, CHECKING)) & (outbox.c.due_at <= now)
        row = connection.execute(
            select(outbox).where(outbox.c.id == outbox_id, is_due).with_for_update(skip_locked=True)
        ).one_or_none()
        if row is None:
            return None
        recipient = self._cipher.decrypt(row.recipient_encrypted)
        claimed_until = now + timedelta(seconds=CLAIM_SECONDS)
        if row.status == CHECKING:
            # It stays in doubt, also when whoever looks dies: the next look comes after the claim.
            connection.execute(update(outbox).where(outbox.c.id == outbox_id).values(due_at=claimed_until))
        elif self.is_opted_out(connection, recipient, row.channel):
            self.finish(connection, outbox_id, OPTED_OUT, now=now)
            return None
        elif row.channel == "whatsapp" and row.content_sid is None and is_window_over(connection, row.message_id, now):
            self.finish(connection, outbox_id, FAILED, now=now, error_code=WINDOW_OVER)
            return None
        else:
            taken = {"status": SENDING, "attempts": row.attempts + 1, "claimed_until": claimed_until}
            fresh = {"tried_at": now, "looks": 0, "provider": None}
            connection.execute(update(outbox).where(outbox.c.id == outbox_id).values(**taken, **fresh))
        sender, body = self._cipher.decrypt(row.sender_encrypted), self._cipher.decrypt(row.body_encrypted)
        message = OutgoingMessage(row.channel, recipient, sender, body, row.message_id, row.content_sid)
        if row.status == CHECKING:
            return ClaimedMessage(outbox_id, row.attempts, message, True, row.tried_at, row.looks, row.provider)
        return ClaimedMessage(outbox_id, row.attempts + 1, message)

    def finish(
        self,
        connection: Connection,
        outbox_id: int,
        status: str,
        *,
        now: datetime,
        provider_sid: str | None = None,
        error_code: int | None = None,
        retry_seconds: int | None = None,
        looks: int | None = None,
        provider: str | None = None,
    ) -> None:
        """Write down how a send, or a look at what became of it, went.

        Args:
            connection: a unit of work.
            outbox_id: the row.
            status: the new status; QUEUED or CHECKING together with ``retry_seconds`` tries or looks again later.
            now: aware UTC.
            provider_sid: the provider's id of a sent message; status callbacks name it.
            error_code: the provider's code.
            retry_seconds: when the next try or look is due.
            looks: how often the provider's list did not have it.
            provider: name of the account that was asked.
        """
        code = str(error_code) if error_code is not None else None
        values: dict[str, Any] = {"status": status, "claimed_until": None, "error_code": code}
        if provider_sid is not None:
            values["provider_sid"] = provider_sid
        if retry_seconds is not None:
            values["due_at"] = now + timedelta(seconds=retry_seconds)
        if looks is not None:
            values["looks"] = looks
        if provider is not None:
            values["provider"] = provider
        if status == SENT:
            values["handed_at"] = func.coalesce(outbox.c.handed_at, now)
        # A report may have overtaken the provider's answer to our send: "delivered" stays, and so does a queued new try.
        is_ours = outbox.c.status.in_((SENDING, CHECKING, UNSURE) if status == SENT else (QUEUED, SENDING, CHECKING))
        done = connection.execute(update(outbox).where(outbox.c.id == outbox_id, is_ours).values(**values))
        row = connection.execute(select(outbox.c.message_id).where(outbox.c.id == outbox_id)).one_or_none()
        if row is None and provider_sid is not None:
            # Everything of this person was erased while it was being sent: the provider's copy must go, too.
            order_deletion(self._database, connection, [provider_sid], now)
        message_id = row.message_id if row is not None else None
        if done.rowcount and status == OPTED_OUT:
            self._remember_opt_out(connection, outbox.c.id == outbox_id, now)
        if done.rowcount and message_id is not None:
            told = {"status": _TOLD.get(status, status), "error_code": code}
            if provider_sid is not None:
                told["provider_sid"] = provider_sid
            connection.execute(update(messages).where(messages.c.id == message_id).values(**told))

    def is_opted_out(self, connection: Connection, number: str, channel: str) -> bool:
        """Whether this number wants no messages on this channel."""
        return is_opted_out(connection, self._cipher.pseudonym(number), channel)

    def remember_opt_out(self, connection: Connection, provider_sid: str, now: datetime) -> None:
        """The provider reports of a sent message that its recipient told it to stop: nothing more is tried on this channel."""
        self._remember_opt_out(connection, outbox.c.provider_sid == provider_sid, now)

    def _remember_opt_out(self, connection: Connection, is_it: ColumnElement[bool], now: datetime) -> None:
        row = connection.execute(select(outbox.c.recipient_encrypted, outbox.c.channel).where(is_it)).one_or_none()
        if row is not None:
            pseudonym = self._cipher.pseudonym(self._cipher.decrypt(row.recipient_encrypted))
            opt_out(self._database, connection, pseudonym, row.channel, now)

    def find_due(self, connection: Connection, now: datetime) -> list[int]:
        """Messages whose time has come, oldest first: what a lost doorbell left."""
        is_due = outbox.c.status.in_((QUEUED, CHECKING)) & (outbox.c.due_at <= now)
        query = select(outbox.c.id).where(is_due).order_by(outbox.c.due_at, outbox.c.id)
        return list(connection.execute(query.limit(500)).scalars())

    def doubt_stuck(self, connection: Connection, now: datetime) -> int:
        """Messages whose sender died in the middle may have gone out: they are looked for, never just sent a second time.

        Returns:
            How many there were.
        """
        query = select(outbox.c.id).where(outbox.c.status == SENDING, outbox.c.claimed_until < now)
        stuck = list(connection.execute(query.with_for_update(skip_locked=True)).scalars())
        for outbox_id in stuck:
            self.finish(connection, outbox_id, CHECKING, now=now, retry_seconds=0)
        return len(stuck)

    def bodies_in_flight(self, connection: Connection, outbox_id: int) -> set[str]:
        """Texts of the other messages nobody knows the fate of yet, as the provider would list them."""
        is_open = outbox.c.status.in_((SENDING, CHECKING, UNSURE)) & (outbox.c.id != outbox_id)
        found = connection.execute(select(outbox.c.body_encrypted).where(is_open).order_by(outbox.c.id.desc()).limit(200))
        return {self._cipher.decrypt(body).strip() for body in found.scalars()}

    def find_problems(self, connection: Connection) -> Sequence[RowMapping]:
        """Messages that were not sent or may not have been: id, channel, status, error code and time; no number, no text."""
        columns = (outbox.c.id, outbox.c.channel, outbox.c.status, outbox.c.error_code, outbox.c.attempts, outbox.c.created_at)
        query = select(*columns).where(outbox.c.status.in_(PROBLEMS)).order_by(outbox.c.id)
        return connection.execute(query).mappings().all()

    def queue_again(self, connection: Connection, outbox_id: int, now: datetime) -> None:
        """Try a failed or unsure message once more, as a person decided.

        Raises:
            UnknownOutboxRow: there is no such failed message.
        """
        wanted = (outbox.c.id == outbox_id) & outbox.c.status.in_(PROBLEMS)
        fresh = {"attempts": 0, "due_at": now, "settled_at": None, **AS_NEW}
        done = connection.execute(update(outbox).where(wanted).values(fresh).returning(outbox.c.message_id)).one_or_none()
        if done is None:
            raise UnknownOutboxRow(f"There is no failed message {outbox_id}. `flask outbox list` shows them.")
        connection.execute(update(messages).where(messages.c.id == done.message_id).values(AS_NEW))


def is_window_over(connection: Connection, message_id: int | None, now: datetime) -> bool:
    """Whether it is too late for free words on WhatsApp in the conversation of a message; a notice of ours has none."""
    query = (
        select(conversations.c.last_inbound_at)
        .join(messages, messages.c.conversation_id == conversations.c.id)
        .where(messages.c.id == message_id)
    )
    last = connection.execute(query).scalar_one_or_none()
    return last is not None and now - last >= WHATSAPP_WINDOW
