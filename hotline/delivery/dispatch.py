"""Sends what is in the outbox: claim, send outside of any transaction, write down how it went."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from hotline.delivery.outbox import FAILED, OPTED_OUT, QUEUED, SENT, ClaimedMessage, Outbox
from hotline.privacy.cipher import Unreadable
from hotline.store.database import Database
from hotline.telephony.client import SendFailed
from hotline.telephony.inbound import WHATSAPP
from hotline.telephony.retry import next_attempt_seconds

log = logging.getLogger(__name__)


class Sender(Protocol):
    """Sends one message and returns the provider's id; raises ``SendFailed``."""

    def send_message(
        self, *, to: str, sender: str, body: str, status_callback: str | None, content_sid: str | None = None
    ) -> str:
        """See ``telephony.client.TwilioSender``."""
        ...


def _now() -> datetime:
    return datetime.now(UTC)


class Dispatcher:
    """The worker's side of the outbox."""

    def __init__(
        self, database: Database, outbox: Outbox, sender: Sender, status_callback: str, clock: Callable[[], datetime] = _now
    ) -> None:
        """Hold what is needed.

        Args:
            database: where the outbox is.
            outbox: its queries.
            sender: the provider.
            status_callback: address the provider reports to.
            clock: gives aware UTC.
        """
        self._database = database
        self._outbox = outbox
        self._sender = sender
        self._status_callback = status_callback
        self._clock = clock

    def deliver(self, outbox_id: int) -> int | None:
        """Send one message if it is due and nobody else has it.

        Returns:
            Seconds until it should be tried again, or None.
        """
        claimed = self._claim(outbox_id)
        if claimed is None:
            return None
        prefix = WHATSAPP if claimed.message.channel == "whatsapp" else ""
        try:
            sid = self._sender.send_message(
                to=prefix + claimed.message.recipient,
                sender=prefix + claimed.message.sender,
                body=claimed.message.body,
                status_callback=f"{self._status_callback}?outbox={outbox_id}",
                content_sid=claimed.message.content_sid,
            )
        except SendFailed as failure:
            return self._note_failure(claimed, failure)
        with self._database.begin() as connection:
            self._outbox.finish(connection, outbox_id, SENT, now=self._clock(), provider_sid=sid)
        return None

    def _claim(self, outbox_id: int) -> ClaimedMessage | None:
        try:
            with self._database.begin() as connection:
                return self._outbox.claim(connection, outbox_id, self._clock())
        except Unreadable:
            # One row of a lost key must not hold up all behind it; `flask outbox list` shows it.
            log.exception("message cannot be decrypted", extra={"outbox_id": outbox_id})
        with self._database.begin() as connection:
            self._outbox.finish(connection, outbox_id, FAILED, now=self._clock())
        return None

    def _note_failure(self, claimed: ClaimedMessage, failure: SendFailed) -> int | None:
        wait_seconds = None
        if failure.decision == "retry":
            wait_seconds = next_attempt_seconds(claimed.attempt, failure.code)
        if wait_seconds is not None and failure.retry_after_seconds is not None:
            wait_seconds = max(wait_seconds, failure.retry_after_seconds)
        status = QUEUED if wait_seconds is not None else OPTED_OUT if failure.decision == "opted_out" else FAILED
        log.warning("message not sent", extra={"outbox_id": claimed.id, "code": failure.code, "next_status": status})
        with self._database.begin() as connection:
            self._outbox.finish(
                connection, claimed.id, status, now=self._clock(), error_code=failure.code, retry_seconds=wait_seconds
            )
        return wait_seconds

    def sweep(self) -> list[int]:
        """Find what a crash or a lost doorbell left: due messages to send, and half-sent ones to mark for a person.

        Returns:
            Outbox ids that are due now.
        """
        with self._database.begin() as connection:
            unsure = self._outbox.mark_unsure(connection, self._clock())
            due = self._outbox.find_due(connection, self._clock())
        if unsure:
            log.error("messages may or may not have been sent; see `flask outbox list`", extra={"count": unsure})
        return due
