"""The page of open questions in a real browser: usable on a phone, in both languages, and by everybody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from playwright.sync_api import Page, expect

from hotline.knowledge.questions import NewQuestion
from tests.conftest import Hotline
from tests.web.browsing import DESKTOP, SMALL, Tabs, check_accessibility, check_fits, serve
from tests.web.staff import open_session

ASKED = (
    ("not_understood", "de", "Darf mein Hund mit ins Flugzeug"),
    ("unhelpful", "de", "darf mein hund ins flugzeug mit"),
    ("none_of_these", "ar", "هل يمكنني أخذ قطتي معي"),
    ("gave_up", None, "kindergeld <number>"),
)


@pytest.fixture(scope="module")
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    """The hotline at a free port."""
    with serve(tmp_path_factory.mktemp("questions")) as hotline:
        yield hotline


@pytest.fixture(scope="module")
def token(hotline: Hotline) -> str:
    """An editor is signed in, and questions are there."""
    with hotline.services.database.begin() as connection:
        for reason, language, text in ASKED:
            hotline.services.questions.keep(
                connection, NewQuestion(reason, "sms", language, "luggage", 40, text=text), date(2026, 11, 24)
            )
    hotline.services.strip_questions()
    hotline.understander.knows("Darf mein Hund mit ins Flugzeug", "luggage", 0.4, "de", ("flight_airport", 0.2))
    hotline.understander.knows("darf mein hund ins flugzeug mit", "luggage", 0.4, "de", ("flight_airport", 0.2))
    return open_session(hotline, "anna", ["editor"])


@pytest.fixture(params=[(language, size) for language in ("de", "en") for size in ("desktop", "small")], ids="-".join)
def page(request: pytest.FixtureRequest, tabs: Tabs, hotline: Hotline, token: str) -> Page:
    """The page in each language and size."""
    language, size = request.param
    tab = tabs.open(hotline, token, viewport=DESKTOP if size == "desktop" else SMALL, language=language)
    tab.goto("/studio/questions")
    return tab


def test_page_is_accessible_and_fits(page: Page) -> None:
    expect(page.locator("form.question-group")).to_have_count(3)
    expect(page.locator("form.question-group [lang=ar]").first).to_have_css("direction", "rtl")
    page.locator("form.question-group summary").first.click()
    check_accessibility(page)
    check_fits(page)


def test_enter_in_a_field_assigns_nothing(page: Page, hotline: Hotline) -> None:
    page.locator("input[name=wording]").first.press("Enter")
    page.wait_for_timeout(200)
    expect(page.locator("form.question-group")).to_have_count(3)
    assert hotline.rows("phrases") == []
