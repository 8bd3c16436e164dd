"""Export and import in a real browser: download, change, upload, look, store; and no serious fault for anybody's senses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from hotline.knowledge.exchange import Upload
from tests.knowledge.test_exchange import GERMAN, NEW_SHORT, Desk, desk_of, set_cell
from tests.web.browsing import DESKTOP, SMALL, Tabs, check_accessibility, check_fits, serve
from tests.web.staff import open_session

SIZES = pytest.mark.parametrize("size", [DESKTOP, SMALL], ids=["desktop", "small"])
LANGUAGES = pytest.mark.parametrize("language", ["de", "en"])


@dataclass
class Studio:
    """What the hotline exchanges, and a session of an editor."""

    desk: Desk
    token: str


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    """The hotline at a free port."""
    with serve(tmp_path) as hotline:
        desk = desk_of(hotline)
        vars(hotline.services)["exchange"] = desk.exchange
        yield Studio(desk, open_session(hotline, "anna", ["editor"]))


def _open(tabs: Tabs, studio: Studio, language: str, size: dict[str, int]) -> Page:
    hotline = studio.desk.hotline
    with hotline.services.database.begin() as connection:
        connection.exec_driver_sql("UPDATE staff_accounts SET language = :language", {"language": language})
    page = tabs.open(hotline, studio.token, viewport=size, language=language, is_refused=True)
    page.goto("/studio/transfer")
    return page


def _upload(page: Page, upload: Upload) -> None:
    page.set_input_files("#file", {"name": upload.name, "mimeType": "application/octet-stream", "buffer": upload.data})
    page.locator("form[enctype] button").click()


@LANGUAGES
@SIZES
def test_an_editor_looks_at_a_file_and_then_stores_it(tabs: Tabs, studio: Studio, language: str, size: dict[str, int]) -> None:
    page = _open(tabs, studio, language, size)
    check_accessibility(page)
    check_fits(page)
    with page.expect_download() as download:
        page.locator("form[action$='/export'] button").click()
    assert download.value.suggested_filename == "content.xlsx"
    _upload(page, studio.desk.workbook(set_cell("texts", GERMAN, short=NEW_SHORT)))
    expect(page.locator("h2").first).to_contain_text("Entwürfe: 1" if language == "de" else "Drafts: 1")
    check_accessibility(page)
    check_fits(page)
    page.locator("form[action$='/confirm'] button").click()
    expect(page.locator("#notices")).to_contain_text("Entwürfe: 1" if language == "de" else "Drafts: 1")
    shown = studio.desk.shown()
    assert shown is not None
    assert (shown.short, shown.state) == (NEW_SHORT, "draft")


@LANGUAGES
@SIZES
def test_errors_can_be_read_by_everybody(tabs: Tabs, studio: Studio, language: str, size: dict[str, int]) -> None:
    page = _open(tabs, studio, language, size)
    _upload(page, studio.desk.workbook(set_cell("texts", GERMAN, short="x" * 300)))
    expect(page.get_by_role("alert")).to_contain_text("Fehler: 1" if language == "de" else "Errors: 1")
    expect(page.locator("tbody tr")).to_contain_text("300")
    check_accessibility(page)
    check_fits(page)
