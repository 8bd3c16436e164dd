"""A send nobody answered may have gone out: the provider's list tells, nothing is sent twice, and the rest a person sees."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hotline.delivery.doubt import FIRST_LOOK_SECONDS, GIVE_UP, NEXT_LOOK_SECONDS
from hotline.delivery.outbox import CLAIM_SECONDS
from hotline.telephony.client import ListedMessage
from tests.delivery.conftest import Desk


def _put_in_doubt(desk: Desk, body: str = "Guten Tag") -> int:
    """A message whose send got no answer."""
    outbox_id, desk.provider.refusals = desk.put(body), [None]
    assert desk.dispatcher.deliver(outbox_id) == FIRST_LOOK_SECONDS
    assert desk.row(outbox_id).status == "checking"
    return outbox_id


def _listed(desk: Desk, sid: str, body: str = "Guten Tag", seconds_ago: float = 0) -> ListedMessage:
    return ListedMessage(sid, body, desk.clock() - timedelta(seconds=seconds_ago))


def test_message_the_provider_has_counts_as_sent_and_is_not_sent_again(desk: Desk) -> None:
    message_id = desk.make_message()
    outbox_id, desk.provider.refusals = desk.put(message_id=message_id), [None]
    desk.dispatcher.deliver(outbox_id)
    desk.provider.listed = [_listed(desk, "SM9")]
    assert desk.dispatcher.deliver(outbox_id) is None, "not before its time"
    assert desk.provider.asked_for == []
    desk.clock.move(seconds=FIRST_LOOK_SECONDS)
    assert desk.dispatcher.sweep() == [outbox_id]
    assert desk.dispatcher.deliver(outbox_id) is None
    assert (desk.row(outbox_id).status, desk.row(outbox_id).provider_sid) == ("sent", "SM9")
    assert (desk.message(message_id).status, desk.message(message_id).provider_sid) == ("sent", "SM9")
    assert desk.provider.sent == []
    assert desk.report("delivered", "SM9", outbox_id)


def test_message_the_provider_does_not_have_is_sent_after_two_looks(desk: Desk) -> None:
    outbox_id = _put_in_doubt(desk)
    desk.clock.move(seconds=FIRST_LOOK_SECONDS)
    assert desk.dispatcher.deliver(outbox_id) == NEXT_LOOK_SECONDS
    desk.clock.move(seconds=NEXT_LOOK_SECONDS)
    assert desk.dispatcher.deliver(outbox_id) == 0
    assert desk.provider.sent == []
    assert desk.dispatcher.deliver(outbox_id) is None
    assert len(desk.provider.sent) == 1
    assert desk.row(outbox_id).status == "sent"


def test_worker_that_died_in_the_middle_of_a_send_leaves_a_doubt_that_the_list_clears(desk: Desk) -> None:
    def crash(_: str) -> None:
        raise KeyboardInterrupt

    outbox_id, desk.provider.during = desk.put(), crash
    with pytest.raises(KeyboardInterrupt):
        desk.dispatcher.deliver(outbox_id)
    desk.provider.during = lambda _: None
    desk.provider.listed = [_listed(desk, "SM1")]
    desk.clock.move(seconds=CLAIM_SECONDS + 1)
    assert desk.dispatcher.sweep() == [outbox_id]
    desk.dispatcher.deliver(outbox_id)
    assert desk.row(outbox_id).status == "sent"
    assert len(desk.provider.sent) == 1


def test_provider_that_never_tells_leaves_the_message_to_a_person_and_nothing_is_sent(desk: Desk) -> None:
    outbox_id = _put_in_doubt(desk)
    desk.provider.listed = None
    while (wait_seconds := desk.dispatcher.deliver(outbox_id)) is not None or desk.row(outbox_id).status == "checking":
        desk.clock.move(seconds=wait_seconds or FIRST_LOOK_SECONDS)
    assert desk.row(outbox_id).status == "unsure"
    assert desk.provider.sent == []
    with desk.database.read() as connection:
        assert [row["id"] for row in desk.outbox.find_problems(connection)] == [outbox_id]
    desk.resend(outbox_id)
    desk.dispatcher.deliver(outbox_id)
    assert len(desk.provider.sent) == 1


def test_doubt_that_nobody_looked_at_for_hours_is_not_ended_by_a_late_send(desk: Desk) -> None:
    outbox_id = _put_in_doubt(desk)
    desk.clock.move(seconds=GIVE_UP.total_seconds() + 60)
    desk.dispatcher.deliver(outbox_id)
    assert desk.row(outbox_id).status == "unsure"


def test_same_words_said_before_or_by_another_message_are_not_taken_for_this_one(desk: Desk) -> None:
    earlier = desk.put()
    desk.dispatcher.deliver(earlier)
    outbox_id = _put_in_doubt(desk)
    desk.provider.listed = [_listed(desk, "SM1"), _listed(desk, "SM0", seconds_ago=3600)]
    desk.clock.move(seconds=FIRST_LOOK_SECONDS)
    assert desk.dispatcher.deliver(outbox_id) == NEXT_LOOK_SECONDS
    assert desk.row(outbox_id).status == "checking"


def test_two_messages_in_doubt_with_the_same_words_need_two_in_the_list(desk: Desk) -> None:
    first, second = _put_in_doubt(desk), _put_in_doubt(desk)
    desk.provider.listed = [_listed(desk, "SM9")]
    desk.clock.move(seconds=FIRST_LOOK_SECONDS)
    desk.dispatcher.deliver(first)
    assert desk.dispatcher.deliver(second) == NEXT_LOOK_SECONDS
    assert (desk.row(first).status, desk.row(second).status) == ("sent", "checking")


def test_another_message_in_doubt_to_the_same_person_does_not_confuse(desk: Desk) -> None:
    first, second = _put_in_doubt(desk, "eins"), _put_in_doubt(desk, "zwei")
    desk.provider.listed = [_listed(desk, "SM9", "zwei")]
    desk.clock.move(seconds=FIRST_LOOK_SECONDS)
    assert desk.dispatcher.deliver(first) == NEXT_LOOK_SECONDS
    assert desk.dispatcher.deliver(second) is None
    assert desk.row(second).status == "sent"


def test_message_the_provider_may_have_reworded_is_shown_to_a_person(desk: Desk) -> None:
    outbox_id = _put_in_doubt(desk, "Grüße")
    desk.provider.listed = [_listed(desk, "SM9", "Gruesse")]
    desk.clock.move(seconds=FIRST_LOOK_SECONDS)
    assert desk.dispatcher.deliver(outbox_id) is None
    assert desk.row(outbox_id).status == "unsure"


def test_report_ends_the_doubt_before_anybody_looks(desk: Desk) -> None:
    outbox_id = _put_in_doubt(desk)
    assert desk.report("delivered", "SM9", outbox_id)
    desk.clock.move(days=1)
    assert desk.dispatcher.sweep() == []
    assert desk.row(outbox_id).status == "delivered"
