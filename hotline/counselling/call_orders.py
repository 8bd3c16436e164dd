"""What the provider has still to be told about calls: rows first, and only the worker tells.

An order is claimed before the provider is asked. To dial twice would ring somebody's telephone twice, so an order to dial that
may have been carried out is never given again: it is *unsure*, and the talk says so. All others may be given again without harm.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from huey import Huey
from redis.exceptions import RedisError
from sqlalchemy import Connection, select, update

from hotline.counselling.calls import What
from hotline.privacy.cipher import Cipher, Unreadable
from hotline.store.database import Database, insert_returning_id
from hotline.store.tables import call_legs, call_orders, conversations, handoffs, talks
from hotline.telephony.client import SendFailed

log = logging.getLogger(__name__)
QUEUED, DOING, DONE, FAILED, UNSURE = "queued", "doing", "done", "failed", "unsure"
DIAL = "dial"
# Longer than asking the provider may take; after it whoever asked is taken for dead.
CLAIM_SECONDS = 30
MOST_ATTEMPTS, AGAIN_SECONDS = 4, 3
# A telephone must not ring long after it was wanted.
DIAL_WITHIN = timedelta(seconds=60)
LEGS_PATH = "/webhooks/twilio/legs"


class Calls(Protocol):
    """The provider; see ``telephony.call_client.TwilioCalls``."""

    def place_call(self, *, to: str, sender: str, url: str, status_callback: str) -> str:
        """Call a telephone."""
        ...

    def redirect_call(self, call_sid: str, url: str) -> None:
        """Have a call go on with another document."""
        ...

    def end_call(self, call_sid: str) -> None:
        """Hang up."""
        ...

    def set_participant(
        self,
        conference_sid: str,
        call_sid: str,
        *,
        held: bool | None = None,
        muted: bool | None = None,
        hold_url: str | None = None,
    ) -> None:
        """Hold or mute."""
        ...


@dataclass(frozen=True)
class Wish:
    """What an order makes of a call in a conference: the column that tells it, and what the talk is told when it is not done."""

    column: str
    value: bool
    failed: What


WISHED: Mapping[str, Wish] = {
    "hold": Wish("is_held", True, "hold_failed"),
    "unhold": Wish("is_held", False, "unhold_failed"),
    "mute": Wish("is_muted", True, "mute_failed"),
    "unmute": Wish("is_muted", False, "unmute_failed"),
}


@dataclass(frozen=True)
class Order:
    """An order that is ours to give now."""

    id: int
    kind: str
    leg_id: int
    attempts: int
    call_sid: str | None
    conference_sid: str | None
    number: str | None = field(repr=False)
    sender: str = field(repr=False)


def put_order(connection: Connection, leg_id: int, kind: str, now: datetime) -> int:
    """Store an order; ring with its id after the commit."""
    row = {"leg_id": leg_id, "kind": kind, "status": QUEUED, "attempts": 0, "due_at": now, "created_at": now}
    return insert_returning_id(connection, call_orders, row)


class OrderBook:
    """The worker's side of the orders."""

    def __init__(
        self,
        database: Database,
        cipher: Cipher,
        calls: Calls,
        base_url: str,
        note: Callable[[int, What], object],
        clock: Callable[[], datetime],
    ) -> None:
        """Hold what is needed.

        Args:
            database: where the orders are.
            cipher: opens numbers.
            calls: the provider.
            base_url: where the provider reaches us.
            note: tells the talk what became of a call (its leg, and what).
            clock: gives aware UTC.
        """
        self._database = database
        self._cipher = cipher
        self._calls = calls
        self._base_url = base_url
        self._note = note
        self._clock = clock

    def carry_out(self, order_id: int) -> float | None:
        """Give one order, if it is due and nobody else gives it.

        Returns:
            Seconds until it should be tried again, or None.
        """
        order = self._claim(order_id)
        if order is None:
            return None
        try:
            sid = self._give(order)
        except SendFailed as failure:
            return self._note_failure(order, failure)
        self._finish(order_id, DONE)
        if order.kind == DIAL:
            self._note_sid(order.leg_id, sid)
        return None

    def sweep(self) -> list[int]:
        """Find what a crash left: due orders, and orders whose giver died. Of those, one to dial is unsure for ever."""
        now = self._clock()
        with self._database.begin() as connection:
            stuck = (call_orders.c.status == DOING) & (call_orders.c.claimed_until < now)
            query = select(call_orders.c.id, call_orders.c.leg_id, call_orders.c.kind).where(stuck)
            dead = connection.execute(query.with_for_update(skip_locked=True)).all()
            for row in dead:
                status = UNSURE if row.kind == DIAL else QUEUED
                wanted = update(call_orders).where(call_orders.c.id == row.id)
                connection.execute(wanted.values(status=status, claimed_until=None, due_at=now))
        for row in dead:
            if row.kind == DIAL:
                log.error("a telephone may or may not have been rung", extra={"order": row.id})
                self._note(row.leg_id, "unclear")
        with self._database.read() as connection:
            due = select(call_orders.c.id).where(call_orders.c.status == QUEUED, call_orders.c.due_at <= now)
            return list(connection.execute(due.order_by(call_orders.c.id).limit(500)).scalars())

    def _claim(self, order_id: int) -> Order | None:
        now = self._clock()
        with self._database.begin() as connection:
            row = connection.execute(_query(order_id, now).with_for_update(of=call_orders, skip_locked=True)).one_or_none()
            if row is None:
                return None
            is_late = row.kind == DIAL and now - row.created_at > DIAL_WITHIN
            # The talk may be over by now: then no telephone is to ring any more, and there is nobody to hang up on.
            is_idle = row.state != "ordered" if row.kind == DIAL else row.call_sid is None or _is_unwished(row)
            status = FAILED if is_late or is_idle else DOING
            until = now + timedelta(seconds=CLAIM_SECONDS)
            wanted = update(call_orders).where(call_orders.c.id == order_id)
            connection.execute(wanted.values(status=status, attempts=row.attempts + 1, claimed_until=until))
        if is_late and not is_idle:
            self._note(row.leg_id, "refused")
        if status == FAILED:
            return None
        try:
            number = self._cipher.decrypt(row.number_encrypted) if row.number_encrypted else None
            sender = self._cipher.decrypt(row.service_address_encrypted)
        except Unreadable:
            log.exception("a number cannot be decrypted", extra={"order": order_id})
            self._finish(order_id, FAILED)
            self._note(row.leg_id, "refused")
            return None
        return Order(row.id, row.kind, row.leg_id, row.attempts + 1, row.call_sid, row.conference_sid, number, sender)

    def _give(self, order: Order) -> str | None:
        here = f"{self._base_url}{LEGS_PATH}/{order.leg_id}"
        sid, conference = order.call_sid or "", order.conference_sid
        match order.kind:
            case "dial":
                return self._calls.place_call(
                    to=order.number or "", sender=order.sender, url=f"{here}/answer", status_callback=f"{here}/status"
                )
            case "fetch":
                self._calls.redirect_call(sid, f"{here}/join")
            case "bring_back":
                self._calls.redirect_call(sid, f"{here}/back")
            case "tell_missed":
                self._calls.redirect_call(sid, f"{here}/missed")
            case "hang_up":
                self._calls.end_call(sid)
            case "hold" | "unhold" if conference:
                hold_url = f"{self._base_url}{LEGS_PATH}/hold"
                self._calls.set_participant(conference, sid, held=order.kind == "hold", hold_url=hold_url)
            case "mute" | "unmute" if conference:
                self._calls.set_participant(conference, sid, muted=order.kind == "mute")
            case _:
                # The conference has not told its Sid yet; its report is on the way.
                raise SendFailed(code=None, decision="retry", retry_after_seconds=None)
        return None

    def _note_failure(self, order: Order, failure: SendFailed) -> float | None:
        is_busy = failure.decision == "retry" and (failure.is_certain or order.kind != DIAL)
        is_again = is_busy and order.attempts < MOST_ATTEMPTS
        status = QUEUED if is_again else FAILED if failure.is_certain or order.kind != DIAL else UNSURE
        log.warning("an order was not carried out", extra={"order": order.id, "code": failure.code, "next_status": status})
        wait = AGAIN_SECONDS if is_again else 0
        self._finish(order.id, status, failure.code, wait)
        if is_again:
            return wait
        if order.kind == DIAL:
            self._note(order.leg_id, "refused" if failure.is_certain else "unclear")
        elif order.kind in ("fetch", "bring_back"):
            # The call is over, and its report may never come.
            self._note(order.leg_id, "gone")
        elif order.kind in WISHED:
            # Whoever wished for it must not believe that it was done.
            self._note(order.leg_id, WISHED[order.kind].failed)
        return None

    def _finish(self, order_id: int, status: str, code: int | None = None, wait_seconds: float = 0) -> None:
        values: dict[str, Any] = {
            "status": status,
            "claimed_until": None,
            "error_code": str(code) if code is not None else None,
            "due_at": self._clock() + timedelta(seconds=wait_seconds),
        }
        with self._database.begin() as connection:
            connection.execute(update(call_orders).where(call_orders.c.id == order_id).values(**values))

    def _note_sid(self, leg_id: int, sid: str | None) -> None:
        with self._database.begin() as connection:
            # Its reports may have been quicker, and have told it already.
            unknown = (call_legs.c.id == leg_id) & call_legs.c.call_sid.is_(None)
            connection.execute(update(call_legs).where(unknown).values(call_sid=sid))
            state = connection.execute(select(call_legs.c.state).where(call_legs.c.id == leg_id)).scalar_one()
            # The talk was over before the provider answered: nobody wants this call any more.
            late = put_order(connection, leg_id, "hang_up", self._clock()) if state == "gone" else None
        if late is not None:
            self.carry_out(late)


