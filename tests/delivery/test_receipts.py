"""What the provider reports of a send moves its row and its message forward, and no other; what may pass is sent again later."""

from __future__ import annotations

import pytest

from hotline.telephony.retry import RETRY_LATE_SECONDS, WAIT_SECONDS
from tests.delivery.conftest import Desk


def _send(desk: Desk, message_id: int | None = None) -> int:
    """A message the provider has taken as SM1."""
    outbox_id = desk.put(message_id=message_id)
    desk.dispatcher.deliver(outbox_id)
    return outbox_id


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
    message_id = desk.make_message()
    outbox_id = _send(desk, message_id)
    for status in reports:
        desk.report(status)
    assert desk.row(outbox_id).status == last
    assert desk.message(message_id).status == last


def test_report_says_whether_it_was_news(desk: Desk) -> None:
    outbox_id = _send(desk)
    assert desk.report("delivered", outbox_id=outbox_id)
    assert not desk.report("delivered", outbox_id=outbox_id)
    assert not desk.report("delivered", sid="SM404")
    assert not desk.report("delivered", sid="SM404", outbox_id=404)


def test_report_of_another_message_cannot_take_over_a_row_by_its_number(desk: Desk) -> None:
    outbox_id = _send(desk)
    assert not desk.report("failed", sid="SM2", outbox_id=outbox_id)
    assert desk.row(outbox_id).status == "sent"


def test_report_of_a_message_nobody_has_sent_yet_is_not_believed(desk: Desk) -> None:
    outbox_id = desk.put()
    assert not desk.report("delivered", outbox_id=outbox_id)
    assert desk.dispatcher.sweep() == [outbox_id]


def test_error_code_of_a_report_is_kept(desk: Desk) -> None:
    outbox_id = _send(desk)
    desk.report("undelivered", outbox_id=outbox_id, code="30005")
    assert (desk.row(outbox_id).status, desk.row(outbox_id).error_code) == ("undelivered", "30005")


# -- tried again -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["undelivered", "failed"])
@pytest.mark.parametrize(
    ("code", "wait_seconds"), [("30003", RETRY_LATE_SECONDS), ("30008", RETRY_LATE_SECONDS), ("30001", WAIT_SECONDS[1])]
)
def test_message_that_did_not_arrive_for_a_passing_reason_goes_out_again_after_its_wait(
    desk: Desk, status: str, code: str, wait_seconds: int
) -> None:
    message_id = desk.make_message()
    outbox_id = _send(desk, message_id)
    assert desk.report(status, outbox_id=outbox_id, code=code)
    assert (desk.message(message_id).status, desk.message(message_id).provider_sid) == ("queued", None)
    desk.clock.move(seconds=wait_seconds - 1)
    assert desk.dispatcher.sweep() == []
    desk.clock.move(seconds=1)
    assert desk.dispatcher.sweep() == [outbox_id]
    desk.dispatcher.deliver(outbox_id)
    assert (desk.row(outbox_id).status, desk.row(outbox_id).provider_sid) == ("sent", "SM2")
    assert (desk.message(message_id).status, desk.message(message_id).provider_sid) == ("sent", "SM2")


def test_repeated_report_does_not_put_the_next_try_off(desk: Desk) -> None:
    outbox_id = _send(desk)
    desk.report("undelivered", outbox_id=outbox_id, code="30003")
    desk.clock.move(seconds=RETRY_LATE_SECONDS)
    assert not desk.report("undelivered", outbox_id=outbox_id, code="30003")
    assert desk.dispatcher.sweep() == [outbox_id]


@pytest.mark.parametrize(("code", "tries"), [("30003", len(WAIT_SECONDS)), ("30008", 2)])
def test_tries_of_a_message_that_never_arrives_end(desk: Desk, code: str, tries: int) -> None:
    outbox_id = desk.put()
    while desk.dispatcher.sweep():
        desk.dispatcher.deliver(outbox_id)
        desk.report("undelivered", f"SM{len(desk.provider.sent)}", outbox_id, code)
        desk.clock.move(hours=1)
    assert len(desk.provider.sent) == tries
    assert (desk.row(outbox_id).status, desk.row(outbox_id).error_code) == ("undelivered", code)


@pytest.mark.parametrize("code", [None, "30005", "30007", "63016", "99999", "not a number"])
def test_message_that_did_not_arrive_for_a_lasting_reason_is_left_to_a_person(desk: Desk, code: str | None) -> None:
    outbox_id = _send(desk)
    desk.report("undelivered", outbox_id=outbox_id, code=code)
    desk.clock.move(days=1)
    assert desk.dispatcher.sweep() == []
    with desk.database.read() as connection:
        assert [row["id"] for row in desk.outbox.find_problems(connection)] == [outbox_id]


# -- sent again by a person ------------------------------------------------------------------------------------------------


def test_message_sent_again_knows_nothing_of_the_send_before(desk: Desk) -> None:
    message_id = desk.make_message()
    outbox_id = _send(desk, message_id)
    desk.report("undelivered", outbox_id=outbox_id, code="30005")
    desk.resend(outbox_id)
    for row in (desk.row(outbox_id), desk.message(message_id)):
        assert (row.status, row.provider_sid, row.error_code) == ("queued", None, None)


def test_repeated_report_of_the_send_before_does_not_stop_the_new_one(desk: Desk) -> None:
    outbox_id = _send(desk)
    desk.report("undelivered", outbox_id=outbox_id, code="30005")
    desk.resend(outbox_id)
    assert not desk.report("undelivered", outbox_id=outbox_id, code="30005")
    desk.dispatcher.deliver(outbox_id)
    assert len(desk.provider.sent) == 2
    assert not desk.report("undelivered", outbox_id=outbox_id, code="30005")
    assert (desk.row(outbox_id).status, desk.row(outbox_id).provider_sid) == ("sent", "SM2")


def test_report_that_overtakes_the_answer_to_the_new_send_stays(desk: Desk) -> None:
    outbox_id = _send(desk)
    desk.report("undelivered", outbox_id=outbox_id)
    desk.resend(outbox_id)
    desk.provider.during = lambda sid: desk.report("delivered", sid, outbox_id)
    desk.dispatcher.deliver(outbox_id)
    assert (desk.row(outbox_id).status, desk.row(outbox_id).provider_sid) == ("delivered", "SM2")
