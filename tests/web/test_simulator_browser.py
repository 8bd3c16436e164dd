"""The simulator in a real browser, in front of the whole hotline over HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from hotline.counselling.desk import Reply
from hotline.counselling.handoff import list_open
from tests.conftest import Hotline
from tests.web.browsing import DESKTOP, SMALL, Tabs, check_accessibility, check_fits, serve

QUESTION = "Wie viel Geld bekomme ich?"
ARABIC_QUESTION = "ما الدعم المتاح؟"


@pytest.fixture(scope="module")
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    """The hotline, which knows two questions."""
    with serve(tmp_path_factory.mktemp("simulator")) as hotline:
        hotline.understander.knows(QUESTION, "money_reag_garp")
        hotline.understander.knows(ARABIC_QUESTION, "money_reag_garp", 0.95, "ar")
        yield hotline


@pytest.fixture
def page(tabs: Tabs, hotline: Hotline) -> Page:
    """A fresh tab of a wide screen."""
    return tabs.open(hotline)


def show(page: Page, language: str) -> None:
    """Open the simulator."""
    page.goto(f"/simulator?lang={language}")


def press(page: Page, key: str) -> None:
    """Press a key of the telephone."""
    page.locator(f'[data-key="{key}"]').click()


def test_text_is_answered_in_its_language_and_direction(page: Page) -> None:
    show(page, "de")
    page.locator("#body").fill(QUESTION)
    expect(page.locator("#count")).to_have_text("Zeichen: 26 · SMS-Teile: 1")
    page.keyboard.press("Enter")
    reply = page.locator("#thread .hotline .words")
    expect(reply).to_contain_text("Euro")
    expect(reply).to_have_attribute("lang", "de")
    expect(page.locator("#thread .hotline .about")).to_have_text("Hotline · SMS-Teile: 2")

    page.get_by_role("button", name="Neue Person").click()
    expect(reply).to_have_count(0)
    page.get_by_text("WhatsApp", exact=True).click()
    page.locator("[data-examples=ar]").click()
    page.get_by_role("button", name=ARABIC_QUESTION).click()
    expect(reply).to_have_attribute("lang", "ar")
    expect(reply).to_have_attribute("dir", "rtl")
    # The conversation stays when the page changes its language.
    page.get_by_role("link", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(reply).to_have_attribute("dir", "rtl")


def test_call_goes_by_key_by_speech_and_by_keyboard(page: Page) -> None:
    show(page, "de")
    expect(page.locator('[data-key="1"]')).to_be_disabled()
    page.get_by_role("button", name="Anrufen").click()
    expect(page.locator("#transcript [lang=de-DE]", has_text="Deutsch")).to_have_count(1)
    expect(page.locator("#transcript [lang=ar-AE]").first).to_have_attribute("dir", "rtl")
    expect(page.locator("#speech")).to_be_hidden()
    press(page, "1")
    # A second figure could follow; "#" says that none does.
    press(page, "#")
    expect(page.locator("#transcript")).to_contain_text("Hier spricht ein Programm")
    page.get_by_label("Was Sie sagen").fill(QUESTION)
    page.get_by_role("button", name="Sagen").click()
    expect(page.locator("#transcript")).to_contain_text("Euro")
    # A digit typed into the field of speech is no key; outside of it, it is one.
    expect(page.locator("#speech")).to_be_visible()
    page.get_by_label("Was Sie sagen").fill("0")
    page.get_by_role("button", name="Auflegen").focus()
    page.keyboard.press("0")
    expect(page.locator("#transcript .you")).to_have_text(["Taste 1", QUESTION, "Taste 0"])
    expect(page.locator("#transcript")).to_contain_text("rufen Sie auf dieser Nummer zurück")
    page.get_by_role("button", name="Auflegen").click()
    expect(page.locator("#state")).to_have_text("Gespräch beendet")
    expect(page.get_by_role("button", name="Anrufen")).to_be_focused()


def test_postcode_is_pressed_key_by_key_and_goes_off_as_one_answer(page: Page) -> None:
    show(page, "de")
    page.get_by_role("button", name="Anrufen").click()
    transcript = page.locator("#transcript")
    expect(transcript).to_contain_text("Für Deutsch")
    press(page, "1")
    press(page, "#")
    expect(transcript).to_contain_text("Hier spricht ein Programm")
    press(page, "3")
    expect(transcript).to_contain_text("Sterntaste")
    press(page, "1")
    expect(transcript).to_contain_text("fünf Ziffern")
    for key in "8033":
        press(page, key)
    expect(page.locator("#state")).to_have_text("8033")
    press(page, "1")
    expect(transcript).to_contain_text("Ist das richtig?")
    expect(transcript).to_contain_text("Bayern")
    # The hash key ends what was pressed, as it does at the provider.
    press(page, "2")
    expect(page.locator("#transcript .spoken", has_text="fünf Ziffern")).to_have_count(2)
    press(page, "1")
    press(page, "#")
    expect(transcript).to_contain_text("Welches Bundesland?")
    expect(page.locator("#transcript .you")).to_have_text(["Taste 1", "Taste 3", "Taste 1", "Taste 80331", "Taste 2", "Taste 1"])


def test_answer_of_a_counsellor_arrives_by_itself(page: Page, hotline: Hotline) -> None:
    services, now = hotline.services, datetime.now(UTC)
    show(page, "de")
    page.locator("#body").fill("Mensch")
    page.get_by_role("button", name="Senden").click()
    expect(page.locator("#thread .hotline")).to_have_count(1)
    with services.database.begin() as connection:
        newest = max(row["id"] for row in list_open(connection))
        reply = services.counsellor_desk.reply(connection, newest, Reply("Hier ist die Beratung."), "test", now)
    assert reply is not None
    services.dispatcher.deliver(reply)
    expect(page.locator("#thread .hotline").last).to_contain_text("Hier ist die Beratung.")
    expect(page.locator("#thread .hotline").last).to_contain_text("kam später")


def test_silent_server_is_named_and_its_return_noticed(tabs: Tabs, hotline: Hotline) -> None:
    page = tabs.open(hotline, is_refused=True)
    show(page, "de")
    page.route("**/simulator/**", lambda route: route.abort())
    page.locator("#body").fill(QUESTION)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Der Server antwortet nicht")
    expect(page.locator("#thread .note")).to_contain_text("Das ist nicht angekommen")
    page.unroute_all()
    expect(page.get_by_role("alert")).to_be_empty()


def test_wrong_number_is_named(page: Page) -> None:
    show(page, "de")
    field = page.get_by_label("Nummer der Person")
    expect(field).to_have_value(re.compile(r"\+\d{8,15}"))
    field.fill("0171 1")
    field.press("Tab")
    expect(page.locator("#number-note")).to_contain_text("Landesvorwahl")
    page.get_by_role("button", name="Anrufen").click()
    expect(field).to_be_focused()
    field.fill("+49 30 23125-0007")
    field.press("Tab")
    expect(page.locator("#number-note")).to_be_empty()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, SMALL], ids=["desktop", "small"])
@pytest.mark.parametrize("language", ["de", "ar"])
def test_page_is_accessible_and_fits(tabs: Tabs, hotline: Hotline, language: str, viewport: dict[str, int], scheme: str) -> None:
    page = tabs.open(hotline, viewport=viewport, scheme=scheme)
    show(page, language)
    page.locator(".chips:not([hidden]) button").first.click()
    page.locator("#thread .hotline").wait_for()
    check_accessibility(page)
    if viewport is SMALL:
        page.locator("[data-show=phone]").click()
    page.locator("#call").click()
    page.locator(".spoken").first.wait_for()
    check_accessibility(page)
    check_fits(page)