def _is_unwished(row: Any) -> bool:
    """Whether the opposite was wished meanwhile: done late, it would undo what the screen shows."""
    wish = WISHED.get(row.kind)
    return wish is not None and getattr(row, wish.column) is not wish.value


def _query(order_id: int, now: datetime) -> Any:
    return (
        select(
            call_orders,
            call_legs.c.call_sid,
            call_legs.c.state,
            call_legs.c.is_held,
            call_legs.c.is_muted,
            call_legs.c.number_encrypted,
            talks.c.conference_sid,
            conversations.c.service_address_encrypted,
        )
        .join(call_legs, call_legs.c.id == call_orders.c.leg_id)
        .join(talks, talks.c.id == call_legs.c.talk_id)
        .join(handoffs, handoffs.c.id == talks.c.handoff_id)
        .join(conversations, conversations.c.id == handoffs.c.conversation_id)
        .where(call_orders.c.id == order_id, call_orders.c.status == QUEUED, call_orders.c.due_at <= now)
    )


class OrderBell:
    """Tells the worker that an order waits. Never fails the caller: the sweep finds it anyway."""

    def __init__(self, carry_out: Callable[[int], object]) -> None:
        """Hold the job; ``register_orders`` makes it."""
        self._carry_out = carry_out

    def ring(self, order_ids: Iterable[int]) -> None:
        """Ask for orders to be given, in their order."""
        for order_id in order_ids:
            try:
                self._carry_out(order_id)
            except (RedisError, sqlite3.Error, OSError):
                log.warning("the job queue did not answer; the sweep will give the order", extra={"order": order_id})


def register_orders(queue: Huey, book: Callable[[], OrderBook]) -> OrderBell:
    """Declare the job on a queue.

    Args:
        queue: where it runs.
        book: gives what gives orders when the job runs; the web process rings but asks no provider.
    """

    def carry_out(order_id: int) -> None:
        wait_seconds = book().carry_out(order_id)
        if wait_seconds is not None:
            job.schedule(args=(order_id,), delay=wait_seconds)

    job = queue.task(name="call_order")(carry_out)
    return OrderBell(job)
