"""Codes in any order: a conversation has one owner, a matter is in one place, and a code leads there once."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import mkdtemp

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from hotline.counselling.assignment import accept, note_word
from hotline.counselling.continuation import Continuation, Here, TriedTooOften
from hotline.counselling.handoff import close_handoff, find_disowned, find_open, lock_conversation
from hotline.counselling.states import IllegalMove
from hotline.store.database import Database
from tests.counselling.desks import Office
from tests.counselling.test_random_events import migrated

talks = st.integers(0, 3)


class Matters(RuleBasedStateMachine):
    """Four conversations whose people ask for persons, take codes and use them wherever they are."""

    @initialize()
    def open_office(self) -> None:
        """An office of its own for every sequence."""
        self.folder = Path(mkdtemp())
        shutil.copy(migrated(), self.folder / "hotline.db")
        self.office = Office(Database(f"sqlite:///{self.folder / 'hotline.db'}"))
        self.codes = Continuation(self.office.database, self.office.cipher)
        numbers = ("+4915100000001", "+4915100000002", "+4915100000003", None)
        self.talks = [self.office.open(number, "sms" if number else "voice") for number in numbers]
        self.given: dict[int, str] = {}

    def teardown(self) -> None:
        """Close and remove."""
        if hasattr(self, "office"):
            self.office.database.close()
            shutil.rmtree(self.folder)

    @rule(talk=talks, danger=st.sampled_from([None, "violence"]))
    def ask(self, talk: int, danger: str | None) -> None:
        """Somebody asks for a person."""
        self.office.ask(self.talks[talk], danger)

    @rule(talk=talks)
    def take_code(self, talk: int) -> None:
        """The code of a conversation; one of before is worth nothing."""
        with self.office.database.begin() as connection:
            lock_conversation(connection, self.talks[talk])
            self.given[self.talks[talk]] = self.codes.give(connection, self.talks[talk], self.office.clock())

    @rule(talk=talks, anybody=talks)
    def use_code(self, talk: int, anybody: int) -> None:
        """Somebody uses a code; it leads there once."""
        here_id, earlier_id = self.talks[talk], self.talks[anybody]
        code = self.given.get(earlier_id)
        if code is None:
            return
        here = Here(here_id, talk + 1 if talk < 3 else None, "sms")
        now = self.office.clock()
        with self.office.database.begin() as connection:
            lock_conversation(connection, here_id)
            before = [find_open(connection, one) for one in {here_id, earlier_id}]
            try:
                found = self.codes.find(connection, here, code, now)
            except TriedTooOften:
                return
            assert found == earlier_id
            del self.given[earlier_id]
            assert self.codes.find(connection, here, code, now) is None
            if here_id == earlier_id:
                return
            self.codes.go_on(connection, here, earlier_id, "de", now)
            after = find_open(connection, here_id)
            assert find_open(connection, earlier_id) is None
            # Nobody's request gets lost on the way, and no danger.
            assert (after is not None) == any(before)
            assert after is None or after["is_urgent"] >= any(
                row["is_urgent"] for row in before if row and row["counsellor_id"] is None
            )

    @rule(talk=talks)
    def take_over(self, talk: int) -> None:
        """A counsellor takes what waits, and answers."""
        with self.office.database.begin() as connection:
            lock_conversation(connection, self.talks[talk])
            handoff = find_open(connection, self.talks[talk])
            if handoff is None:
                return
            try:
                accept(connection, handoff["id"], self.office.anna, self.office.clock())
            except IllegalMove:
                return
            note_word(connection, find_open(connection, self.talks[talk]) or {}, "counsellor", self.office.clock())

    @rule(talk=talks)
    def close(self, talk: int) -> None:
        """A counsellor is done: the conversation is to be written up."""
        with self.office.database.begin() as connection:
            handoff = find_open(connection, self.talks[talk])
            if handoff is not None:
                close_handoff(connection, handoff["id"], "anna", self.office.clock())

    @invariant()
    def everybody_has_one_owner(self) -> None:
        """Every conversation is with whom its handoff says, and every open handoff has a timer."""
        if not hasattr(self, "office"):
            return
        with self.office.database.read() as connection:
            assert find_disowned(connection) == []
        still_open = [row for row in self.office.rows("handoffs") if row["state"] not in ("closed", "returned")]
        assert all(row["timer_at"] is not None for row in still_open)
        assert len({row["conversation_id"] for row in still_open}) == len(still_open)
        accepted = [row for row in self.office.rows("handoffs") if row["accepted_at"] and row["state"] == "closed"]
        assert {row["id"] for row in accepted if row["counsellor_id"]} == {
            row["handoff_id"] for row in self.office.rows("wrap_ups")
        }


Matters.TestCase.settings = settings(
    max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
TestCodesInAnyOrder = Matters.TestCase
