"""The page of content health in a real browser: usable by everybody, on a wide screen and on a phone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from hotline.knowledge.link_fetch import Outcome
from tests.conftest import Hotline
from tests.web.browsing import DESKTOP, SMALL, Tabs, check_accessibility, check_fits, serve
from tests.web.staff import open_session

DEAD = "https://bamf.de"


class _Web:
    """One link is gone."""

    def check(self, url: str) -> Outcome:
        return Outcome("dead", 404) if url == DEAD else Outcome("ok", 200)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Hotline, str]]:
    """The studio at a free port, and the session of an editor."""
    with serve(tmp_path_factory.mktemp("studio")) as hotline:
        vars(hotline.services.link_checks)["_fetcher"] = _Web()
        hotline.services.link_checks.run()
        yield hotline, open_session(hotline, "anna", ["editor"])


@pytest.mark.parametrize("viewport", [DESKTOP, SMALL], ids=["desktop", "small"])
@pytest.mark.parametrize("query", ["", "?kind=link_dead", "?kind=easy&language=ar", "?kind=hard&owner=nobody"])
def test_page_is_accessible_and_fits(tabs: Tabs, studio: tuple[Hotline, str], query: str, viewport: dict[str, int]) -> None:
    page = tabs.open(*studio, viewport=viewport)
    page.goto(f"/studio/health{query}")
    for summary in page.locator("summary").all()[:2]:
        summary.click()
    check_accessibility(page)
    check_fits(page)


def test_editor_filters_asks_for_a_check_and_takes_the_table_along(tabs: Tabs, studio: tuple[Hotline, str]) -> None:
    page = tabs.open(*studio)
    page.goto("/studio/health")
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
