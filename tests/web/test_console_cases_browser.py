"""Cases, wrap-ups and lists in a real browser: by keyboard, in both languages, on a screen, a tablet and a phone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from hotline.counselling.assignment import accept
from hotline.counselling.cases import Worker
from hotline.dialogue.inputs import InboundText
from hotline.dialogue.turn import today_in_germany
from hotline.staff.accounts import get_account
from hotline.store.tables import counsellors, staff_accounts
from tests.conftest import Hotline
from tests.web.browsing import DESKTOP, SMALL, TABLET, Tabs, check_accessibility, check_fits, serve
from tests.web.staff import open_session

PICTURES = os.environ.get("PICTURES")


@pytest.fixture(scope="module")
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    """The hotline at a free port."""
    with serve(tmp_path_factory.mktemp("cases")) as hotline:
        vars(hotline.services)["clock"] = lambda: datetime.now(UTC)
        yield hotline


@pytest.fixture(scope="module")
def token(hotline: Hotline) -> str:
    """Anna counsels and supervises; she has a conversation in a case."""
    services = hotline.services
    token, now = open_session(hotline, "anna", ["counsellor", "supervisor"]), datetime.now(UTC)
    with services.database.begin() as connection:
        anna = get_account(connection, "anna")
        skills = {"languages": ["ar"], "topics": [], "lands": [], "capacity": 5}
        connection.execute(counsellors.insert().values(account_id=anna.id, presence="available", seen_at=now, **skills))
    for number, body in enumerate(("مرحبا", "إنسان")):
        text = InboundText(f"SM{number}", "sms", "+4915112345678", "+4930555000", body)
        services.turns.take_text(text, lambda reply: reply or "")
    with services.database.begin() as connection:
        accept(connection, 1, anna.id, now)
        worker = Worker(anna.id, "anna")
        case_id = services.cases.open(connection, 1, worker, now)
        services.cases.set_alias(connection, case_id, "نور", worker, now)
        services.cases.add_note(connection, case_id, "Pass liegt bei der Botschaft; sie ruft zurück.", worker, now)
        services.cases.add_task(connection, case_id, "Botschaft anrufen", today_in_germany(), anna.id, worker, now)
    return token


@pytest.fixture(params=["de", "en"])
def page(request: pytest.FixtureRequest, tabs: Tabs, hotline: Hotline, token: str) -> Page:
    """Anna's browser in each language."""
    with hotline.services.database.begin() as connection:
        connection.execute(staff_accounts.update().values(language=request.param))
    return tabs.open(hotline, token)


def _look(page: Page, name: str) -> None:
    for size, viewport in (("desktop", DESKTOP), ("tablet", TABLET), ("phone", SMALL)):
        page.set_viewport_size(viewport)  # type: ignore[arg-type]
        check_fits(page)
        if PICTURES:
            language = page.locator("html").get_attribute("lang")
            page.screenshot(path=Path(PICTURES) / f"{name}-{language}-{size}.png", full_page=True)
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    check_accessibility(page)


def test_a_conversation_is_written_up_by_keyboard_and_every_page_is_usable(page: Page, hotline: Hotline) -> None:
    for path, name in (("/console/cases", "cases"), ("/console/cases/1", "case"), ("/console/forms", "forms")):
        page.goto(path)
        _look(page, name)
    expect(page.locator("nav.places .badge").first).to_be_visible()
    page.goto("/console/handoffs/1")
    _look(page, "conversation")
    page.locator("#wrap-up").press("Enter")
    page.wait_for_url("**/console/wrap-ups/1")
    _look(page, "wrap-up")
    page.locator("#field-disposition").select_option("answered")
    page.locator("input[name=obstacles][value=debts]").press("Space")
    page.locator("form.wrap-up button.strong").press("Enter")
    page.wait_for_url("**/console/wrap-ups")
    expect(page.locator("#notices .done")).to_be_visible()
    _look(page, "wrap-ups")
    answers = {(row["field"], row["code"]) for row in hotline.rows("wrap_up_answers")}
    assert ("disposition", "answered") in answers
