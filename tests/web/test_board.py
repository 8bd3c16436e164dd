"""The supervisor's board as it is asked for, and as it looks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import insert, update

from hotline.counselling.counsellors import set_presence
from hotline.counselling.handoff import HandoffRequest, request_handoff
from hotline.staff.accounts import get_account
from hotline.store.database import insert_returning_id
from hotline.store.tables import conversations, counsellors, handoffs, staff_accounts
from tests.conftest import BASE_URL, Hotline
from tests.web.browsing import DESKTOP, SMALL, Tabs, check_accessibility, check_fits, serve
from tests.web.staff import open_session, sign_in

PAGE = "/console/board"


def _wait(hotline: Hotline, minutes: int, language: str | None, reason: str = "asked") -> int:
    now = hotline.clock()
    row = {"channel": "sms", "status": "bot", "language": language, "session": {}, "turns": 0}
    row |= {"opened_at": now, "last_inbound_at": now}
    with hotline.services.database.begin() as connection:
        conversation = insert_returning_id(connection, conversations, row)
        danger = "medical" if reason == "danger" else None
        request = HandoffRequest(conversation, reason, danger, language, None, "sms")
        handoff_id = request_handoff(connection, request, now - timedelta(minutes=minutes)).id
        connection.execute(update(handoffs).where(handoffs.c.id == handoff_id).values(queue="general"))
    return handoff_id


def _staff(hotline: Hotline, name: str, *languages: str) -> None:
    with hotline.services.database.begin() as connection:
        hotline.services.staff_accounts.add(connection, name, ["counsellor"], "de", "test", hotline.clock())
        row = {"languages": list(languages), "topics": [], "lands": [], "capacity": 3, "presence": "away"}
        account_id = get_account(connection, name).id
        connection.execute(insert(counsellors).values(account_id=account_id, seen_at=hotline.clock(), **row))
        set_presence(connection, account_id, "available", hotline.clock())


def test_live_part_is_sent_once_and_names_nobody(quick_hotline: Hotline) -> None:
    _staff(quick_hotline, "anna.keller", "ar", "de")
    _wait(quick_hotline, 20, "ar")
    _wait(quick_hotline, 5, None, "some_new_reason")
    client = sign_in(quick_hotline, "eva", ["supervisor"])
    first = client.get(f"{PAGE}/live", base_url=BASE_URL)
    page = first.get_data(as_text=True)
    for shown in ("العربية", "20 min", "1 zu spät", "nicht bekannt", "gewünscht: 1", "anderes: 1"):
        assert shown in page, shown
    assert "keller" not in page
    again = client.get(f"{PAGE}/live", base_url=BASE_URL, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.get_data()) == (304, b"")
    _wait(quick_hotline, 1, "fa")
    assert client.get(f"{PAGE}/live", base_url=BASE_URL, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}/live"])
def test_counsellors_do_not_see_it(quick_hotline: Hotline, path: str) -> None:
    assert sign_in(quick_hotline, "anna", ["counsellor"]).get(path, base_url=BASE_URL).status_code == 403


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Hotline]:
    """The hotline at a free port."""
    with serve(tmp_path) as hotline:
        yield hotline


def test_board_is_accessible_fits_and_refreshes_itself(tabs: Tabs, served: Hotline) -> None:
    _staff(served, "anna", "ar", "de")
    _wait(served, 75, "fa", "topic")
    _wait(served, 4, "ar", "danger")
    token = open_session(served, "eva", ["supervisor"])
    for viewport, language in ((DESKTOP, "de"), (SMALL, "en")):
        with served.services.database.begin() as connection:
            connection.execute(update(staff_accounts).values(language=language))
        page = tabs.open(served, token, viewport=viewport)
        page.goto(PAGE)
        check_accessibility(page)
        check_fits(page)
        if viewport is DESKTOP:
            expect(page.locator("tbody tr").first).to_contain_text("العربية")
            _wait(served, 30, "tr")
            expect(page.locator("#board")).to_contain_text("Türkçe")
        if folder := os.environ.get("LOOK_AT"):
            page.screenshot(path=f"{folder}/board-{language}.png", full_page=True)
