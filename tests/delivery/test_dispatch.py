"""The worker's side: sent once whatever rings, tried again as the table of codes says, and truthful about what is not known."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from hotline.delivery.outbox import CLAIM_SECONDS
from hotline.telephony.retry import RETRY_LATE_SECONDS, WAIT_SECONDS
from tests.delivery.conftest import CALLBACK, OURS, PERSON, Desk


def test_message_is_sent_as_it_was_put_with_an_address_for_its_status(desk: Desk) -> None:
    outbox_id = desk.put("Grüße")
    assert desk.dispatcher.deliver(outbox_id) is None
    callback = f"{CALLBACK}?outbox={outbox_id}"
    sent = {"to": PERSON, "sender": OURS, "body": "Grüße", "status_callback": callback, "content_sid": None}
    assert desk.provider.sent == [sent]
    assert (desk.row(outbox_id).status, desk.row(outbox_id).provider_sid) == ("sent", "SM1")


def test_whatsapp_message_names_its_channel_on_both_ends(desk: Desk) -> None:
    desk.dispatcher.deliver(desk.put(channel="whatsapp"))
    (sent,) = desk.provider.sent
    assert (sent["to"], sent["sender"]) == (f"whatsapp:{PERSON}", f"whatsapp:{OURS}")


def test_message_is_sent_once_when_the_doorbell_rings_twice(desk: Desk) -> None:
    outbox_id = desk.put()
    desk.dispatcher.deliver(outbox_id)
    desk.dispatcher.deliver(outbox_id)
    assert len(desk.provider.sent) == 1


def test_message_is_sent_once_when_many_workers_take_it_at_the_same_moment(desk: Desk) -> None:
    outbox_id, start = desk.put(), threading.Barrier(8)

    def deliver(_: int) -> None:
        start.wait()
        desk.dispatcher.deliver(outbox_id)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(deliver, range(8)))
    assert len(desk.provider.sent) == 1
    assert desk.row(outbox_id).attempts == 1


def test_doorbell_while_the_message_is_being_sent_sends_it_no_second_time(desk: Desk) -> None:
    outbox_id = desk.put()
    desk.provider.during = lambda _: desk.dispatcher.deliver(outbox_id)
    desk.dispatcher.deliver(outbox_id)
    assert len(desk.provider.sent) == 1


def test_no_transaction_is_open_while_the_provider_is_asked(desk: Desk) -> None:
    # Were one open, this write from another thread would wait for it, and it for this.
    def write(_: str) -> None:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(desk.put, "another").result(timeout=5)

    desk.provider.during = write
    desk.dispatcher.deliver(desk.put())
    assert len(desk.provider.sent) == 1


def test_unknown_message_is_nothing_to_send(desk: Desk) -> None:
    assert desk.dispatcher.deliver(404) is None
    assert desk.provider.sent == []


# -- refusals ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "wait_seconds"),
    [
        (None, WAIT_SECONDS[1]),
        (20429, WAIT_SECONDS[1]),
        (20003, WAIT_SECONDS[1]),
        (30001, WAIT_SECONDS[1]),
        (63017, WAIT_SECONDS[1]),
        (30003, RETRY_LATE_SECONDS),
        (30008, RETRY_LATE_SECONDS),
    ],
)
def test_passing_trouble_is_waited_out_and_the_message_goes_out_then(desk: Desk, code: int | None, wait_seconds: int) -> None:
    outbox_id, desk.provider.refusals = desk.put(), [code]
    assert desk.dispatcher.deliver(outbox_id) == wait_seconds
    assert (desk.row(outbox_id).status, desk.row(outbox_id).error_code) == ("queued", str(code) if code else None)
    desk.clock.move(seconds=wait_seconds - 1)
    assert desk.dispatcher.sweep() == []
    desk.dispatcher.deliver(outbox_id)
    assert desk.provider.sent == []
    desk.clock.move(seconds=1)
    assert desk.dispatcher.sweep() == [outbox_id]
    assert desk.dispatcher.deliver(outbox_id) is None
    assert desk.row(outbox_id).status == "sent"
    assert desk.row(outbox_id).error_code is None


@pytest.mark.parametrize(
    "code", [21211, 21408, 21603, 21606, 21612, 21614, 21635, 21663, 30004, 30005, 30006, 30007, 63016, 99999]
)
def test_final_refusal_is_not_tried_again_and_shown_to_a_person(desk: Desk, code: int) -> None:
    outbox_id, desk.provider.refusals = desk.put(), [code]
    assert desk.dispatcher.deliver(outbox_id) is None
    assert (desk.row(outbox_id).status, desk.row(outbox_id).error_code) == ("failed", str(code))
    desk.clock.move(days=1)
    assert desk.dispatcher.sweep() == []
    with desk.database.read() as connection:
        assert [row["id"] for row in desk.outbox.find_problems(connection)] == [outbox_id]


def test_person_who_stopped_messages_at_the_provider_is_left_in_peace(desk: Desk) -> None:
    outbox_id, desk.provider.refusals = desk.put(), [21610]
    assert desk.dispatcher.deliver(outbox_id) is None
    assert desk.row(outbox_id).status == "opted_out"
    desk.clock.move(days=1)
    assert desk.dispatcher.sweep() == []


def test_tries_end_after_the_last_wait_of_the_table(desk: Desk) -> None:
    outbox_id, waits = desk.put(), []
    desk.provider.refusals = [20429] * 20
    while (wait_seconds := desk.dispatcher.deliver(outbox_id)) is not None:
        waits.append(wait_seconds)
        desk.clock.move(seconds=wait_seconds)
    assert tuple(waits) == WAIT_SECONDS[1:]
    assert (desk.row(outbox_id).status, desk.row(outbox_id).attempts) == ("failed", len(WAIT_SECONDS))


def test_unknown_reason_is_tried_once_more_only(desk: Desk) -> None:
    outbox_id, desk.provider.refusals = desk.put(), [30008, 30008, 30008]
    desk.clock.move(seconds=desk.dispatcher.deliver(outbox_id) or 0)
    assert desk.dispatcher.deliver(outbox_id) is None
    assert desk.row(outbox_id).status == "failed"


def test_provider_that_asks_for_more_patience_gets_it(desk: Desk) -> None:
    outbox_id, desk.provider.refusals, desk.provider.retry_after_seconds = desk.put(), [20429, 20429], 120
    assert desk.dispatcher.deliver(outbox_id) == 120
    desk.provider.retry_after_seconds = 1
    desk.clock.move(seconds=120)
    assert desk.dispatcher.deliver(outbox_id) == WAIT_SECONDS[2]


# -- crashes and overtaking ------------------------------------------------------------------------------------------------


def test_crash_in_the_middle_leaves_an_unsure_message_that_is_not_sent_again_by_itself(desk: Desk) -> None:
    def crash(_: str) -> None:
        raise KeyboardInterrupt

    outbox_id, desk.provider.during = desk.put(), crash
    with pytest.raises(KeyboardInterrupt):
        desk.dispatcher.deliver(outbox_id)
    desk.provider.during = lambda _: None
    assert desk.row(outbox_id).status == "sending"
    for _ in range(3):
        desk.clock.move(seconds=CLAIM_SECONDS + 1)
        assert desk.dispatcher.sweep() == []
        desk.dispatcher.deliver(outbox_id)
    assert desk.row(outbox_id).status == "unsure"
    assert len(desk.provider.sent) == 1
    desk.resend(outbox_id)
    assert desk.dispatcher.sweep() == [outbox_id]
    desk.dispatcher.deliver(outbox_id)
    assert len(desk.provider.sent) == 2
    assert desk.row(outbox_id).status == "sent"


def test_report_after_a_crash_clears_the_doubt(desk: Desk) -> None:
    def crash(_: str) -> None:
        raise KeyboardInterrupt

    outbox_id, desk.provider.during = desk.put(), crash
    with pytest.raises(KeyboardInterrupt):
        desk.dispatcher.deliver(outbox_id)
    desk.clock.move(seconds=CLAIM_SECONDS + 1)
    desk.dispatcher.sweep()
    assert desk.report("delivered", outbox_id=outbox_id)
    assert desk.row(outbox_id).status == "delivered"
    with desk.database.read() as connection:
        assert desk.outbox.find_problems(connection) == []


@pytest.mark.parametrize("status", ["sent", "delivered", "read", "undelivered", "failed"])
def test_status_that_overtakes_the_answer_to_the_send_stays(desk: Desk, status: str) -> None:
    outbox_id = desk.put()
    desk.provider.during = lambda sid: desk.report(status, sid, outbox_id)
    desk.dispatcher.deliver(outbox_id)
    assert (desk.row(outbox_id).status, desk.row(outbox_id).provider_sid) == (status, "SM1")
    desk.clock.move(seconds=CLAIM_SECONDS + 1)
    assert desk.dispatcher.sweep() == []
    assert desk.row(outbox_id).status == status, "nothing is left to be unsure of"


def test_sweep_finds_what_a_lost_doorbell_left(desk: Desk) -> None:
    ids = [desk.put(str(number)) for number in range(3)]
    desk.dispatcher.deliver(ids[1])
    assert desk.dispatcher.sweep() == [ids[0], ids[2]]


def test_message_that_cannot_be_read_is_not_sent_and_shown_to_a_person(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    outbox_id = desk.put("geheim")
    desk.spoil(outbox_id)
    assert desk.dispatcher.deliver(outbox_id) is None
    assert desk.provider.sent == []
    assert "message cannot be decrypted" in caplog.text
    assert PERSON[1:] not in caplog.text
    assert desk.dispatcher.sweep() == [], "it must not come back every minute"
    with desk.database.read() as connection:
        assert [row["id"] for row in desk.outbox.find_problems(connection)] == [outbox_id]
