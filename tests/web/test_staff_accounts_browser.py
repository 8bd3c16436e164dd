"""Accounts, skills and the audit in a real browser: on a desk, on a tablet and on a phone, in both languages, by keyboard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from hotline.staff.accounts import get_account
from tests.conftest import Hotline
from tests.web.browsing import DESKTOP, SMALL, TABLET, Tabs, check_accessibility, check_fits, serve
from tests.web.member import PASSWORD, make_member


@pytest.fixture(scope="module")
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    """The hotline at a free port, with some accounts in different states."""
    with serve(tmp_path_factory.mktemp("accounts")) as hotline:
        for name, roles in (("anna.keller", ["editor", "reviewer"]), ("kemal", ["counsellor"]), ("berta", ["admin"])):
            make_member(hotline, *roles, name=name)
        services = hotline.services
        with services.database.begin() as connection:
            services.staff_accounts.add(connection, "neu.hier", ["counsellor"], None, "test", hotline.clock())
            services.staff_accounts.disable(connection, "anna.keller", "test", hotline.clock())
        yield hotline


def _open(hotline: Hotline, tabs: Tabs, viewport: dict[str, int], language: str) -> Page:
    """A browser in which the admin is signed in."""
    services = hotline.services
    with services.database.begin() as connection:
        services.staff_accounts.choose_language(connection, "berta", language, "test", hotline.clock())
        token = services.staff_sessions.open(connection, get_account(connection, "berta").id, "full", "test")
    return tabs.open(hotline, token, viewport=viewport, is_refused=True)


@pytest.mark.parametrize(
    ("viewport", "language"), [(DESKTOP, "de"), (SMALL, "en"), (TABLET, "de")], ids=["desk", "phone", "tablet"]
)
def test_pages_of_accounts_are_accessible_and_fit(tabs: Tabs, hotline: Hotline, viewport: dict[str, int], language: str) -> None:
    page = _open(hotline, tabs, viewport, language)
    with hotline.services.database.read() as connection:
        kemal = get_account(connection, "kemal").id
    paths = ("accounts", "accounts/invite", f"accounts/{kemal}", "counsellors", f"counsellors/{kemal}", "audit")
    for path in paths:
        page.goto(f"/staff/{path}")
        expect(page.locator("html")).to_have_attribute("lang", language)
        closed = page.locator("details:not([open]) > summary")
        while closed.count():
            closed.first.click()
        check_accessibility(page)
        check_fits(page)


def test_admin_invites_somebody_by_keyboard_and_sees_the_password_once(tabs: Tabs, hotline: Hotline) -> None:
    page = _open(hotline, tabs, DESKTOP, "de")
    page.goto("/staff")
    expect(page.get_by_role("heading", name="Konten")).to_be_visible()
    page.get_by_role("link", name="Jemanden einladen").press("Enter")
    page.get_by_label("Kontoname").fill("carla.neu")
    page.get_by_label("Beratung").press("Space")
    page.get_by_label("Ihr eigenes Passwort").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Beratung")).to_be_checked()
    page.get_by_label("Ihr eigenes Passwort").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("code.secret")).to_have_count(1)
    check_accessibility(page)
    page.get_by_role("link", name="Ich habe es weitergegeben").press("Enter")
    expect(page.get_by_role("row", name="carla.neu")).to_contain_text("eingeladen")
