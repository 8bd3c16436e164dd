"""The pages of delivery: how fast messages go out, from real rows, and what did not arrive, to be sent again once by a person."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from hotline.delivery.outbox import OutgoingMessage
from hotline.store.tables import outbox
from tests.conftest import Hotline
from tests.web import twilio
from tests.web.browsing import DESKTOP, SMALL, Tabs, check_accessibility, check_fits, serve
from tests.web.member import Member, make_member
from tests.web.staff import open_session

SECRET = "kieselstrand"


def put(hotline: Hotline, seconds_ago: float = 0, **values: Any) -> int:
    """A message written some time ago, as its row is now."""
    services, now = hotline.services, hotline.services.clock()
    with services.database.begin() as connection:
        message = OutgoingMessage("sms", twilio.PERSON, twilio.OURS, SECRET)
        outbox_id = services.outbox.put(connection, message, now - timedelta(seconds=seconds_ago))
        if values:
            connection.execute(update(outbox).where(outbox.c.id == outbox_id).values(**values))
    return outbox_id


def hand_over(hotline: Hotline, wait_seconds: float, hours_ago: float = 1) -> None:
    """A message that was handed over after some seconds."""
    handed_at = hotline.services.clock() - timedelta(hours=hours_ago) + timedelta(seconds=wait_seconds)
    put(hotline, hours_ago * 3600, status="delivered", attempts=1, handed_at=handed_at)


@pytest.fixture
def supervisor(quick_hotline: Hotline) -> Member:
    """Somebody who tends delivery."""
    member = make_member(quick_hotline, "supervisor")
    member.carry(open_session(quick_hotline, "sabine", ["supervisor"]))
    return member


def test_share_and_times_are_those_of_the_rows(quick_hotline: Hotline, supervisor: Member) -> None:
    for _ in range(18):
        hand_over(quick_hotline, 0.5)
    hand_over(quick_hotline, 12)
    hand_over(quick_hotline, 2, hours_ago=50)
    put(quick_hotline, 3600, status="failed", attempts=3)
    put(quick_hotline, 3600, status="opted_out")
    put(quick_hotline, 3)
    page = supervisor.get("/console/delivery").get_data(as_text=True)
    day, week = (part for part in page.split("<tr>") if "Letzte 24" in part or "Letzte 7" in part)
    assert "90,0 % – nicht gehalten" in day
    assert ">20<" in day
    assert "0,5 s" in day
    assert "12,0 s" in day
    assert "90,4 %" in week
    assert "Fällig, nicht übergeben: 1" in page


def test_message_that_did_not_arrive_is_sent_again_once_and_leaves_a_trace(quick_hotline: Hotline, supervisor: Member) -> None:
    outbox_id = put(quick_hotline, 60, status="failed", error_code="21614", attempts=1)
    page = supervisor.get("/console/undelivered").get_data(as_text=True)
    assert "Festnetz" in page
    assert "21614" in page
    assert SECRET not in page
    assert twilio.PERSON[1:] not in page
    for _ in range(2):
        supervisor.get("/console/delivery")
        assert supervisor.post(f"/console/undelivered/{outbox_id}/resend").status_code == 302
    assert quick_hotline.rung == [outbox_id]
    assert quick_hotline.rows("outbox")[-1]["status"] == "queued"
    assert "jemand war schneller" in supervisor.get("/console/undelivered").get_data(as_text=True)
    trace = [(row["actor"], row["action"], row["object"]) for row in quick_hotline.rows("audit")]
    assert trace.count(("sabine", "resent_message", f"outbox {outbox_id}")) == 1


def test_who_wants_no_messages_gets_none_and_what_is_done_leaves_the_list(quick_hotline: Hotline, supervisor: Member) -> None:
    stopped = put(quick_hotline, 60, status="opted_out", error_code="21610", attempts=1)
    checking = put(quick_hotline, 60, status="checking", attempts=1)
    page = supervisor.get("/console/undelivered").get_data(as_text=True)
    assert f"/undelivered/{stopped}/resend" not in page
    assert f"/undelivered/{checking}/" not in page
    supervisor.post(f"/console/undelivered/{stopped}/resend")
    assert quick_hotline.rung == []
    supervisor.get("/console/undelivered")
    supervisor.post(f"/console/undelivered/{stopped}/settle")
    page = supervisor.get("/console/undelivered").get_data(as_text=True)
    assert "möchte keine Nachrichten" not in page
    assert ("sabine", "settled_message") in [(row["actor"], row["action"]) for row in quick_hotline.rows("audit")]


def test_pages_are_accessible_and_fit(tabs: Tabs, tmp_path: Path) -> None:
    with serve(tmp_path) as hotline:
        for wait in (0.4, 0.6, 11):
            hand_over(hotline, wait)
        for status, code in (("failed", "21211"), ("undelivered", "30003"), ("unsure", None), ("opted_out", "21610")):
            put(hotline, 90, status=status, error_code=code, attempts=1)
        put(hotline, 90)
        token = open_session(hotline, "sabine", ["supervisor"])
        for viewport, language in ((DESKTOP, "de"), (SMALL, "en")):
            page = tabs.open(hotline, token, viewport=viewport, language=language)
            for path in ("delivery", "undelivered"):
                page.goto(f"/console/{path}")
                page.screenshot(path=tmp_path / f"{path}-{language}.png", full_page=True)
                check_accessibility(page)
                check_fits(page)
