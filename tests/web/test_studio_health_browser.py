"""The page of content health in a real browser: usable by everybody, on a wide screen and on a phone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import BaseWSGIServer

from hotline.knowledge.link_fetch import Outcome
from hotline.web.staff_session import cookie_name
from hotline.web.staff_texts import LANGUAGE_COOKIE
from tests.conftest import Hotline
from tests.web.browsing import DESKTOP, SMALL, check_accessibility, serve
from tests.web.staff import open_session

DEAD = "https://bamf.de"


class _Web:
    """One link is gone."""

    def check(self, url: str) -> Outcome:
        return Outcome("dead", 404) if url == DEAD else Outcome("ok", 200)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Hotline, BaseWSGIServer, str]]:
    """The studio at a free port, and the session of an editor."""
    with serve(tmp_path_factory.mktemp("studio")) as (hotline, listening):
        vars(hotline.services.link_checks)["_fetcher"] = _Web()
        hotline.services.link_checks.run()
        yield hotline, listening, open_session(hotline, "anna", ["editor"])


def _open(browser: Browser, studio: tuple[Hotline, BaseWSGIServer, str], viewport: dict[str, int], path: str) -> Page:
    hotline, listening, token = studio
    base = f"http://127.0.0.1:{listening.server_port}"
    context = browser.new_context(viewport=viewport)  # type: ignore[arg-type]
    cookies = {cookie_name(hotline.services): token, LANGUAGE_COOKIE: "de"}
    context.add_cookies([{"name": name, "value": value, "url": base} for name, value in cookies.items()])
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.goto(base + path)
    return page


@pytest.mark.parametrize("viewport", [DESKTOP, SMALL], ids=["desktop", "small"])
@pytest.mark.parametrize("query", ["", "?kind=link_dead", "?kind=easy&language=ar", "?kind=hard&owner=nobody"])
def test_page_is_accessible_and_fits(
    browser: Browser, studio: tuple[Hotline, BaseWSGIServer, str], query: str, viewport: dict[str, int]
) -> None:
    page = _open(browser, studio, viewport, f"/studio/health{query}")
    for summary in page.locator("summary").all()[:2]:
        summary.click()
    check_accessibility(page)
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    page.context.close()


def test_editor_filters_asks_for_a_check_and_takes_the_table_along(
    browser: Browser, studio: tuple[Hotline, BaseWSGIServer, str]
) -> None:
    page = _open(browser, studio, DESKTOP, "/studio/health")
    page.get_by_label("Art").select_option("link_dead")
    page.get_by_role("button", name="Zeigen", exact=True).click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text("HTTP 404")
    with page.expect_download() as download:
        page.get_by_role("link", name="Als CSV laden").click()
    assert DEAD in download.value.path().read_text(encoding="utf-8-sig")
    page.get_by_role("button", name=f"Jetzt prüfen: {DEAD}").click()
    expect(page.locator("#notices")).to_contain_text("Die Prüfung ist bestellt")
    expect(page.locator("tbody tr")).to_contain_text("wird geprüft")
    page.get_by_role("link", name="Verantwortlich").click()
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("Verantwortlich ▲")
    page.context.close()
