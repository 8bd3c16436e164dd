"""Messages that may or may not have gone out: the provider's own list tells, and where it does not, a person decides."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Connection, select

from hotline.delivery.outbox import CHECKING, QUEUED, SENT, UNSURE, ClaimedMessage, Outbox
from hotline.store.database import Database
from hotline.store.tables import outbox
from hotline.telephony.client import ListedMessage, ListUnavailable

log = logging.getLogger(__name__)

# Longer than a send may take: a request that was given up may still be worked on.
FIRST_LOOK_SECONDS = 20
NEXT_LOOK_SECONDS = 60
# Missing in the list this often, a message was not sent: one look could come before the provider lists it.
LOOKS = 2
# As long as tries go on (telephony.retry): after that a late answer may be a wrong one, and a person decides.
GIVE_UP = timedelta(hours=3)
# Clocks of two machines.
TOLERANCE = timedelta(seconds=30)


class Lister(Protocol):
    """Tells which messages a provider has; raises ``ListUnavailable``. See ``telephony.failover.FailoverSender``."""

    def list_messages(self, *, to: str, sender: str, provider: str | None) -> Sequence[ListedMessage]:
        """Our messages to one person."""
        ...


class Doubts:
    """Settles what became of messages in doubt."""

    def __init__(self, database: Database, messages: Outbox, lister: Lister) -> None:
        """Hold what is needed.

        Args:
            database: where the outbox is.
            messages: its queries.
            lister: the providers.
        """
        self._database = database
        self._outbox = messages
        self._lister = lister

    def settle(self, claimed: ClaimedMessage, now: datetime) -> int | None:
        """Look whether the provider has the message.

        Args:
            claimed: a message in doubt, taken for looking.
            now: aware UTC.

        Returns:
            Seconds until it must be looked at or sent again, None when it is settled.
        """
        wanted = claimed.message
        try:
            listed = self._lister.list_messages(to=wanted.address, sender=wanted.own_address, provider=claimed.provider)
        except ListUnavailable:
            return self._again(claimed, now, claimed.looks)
        since = (claimed.tried_at or now) - TOLERANCE
        recent = [one for one in listed if one.created_at is None or one.created_at >= since]
        with self._database.begin() as connection:
            mine = _unclaimed(connection, recent)
            exact = [one for one in mine if one.body.strip() == wanted.body.strip()]
            if exact:
                self._outbox.finish(connection, claimed.id, SENT, now=now, provider_sid=exact[0].sid)
                return None
            others = self._outbox.bodies_in_flight(connection, claimed.id) if mine else set()
            if any(one.body.strip() not in others for one in mine):
                # Something of ours went to this person just then, in other words: a person must see whether it was this.
                self._outbox.finish(connection, claimed.id, UNSURE, now=now)
                return None
        return self._again(claimed, now, claimed.looks + 1)

    def _again(self, claimed: ClaimedMessage, now: datetime, looks: int) -> int | None:
        is_too_old = claimed.tried_at is None or now - claimed.tried_at > GIVE_UP
        status = UNSURE if is_too_old else QUEUED if looks >= LOOKS else CHECKING
        seconds = {UNSURE: None, QUEUED: 0, CHECKING: NEXT_LOOK_SECONDS}[status]
        if is_too_old:
            log.error("nobody knows whether a message was sent; a person must look", extra={"outbox_id": claimed.id})
        with self._database.begin() as connection:
            self._outbox.finish(connection, claimed.id, status, now=now, retry_seconds=seconds, looks=looks)
        return seconds


def _unclaimed(connection: Connection, listed: Sequence[ListedMessage]) -> list[ListedMessage]:
    """Those that are not known to be another message of ours."""
    sids = [one.sid for one in listed]
    known = set(connection.execute(select(outbox.c.provider_sid).where(outbox.c.provider_sid.in_(sids))).scalars())
    return [one for one in listed if one.sid not in known]
