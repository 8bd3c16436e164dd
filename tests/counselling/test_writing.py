"""How a counsellor's words reach a person, channel by channel."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotline.counselling.desk import CannotReply, CounsellorDesk, Reply
from hotline.counselling.handoff import HandoffRequest, request_handoff
from hotline.counselling.queues import BrokenHours, load_queue_file
from hotline.counselling.writing import BrokenTemplates, is_landline, load_templates
from hotline.store.database import Database
from tests.counselling.desks import Office


@pytest.fixture
def office(database: Database) -> Office:
    """A small office on each database."""
    return Office(database)


def _handoff(office: Office, channel: str, number: str | None = "+4915112345678") -> int:
    request = HandoffRequest(office.open(number, channel), "asked", None, "de", None, channel)
    with office.database.begin() as connection:
        return request_handoff(connection, request, office.clock()).id


def _reply(office: Office, handoff_id: int, reply: Reply) -> int | None:
    with office.database.begin() as connection:
        return CounsellorDesk(office.outbox, office.cipher).reply(connection, handoff_id, reply, "anna", office.clock())


def test_chat_on_our_own_page_needs_no_provider(office: Office) -> None:
    assert _reply(office, _handoff(office, "webchat", "chat-17"), Reply("Guten Tag")) is None
    assert office.rows("outbox") == []
    assert [(row["author"], row["status"]) for row in office.rows("messages")] == [("counsellor", "sent")]


def test_same_form_is_one_message_and_the_same_key_elsewhere_another(office: Office) -> None:
    first, second = _handoff(office, "sms"), _handoff(office, "sms", "+4915112345679")
    assert _reply(office, first, Reply("Guten Tag", "key")) is not None
    assert _reply(office, first, Reply("Guten Tag", "key")) is None
    assert _reply(office, second, Reply("Guten Tag", "key")) is not None
    assert len(office.rows("outbox")) == 2


@pytest.mark.parametrize(("number", "reason"), [(None, "no_number"), ("+493023125001", "landline")])
def test_call_that_no_sms_can_answer_is_said_to_be_one(office: Office, number: str | None, reason: str) -> None:
    with pytest.raises(CannotReply) as refused:
        _reply(office, _handoff(office, "voice", number), Reply("Guten Tag"))
    assert refused.value.reason == reason


def test_landlines_are_known_in_every_country_and_doubt_is_no_landline() -> None:
    assert is_landline("+493023125001")
    assert is_landline("+902121234567")
    assert not is_landline("+4915112345678")
    # In the United States a number does not tell.
    assert not is_landline("+12125550123")


def test_broken_lists_are_named_with_their_remedy(tmp_path: Path) -> None:
    path = tmp_path / "list.yml"
    path.write_text("templates: {de: 1}", encoding="utf-8")
    with pytest.raises(BrokenTemplates, match=r"list\.yml: must hold `templates`"):
        load_templates(path)
    path.write_text("queues: {general: {hours: {}, targets: {normal: 2, danger: 5}}}", encoding="utf-8")
    with pytest.raises(BrokenHours, match="in danger not longer"):
        load_queue_file(path)
