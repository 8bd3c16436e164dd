"""The whole path in real browsers, twice at once: a text, counsellors in German and English, and the reply on the phone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Event, Thread

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import insert, update

from hotline.counselling.assignment import offer_waiting
from hotline.staff.accounts import get_account
from hotline.store.tables import counsellors, staff_accounts
from tests.conftest import Hotline
from tests.web.browsing import SMALL, TABLET, Tabs, check_accessibility, check_fits, serve
from tests.web.staff import open_session

ARABIC = "ما الدعم المتاح؟"


class Doorbell:
    """Sends at once, as the worker does."""

    def __init__(self, hotline: Hotline) -> None:
        self._hotline = hotline

    def ring(self, outbox_id: int) -> None:
        """See ``delivery.jobs.Doorbell``."""
        Thread(target=self._hotline.services.dispatcher.deliver, args=(outbox_id,)).start()


@pytest.fixture(scope="module")
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    """The hotline at a free port; what waits is offered by itself."""
    with serve(tmp_path_factory.mktemp("console")) as hotline:
        hotline.understander.knows(ARABIC, "money_reag_garp", 0.95, "ar")
        clock = lambda: datetime.now(UTC)  # noqa: E731
        vars(hotline.services).update(clock=clock, doorbell=Doorbell(hotline))
        vars(hotline.services.turns).update(_clock=clock, _ring=Doorbell(hotline).ring)
        is_over = Event()

        def work() -> None:
            while not is_over.wait(0.3):
                with hotline.services.database.begin() as connection:
                    offer_waiting(connection, clock())

        worker = Thread(target=work)
        worker.start()
        yield hotline
        is_over.set()
        worker.join()


def hire(hotline: Hotline, name: str, language: str, shown_in: str) -> str:
    """A counsellor for one language, with pages in another one; gives the cookie."""
    services = hotline.services
    token = open_session(hotline, name, ["counsellor"])
    with services.database.begin() as connection:
        account = get_account(connection, name)
        connection.execute(update(staff_accounts).where(staff_accounts.c.id == account.id).values(language=shown_in))
        row = {"account_id": account.id, "presence": "available", "seen_at": services.clock()}
        skills = {"languages": [language], "topics": [], "lands": [], "capacity": 5}
        connection.execute(insert(counsellors).values(**row, **skills))
    return token


def tab_of(tabs: Tabs, hotline: Hotline, token: str) -> Page:
    """A counsellor's browser, at the console."""
    tab = tabs.open(hotline, token)
    tab.goto("/console")
    return tab


def tab_to(page: Page, name: str) -> None:
    """Go on with the Tab key until the field of this id has the focus."""
    for _ in range(40):
        if page.evaluate("document.activeElement.id") == name:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {name}.")


def write(phone: Page, text: str) -> None:
    """Type a text where the focus is, send it, and wait for what is answered at once."""
    count = phone.locator("#thread .you").count()
    phone.keyboard.type(text)
    phone.keyboard.press("Enter")
    expect(phone.locator("#thread .you")).to_have_count(count + 1)
    expect(phone.locator("#writing")).to_have_text("")


def take(console: Page, accept: str, *, by_keyboard: bool) -> None:
    """Accept what is offered."""
    if by_keyboard:
        console.keyboard.press("j")
        console.keyboard.press("Enter")
    else:
        console.get_by_role("button", name=accept).click()


def send_twice(console: Page, *, by_keyboard: bool) -> None:
    """Send the reply, and again before the first answer."""
    if by_keyboard:
        console.keyboard.press("r")
        console.keyboard.press("Control+Enter")
        console.keyboard.press("Control+Enter")
    else:
        console.locator("#send").dblclick()


def test_text_to_console_to_reply_twice_at_once(tabs: Tabs, hotline: Hotline) -> None:
    words = {
        "de": ("Mein Chef hat meinen Pass", "Annehmen", "Guten Tag, ich bin Anna."),
        "ar": (ARABIC, "Accept", "مرحباً، أنا مستشارة."),
    }
    consoles = {"de": tab_of(tabs, hotline, hire(hotline, "anna", "de", "de"))}
    consoles["ar"] = tab_of(tabs, hotline, hire(hotline, "ben", "ar", "en"))
    phones = {}
    for language, (said, _, _) in words.items():
        phones[language] = phone = tabs.open(hotline)
        phone.goto(f"/simulator?lang={language}")
        # Both sides of the German path are walked by keyboard alone, those of the other one with the mouse.
        if language == "de":
            tab_to(phone, "body")
        else:
            phone.locator("#body").click()
        write(phone, said)
        write(phone, "0")
    # In danger the numbers that help at once come first, whoever takes over.
    expect(phones["de"].locator("#thread")).to_contain_text("110")
    expect(phones["ar"].locator("#thread")).not_to_contain_text("110")
    check_accessibility(phones["ar"])
    for language, (said, accept, reply) in words.items():
        console = consoles[language]
        # It appears by itself.
        expect(console.get_by_role("button", name=accept)).to_be_visible()
        check_accessibility(console)
        take(console, accept, by_keyboard=language == "de")
        expect(console.locator("#thread")).to_contain_text(said)
        # Keys work from the moment the page is complete.
        console.wait_for_load_state()
        check_accessibility(console)
        check_fits(console)
        console.keyboard.press("r")
        console.keyboard.type(reply)
        # What is typed outlives a reload and a look at the overview, and the poll moves nothing.
        console.goto("/console")
        console.go_back()
        console.reload()
        expect(console.locator("#reply-text")).to_have_value(reply)
        expect(console.locator("#reply-count")).to_contain_text("1")
        send_twice(console, by_keyboard=language == "de")
        expect(console.locator("#thread .counsellor")).to_have_count(1)
    expect(consoles["de"].locator("main")).to_contain_text("Gefahr")
    for language, (_, _, reply) in words.items():
        expect(phones[language].locator("#thread .hotline").last).to_contain_text(reply)
        write(phones[language], "OK")
    for language, console in consoles.items():
        console.locator("#reply-text").fill("…")
        expect(console.locator("#thread .contact").last).to_contain_text("OK")
        expect(console.locator("#thread .counsellor .status")).to_contain_text("zugestellt" if language == "de" else "delivered")
        # Something new took neither the focus nor the text.
        expect(console.locator("#reply-text")).to_be_focused()
        expect(console.locator("#reply-text")).to_have_value("…")
    arabic = consoles["ar"]
    expect(arabic.locator("#thread .contact .said").first).to_have_css("direction", "rtl")
    for size in (TABLET, SMALL):
        arabic.set_viewport_size(size)  # type: ignore[arg-type]
        check_fits(arabic)
    arabic.set_viewport_size(TABLET)  # type: ignore[arg-type]
    check_accessibility(arabic)
    # On a slow line somebody types before the script is there: the draft of before stays.
    held: list[Route] = []
    arabic.route("**/console.js*", lambda route: held.append(route))
    with arabic.expect_request("**/console.js*"):
        arabic.reload(wait_until="commit")
    arabic.locator("#reply-text").press_sequentially("!")
    held[0].continue_()
    expect(arabic.locator("#reply-text")).to_have_value("… !")
    arabic.locator("#reply-text").blur()
    arabic.keyboard.press("?")
    expect(arabic.locator("#shortcuts")).to_be_visible()
    check_accessibility(arabic)
