"""Callbacks: a person is called when it is safe for them, by a counsellor, once at a time, and keeps the place in the queue.

wanted -> due -> calling -> done, or after a try in vain wanted again, and after three failed; expired when nobody called in a
week; cancelled when the person wants none any more. Unclear when nobody knows whether the telephone rang: a counsellor looks, and
nothing calls again by itself.
The number is encrypted. Nothing here dials: ``talks`` does, or a counsellor takes a callback, gets the number and calls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from hotline.counselling.handoff import get_open, lock_conversation, move_handoff, write_audit
from hotline.counselling.hours import ANY_TIME, BERLIN, SAFE_TIMES, Hours, Slot, may_call, next_call
from hotline.counselling.queues import read_queues
from hotline.counselling.wrap_ups import owe_wrap_up
from hotline.privacy.cipher import Cipher
from hotline.store.tables import addresses, callbacks, conversations, handoffs

WANTED, DUE, CALLING, DONE, FAILED, EXPIRED = "wanted", "due", "calling", "done", "failed", "expired"
UNCLEAR, CANCELLED = "unclear", "cancelled"
MOVES: Mapping[str, Mapping[str, str]] = {
    WANTED: {"come_due": DUE, "end": EXPIRED},
    DUE: {"call": CALLING, "put_off": WANTED, "end": EXPIRED},
    CALLING: {"reach": DONE, "miss": WANTED, "give_up": FAILED, "lose": DUE, "wonder": UNCLEAR},
    UNCLEAR: {"reach": DONE, "miss": WANTED, "give_up": FAILED, "end": EXPIRED},
    DONE: {},
    FAILED: {},
    EXPIRED: {},
    CANCELLED: {},
}
MOST_TRIES = 3
NEXT_TRY = timedelta(hours=2)
# A counsellor who took the number and says nothing more: the screen was closed, and somebody else may call.
CALLING_LASTS = timedelta(minutes=30)
CALLBACK_ENDS = timedelta(days=7)
# A counsellor's telephone rings for the same callback no sooner again.
CALLBACK_RUNG_AGAIN_AFTER = timedelta(minutes=10)
# How often a due one is looked at: its safe time may be over.
LOOK_AGAIN = timedelta(minutes=15)


class CannotCall(Exception):
    """A person cannot be called back now. The message says why."""


class Callbacks:
    """Every method takes the unit of work it is part of."""

    def __init__(self, cipher: Cipher, window: Slot) -> None:
        """Hold what is needed.

        Args:
            cipher: for numbers.
            window: of the day in which we call at all.
        """
        self._cipher = cipher
        self._window = window

    def book(
        self,
        connection: Connection,
        handoff: Mapping[str, Any],
        safe_times: str,
        now: datetime,
        *,
        number: str | None = None,
        alias: str | None = None,
    ) -> datetime | None:
        """Turn an open handoff into a callback; one booked before gets the new time.

        Args:
            connection: a unit of work that has locked conversation and handoff.
            handoff: its row.
            safe_times: of ``SAFE_TIMES``.
            now: aware UTC.
            number: E.164, where it is another one than that of the conversation.
            alias: what the person wants to be called.

        Returns:
            When the person will be called at the earliest.

        Raises:
            CannotCall: the number is not known.
            IllegalMove: the handoff is closed.
        """
        if safe_times not in SAFE_TIMES:
            raise ValueError(f"{safe_times!r} is no time of the day; use one of {', '.join(SAFE_TIMES)}.")
        number_encrypted = self._cipher.encrypt(number) if number else _number(connection, handoff["conversation_id"])
        if number_encrypted is None:
            raise CannotCall("The caller's number was withheld; only the caller can call again.")
        move_handoff(connection, handoff, "ask_callback", now)
        again = (callbacks.c.handoff_id == handoff["id"]) & callbacks.c.closed_at.is_(None)
        connection.execute(update(callbacks).where(again).values(state=EXPIRED, timer_at=None, closed_at=now))
        due_at = self._next_call(connection, handoff, safe_times, now)
        row = {
            "handoff_id": handoff["id"],
            "state": WANTED,
            "number_encrypted": number_encrypted,
            "number_pseudonym": self._cipher.pseudonym(self._cipher.decrypt(number_encrypted)),
            "alias_encrypted": self._cipher.encrypt(alias) if alias else None,
            "safe_times": safe_times,
            "place_at": handoff["requested_at"],
            "due_at": due_at,
            "timer_at": due_at or now + CALLBACK_ENDS,
            "tries": 0,
            "created_at": now,
        }
        connection.execute(insert(callbacks).values(**row))
        return due_at

    def list_due(self, connection: Connection) -> Sequence[RowMapping]:
        """Callbacks to be made now: danger first, then in the order in which people first asked. No number."""
        names = ("id", "handoff_id", "safe_times", "place_at", "due_at", "tries")
        columns = [callbacks.c[name] for name in names]
        query = (
            select(*columns, handoffs.c.is_urgent, handoffs.c.language, handoffs.c.topic, handoffs.c.land)
            .join(handoffs, handoffs.c.id == callbacks.c.handoff_id)
            .where(callbacks.c.state == DUE)
            .order_by(handoffs.c.is_urgent.desc(), callbacks.c.place_at, callbacks.c.id)
        )
        return connection.execute(query).mappings().all()

    def take(self, connection: Connection, callback_id: int, counsellor_id: int | None, actor: str, now: datetime) -> str:
        """Take a due callback to call now; nobody else can call meanwhile.

        Returns:
            The number.

        Raises:
            CannotCall: it is not due, somebody else is calling, or it is no time to call this person.
        """
        callback = self._lock(connection, callback_id)
        if callback["state"] == CALLING:
            raise CannotCall(f"Somebody else is calling for callback {callback_id}.")
        if callback["state"] != DUE or not may_call(now, self._window, callback["safe_times"]):
            due_at = callback["due_at"]
            until = f" before {due_at.astimezone(BERLIN):%d.%m. %H:%M}" if due_at and due_at > now else " now"
            raise CannotCall(f"Callback {callback_id} is {callback['state']}; this person is not to be called{until}.")
        changed = {"counsellor_id": counsellor_id, "tries": callback["tries"] + 1, "timer_at": now + CALLING_LASTS}
        _move(connection, callback, "call", **changed)
        write_audit(connection, actor, "call_back", callback["handoff_id"], now)
        return self._cipher.decrypt(callback["number_encrypted"])

    def note_reached(self, connection: Connection, callback_id: int, actor: str, now: datetime) -> None:
        """The person was reached and the matter is done.

        Raises:
            CannotCall: nobody is calling.
        """
        callback = self._calling(connection, callback_id)
        _move(connection, callback, "reach", timer_at=None, closed_at=now)
        handoff = get_open(connection, callback["handoff_id"])
        move_handoff(connection, handoff, "close", now)
        if callback["counsellor_id"] is not None:
            owe_wrap_up(connection, handoff, callback["counsellor_id"], now)
        write_audit(connection, actor, "reach_by_callback", callback["handoff_id"], now)

    def note_missed(self, connection: Connection, callback_id: int, actor: str, now: datetime) -> datetime | None:
        """Nobody answered.

        Returns:
            When the next try is due; None after the last one: the handoff is in the queue again, for a counsellor to decide.

        Raises:
            CannotCall: nobody is calling.
        """
        callback = self._calling(connection, callback_id)
        handoff = get_open(connection, callback["handoff_id"])
        write_audit(connection, actor, "miss_by_callback", callback["handoff_id"], now)
        if callback["tries"] >= MOST_TRIES:
            _move(connection, callback, "give_up", timer_at=None, closed_at=now)
            move_handoff(connection, handoff, "callback_ended", now)
            return None
        due_at = self._next_call(connection, handoff, callback["safe_times"], now + NEXT_TRY)
        _move(connection, callback, "miss", counsellor_id=None, due_at=due_at, timer_at=due_at or now + NEXT_TRY)
        return due_at

    def note_talking(self, connection: Connection, callback_id: int, now: datetime) -> None:
        """The person has pressed the key and is with the counsellor: the call back is done, and the conversation is theirs.

        Raises:
            CannotCall: nobody is calling.
        """
        callback = self._calling(connection, callback_id)
        _move(connection, callback, "reach", timer_at=None, closed_at=now)
        handoff = get_open(connection, callback["handoff_id"])
        move_handoff(
            connection, handoff, "accept", now, counsellor_id=callback["counsellor_id"], accepted_at=now, awaits="contact",
            is_told=False,
        )  # fmt: skip
        write_audit(connection, "hotline", "talk_by_callback", callback["handoff_id"], now)

    def note_unclear(self, connection: Connection, callback_id: int, actor: str, now: datetime) -> None:
        """Nobody knows whether the telephone rang: a counsellor says so with ``reached`` or ``missed``, and nobody calls before.

        Raises:
            CannotCall: nobody is calling.
        """
        callback = self._calling(connection, callback_id)
        _move(connection, callback, "wonder", timer_at=now + CALLBACK_ENDS)
        write_audit(connection, actor, "wonder_about_callback", callback["handoff_id"], now)

    def cancel_all(self, connection: Connection, number: str, now: datetime) -> int:
        """The person at a number wants no call any more; their handoffs end.

        Args:
            connection: a unit of work.
            number: E.164, of whoever asks.
            now: aware UTC.

        Returns:
            How many there were; the person is told the same whether there was one or not.
        """
        open_ones = callbacks.c.closed_at.is_(None) & callbacks.c.state.in_((WANTED, DUE))
        query = select(callbacks.c.id).where(callbacks.c.number_pseudonym == self._cipher.pseudonym(number), open_ones)
        ids = connection.execute(query.order_by(callbacks.c.id)).scalars().all()
        for callback_id in ids:
            callback = self._lock(connection, callback_id)
            if callback["state"] not in (WANTED, DUE):
                continue
            connection.execute(_update(callback, state=CANCELLED, timer_at=None, closed_at=now))
            move_handoff(connection, get_open(connection, callback["handoff_id"]), "withdraw", now)
        return len(ids)

    def run_timer(self, connection: Connection, callback_id: int, now: datetime) -> str | None:
        """Do what the timer of a callback says, if it has run out.

        Args:
            connection: a unit of work.
            callback_id: of the callback.
            now: aware UTC.

        Returns:
            The new state; None when there was nothing to do.
        """
        callback = self._lock(connection, callback_id)
        if callback["closed_at"] is not None or callback["timer_at"] is None or callback["timer_at"] > now:
            return None
        if callback["state"] == CALLING:
            return _move(connection, callback, "lose", counsellor_id=None, timer_at=now + LOOK_AGAIN)
        handoff = get_open(connection, callback["handoff_id"])
        if now - callback["created_at"] >= CALLBACK_ENDS or callback["state"] == UNCLEAR:
            state = _move(connection, callback, "end", timer_at=None, closed_at=now)
            move_handoff(connection, handoff, "callback_ended", now)
            return state
        if not may_call(now, self._window, callback["safe_times"]):
            due_at = self._next_call(connection, handoff, callback["safe_times"], now)
            if callback["state"] == DUE:
                return _move(connection, callback, "put_off", due_at=due_at, timer_at=due_at or now + LOOK_AGAIN)
            connection.execute(_update(callback, due_at=due_at, timer_at=due_at or now + LOOK_AGAIN))
            return None
        if callback["state"] == DUE:
            connection.execute(_update(callback, timer_at=now + LOOK_AGAIN))
            return None
        return _move(connection, callback, "come_due", timer_at=now + LOOK_AGAIN)

    def find_timers(self, connection: Connection, now: datetime) -> list[int]:
        """Callbacks whose timer has run out; nothing is locked."""
        query = select(callbacks.c.id).where(callbacks.c.closed_at.is_(None), callbacks.c.timer_at <= now)
        return list(connection.execute(query.order_by(callbacks.c.timer_at).limit(500)).scalars())

    def number_of(self, connection: Connection, conversation_id: int) -> str | None:
        """The number of a conversation, None where there is none."""
        stored = _number(connection, conversation_id)
        return self._cipher.decrypt(stored) if stored is not None else None

    def _next_call(self, connection: Connection, handoff: Mapping[str, Any], safe_times: str, at: datetime) -> datetime | None:
        hours = next((queue.hours for queue in read_queues(connection) if queue.name == handoff["queue"]), Hours({}))
        return next_call(at, self._window, safe_times, hours, handoff["land"])

    def _calling(self, connection: Connection, callback_id: int) -> dict[str, Any]:
        callback = self._lock(connection, callback_id)
        if callback["state"] not in (CALLING, UNCLEAR):
            raise CannotCall(f"Callback {callback_id} is {callback['state']}; nobody is calling.")
        return callback

    def _lock(self, connection: Connection, callback_id: int) -> dict[str, Any]:
        """A callback, locked after its conversation and handoff, as everybody locks."""
        of = select(callbacks.c.handoff_id).where(callbacks.c.id == callback_id).scalar_subquery()
        conversation = select(handoffs.c.conversation_id).where(handoffs.c.id == of)
        lock_conversation(connection, connection.execute(conversation).scalar_one_or_none())
        query = select(callbacks).where(callbacks.c.id == callback_id).with_for_update()
        found = connection.execute(query).one_or_none()
        if found is None:
            raise CannotCall(f"There is no callback {callback_id}. `flask callbacks list` shows them.")
        return found._asdict()


def leave_line(connection: Connection, callbacks_: Callbacks, handoff: Mapping[str, Any], now: datetime) -> None:
    """A caller who waited is gone: who has a number is called back, as the machine has said.

    Args:
        connection: a unit of work that has locked conversation and handoff.
        callbacks_: books it.
        handoff: its row, in the queue.
        now: aware UTC.
    """
    try:
        callbacks_.book(connection, handoff, ANY_TIME, now)
    except CannotCall:
        move_handoff(connection, handoff, "leave", now)


def _number(connection: Connection, conversation_id: int) -> bytes | None:
    query = (
        select(addresses.c.number_encrypted)
        .join(conversations, conversations.c.address_id == addresses.c.id)
        .where(conversations.c.id == conversation_id, conversations.c.channel != "webchat")
    )
    return connection.execute(query).scalar_one_or_none()


def _move(connection: Connection, callback: Mapping[str, Any], made: str, **changed: Any) -> str:
    state = MOVES[callback["state"]].get(made)
    if state is None:
        raise CannotCall(f"Callback {callback['id']} is {callback['state']}.")
    connection.execute(_update(callback, state=state, **changed))
    return state


def _update(callback: Mapping[str, Any], **values: Any) -> Any:
    return update(callbacks).where(callbacks.c.id == callback["id"]).values(**values)
