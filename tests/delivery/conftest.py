"""An outbox, a dispatcher and a provider that does what the test tells it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from hotline.delivery.dispatch import Dispatcher
from hotline.delivery.outbox import Outbox, OutgoingMessage
from hotline.privacy.cipher import Cipher
from hotline.store.database import Database
from hotline.store.tables import outbox
from hotline.telephony.client import SendFailed
from hotline.telephony.retry import decide
from tests.conftest import Clock

PERSON, OURS, CALLBACK = "+4915112345678", "+4930555000", "https://hotline.test/webhooks/twilio/status"


@dataclass
class FakeProvider:
    """Twilio's place: remembers what it sent, refuses with the codes given, first to last."""

    refusals: list[int | None] = field(default_factory=list)
    retry_after_seconds: int | None = None
    sent: list[dict[str, Any]] = field(default_factory=list)
    during: Callable[[str], object] = lambda sid: None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send_message(self, **message: Any) -> str:
        """See ``Sender.send_message``."""
        with self._lock:
            if self.refusals:
                code = self.refusals.pop(0)
                raise SendFailed(code, decide(400 if code else None, code), self.retry_after_seconds)
            self.sent.append(message)
            sid = f"SM{len(self.sent)}"
        self.during(sid)
        return sid


@dataclass
class Desk:
    """The outbox of one test with all around it."""

    database: Database
    cipher: Cipher
    outbox: Outbox
    provider: FakeProvider
    clock: Clock
    dispatcher: Dispatcher

    def put(self, body: str = "Guten Tag", recipient: str = PERSON, channel: str = "sms", message_id: int | None = None) -> int:
        """Queue a message."""
        with self.database.begin() as connection:
            message = OutgoingMessage(channel, recipient, OURS, body, message_id)
            return self.outbox.put(connection, message, self.clock())

    def row(self, outbox_id: int) -> Any:
        """The row as it is now."""
        with self.database.read() as connection:
            return connection.execute(select(outbox).where(outbox.c.id == outbox_id)).one()


@pytest.fixture
def desk(database: Database) -> Desk:
    """An empty outbox on a database of each kind."""
    cipher = Cipher([Fernet.generate_key().decode()], "p" * 40)
    made, provider, clock = Outbox(database, cipher), FakeProvider(), Clock()
    return Desk(database, cipher, made, provider, clock, Dispatcher(database, made, provider, CALLBACK, clock))
