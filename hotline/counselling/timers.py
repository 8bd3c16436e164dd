"""What happens to handoffs and callbacks by itself: timers that run out, offers that move on, callbacks that come due.

Several workers may do this at once: every row is looked at again under its lock, and what another one has done is left alone.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from huey import Huey, crontab
from redis.exceptions import RedisError
from sqlalchemy import Connection, select

from hotline.counselling.assignment import offer_waiting
from hotline.counselling.call_orders import OrderBell, OrderBook
from hotline.counselling.callbacks import DUE, EXPIRED, Callbacks
from hotline.counselling.counsellors import mark_away
from hotline.counselling.handoff import UnknownHandoff, end_offers, get_open, move_handoff
from hotline.counselling.line import read_due
from hotline.counselling.notices import Notices, PersonNotices
from hotline.counselling.ringing import Ringing
from hotline.counselling.silent_calls import close_silent_call, find_silent_calls
from hotline.counselling.states import OPEN, Clockwork, Move, on_timer
from hotline.counselling.talk_rows import ring_after
from hotline.counselling.talks import Talks
from hotline.store.database import Database
from hotline.store.tables import handoffs

log = logging.getLogger(__name__)
TEND = "tend_handoffs"
# Each look costs a job and a look through the tables; a rush must not pay that for every person.
BURST_SECONDS = 1
# An offer lasts a minute and a half: it must not wait for the next full minute to move on.
TICKS_SECONDS = (15, 30, 45)
MOST_AT_ONCE = 500
# The person is told of these, and of the first reminder only.
TOLD_TO_THE_PERSON: Mapping[Move, str] = {"remind": "person.takes_longer", "answer_ran_out": "person.takes_longer"}


@dataclass(frozen=True)
class Telephones:
    """What the worker needs to ring counsellors and people. ``book`` gives the orders' book when it is needed."""

    talks: Talks
    ringing: Ringing
    bell: OrderBell
    book: Callable[[], OrderBook]


