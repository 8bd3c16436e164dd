"""An outbox, a dispatcher and a provider that does what the test tells it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import insert, select, update

from hotline.delivery.dispatch import Dispatcher
from hotline.delivery.outbox import Outbox, OutgoingMessage
from hotline.delivery.receipts import note_status
from hotline.privacy.cipher import Cipher
from hotline.store.database import Database
from hotline.store.tables import conversations, messages, outbox
from hotline.telephony.client import ListedMessage, ListUnavailable, SendFailed
from hotline.telephony.inbound import StatusUpdate
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
    # What it tells when asked for its list; None while it does not answer.
    listed: list[ListedMessage] | None = field(default_factory=list)
    asked_for: list[str | None] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def list_messages(self, *, to: str, sender: str, provider: str | None) -> list[ListedMessage]:
        """See ``Lister.list_messages``."""
        self.asked_for.append(provider)
        if self.listed is None:
            raise ListUnavailable
        return self.listed

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

    def make_message(self) -> int:
        """A message of a conversation, for an outbox row to belong to."""
        now = self.clock()
        with self.database.begin() as connection:
            row = {"channel": "sms", "status": "bot", "session": {}, "turns": 0, "opened_at": now, "last_inbound_at": now}
            conversation = connection.execute(insert(conversations).values(**row).returning(conversations.c.id)).scalar_one()
            row = {"conversation_id": conversation, "direction": "out", "author": "counsellor", "body_encrypted": b"x"}
            made = insert(messages).values(**row, status="queued", created_at=now).returning(messages.c.id)
            return int(connection.execute(made).scalar_one())

    def message(self, message_id: int) -> Any:
        """The message as it is now."""
        with self.database.read() as connection:
            return connection.execute(select(messages).where(messages.c.id == message_id)).one()

    def report(self, status: str, sid: str = "SM1", outbox_id: int | None = None, code: str | None = None) -> bool:
        """The provider reports what became of a message; the callback address names its row when ``outbox_id`` is given."""
        with self.database.begin() as connection:
            return note_status(connection, StatusUpdate("message", sid, status, code), outbox_id, self.clock())

    def resend(self, outbox_id: int) -> None:
        """A person has it sent again."""
        with self.database.begin() as connection:
            self.outbox.queue_again(connection, outbox_id, self.clock())

    def spoil(self, outbox_id: int) -> None:
        """Make a row one of a key that is lost."""
        with self.database.begin() as connection:
            connection.execute(update(outbox).where(outbox.c.id == outbox_id).values(body_encrypted=b"of a lost key"))


@pytest.fixture
def desk(database: Database) -> Desk:
    """An empty outbox on a database of each kind."""
    cipher = Cipher([Fernet.generate_key().decode()], "p" * 40)
    made, provider, clock = Outbox(database, cipher), FakeProvider(), Clock()
    return Desk(database, cipher, made, provider, clock, Dispatcher(database, made, provider, CALLBACK, clock))
