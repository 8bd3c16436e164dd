"""Signing in as staff in a real browser, by keyboard, on a desk and on a phone, in both languages."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from hotline.staff.second_factor import code_at, step_at
from tests.conftest import Hotline
from tests.web.browsing import DESKTOP, SMALL, Tabs, check_accessibility, check_fits, serve
from tests.web.member import PASSWORD, make_member, new_member

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    """The hotline at a free port."""
    with serve(tmp_path_factory.mktemp("staff")) as hotline:
        yield hotline


def _code(hotline: Hotline, secret: str) -> str:
    hotline.clock.move(seconds=31)
    return code_at(secret, step_at(hotline.clock()))


@pytest.mark.parametrize(
    ("locale", "viewport", "scheme"),
    [("de-DE", DESKTOP, "light"), ("de-DE", SMALL, "dark"), ("en-GB", DESKTOP, "dark"), ("en-GB", SMALL, "light")],
    ids=["german desk", "german phone", "english desk", "english phone"],
)
def test_every_page_of_the_way_in_is_accessible_and_fits(
    tabs: Tabs, hotline: Hotline, locale: str, viewport: dict[str, int], scheme: str
) -> None:
    page = tabs.open(hotline, viewport=viewport, scheme=scheme, locale=locale, is_refused=True)
    member, one_time = new_member(hotline, "editor", "admin", name=f"browser.{next(_numbers)}")
    with hotline.services.database.begin() as connection:
        connection.exec_driver_sql("UPDATE staff_accounts SET language = NULL")
    seen = list[str]()

    def look(title: str) -> None:
        expect(page.locator("html")).to_have_attribute("lang", locale[:2])
        check_accessibility(page)
        check_fits(page)
        seen.append(f"{title}: {page.title()}")

    def fill(**fields: str) -> None:
        for name, value in fields.items():
            page.locator(f"#{name}").fill(value)
        page.keyboard.press("Enter")

    page.goto("/staff/account")
    look("sign in")
    fill(name=member.name, password="wrong")
    page.get_by_role("alert").wait_for()
    look("wrong")
    expect(page.locator("#name")).to_have_attribute("aria-invalid", "true")
    fill(name=member.name, password=one_time)
    page.locator("#again").wait_for()
    look("first password")
    fill(password=PASSWORD, again=PASSWORD)
    page.locator(".code-picture svg").wait_for()
    look("enrol")
    secret = page.locator(".secret").inner_text().replace(" ", "")
    fill(code=_code(hotline, secret))
    expect(page.locator(".codes code")).to_have_count(10)
    look("recovery codes")
    page.locator("a.strong").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    look("account")
    page.goto("/staff/account/password")
    look("password")
    page.goto("/staff/nowhere")
    look("not there")
    page.locator(".who form:last-child button").click()
    page.locator(".notice.done").wait_for()
    look("signed out")
    fill(name=member.name, password=PASSWORD)
    page.locator("#code").wait_for()
    look("code")
    fill(code=_code(hotline, secret))
    # Back to where the person was when the session ended.
    page.wait_for_url(lambda url: "/staff/sign-in" not in url and "/second-factor" not in url)
    assert len(set(seen)) == 10


def test_language_password_and_devices_are_changed_by_the_person(tabs: Tabs, hotline: Hotline) -> None:
    member = make_member(hotline, "counsellor")
    pages = []
    for _ in range(2):
        page = tabs.open(hotline)
        page.goto("/staff/sign-in")
        page.get_by_label("Kontoname").fill(member.name)
        page.get_by_label("Passwort").fill(PASSWORD)
        page.get_by_role("button", name="Weiter").click()
        page.get_by_label("Code").fill(_code(hotline, member.secret))
        page.get_by_role("button", name="Anmelden").click()
        page.wait_for_url("**/console")
        page.goto("/staff/account")
        expect(page.get_by_role("heading", name="Mein Konto")).to_be_visible()
        pages.append(page)
    desk, laptop = pages
    desk.reload()
    desk.locator("tbody").get_by_role("button").click()
    expect(desk.get_by_role("status")).to_have_text("Das Gerät ist abgemeldet.")
    laptop.reload()
    expect(laptop.get_by_role("heading", name="Anmelden")).to_be_visible()

    desk.get_by_role("button", name="English").click()
    expect(desk.get_by_role("heading", name="My account")).to_be_visible()
    desk.get_by_role("link", name="Change password").click()
    desk.get_by_label("Current password").fill(PASSWORD)
    desk.get_by_label("New password", exact=True).fill("kanu-regal-sommer-pfiff")
    desk.get_by_label("New password again").fill("kanu-regal-sommer-pfiff")
    desk.get_by_role("button", name="Change password").click()
    expect(desk.get_by_role("status")).to_contain_text("Your password is changed.")


def test_first_stop_of_the_keyboard_leads_past_the_navigation(tabs: Tabs, hotline: Hotline) -> None:
    page = tabs.open(hotline)
    page.goto("/staff/sign-in")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Zum Inhalt")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Kontoname")).to_be_focused()


def test_form_on_another_site_signs_nobody_out(tabs: Tabs, hotline: Hotline) -> None:
    member = make_member(hotline, "editor")
    page = tabs.open(hotline, is_refused=True)
    page.goto("/staff/sign-in")
    page.get_by_label("Kontoname").fill(member.name)
    page.get_by_label("Passwort").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_label("Code").fill(_code(hotline, member.secret))
    page.keyboard.press("Enter")
    page.wait_for_url("**/studio")
    # localhost is another site than 127.0.0.1: the browser sends its form without our cookie.
    action = f"{hotline.services.settings.public_base_url}/staff/sign-out"
    form = f'<form method="post" action="{action}"><button>Win</button></form>'
    page.route("http://localhost:1/", lambda route: route.fulfill(content_type="text/html", body=form))
    page.goto("http://localhost:1/")
    page.get_by_role("button", name="Win").click()
    expect(page.get_by_role("heading", name="Die Seite war nicht mehr aktuell")).to_be_visible()
    page.goto("/staff/account")
    expect(page.get_by_role("heading", name="Mein Konto")).to_be_visible()
