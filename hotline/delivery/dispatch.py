"""Sends what is in the outbox: claim, send outside of any transaction, write down how it went."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from hotline.delivery.doubt import FIRST_LOOK_SECONDS, Doubts, Lister
from hotline.delivery.outbox import CHECKING, FAILED, OPTED_OUT, QUEUED, SENT, ClaimedMessage, Outbox
from hotline.privacy.cipher import Unreadable
from hotline.store.database import Database
from hotline.telephony.client import SendFailed
from hotline.telephony.retry import next_attempt_seconds

log = logging.getLogger(__name__)


class Sender(Lister, Protocol):
    """Sends one message and returns the provider's id; raises ``SendFailed``. Tells what the provider has."""

    def send_message(
        self, *, to: str, sender: str, body: str, status_callback: str | None, content_sid: str | None = None
    ) -> str:
        """See ``telephony.failover.FailoverSender``."""
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
            sender: the providers.
            status_callback: address the provider reports to.
            clock: gives aware UTC.
        """
        self._database = database
        self._outbox = outbox
        self._sender = sender
        self._doubts = Doubts(database, outbox, sender)
        self._status_callback = status_callback
        self._clock = clock

    def deliver(self, outbox_id: int) -> int | None:
        """Send one message if it is due and nobody else has it, or look what became of it.

        Returns:
            Seconds until it should be tried or looked for again, or None.
        """
        claimed = self._claim(outbox_id)
        if claimed is None:
            return None
        if claimed.is_in_doubt:
            return self._doubts.settle(claimed, self._clock())
        try:
            sid = self._sender.send_message(
                to=claimed.message.address,
                sender=claimed.message.own_address,
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
        status, wait_seconds = FAILED, None
        if failure.decision == "retry":
            wait_seconds = next_attempt_seconds(claimed.attempt, failure.code)
            if wait_seconds is not None:
                status, wait_seconds = QUEUED, max(wait_seconds, failure.retry_after_seconds or 0)
        elif failure.decision == "unclear":
            status, wait_seconds = CHECKING, FIRST_LOOK_SECONDS
        elif failure.decision == "opted_out":
            status = OPTED_OUT
        known = {"outbox_id": claimed.id, "code": failure.code, "next_status": status, "provider": failure.provider}
        log.warning("message not sent", extra=known)
        with self._database.begin() as connection:
            self._outbox.finish(
                connection,
                claimed.id,
                status,
                now=self._clock(),
                error_code=failure.code,
                retry_seconds=wait_seconds,
                provider=failure.provider,
            )
        return wait_seconds

    def sweep(self) -> list[int]:
        """Find what a crash or a lost doorbell left: due messages to send, and half-sent ones to look for.

        Returns:
            Outbox ids that are due now.
        """
        with self._database.begin() as connection:
            doubtful = self._outbox.doubt_stuck(connection, self._clock())
            due = self._outbox.find_due(connection, self._clock())
        if doubtful:
            log.error("messages may or may not have been sent; the provider's list will tell", extra={"count": doubtful})
        return due
