"""A small counselling office on a database: conversations, counsellors and a clock, for tests of handoffs."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from cryptography.fernet import Fernet
from sqlalchemy import insert, select

from hotline.counselling.call_orders import OrderBell, OrderBook
from hotline.counselling.callbacks import Callbacks
from hotline.counselling.calls import What
from hotline.counselling.handoff import HandoffRequest, request_handoff
from hotline.counselling.hours import Hours, Slot
from hotline.counselling.notices import CallbackConfirmation, Notices, PersonNotices
from hotline.counselling.queues import Queue, store_queues
from hotline.counselling.ringing import Ringing
from hotline.counselling.talks import Talks
from hotline.counselling.timers import Telephones, Timers
from hotline.delivery.outbox import Outbox
from hotline.dialogue.person import HandoffDesk
from hotline.dialogue.texts import Texts
from hotline.privacy.cipher import Cipher
from hotline.store.database import Database, insert_returning_id
from hotline.store.tables import addresses, callbacks, contacts, conversations, counsellors, handoffs, metadata, staff_accounts
from tests.conftest import BASE_URL, NOW, Clock

OURS = "+4930555000"
WINDOW = Slot(time(8), time(20))
LONGER = "Es dauert länger."
TEXTS = Texts({"de": {"person.takes_longer.text": LONGER}})


class NotedCalls:
    """A provider that writes down what it was asked for, and fails when told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.failure: Exception | None = None

    def place_call(self, *, to: str, sender: str, url: str, status_callback: str) -> str:
        """See ``Calls``."""
        self._note("dial", to, sender, url.removeprefix(BASE_URL))
        return f"CA{len(self.asked):032}"

    def redirect_call(self, call_sid: str, url: str) -> None:
        """See ``Calls``."""
        self._note("redirect", call_sid, url.removeprefix(BASE_URL))

    def end_call(self, call_sid: str) -> None:
        """See ``Calls``."""
        self._note("hang_up", call_sid)

    def set_participant(
        self,
        conference_sid: str,
        call_sid: str,
        *,
        held: bool | None = None,
        muted: bool | None = None,
        hold_url: str | None = None,
    ) -> None:
        """See ``Calls``."""
        self._note("participant", conference_sid, call_sid, str(held), str(muted))

    def _note(self, *asked: str) -> None:
        self.asked.append(asked)
        if self.failure is not None:
            raise self.failure


