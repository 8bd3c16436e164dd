"""The whole path of a call in browsers: a caller waits, a counsellor's telephone rings, and the panel of the console."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Event, Thread

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import insert, update

from hotline.counselling.call_orders import OrderBell
from hotline.counselling.counsellors import set_phone
from hotline.counselling.queues import Queue, store_queues
from hotline.staff.accounts import get_account
from hotline.store.tables import counsellors
from tests.conftest import Hotline
from tests.counselling.test_hours import ROUND_THE_CLOCK
from tests.web.browsing import Tabs, check_accessibility, check_fits, serve
from tests.web.staff import open_session

CALLER, PHONE = "+493023125001", "+493023125002"


@pytest.fixture(scope="module")
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    """The hotline at a free port with a worker, open round the clock."""
    with serve(tmp_path_factory.mktemp("calls")) as hotline:
        services = hotline.services
        clock = lambda: datetime.now(UTC)  # noqa: E731
        vars(services).update(clock=clock)
        vars(services.turns)["_clock"] = clock
        vars(services)["order_bell"] = OrderBell(
            lambda order: Thread(target=services.order_book.carry_out, args=(order,)).start()
        )
        with services.database.begin() as connection:
            store_queues(connection, [Queue("all", frozenset(), frozenset(), ROUND_THE_CLOCK)])
        is_over = Event()

        def work() -> None:
            while not is_over.wait(0.5):
                with services.database.begin() as connection:
                    connection.execute(update(counsellors).values(seen_at=clock()))
                services.timers.run()

        worker = Thread(target=work)
        worker.start()
        yield hotline
        is_over.set()
        worker.join()


def _phone(tabs: Tabs, hotline: Hotline, number: str) -> Page:
    page = tabs.open(hotline)
    page.goto("/simulator?lang=de")
    page.fill("#number", number)
    page.press("#number", "Tab")
    return page


def test_caller_waits_the_counsellors_telephone_rings_and_both_are_connected(tabs: Tabs, hotline: Hotline) -> None:
    token = open_session(hotline, "anna", ["counsellor"])
    services = hotline.services
    with services.database.begin() as connection:
        account_id = get_account(connection, "anna").id
        row = {
            "languages": ["de"],
            "topics": [],
            "lands": [],
            "capacity": 3,
            "presence": "available",
            "seen_at": services.clock(),
        }
        connection.execute(insert(counsellors).values(account_id=account_id, **row))
        set_phone(connection, account_id, PHONE, services.cipher, "anna", services.clock())
    caller, counsellor = _phone(tabs, hotline, CALLER), _phone(tabs, hotline, PHONE)
    caller.click("#call")
    # The same key twice needs no waiting for a second figure.
    for key in ("1", "1", "0"):
        expect(caller.locator(f'[data-key="{key}"]')).to_be_enabled()
        caller.click(f'[data-key="{key}"]')
        caller.wait_for_timeout(300)
    expect(caller.locator("#transcript")).to_contain_text("Bitte bleiben Sie am Telefon")
    expect(counsellor.locator("#state")).to_contain_text("Es klingelt")
    counsellor.click("#call")
    expect(counsellor.locator("#transcript")).to_contain_text("Sprache: Deutsch")
    counsellor.click('[data-key="1"]')
    expect(counsellor.locator("#transcript")).to_contain_text("Verbunden")
    expect(caller.locator("#transcript")).to_contain_text("Jetzt ist eine Beraterin")
    page = tabs.open(hotline, token)
    page.goto(f"/console/handoffs/{hotline.rows('handoffs')[-1]['id']}")
    panel = page.locator("#panel-call")
    expect(panel).to_contain_text("Gespräch läuft")
    check_accessibility(page)
    check_fits(page)
    panel.get_by_role("button", name="Halten", exact=True).click()
    expect(panel).to_contain_text("wird gehalten")
    # The caller hangs up: everybody's call ends, and the panel says so by itself.
    caller.click("#hang-up")
    expect(panel).to_contain_text("Jetzt kein Anruf")
    expect(counsellor.locator("#state")).to_contain_text("beendet")
