"""The outbox: stored with the decision, claimed by one, finished forward only, and never sent again by itself when unsure."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from hotline.delivery.outbox import CLAIM_SECONDS, ClaimedMessage, OutgoingMessage, UnknownOutboxRow
from hotline.delivery.receipts import note_status
from hotline.store.tables import addresses, contacts, conversations, messages, opt_outs, outbox
from hotline.telephony.inbound import StatusUpdate
from tests.delivery.conftest import OURS, PERSON, Desk


def _claim(desk: Desk, outbox_id: int) -> ClaimedMessage | None:
    with desk.database.begin() as connection:
        return desk.outbox.claim(connection, outbox_id, desk.clock())


def _finish(desk: Desk, outbox_id: int, status: str) -> None:
    with desk.database.begin() as connection:
        desk.outbox.finish(connection, outbox_id, status, now=desk.clock())


def _report(desk: Desk, status: str, sid: str = "SM1", outbox_id: int | None = None, code: str | None = None) -> bool:
    with desk.database.begin() as connection:
        return note_status(connection, StatusUpdate("message", sid, status, code), outbox_id)


def _set_sid(desk: Desk, outbox_id: int, sid: str) -> None:
    with desk.database.begin() as connection:
        connection.execute(update(outbox).where(outbox.c.id == outbox_id).values(provider_sid=sid))


def _make_message(desk: Desk) -> int:
    now = desk.clock()
    with desk.database.begin() as connection:
        row = {"channel": "sms", "status": "bot", "session": {}, "turns": 0, "opened_at": now, "last_inbound_at": now}
        conversation = connection.execute(insert(conversations).values(**row).returning(conversations.c.id)).scalar_one()
        row = {"conversation_id": conversation, "direction": "out", "author": "counsellor", "body_encrypted": b"x"}
        made = insert(messages).values(**row, status="queued", created_at=now).returning(messages.c.id)
        return int(connection.execute(made).scalar_one())


def _message_status(desk: Desk, message_id: int) -> tuple[str, str | None]:
    with desk.database.read() as connection:
        row = connection.execute(messages.select().where(messages.c.id == message_id)).one()
        return row.status, row.provider_sid


def test_message_comes_back_as_it_was_put_and_is_stored_unreadable(desk: Desk) -> None:
    outbox_id = desk.put("مرحبا, bis morgen")
    claimed = _claim(desk, outbox_id)
    assert claimed is not None
    assert (claimed.attempt, claimed.message.body, claimed.message.recipient) == (1, "مرحبا, bis morgen", PERSON)
    assert claimed.message.sender == OURS
    row = desk.row(outbox_id)
    assert PERSON.encode() not in row.recipient_encrypted
    assert b"morgen" not in row.body_encrypted


def test_message_decided_in_a_failed_unit_of_work_does_not_exist(desk: Desk) -> None:
    def fail() -> None:
        with desk.database.begin() as connection:
            desk.outbox.put(connection, OutgoingMessage("sms", PERSON, OURS, "never decided"), desk.clock())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with desk.database.begin() as connection:
        assert desk.outbox.find_due(connection, desk.clock()) == []


def test_only_one_of_many_claims_at_once_gets_the_message(desk: Desk) -> None:
    ids = [desk.put(str(number)) for number in range(5)]
    with ThreadPoolExecutor(8) as pool:
        claims = [claim for claim in pool.map(lambda n: _claim(desk, ids[n % 5]), range(40)) if claim is not None]
    assert sorted(claim.id for claim in claims) == ids


def test_message_that_is_not_due_yet_waits(desk: Desk) -> None:
    outbox_id = desk.put()
    desk.clock.move(seconds=-1)
    assert _claim(desk, outbox_id) is None
    desk.clock.move(seconds=1)
    assert _claim(desk, outbox_id) is not None


def test_message_nobody_was_rung_for_is_found_oldest_first(desk: Desk) -> None:
    first, second, done = desk.put("1"), desk.put("2"), desk.put("3")
    _claim(desk, done)
    _finish(desk, done, "sent")
    desk.clock.move(minutes=1)
    third = desk.put("4")
    with desk.database.begin() as connection:
        assert desk.outbox.find_due(connection, desk.clock()) == [first, second, third]
        assert desk.outbox.find_due(connection, desk.clock() - timedelta(seconds=1)) == [first, second]


def test_sender_that_died_in_the_middle_leaves_a_message_for_a_person_to_decide(desk: Desk) -> None:
    outbox_id = desk.put()
    _claim(desk, outbox_id)
    desk.clock.move(seconds=CLAIM_SECONDS)
    with desk.database.begin() as connection:
        assert desk.outbox.mark_unsure(connection, desk.clock()) == 0, "it may still be sending"
    desk.clock.move(seconds=1)
    with desk.database.begin() as connection:
        assert desk.outbox.mark_unsure(connection, desk.clock()) == 1
    assert desk.row(outbox_id).status == "unsure"
    assert _claim(desk, outbox_id) is None
    with desk.database.begin() as connection:
        assert desk.outbox.find_due(connection, desk.clock()) == []
        assert [row["id"] for row in desk.outbox.find_problems(connection)] == [outbox_id]


def test_problems_are_listed_without_number_and_text(desk: Desk) -> None:
    outbox_id = desk.put("geheim")
    _claim(desk, outbox_id)
    _finish(desk, outbox_id, "failed")
    desk.put("in time")
    with desk.database.read() as connection:
        (row,) = desk.outbox.find_problems(connection)
    assert set(row) == {"id", "channel", "status", "error_code", "attempts", "created_at"}


@pytest.mark.parametrize("status", ["failed", "unsure", "undelivered"])
def test_person_can_have_a_failed_message_sent_once_more_with_all_its_tries(desk: Desk, status: str) -> None:
    outbox_id = desk.put()
    for _ in range(3):
        with desk.database.begin() as connection:
            connection.execute(update(outbox).where(outbox.c.id == outbox_id).values(status=status, attempts=9))
            desk.outbox.queue_again(connection, outbox_id, desk.clock())
        claimed = _claim(desk, outbox_id)
        assert claimed is not None
        assert claimed.attempt == 1


@pytest.mark.parametrize("status", ["queued", "sending", "sent", "delivered", "read", "opted_out"])
def test_message_that_did_not_fail_is_not_sent_again(desk: Desk, status: str) -> None:
    outbox_id = desk.put()
    with desk.database.begin() as connection:
        connection.execute(update(outbox).where(outbox.c.id == outbox_id).values(status=status))
    with pytest.raises(UnknownOutboxRow, match="flask outbox list"), desk.database.begin() as connection:
        desk.outbox.queue_again(connection, outbox_id, desk.clock())
    assert desk.row(outbox_id).status == status


# -- opt-out -------------------------------------------------------------------------------------------------------------


def _opt_out(desk: Desk, number: str, channel: str) -> None:
    now = desk.clock()
    with desk.database.begin() as connection:
        contact = connection.execute(insert(contacts).values(created_at=now).returning(contacts.c.id)).scalar_one()
        row = {"contact_id": contact, "pseudonym": desk.cipher.pseudonym(number), "number_encrypted": b"x"}
        address = connection.execute(insert(addresses).values(**row).returning(addresses.c.id)).scalar_one()
        connection.execute(insert(opt_outs).values(address_id=address, channel=channel, opted_out_at=now))


def test_who_stopped_messages_gets_none_on_that_channel_even_when_one_waits_already(desk: Desk) -> None:
    message_id = _make_message(desk)
    waiting, other = desk.put(message_id=message_id), desk.put(channel="whatsapp")
    _opt_out(desk, PERSON, "sms")
    assert _claim(desk, waiting) is None
    assert desk.row(waiting).status == "opted_out"
    assert _message_status(desk, message_id)[0] == "failed"
    assert _claim(desk, other) is not None
    assert _claim(desk, desk.put(recipient="+4915112345679")) is not None


# -- statuses ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reports", "last"),
    [
        (("queued", "sending", "sent", "delivered", "read"), "read"),
        (("delivered", "sent"), "delivered"),
        (("read", "delivered", "sent"), "read"),
        (("undelivered", "sent", "delivered"), "undelivered"),
        (("failed", "delivered"), "failed"),
        (("sent", "sent", "undelivered", "undelivered"), "undelivered"),
        (("delivered", "undelivered"), "delivered"),
        (("accepted", "scheduled", "nonsense", ""), "sent"),
    ],
)
def test_statuses_move_only_forward_for_the_row_and_its_message(desk: Desk, reports: tuple[str, ...], last: str) -> None:
    message_id = _make_message(desk)
    outbox_id = desk.put(message_id=message_id)
    _claim(desk, outbox_id)
    _finish(desk, outbox_id, "sent")
    _set_sid(desk, outbox_id, "SM1")
    for status in reports:
        _report(desk, status)
    assert desk.row(outbox_id).status == last
    assert _message_status(desk, message_id)[0] == last


def test_report_says_whether_it_was_news(desk: Desk) -> None:
    outbox_id = desk.put()
    _claim(desk, outbox_id)
    assert _report(desk, "sent", outbox_id=outbox_id)
    assert not _report(desk, "sent", outbox_id=outbox_id)
    assert not _report(desk, "delivered", sid="SM404")
    assert not _report(desk, "delivered", sid="SM404", outbox_id=404)


def test_report_of_another_message_cannot_take_over_a_row_by_its_number(desk: Desk) -> None:
    outbox_id = desk.put()
    _claim(desk, outbox_id)
    _finish(desk, outbox_id, "sent")
    _set_sid(desk, outbox_id, "SM1")
    assert not _report(desk, "failed", sid="SM2", outbox_id=outbox_id)
    assert desk.row(outbox_id).status == "sent"


def test_error_code_of_a_report_is_kept(desk: Desk) -> None:
    outbox_id = desk.put()
    _claim(desk, outbox_id)
    _report(desk, "undelivered", outbox_id=outbox_id, code="30005")
    assert (desk.row(outbox_id).status, desk.row(outbox_id).error_code) == ("undelivered", "30005")
