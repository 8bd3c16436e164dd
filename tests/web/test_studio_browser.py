"""The studio in a real browser: by keyboard, on a desk and on a phone, in German and English, right to left where needed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.conftest import Hotline
from tests.web.browsing import DESKTOP, SMALL, Tabs, check_accessibility, check_fits, serve
from tests.web.staff import open_session

PAGES = (
    "/studio", "/studio/texts", "/studio/texts/money_reag_garp/ar", "/studio/texts/money_reag_garp/ar/preview",
    "/studio/texts/money_reag_garp/de/history", "/studio/facts", "/studio/facts/reag.startup_adult", "/studio/facts/new",
    "/studio/topics/money_reag_garp",
)  # fmt: skip
EDITOR = "/studio/texts/luggage/ar"


@pytest.fixture(scope="module")
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    """The hotline at a free port."""
    with serve(tmp_path_factory.mktemp("studio")) as hotline:
        yield hotline


@pytest.fixture(scope="module")
def tokens(hotline: Hotline) -> dict[str, str]:
    """Somebody who writes and somebody who approves, signed in."""
    return {name: open_session(hotline, name, [role]) for name, role in (("anna", "editor"), ("ben", "reviewer"))}


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("viewport", [DESKTOP, SMALL], ids=["desk", "phone"])
def test_every_page_is_accessible_and_fits(
    tabs: Tabs, hotline: Hotline, tokens: dict[str, str], path: str, viewport: dict[str, int]
) -> None:
    page = tabs.open(hotline, tokens["ben"], viewport=viewport)
    page.goto(path)
    check_accessibility(page)
    check_fits(page)


def test_a_translation_is_written_counted_and_published_by_two_people(
    tabs: Tabs, hotline: Hotline, tokens: dict[str, str]
) -> None:
    anna = tabs.open(hotline, tokens["anna"])
    anna.goto(EDITOR)
    short = anna.get_by_label("Kurztext")
    expect(short).to_have_attribute("dir", "rtl")
    short.fill("اسألوا شركة الطيران. ")
    expect(anna.locator("#short-count .alphabet")).to_have_text("UCS-2")
    expect(anna.locator("#short-count .characters")).to_have_text("20")
    # A fact goes in where the cursor stands, and is counted as people will see it.
    short.press("End")
    anna.get_by_label("Fakt einsetzen").select_option("emergency.ambulance")
    anna.get_by_role("button", name="Einsetzen", exact=True).click()
    expect(short).to_have_value("اسألوا شركة الطيران. {emergency.ambulance}")
    expect(anna.locator("#short-count .characters")).to_have_text("24")
    anna.get_by_role("button", name="Speichern und zur Prüfung geben").click()
    expect(anna.get_by_role("status")).to_contain_text("Zur Prüfung gegeben")
    check_accessibility(anna)

    ben = tabs.open(hotline, tokens["ben"], viewport=SMALL)
    ben.goto("/studio")
    ben.get_by_role("link").filter(has_text="العربية").first.click()
    expect(ben.locator("ins").first).to_be_visible()
    check_accessibility(ben)
    check_fits(ben)
    ben.get_by_label("Muttersprache").check()
    ben.get_by_role("button", name="Freigeben und veröffentlichen").click()
    expect(ben.get_by_role("status").first).to_contain_text("Veröffentlicht")
    expect(ben.locator(".badges .badge").first).to_have_text("geprüft")


def test_the_editor_works_by_keyboard_alone_and_in_english(tabs: Tabs, hotline: Hotline, tokens: dict[str, str]) -> None:
    page = tabs.open(hotline, tokens["anna"])
    page.goto("/studio/texts/pregnancy/en")
    page.get_by_role("button", name="English").press("Enter")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    title = page.get_by_label("Title")
    title.focus()
    page.keyboard.press("End")
    page.keyboard.type(" now")
    page.get_by_role("button", name="Save", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Saved")
    expect(page.get_by_label("Title")).to_have_value("Pregnancy now")
    page.get_by_role("button", name="Deutsch").press("Enter")