class Timers:
    """The worker's side of handoffs and callbacks."""

    def __init__(
        self,
        database: Database,
        callbacks: Callbacks,
        notices: Notices,
        person: PersonNotices,
        ring: Callable[[int], object],
        telephones: Telephones,
        clock: Callable[[], datetime],
    ) -> None:
        """Hold what is needed.

        Args:
            database: for one unit of work a row.
            callbacks: their queries.
            notices: tells counsellors.
            person: tells the person.
            ring: wakes the worker for an outbox row, after the commit.
            telephones: rings counsellors, and carries out what a crash left.
            clock: gives aware UTC.
        """
        self._telephones = telephones
        self._database = database
        self._callbacks = callbacks
        self._notices = notices
        self._person = person
        self._ring = ring
        self._clock = clock

    def run(self) -> int:
        """Do everything whose time has come.

        Returns:
            How much it was.
        """
        now = self._clock()
        with self._database.begin() as connection:
            mark_away(connection, now)
        with self._database.read() as connection:
            query = select(handoffs.c.id).where(handoffs.c.state.in_(OPEN), handoffs.c.timer_at <= now)
            late = list(connection.execute(query.order_by(handoffs.c.timer_at).limit(MOST_AT_ONCE)).scalars())
            calls = self._callbacks.find_timers(connection, now)
            talks = self._telephones.talks.find_late(connection, now)
            silent = find_silent_calls(connection, now)
        done = sum(self._one(self._run_handoff, handoff_id, now) for handoff_id in late)
        done += sum(self._one(self._run_callback, callback_id, now) for callback_id in calls)
        done += sum(self._one(self._run_talk, leg_id, now) for leg_id in talks)
        done += sum(self._one(self._run_silent, conversation_id, now) for conversation_id in silent)
        with self._database.begin() as connection:
            # Who is called back has kept the place: they are served with those who hold the line, in one order.
            offers = offer_waiting(connection, now, read_due(connection, now))
            follow = self._telephones.ringing.ring(connection, offers, now)
        ring_after(follow, self._telephones.bell.ring, self._ring)
        self._telephones.bell.ring(self._telephones.book().sweep())
        return done + len(offers)

    def _one(self, work: Callable[[Connection, int, datetime], list[int] | None], row_id: int, now: datetime) -> bool:
        """Do one row; what is wrong with it holds up no other."""
        try:
            with self._database.begin() as connection:
                rung = work(connection, row_id, now)
        except Exception:
            log.exception("a timer could not be run", extra={"row": row_id, "work": work.__name__})
            return False
        for outbox_id in rung or ():
            self._ring(outbox_id)
        return rung is not None

    def _run_handoff(self, connection: Connection, handoff_id: int, now: datetime) -> list[int] | None:
        try:
            handoff = get_open(connection, handoff_id)
        except UnknownHandoff:
            return None
        if handoff["timer_at"] is None or handoff["timer_at"] > now:
            return None
        names = ("state", "is_urgent", "awaits", "requested_at", "reminders")
        made = on_timer(Clockwork(**{name: handoff[name] for name in names}), now)
        if made == "offer_ran_out":
            end_offers(connection, handoff_id, "expired", now)
        changed = {"reminders": handoff["reminders"] + 1} if made in TOLD_TO_THE_PERSON else {}
        move_handoff(connection, handoff, made, now, **changed)
        return list(self._tell(connection, handoff, made, now))

    def _run_talk(self, connection: Connection, leg_id: int, now: datetime) -> list[int]:
        follow = self._telephones.talks.happen(connection, leg_id, "ran_out", now)
        # Its orders are found by the sweep at the end of this run.
        return follow.outbox_ids

    def _run_silent(self, connection: Connection, conversation_id: int, now: datetime) -> list[int] | None:
        return [] if close_silent_call(connection, self._callbacks, conversation_id, now) else None

    def _tell(self, connection: Connection, handoff: Mapping[str, Any], made: Move, now: datetime) -> Iterator[int]:
        if made not in TOLD_TO_THE_PERSON:
            return
        if handoff["reminders"] == 0 and (told := self._person.tell(connection, handoff, TOLD_TO_THE_PERSON[made], now)):
            yield told
        urgent = f"URGENT ({handoff['danger']}) " if handoff["is_urgent"] else ""
        yield from self._notices.tell(connection, f"{urgent}Handoff {handoff['id']} still waits: flask handoffs list", now)

    def _run_callback(self, connection: Connection, callback_id: int, now: datetime) -> list[int] | None:
        state = self._callbacks.run_timer(connection, callback_id, now)
        if state == DUE:
            return self._notices.tell(connection, f"Callback {callback_id} is due: flask callbacks list", now)
        if state == EXPIRED:
            return self._notices.tell(connection, f"Callback {callback_id} was not made in time: flask handoffs list", now)
        return None if state is None else []


class TimerBell:
    """Has the worker look at once, when somebody was asked for. Never fails the caller: the next tick finds it anyway."""

    def __init__(self, tend: Callable[[], object], tend_later: Callable[[], object] | None = None) -> None:
        """Hold the job; ``register_timers`` makes it.

        Args:
            tend: asks for a look now.
            tend_later: asks for one in ``BURST_SECONDS``; it finds everybody who has asked until then.
        """
        self._tend = tend
        self._tend_later = tend_later or tend
        self._looked_at = self._covered_until = float("-inf")
        self._lock = threading.Lock()

    def ring(self) -> None:
        """Ask for a look; of many who ask at once, the first is seen now and all others together a second later."""
        with self._lock:
            now = time.monotonic()
            if now < self._covered_until:
                return
            if is_burst := now - self._looked_at < BURST_SECONDS:
                self._covered_until = now + BURST_SECONDS
            else:
                self._looked_at = now
        with _quiet():
            (self._tend_later if is_burst else self._tend)()


def register_timers(queue: Huey, timers: Callable[[], Timers]) -> TimerBell:
    """Declare the job on a queue.

    Args:
        queue: where it runs.
        timers: gives what does it when the job runs; the web process rings but does nothing itself.
    """

    def tend_once() -> None:
        timers().run()

    once = queue.task(name=f"{TEND}_once")(tend_once)

    def tend() -> None:
        for seconds in TICKS_SECONDS:
            with _quiet():
                once.schedule(delay=seconds)
        timers().run()

    queue.periodic_task(crontab(minute="*"), name=TEND)(tend)
    return TimerBell(once, lambda: once.schedule(delay=BURST_SECONDS))


@contextmanager
def _quiet() -> Iterator[None]:
    try:
        yield
    except (RedisError, sqlite3.Error, OSError):
        log.warning("the job queue did not answer; the next tick will tend the handoffs")
