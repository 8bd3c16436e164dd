"""The outbox: stored with the decision, claimed by one, finished forward only, and never sent again by itself when unsure."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from hotline.delivery.outbox import CLAIM_SECONDS, ClaimedMessage, OutgoingMessage, UnknownOutboxRow
from hotline.store.tables import opt_outs, outbox
from tests.delivery.conftest import OURS, PERSON, Desk


def _claim(desk: Desk, outbox_id: int) -> ClaimedMessage | None:
    with desk.database.begin() as connection:
        return desk.outbox.claim(connection, outbox_id, desk.clock())


def _finish(desk: Desk, outbox_id: int, status: str) -> None:
    with desk.database.begin() as connection:
        desk.outbox.finish(connection, outbox_id, status, now=desk.clock())


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


def test_sender_that_died_in_the_middle_leaves_a_message_that_is_looked_for_and_not_just_sent(desk: Desk) -> None:
    outbox_id = desk.put()
    _claim(desk, outbox_id)
    desk.clock.move(seconds=CLAIM_SECONDS)
    with desk.database.begin() as connection:
        assert desk.outbox.doubt_stuck(connection, desk.clock()) == 0, "it may still be sending"
    desk.clock.move(seconds=1)
    with desk.database.begin() as connection:
        assert desk.outbox.doubt_stuck(connection, desk.clock()) == 1
        assert desk.outbox.find_due(connection, desk.clock()) == [outbox_id]
    claimed = _claim(desk, outbox_id)
    assert claimed is not None
    assert claimed.is_in_doubt
    assert _claim(desk, outbox_id) is None, "one look at a time"


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
    with desk.database.begin() as connection:
        row = {"pseudonym": desk.cipher.pseudonym(number), "channel": channel, "opted_out_at": desk.clock()}
        connection.execute(insert(opt_outs).values(**row))


def test_who_stopped_messages_gets_none_on_that_channel_even_when_one_waits_already(desk: Desk) -> None:
    message_id = desk.make_message()
    waiting, other = desk.put(message_id=message_id), desk.put(channel="whatsapp")
    _opt_out(desk, PERSON, "sms")
    assert _claim(desk, waiting) is None
    assert desk.row(waiting).status == "opted_out"
    assert desk.message(message_id).status == "failed"
    assert _claim(desk, other) is not None
    assert _claim(desk, desk.put(recipient="+4915112345679")) is not None
