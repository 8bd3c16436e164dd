"""Full disk, locked database, wrong clock, missing key: one clear sentence, nothing half stored, and it goes on by itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.fernet import Fernet

from hotline.errors import CannotStart
from hotline.privacy.cipher import Cipher
from hotline.store import database as store
from hotline.store.database import Database
from hotline.store.revision import check_revision
from hotline.store.tables import metadata
from hotline.store.trouble import DISK_FULL, LOCKED
from tests.conftest import Hotline, make_hotline, make_settings
from tests.web import twilio


def _state(hotline: Hotline) -> dict[str, Any]:
    return {table: hotline.rows(table) for table in metadata.tables if table != "counters"}


def _limit_pages(hotline: Hotline, more: int | None) -> None:
    """Let the file grow by so many pages only, on every connection; None lifts the limit."""
    services = hotline.services
    with services.database.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    limit = pages + more if more is not None else 1_000_000_000

    def prepare(connection: Any, _: object) -> None:
        connection.execute(f"PRAGMA max_page_count={limit}")

    services.database.close()
    store.event.listen(services.database.engine, "connect", prepare)


def test_full_disk_leaves_nothing_half_stored_and_says_what_to_do(
    quick_hotline: Hotline, caplog: pytest.LogCaptureFixture
) -> None:
    twilio.text(quick_hotline, "SM0", "Guten Tag")
    _limit_pages(quick_hotline, 0)
    stored = 0
    for number in range(300):
        before = _state(quick_hotline)
        answer = twilio.text(quick_hotline, f"SM-{number}", f"Guten Tag {'x' * 1500}", From=f"+49151{number:08}")
        assert answer.status_code == 200
        if DISK_FULL in caplog.text:
            break
        stored += 1
    assert DISK_FULL in caplog.text
    assert _state(quick_hotline) == before, "the turn that did not fit left nothing"
    assert b"<Message>" in answer.data, "the person is told"
    assert twilio.PERSON[1:] not in caplog.text
    _limit_pages(quick_hotline, None)
    last = f"+49151{stored:08}"
    assert twilio.text(quick_hotline, "SM-again", "Guten Tag", From=last).status_code == 200
    assert len(quick_hotline.rows("inbound_events")) == stored + 2


@contextmanager
def _locked(url: str) -> Iterator[None]:
    """Another program holds the database, or the table every turn writes to."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            yield
            holder.execute("ROLLBACK")
        return
    with closing(psycopg.connect(url)) as holder:
        holder.execute("LOCK TABLE inbound_events, outbox, conversations IN SHARE ROW EXCLUSIVE MODE")
        yield
        holder.rollback()


def test_locked_database_is_told_and_the_next_message_is_answered(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(store, "LOCK_SECONDS", 0.2)
    hotline = make_hotline(make_settings(tmp_path, database_url))
    before = _state(hotline)
    with _locked(database_url):
        assert b"<Message>" in twilio.text(hotline, "SM1", "Guten Tag").data
        assert LOCKED in caplog.text
        if hotline.services.database.is_sqlite:
            status = {"MessageSid": "SM9", "MessageStatus": "sent"}
            assert twilio.post(hotline, "/webhooks/twilio/status", status).status_code == 503, "Twilio tries again"
        assert _state(hotline) == before
    assert twilio.text(hotline, "SM1", "Guten Tag").status_code == 200
    assert len(hotline.rows("inbound_events")) == 1
    hotline.services.database.close()


def test_clock_before_what_has_happened_stops_the_start_unless_it_is_trusted(hotline: Hotline) -> None:
    twilio.text(hotline, "SM1", "Guten Tag")
    services = hotline.services
    services.check_ground()
    hotline.clock.move(minutes=-4)
    services.check_ground()
    hotline.clock.move(hours=-1)
    with pytest.raises(CannotStart, match=r"^The clock shows .+; set the clock\. .+TRUST_CLOCK=yes\.$"):
        services.check_ground()
    services.settings = replace(services.settings, is_clock_trusted=True)
    services.check_ground()


def test_clock_before_this_version_was_made_stops_the_start(quick_hotline: Hotline) -> None:
    quick_hotline.clock.now -= timedelta(days=3650)
    with pytest.raises(CannotStart, match="before this version was made"):
        quick_hotline.services.check_ground()


def test_keys_that_are_not_those_of_the_data_stop_the_start_with_their_name(hotline: Hotline) -> None:
    services = hotline.services
    twilio.text(hotline, "SM1", "Guten Tag")
    services.check_ground()
    known, new = services.settings.data_keys, Fernet.generate_key().decode()
    for keys, pseudonym_key, wanted in (
        ((new,), services.settings.pseudonym_key, "^DATA_KEYS cannot read"),
        (known, "q" * 40, "^PSEUDONYM_KEY is not"),
    ):
        vars(services)["cipher"] = Cipher(keys, pseudonym_key)
        with pytest.raises(CannotStart, match=wanted) as stopped:
            services.check_ground()
        assert new not in str(stopped.value)
    vars(services)["cipher"] = Cipher((new, *known), services.settings.pseudonym_key)
    services.check_ground()


def test_server_that_is_gone_is_named_for_postgres_too(caplog: pytest.LogCaptureFixture) -> None:
    gone = Database("postgresql://user:hidden-word@127.0.0.1:9/x")
    with pytest.raises(store.SQLAlchemyError), gone.begin():
        pass
    assert "The database server does not answer" in caplog.text
    assert "hidden-word" not in caplog.text
    with pytest.raises(CannotStart, match=r"^The database server does not answer"):
        check_revision(gone)