class Office:
    """Two counsellors, Anna and Bert, who speak German; open on weekdays from 9 to 15."""

    def __init__(self, database: Database, *, is_open_always: bool = False) -> None:
        self.database = database
        self.clock = Clock()
        self.cipher = Cipher([Fernet.generate_key().decode()], "p" * 40)
        self.outbox = Outbox(database, self.cipher)
        self.callbacks = Callbacks(self.cipher, WINDOW)
        self.rung: list[int] = []
        self.ordered: list[int] = []
        self.provider = NotedCalls()
        hours = (
            dict.fromkeys(range(7), (Slot(time(0), time(0)),))
            if is_open_always
            else dict.fromkeys(range(5), (Slot(time(9), time(15)),))
        )
        with database.begin() as connection:
            store_queues(connection, [Queue("general", frozenset(), frozenset(), Hours(hours, holidays_of="none"))])
        self.anna, self.bert = self.hire("anna"), self.hire("bert")

    @property
    def desk(self) -> HandoffDesk:
        """What a turn asks."""
        confirmation = CallbackConfirmation(self.outbox, self.cipher, TEXTS, WINDOW)
        return HandoffDesk(Notices(self.outbox, [], None), self.callbacks, confirmation, lambda: None)

    @property
    def timers(self) -> Timers:
        """What the worker runs."""
        notices = Notices(self.outbox, ["+4915100000001"], OURS)
        person = PersonNotices(self.outbox, self.cipher, TEXTS, WINDOW)
        telephones = Telephones(self.talks, Ringing(self.talks), OrderBell(self.ordered.append), lambda: self.book)
        return Timers(self.database, self.callbacks, notices, person, self.rung.append, telephones, self.clock)

    @property
    def talks(self) -> Talks:
        """Talks by telephone."""
        return Talks(self.cipher, self.callbacks, Notices(self.outbox, ["+4915100000001"], OURS))

    @property
    def book(self) -> OrderBook:
        """Carries out what is ordered, at a provider that notes it."""
        return OrderBook(self.database, self.cipher, self.provider, BASE_URL, self.note, self.clock)

    def note(self, leg_id: int, what: What) -> str:
        """Something has happened to a call."""
        with self.database.begin() as connection:
            follow = self.talks.happen(connection, leg_id, what, self.clock())
        self.ordered += follow.orders
        return follow.state

    def hire(self, name: str, *languages: str, presence: str = "available", capacity: int = 5) -> int:
        """A counsellor."""
        with self.database.begin() as connection:
            row = {"name": name, "password_hash": "x", "created_at": NOW}
            account_id = insert_returning_id(connection, staff_accounts, row)
            skills: dict[str, Any] = {"languages": list(languages or ("de",)), "topics": [], "lands": [], "capacity": capacity}
            connection.execute(insert(counsellors).values(account_id=account_id, presence=presence, seen_at=NOW, **skills))
        return account_id

    def open(self, number: str | None = "+4915112345678", channel: str = "sms") -> int:
        """A conversation with the machine; None is a withheld number."""
        with self.database.begin() as connection:
            address_id = None
            if number is not None:
                pseudonym = self.cipher.pseudonym(number)
                found = select(addresses.c.id).where(addresses.c.pseudonym == pseudonym)
                address_id = connection.execute(found).scalar_one_or_none()
                if address_id is None:
                    contact_id = insert_returning_id(connection, contacts, {"created_at": NOW})
                    row = {"contact_id": contact_id, "pseudonym": pseudonym, "number_encrypted": self.cipher.encrypt(number)}
                    address_id = insert_returning_id(connection, addresses, row)
            values = {
                "address_id": address_id,
                "channel": channel,
                "service_address_encrypted": self.cipher.encrypt(OURS),
                "status": "bot",
                "language": "de",
                "session": {},
                "turns": 0,
                "opened_at": self.clock(),
                "last_inbound_at": self.clock(),
            }
            return insert_returning_id(connection, conversations, values)

    def ask(self, conversation_id: int | None = None, danger: str | None = None, language: str | None = "de") -> int:
        """A request for a person, in a conversation of its own unless one is named."""
        conversation_id = conversation_id or self.open()
        request = HandoffRequest(conversation_id, "danger" if danger else "asked", danger, language, None, "sms")
        with self.database.begin() as connection:
            return request_handoff(connection, request, self.clock()).id

    def handoff(self, handoff_id: int) -> dict[str, Any]:
        """Its row."""
        with self.database.read() as connection:
            return connection.execute(select(handoffs).where(handoffs.c.id == handoff_id)).one()._asdict()

    def state(self, handoff_id: int) -> str:
        """Where it stands."""
        return str(self.handoff(handoff_id)["state"])

    def status(self, handoff_id: int) -> str:
        """Who has its conversation."""
        wanted = select(conversations.c.status).where(conversations.c.id == self.handoff(handoff_id)["conversation_id"])
        with self.database.read() as connection:
            return str(connection.execute(wanted).scalar_one())

    def callback(self, handoff_id: int) -> dict[str, Any]:
        """The newest callback of a handoff."""
        query = select(callbacks).where(callbacks.c.handoff_id == handoff_id).order_by(callbacks.c.id.desc()).limit(1)
        with self.database.read() as connection:
            return connection.execute(query).one()._asdict()

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a table."""
        found = metadata.tables[table]
        with self.database.read() as connection:
            return [row._asdict() for row in connection.execute(found.select().order_by(*found.primary_key))]

    def set_clock(self, at: datetime) -> None:
        """Move the clock; everybody at a screen is still there."""
        self.clock.now = at
        with self.database.begin() as connection:
            connection.execute(counsellors.update().values(seen_at=at))
