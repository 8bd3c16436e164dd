"""Whatever happens in whatever order: a conversation has exactly one owner, every open handoff a timer, and nothing is lost."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import Connection, select, update

from hotline.counselling.assignment import (
    TakenByAnother,
    accept,
    decline,
    note_word,
    offer_waiting,
    reassign,
    release,
    return_to_bot,
    withdraw,
)
from hotline.counselling.callbacks import MOVES, CannotCall
from hotline.counselling.handoff import UnknownHandoff, close_handoff, find_disowned, find_open, get_open
from hotline.counselling.hours import SAFE_TIMES, may_call
from hotline.counselling.states import FINAL, IN_QUEUE, OPEN, STAGES, STATUS_OF_OWNER, IllegalMove, owner_of
from hotline.store import migrate
from hotline.store.database import Database
from hotline.store.tables import conversations, counsellors
from tests.counselling.desks import WINDOW, Office

REFUSALS = (IllegalMove, TakenByAnother, CannotCall, UnknownHandoff)
people = st.sampled_from(["anna", "bert"])


@cache
def migrated() -> Path:
    """A database file without rows, to be copied."""
    path = Path(mkdtemp()) / "empty.db"
    database = Database(f"sqlite:///{path}")
    migrate.upgrade(database)
    database.close()
    return path


class Handoffs(RuleBasedStateMachine):
    """Three conversations: one in writing, one on the phone, one on the phone with the number withheld."""

    @initialize()
    def open_office(self) -> None:
        """An office of its own for every sequence."""
        self.folder = Path(mkdtemp())
        shutil.copy(migrated(), self.folder / "hotline.db")
        self.office = Office(Database(f"sqlite:///{self.folder / 'hotline.db'}"))
        self.talks = [
            self.office.open("+4915100000001"),
            self.office.open("+4915100000002", "voice"),
            self.office.open(None, "voice"),
        ]
        self.asked: set[int] = set()

    def teardown(self) -> None:
        """Close and remove."""
        if hasattr(self, "office"):
            self.office.database.close()
            shutil.rmtree(self.folder)

    def _try(self, work: Callable[[Connection], object]) -> None:
        """Do something; what is refused changes nothing and says why in a sentence."""
        before = self.office.rows("handoffs"), self.office.rows("callbacks"), self.office.rows("conversations")
        refusal = None
        try:
            with self.office.database.begin() as connection:
                work(connection)
        except REFUSALS as error:
            refusal = str(error)
        if refusal is not None:
            assert refusal.endswith(".")
            assert (self.office.rows("handoffs"), self.office.rows("callbacks"), self.office.rows("conversations")) == before

    def _with(self, talk: int, work: Callable[[Connection, int], object]) -> None:
        """Do something with the newest handoff of a conversation, if there is one."""
        mine = [row["id"] for row in self.office.rows("handoffs") if row["conversation_id"] == self.talks[talk]]
        if mine:
            self._try(lambda connection: work(connection, mine[-1]))

    talk = st.integers(0, 2)

    @rule(talk=talk, danger=st.sampled_from([None, None, "violence"]))
    def ask(self, talk: int, danger: str | None) -> None:
        """The person asks for a person."""
        self.office.ask(self.talks[talk], danger)
        self.asked.add(talk)

    @rule()
    def offer(self) -> None:
        """What waits is offered."""
        self._try(lambda connection: offer_waiting(connection, self.office.clock()))

    @rule(talk=talk, who=people, deed=st.sampled_from([accept, decline, release, return_to_bot]))
    def decide(self, talk: int, who: str, deed: Callable[..., object]) -> None:
        """A counsellor does something."""
        self._with(talk, lambda connection, h: deed(connection, h, getattr(self.office, who), self.office.clock()))

    @rule(talk=talk, who=people)
    def reassign(self, talk: int, who: str) -> None:
        """A supervisor gives it to somebody."""
        self._with(talk, lambda connection, h: reassign(connection, h, getattr(self.office, who), "cleo", self.office.clock()))

    @rule(talk=talk)
    def withdraw(self, talk: int) -> None:
        """The person wants nobody any more."""
        self._with(talk, lambda connection, h: withdraw(connection, h, self.office.clock()))

    @rule(talk=talk)
    def close(self, talk: int) -> None:
        """It is closed."""
        self._with(talk, lambda connection, h: close_handoff(connection, h, "anna", self.office.clock()))

    @rule(talk=talk, author=st.sampled_from(["counsellor", "contact"]))
    def write(self, talk: int, author: str) -> None:
        """Somebody writes."""
        self._with(talk, lambda connection, h: note_word(connection, get_open(connection, h), author, self.office.clock()))

    @rule(talk=talk, safe=st.sampled_from(SAFE_TIMES))
    def book(self, talk: int, safe: str) -> None:
        """The person wants to be called back."""
        self._with(
            talk, lambda connection, h: self.office.callbacks.book(connection, get_open(connection, h), safe, self.office.clock())
        )

    @rule(deed=st.sampled_from(["take", "take", "reach", "miss"]))
    def call(self, deed: str) -> None:
        """A counsellor calls, or says how it went."""
        known = self.office.rows("callbacks")
        if not known:
            return
        last, now, desk = known[-1]["id"], self.office.clock(), self.office.callbacks
        if deed == "take":
            self._try(lambda connection: desk.take(connection, last, self.office.anna, "anna", now))
            after = self.office.rows("callbacks")[-1]
            if after["state"] == "calling" and known[-1]["state"] != "calling":
                assert may_call(now, WINDOW, after["safe_times"])
        elif deed == "reach":
            self._try(lambda connection: desk.note_reached(connection, last, "anna", now))
        else:
            self._try(lambda connection: desk.note_missed(connection, last, "anna", now))

    @rule(talk=st.integers(1, 2))
    def hang_up(self, talk: int) -> None:
        """A call ends: what waits becomes a callback, or is left."""

        def leave(connection: Connection) -> None:
            over = update(conversations).where(conversations.c.id == self.talks[talk], conversations.c.status == "bot")
            connection.execute(over.values(status="closed", closed_at=self.office.clock()))
            over = update(conversations).where(conversations.c.id == self.talks[talk])
            connection.execute(over.values(closed_at=self.office.clock()))
            self.office.desk.note_caller_left(connection, self.talks[talk], self.office.clock())

        self._try(leave)

    @rule(minutes=st.sampled_from([1, 2, 31, 60, 240, 1441, 10081]))
    def wait(self, minutes: int) -> None:
        """Time goes by, and the worker looks."""
        self.office.set_clock(self.office.clock() + timedelta(minutes=minutes))
        self.office.timers.run()
        for row in self.office.rows("handoffs"):
            assert row["timer_at"] is None or row["timer_at"] > self.office.clock(), "no timer is overlooked"

    @rule(who=people, presence=st.sampled_from(["away", "available", "busy"]))
    def come_and_go(self, who: str, presence: str) -> None:
        """A counsellor comes or goes."""
        with self.office.database.begin() as connection:
            mine = counsellors.c.account_id == getattr(self.office, who)
            connection.execute(update(counsellors).where(mine).values(presence=presence))

    @invariant()
    def every_conversation_has_exactly_one_owner(self) -> None:
        """The stored owner is the one the open handoff gives, and there is one open handoff at most."""
        if not hasattr(self, "office"):
            return
        with self.office.database.begin() as connection:
            assert find_disowned(connection) == []
            for conversation_id in self.talks:
                handoff = find_open(connection, conversation_id)
                owner = owner_of(handoff["state"] if handoff else None)
                row = connection.execute(select(conversations).where(conversations.c.id == conversation_id)).one()
                assert row.status == ("closed" if owner == "bot" and row.closed_at else STATUS_OF_OWNER[owner])

    @invariant()
    def every_open_handoff_has_a_timer_and_what_its_state_needs(self) -> None:
        """Nothing can stand still for ever, and nothing has two hands on it."""
        if not hasattr(self, "office"):
            return
        calls = [row for row in self.office.rows("callbacks") if row["closed_at"] is None]
        offers = [row for row in self.office.rows("handoff_offers") if row["outcome"] == ""]
        for row in self.office.rows("handoffs"):
            state = row["state"]
            assert (row["timer_at"] is not None) == (state in OPEN)
            assert (row["closed_at"] is not None) == (state in FINAL)
            assert (row["counsellor_id"] is not None) == (state == "accepted") or state in FINAL
            assert (row["offered_to"] is not None) == (state == "offered")
            assert len([offer for offer in offers if offer["handoff_id"] == row["id"]]) == (state == "offered")
            assert len([call for call in calls if call["handoff_id"] == row["id"]]) == (state == "callback")
            assert STAGES[state].owner != "queue" or state in IN_QUEUE
        for call in calls:
            assert MOVES[call["state"]]
            assert call["timer_at"] is not None
            assert call["place_at"] == self.office.handoff(call["handoff_id"])["requested_at"]

    @invariant()
    def nobody_who_asked_is_forgotten(self) -> None:
        """Every request has a handoff, open or ended by somebody."""
        if hasattr(self, "office"):
            known = {row["conversation_id"] for row in self.office.rows("handoffs")}
            assert {self.talks[talk] for talk in self.asked} <= known


Handoffs.TestCase.settings = settings(
    max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestRandomEvents = Handoffs.TestCase
