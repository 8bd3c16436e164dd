"""The worker tends handoffs every quarter of a minute, several workers harm nothing, and a broken row holds up no other."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from huey import SqliteHuey
from sqlalchemy import update

from hotline.counselling.timers import TICKS_SECONDS, TimerBell, register_timers
from hotline.store.tables import conversations
from tests.counselling.desks import Office


def test_bell_has_the_worker_look_at_once_and_ticks_come_four_times_a_minute(office: Office, tmp_path: Path) -> None:
    queue = SqliteHuey("test", filename=str(tmp_path / "jobs.db"), results=False)
    bell = register_timers(queue, lambda: office.timers)
    handoff_id = office.ask()
    bell.ring()
    task = queue.dequeue()
    assert task is not None
    queue.execute(task)
    assert office.state(handoff_id) == "offered"
    (periodic,) = queue._registry.periodic_tasks
    queue.execute(periodic)
    assert queue.pending_count() == len(TICKS_SECONDS)


def test_a_rush_is_seen_at_once_and_its_rest_together_a_moment_later() -> None:
    asked: list[str] = []
    bell = TimerBell(lambda: asked.append("now"), lambda: asked.append("later"))
    for _ in range(50):
        bell.ring()
    assert asked == ["now", "later"]


def test_bell_never_fails_who_rings() -> None:
    def fail() -> None:
        raise sqlite3.OperationalError

    TimerBell(fail).ring()


def test_row_that_cannot_be_read_holds_up_no_other(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    office.bert = office.anna
    broken, whole = office.ask(office.open("+4915100000001")), office.ask(office.open("+4915100000002"))
    with office.database.begin() as connection:
        connection.exec_driver_sql("UPDATE counsellors SET presence = 'away'")
        mine = conversations.c.id == office.handoff(broken)["conversation_id"]
        connection.execute(update(conversations).where(mine).values(service_address_encrypted=b"lost"))
    office.set_clock(office.clock() + timedelta(minutes=31))
    office.timers.run()
    assert office.handoff(broken)["reminders"] == 0
    assert office.handoff(whole)["reminders"] == 1
    assert "a timer could not be run" in caplog.text
