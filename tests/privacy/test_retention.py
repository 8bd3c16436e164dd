"""What is older than its clock is deleted, also from the raw file; what is open stays; nobody can be without an entry."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, MetaData, Table, update

from hotline.counselling.desk import CounsellorDesk, Reply
from hotline.privacy.clocks import CLOCKS, WITHIN, WrongRetention, read_days
from hotline.privacy.provider_copies import MOST_TRIES, ProviderCopies
from hotline.privacy.register import REGISTER, find_unregistered
from hotline.store.tables import handoffs, metadata, outbox
from hotline.telephony.client import NotDeleted
from tests.conftest import Hotline, make_settings
from tests.web import twilio

SPEAKER, WAITING = "+4915177700001", "+4915177700002"
PERSONAL_TABLES = ("addresses", "contacts", "messages", "inbound_events", "outbox", "callbacks")


def _pass_days(hotline: Hotline, days: int) -> dict[str, int]:
    hotline.clock.move(days=days)
    return hotline.services.retention.run()


def _visit(hotline: Hotline) -> None:
    """A text with a question, a call, and somebody who waits for a person."""
    twilio.text(hotline, "SM1", "Guten Tag, ich komme aus Kosovo", From=SPEAKER)
    twilio.call(hotline, "CA1", From=SPEAKER)
    twilio.call(hotline, "CA1", 1, From=SPEAKER, Digits="1")
    twilio.post(hotline, "/webhooks/twilio/status", {"CallSid": "CA1", "CallStatus": "completed"})
    twilio.text(hotline, "SM2", "Guten Tag", From=WAITING)
    twilio.text(hotline, "SM3", "0", From=WAITING)
    with hotline.services.database.begin() as connection:
        # The notice to the counsellors has gone out.
        connection.execute(update(outbox).values(status="sent"))


def _secrets(hotline: Hotline) -> list[bytes]:
    """The beginnings of everything encrypted that is stored now: what is longer than a page of the file lies in pieces."""
    found = []
    for entry in REGISTER:
        for row in hotline.rows(entry.name):
            found += [bytes(value)[:200] for name, value in row.items() if name.endswith("_encrypted") and value]  # type: ignore[call-overload]
            found += [str(value).encode() for name, value in row.items() if name == "pseudonym"]
    return found


def _files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.glob("hotline.db*")) if path.is_file())


# -- what is deleted -------------------------------------------------------------------------------------------------------


def test_words_and_numbers_go_after_their_days_and_who_waits_is_kept(hotline: Hotline) -> None:
    _visit(hotline)
    assert _pass_days(hotline, 29) == {"replies": len(("SM1", "CA1:0", "CA1:1", "SM2", "SM3")), "outbox": 1}
    done = _pass_days(hotline, 2)
    assert done["conversations"] == done["calls"] == done["addresses"] == 1
    (kept,) = hotline.rows("addresses")
    assert kept["pseudonym"] == hotline.services.cipher.pseudonym(WAITING)
    assert len(hotline.rows("contacts")) == 1
    waiting = [row for row in hotline.rows("conversations") if row["address_id"] is not None]
    assert [row["status"] for row in waiting] == ["waiting"]
    assert {row["conversation_id"] for row in hotline.rows("messages")} == {waiting[0]["id"]}
    for row in hotline.rows("conversations"):
        if row["address_id"] is None:
            assert (row["session"], row["provider_sid"], row["service_address_encrypted"]) == ({}, None, None)
            assert row["closed_at"] is not None


def test_bare_rows_of_handoffs_stay_for_statistics_until_their_own_clock(hotline: Hotline) -> None:
    _visit(hotline)
    with hotline.services.database.begin() as connection:
        CounsellorDesk(hotline.services.outbox, hotline.services.cipher).close(connection, 1, "anna", hotline.clock())
    _pass_days(hotline, 31)
    assert [hotline.rows(name) for name in PERSONAL_TABLES] == [[]] * len(PERSONAL_TABLES)
    assert [row["channel"] for row in hotline.rows("handoffs")] == ["sms"]
    assert len(hotline.rows("conversations")) == 3
    _pass_days(hotline, 400)
    assert hotline.rows("handoffs") == hotline.rows("conversations") == []


def test_a_message_on_its_way_keeps_its_conversation_and_a_late_answer_too(hotline: Hotline) -> None:
    _visit(hotline)
    desk = CounsellorDesk(hotline.services.outbox, hotline.services.cipher)
    hotline.clock.move(days=20)
    with hotline.services.database.begin() as connection:
        desk.reply(connection, 1, Reply("Guten Tag"), "anna", hotline.clock())
        desk.close(connection, 1, "anna", hotline.clock())
    _pass_days(hotline, 20)
    assert [row["direction"] for row in hotline.rows("messages")] == ["in", "out", "in", "out", "out"], "the answer is new"
    _pass_days(hotline, 60)
    assert [row["status"] for row in hotline.rows("outbox")][-1] == "queued"
    assert len(hotline.rows("addresses")) == 1


def test_log_tells_kinds_and_counts_and_nothing_of_anybody(hotline: Hotline) -> None:
    _visit(hotline)
    _pass_days(hotline, 31)
    log = {row["kind"]: row for row in hotline.rows("deletions")}
    assert log["conversations"]["amount"] == 1
    for row in log.values():
        assert set(row) == {"id", "reason", "receipt", "kind", "amount", "happened_at"}
        assert (row["reason"], row["receipt"]) == ("retention", None)


def test_dry_run_counts_what_a_run_deletes_and_deletes_nothing(hotline: Hotline) -> None:
    _visit(hotline)
    hotline.clock.move(days=31)
    before = hotline.rows("messages"), hotline.rows("conversations")
    found = hotline.services.retention.count_due()
    assert (hotline.rows("messages"), hotline.rows("conversations")) == before
    done = hotline.services.retention.run()
    assert (found["messages"], found["calls"], found["replies"]) == (done["conversations"], done["calls"], done["replies"])


def test_raw_file_holds_nothing_any_more(quick_hotline: Hotline, tmp_path: Path) -> None:
    _visit(quick_hotline)
    with quick_hotline.services.database.begin() as connection:
        CounsellorDesk(quick_hotline.services.outbox, quick_hotline.services.cipher).close(
            connection, 1, "anna", quick_hotline.clock()
        )
    secrets = _secrets(quick_hotline)
    assert len(secrets) > 20
    present = _files(tmp_path)
    assert all(secret in present for secret in secrets), "the test must be able to find them"
    _pass_days(quick_hotline, 91)
    left = _files(tmp_path)
    assert [secret for secret in secrets if secret in left] == []


# -- what the provider keeps -----------------------------------------------------------------------------------------------


class _Provider:
    def __init__(self, *refusals: int | None) -> None:
        self.refusals, self.deleted = list(refusals), list[str]()

    def delete_copy(self, sid: str) -> None:
        if self.refusals:
            raise NotDeleted(self.refusals.pop(0))
        self.deleted.append(sid)


def _copies(hotline: Hotline, provider: _Provider) -> ProviderCopies:
    return ProviderCopies(hotline.services.database, provider, hotline.clock)


def test_provider_is_told_to_delete_its_copies_until_it_has(hotline: Hotline) -> None:
    _visit(hotline)
    _pass_days(hotline, 31)
    provider = _Provider(20009)
    copies = _copies(hotline, provider)
    assert copies.run() == 0, "not at once: the message may still be on its way"
    hotline.clock.move(hours=1)
    assert copies.run() == 1
    hotline.clock.move(hours=3)
    assert copies.run() == 1
    assert sorted(provider.deleted) == ["CA1", "SM1"]
    assert hotline.rows("provider_deletions") == []


def test_what_the_provider_never_deletes_ends_and_is_seen(hotline: Hotline) -> None:
    _visit(hotline)
    _pass_days(hotline, 31)
    copies = _copies(hotline, _Provider(*[20003] * 200))
    for _ in range(MOST_TRIES + 2):
        hotline.clock.move(hours=3)
        copies.run()
    assert {row["attempts"] for row in hotline.rows("provider_deletions")} == {MOST_TRIES}


def test_operator_may_leave_the_copies_to_the_provider(tmp_path: Path, quick_hotline: Hotline) -> None:
    assert make_settings(tmp_path, DELETE_AT_PROVIDER="no").deletes_at_provider is False
    vars(quick_hotline.services.retention)["_orders_deletion"] = False
    _visit(quick_hotline)
    _pass_days(quick_hotline, 31)
    assert quick_hotline.rows("provider_deletions") == []


# -- the clocks and the register -------------------------------------------------------------------------------------------


def test_clocks_are_on_by_default_and_cannot_be_switched_off() -> None:
    days = read_days({})
    assert set(days) == set(CLOCKS)
    for kind, clock in CLOCKS.items():
        assert clock.least <= days[kind] <= clock.most
        for value in ("0", "-1", "off", "1.5", str(clock.least - 1), str(clock.most + 1)):
            with pytest.raises(WrongRetention, match=f"RETENTION_{kind.upper()} must be a number of days from {clock.least}"):
                read_days({f"RETENTION_{kind.upper()}": value})
    with pytest.raises(WrongRetention, match="RETENTION_MESAGES is no setting"):
        read_days({"RETENTION_MESAGES": "3"})


def test_words_kept_beside_a_conversation_never_outlast_it() -> None:
    days = read_days({"RETENTION_MESSAGES": "3", "RETENTION_CALLS": "5"})
    assert {kind: days[kind] for kind in WITHIN} == {"outbox": 3, "replies": 3, "voicemail": 5}


def test_every_table_with_personal_data_is_in_the_register() -> None:
    assert find_unregistered(metadata.sorted_tables) == [], "add one Entry to hotline/privacy/register.py"
    clocks = {entry.clock for entry in REGISTER} - {""}
    assert set(CLOCKS) - clocks == {"messages"}, "conversations go bare by it"
    for entry in REGISTER:
        assert (entry.since is not None) == bool(entry.clock), entry.name
        assert entry.why


def _new_tables() -> Iterator[Any]:
    for name, column in {
        "notes": Column("text_encrypted", LargeBinary),
        "likes": Column("handoff_id", ForeignKey(handoffs.c.id)),
        "marks": Column("pseudonym", Integer),
    }.items():
        yield pytest.param(Table(name, MetaData(), Column("id", Integer, primary_key=True), column), id=name)


@pytest.mark.parametrize("table", _new_tables())
def test_a_new_table_with_personal_data_is_noticed(table: Table) -> None:
    assert find_unregistered([table]) == [table.name]


def test_sessions_of_staff_and_the_audit_have_clocks_of_their_own(quick_hotline: Hotline) -> None:
    with quick_hotline.services.database.begin() as connection:
        row = {"actor": "anna", "action": "read_conversation", "object": "handoff 1", "happened_at": quick_hotline.clock()}
        connection.execute(metadata.tables["audit"].insert().values(**row))
    assert _pass_days(quick_hotline, 364) == {}
    assert _pass_days(quick_hotline, 2) == {"audit": 1}
