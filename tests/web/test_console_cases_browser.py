"""Cases, wrap-ups and lists in a real browser: by keyboard, in both languages, on a screen, a tablet and a phone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import BaseWSGIServer

from hotline.counselling.assignment import accept
from hotline.counselling.cases import Worker
from hotline.dialogue.inputs import InboundText
from hotline.dialogue.turn import today_in_germany
from hotline.staff.accounts import get_account
from hotline.store.tables import counsellors, staff_accounts
from hotline.web.staff_session import cookie_name
from tests.conftest import Hotline
from tests.web.browsing import DESKTOP, SMALL, check_accessibility, check_fits, serve
from tests.web.staff import open_session

Server = tuple[Hotline, BaseWSGIServer]
TABLET = {"width": 820, "height": 1180}
PICTURES = os.environ.get("PICTURES")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The hotline at a free port."""
    with serve(tmp_path_factory.mktemp("cases")) as (hotline, listening):
        vars(hotline.services)["clock"] = lambda: datetime.now(UTC)
        yield hotline, listening


@pytest.fixture(scope="module")
def token(server: Server) -> str:
    """Anna counsels and supervises; she has a conversation in a case."""
    services = server[0].services
    token, now = open_session(server[0], "anna", ["counsellor", "supervisor"]), datetime.now(UTC)
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
def page(request: pytest.FixtureRequest, browser: Browser, server: Server, token: str) -> Iterator[Page]:
    """Anna's browser in each language."""
    base = f"http://127.0.0.1:{server[1].server_port}"
    context = browser.new_context(viewport=DESKTOP, base_url=base)  # type: ignore[arg-type]
    context.add_cookies([{"name": cookie_name(server[0].services), "value": token, "url": base}])
    with server[0].services.database.begin() as connection:
        connection.execute(staff_accounts.update().values(language=request.param))
    tab, errors = context.new_page(), list[str]()
    tab.set_default_timeout(10_000)
    tab.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    tab.on("pageerror", lambda error: errors.append(str(error)))
    yield tab
    context.close()
    assert errors == []


def _look(page: Page, name: str) -> None:
    for size, viewport in (("desktop", DESKTOP), ("tablet", TABLET), ("phone", SMALL)):
        page.set_viewport_size(viewport)  # type: ignore[arg-type]
        check_fits(page)
        if PICTURES:
            language = page.locator("html").get_attribute("lang")
            page.screenshot(path=Path(PICTURES) / f"{name}-{language}-{size}.png", full_page=True)
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    check_accessibility(page)


def test_a_conversation_is_written_up_by_keyboard_and_every_page_is_usable(page: Page, server: Server) -> None:
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
    answers = {(row["field"], row["code"]) for row in server[0].rows("wrap_up_answers")}
    assert ("disposition", "answered") in answers
