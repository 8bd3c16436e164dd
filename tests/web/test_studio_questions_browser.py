"""The page of open questions in a real browser: usable on a phone, in both languages, and by everybody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import BaseWSGIServer

from hotline.knowledge.questions import NewQuestion
from hotline.web.staff_session import cookie_name
from tests.conftest import Hotline
from tests.web.browsing import DESKTOP, SMALL, check_accessibility, check_fits, serve
from tests.web.staff import open_session

Server = tuple[Hotline, BaseWSGIServer]
ASKED = (
    ("not_understood", "de", "Darf mein Hund mit ins Flugzeug"),
    ("unhelpful", "de", "darf mein hund ins flugzeug mit"),
    ("none_of_these", "ar", "هل يمكنني أخذ قطتي معي"),
    ("gave_up", None, "kindergeld <number>"),
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The hotline at a free port."""
    with serve(tmp_path_factory.mktemp("questions")) as served:
        yield served


@pytest.fixture(scope="module")
def token(server: Server) -> str:
    """An editor is signed in, and questions are there."""
    with server[0].services.database.begin() as connection:
        for reason, language, text in ASKED:
            server[0].services.questions.keep(
                connection, NewQuestion(reason, "sms", language, "luggage", 40, text=text), date(2026, 11, 24)
            )
    server[0].services.strip_questions()
    server[0].understander.knows("Darf mein Hund mit ins Flugzeug", "luggage", 0.4, "de", ("flight_airport", 0.2))
    server[0].understander.knows("darf mein hund ins flugzeug mit", "luggage", 0.4, "de", ("flight_airport", 0.2))
    return open_session(server[0], "anna", ["editor"])


@pytest.fixture(params=[(language, size) for language in ("de", "en") for size in ("desktop", "small")], ids="-".join)
def page(request: pytest.FixtureRequest, browser: Browser, server: Server, token: str) -> Iterator[Page]:
    """The page in each language and size."""
    language, size = request.param
    base = f"http://127.0.0.1:{server[1].server_port}"
    context = browser.new_context(viewport=DESKTOP if size == "desktop" else SMALL)  # type: ignore[arg-type]
    cookies = {cookie_name(server[0].services): token, "staff_language": language}
    context.add_cookies([{"name": name, "value": value, "url": base} for name, value in cookies.items()])
    tab, errors = context.new_page(), list[str]()
    tab.set_default_timeout(10_000)
    tab.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    tab.goto(f"{base}/studio/questions")
    yield tab
    context.close()
    assert errors == []


def test_page_is_accessible_and_fits(page: Page) -> None:
    expect(page.locator("form.question-group")).to_have_count(3)
    expect(page.locator("form.question-group [lang=ar]").first).to_have_css("direction", "rtl")
    page.locator("form.question-group summary").first.click()
    check_accessibility(page)
    check_fits(page)


def test_enter_in_a_field_assigns_nothing(page: Page, server: Server) -> None:
    page.locator("input[name=wording]").first.press("Enter")
    page.wait_for_timeout(200)
    expect(page.locator("form.question-group")).to_have_count(3)
    assert server[0].rows("phrases") == []
