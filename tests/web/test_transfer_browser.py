"""Export and import in a real browser: download, change, upload, look, store; and no serious fault for anybody's senses."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

from hotline.knowledge.exchange import Upload
from tests.conftest import Hotline, make_hotline, make_settings, require
from tests.knowledge.test_exchange import GERMAN, NEW_SHORT, Desk, desk_of, set_cell
from tests.web.staff import open_session
from tests.web.test_simulator_browser import ARGUMENTS, DESKTOP, SMALL

SIZES = pytest.mark.parametrize("size", [DESKTOP, SMALL], ids=["desktop", "small"])
LANGUAGES = pytest.mark.parametrize("language", ["de", "en"])


@dataclass
class Studio:
    """The hotline at an address, and a session of an editor."""

    desk: Desk
    base: str
    token: str


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium of this machine."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    require("Chromium", bool(path), "install it (apt-get install chromium) or set CHROMIUM to its path.")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    """The hotline at a free port."""
    hotline: Hotline | None = None
    listening = make_server("127.0.0.1", 0, lambda *request: hotline.app(*request), threaded=True)  # type: ignore[union-attr]
    base = f"http://127.0.0.1:{listening.server_port}"
    hotline = make_hotline(make_settings(tmp_path, HOTLINE_ENV="local", PUBLIC_BASE_URL=base))
    desk = desk_of(hotline)
    vars(hotline.services)["exchange"] = desk.exchange
    thread = Thread(target=listening.serve_forever)
    thread.start()
    yield Studio(desk, base, open_session(hotline, "anna", ["editor"]))
    listening.shutdown()
    thread.join()
    listening.server_close()
    hotline.services.database.close()


def _open(browser: Browser, studio: Studio, language: str, size: dict[str, int]) -> Page:
    context = browser.new_context(viewport=size, accept_downloads=True)  # type: ignore[arg-type]
    cookies = {"staff": studio.token, "staff_language": language}
    context.add_cookies([{"name": name, "value": value, "url": studio.base} for name, value in cookies.items()])
    page = context.new_page()
    page.set_default_timeout(20_000)
    with studio.desk.hotline.services.database.begin() as connection:
        connection.exec_driver_sql("UPDATE staff_accounts SET language = :language", {"language": language})
    page.goto(f"{studio.base}/studio/transfer")
    return page


def _check(page: Page) -> None:
    """No serious fault of accessibility, and nothing that runs out of the page."""
    found = Axe().run(page).response["violations"]
    assert [
        (one["id"], [node["target"] for node in one["nodes"]]) for one in found if one["impact"] in ("serious", "critical")
    ] == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1")


def _upload(page: Page, upload: Upload) -> None:
    page.set_input_files("#file", {"name": upload.name, "mimeType": "application/octet-stream", "buffer": upload.data})
    page.locator("form[enctype] button").click()


@LANGUAGES
@SIZES
def test_an_editor_looks_at_a_file_and_then_stores_it(
    browser: Browser, studio: Studio, language: str, size: dict[str, int]
) -> None:
    page = _open(browser, studio, language, size)
    _check(page)
    with page.expect_download() as download:
        page.locator("form[action$='/export'] button").click()
    assert download.value.suggested_filename == "content.xlsx"
    _upload(page, studio.desk.workbook(set_cell("texts", GERMAN, short=NEW_SHORT)))
    expect(page.locator("h2").first).to_contain_text("Entwürfe: 1" if language == "de" else "Drafts: 1")
    _check(page)
    page.locator("form[action$='/confirm'] button").click()
    expect(page.locator("#notices")).to_contain_text("Entwürfe: 1" if language == "de" else "Drafts: 1")
    shown = studio.desk.shown()
    assert shown is not None
    assert (shown.short, shown.state) == (NEW_SHORT, "draft")


@LANGUAGES
@SIZES
def test_errors_can_be_read_by_everybody(browser: Browser, studio: Studio, language: str, size: dict[str, int]) -> None:
    page = _open(browser, studio, language, size)
    _upload(page, studio.desk.workbook(set_cell("texts", GERMAN, short="x" * 300)))
    expect(page.get_by_role("alert")).to_contain_text("Fehler: 1" if language == "de" else "Errors: 1")
    expect(page.locator("tbody tr")).to_contain_text("300")
    _check(page)
