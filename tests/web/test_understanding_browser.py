"""The pages of understanding in a real browser: progress that moves by itself, and no barrier for anybody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from hotline.store.tables import danger_changes
from tests.conftest import Hotline
from tests.web.browsing import DESKTOP, SMALL, check_accessibility, check_fits, serve
from tests.web.staff import open_session
from tests.web.test_understanding_pages import REPORT

HOME = "/studio/understanding"
PAGES = ["", "/phrases?language=ar", "/danger?language=fa", "/questions?language=ar", "/trainings/1", "/trainings/2"]
FIGURES = {"dangers": 6004, "found_before": 4274, "found_after": 4275, "calm": 5000, "raised_before": 101, "raised_after": 101}


@pytest.fixture
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Hotline, str]]:
    """The hotline at a free port with a training that is done, one that runs and a danger rule that waits."""
    with serve(tmp_path_factory.mktemp("data")) as (made, _):
        trainings = made.services.trainings
        trainings.take(trainings.ask("anna"))
        trainings.finish(1, REPORT)
        trainings.take(trainings.ask("anna"))
        row = {"language": "fa", "category": "selfharm", "rule": "خودکشی + فردا", "kind": "add", "state": "proposed"}
        with made.services.database.begin() as connection:
            connection.execute(
                danger_changes.insert().values(**row, figures=FIGURES, author="carl", proposed_at=datetime.now(UTC))
            )
        yield made, made.services.settings.public_base_url


@pytest.fixture
def page(browser: Browser, hotline: tuple[Hotline, str]) -> Iterator[Page]:
    """A browser in which somebody is signed in who may edit and publish."""
    made, url = hotline
    context = browser.new_context(base_url=url, viewport=DESKTOP)  # type: ignore[arg-type]
    context.add_cookies([{"name": "staff", "value": open_session(made, "anna", ["editor", "reviewer"]), "url": url}])
    found = context.new_page()
    errors: list[str] = []
    found.on("pageerror", lambda error: errors.append(str(error)))
    found.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    yield found
    context.close()
    assert errors == []


def test_progress_moves_by_itself_and_ends_with_the_report(page: Page, hotline: tuple[Hotline, str]) -> None:
    trainings = hotline[0].services.trainings
    page.goto(f"{HOME}/trainings/2")
    expect(page.locator("#progress")).to_contain_text("Daten zusammenstellen")
    trainings.tell(2, "evaluate", 42)
    expect(page.locator("#progress")).to_contain_text("42 %")
    expect(page.locator("progress")).to_have_attribute("value", "42")
    expect(page.get_by_role("status").filter(has_text="Schritt 3 von 4")).to_have_count(1)
    trainings.finish(2, REPORT)
    expect(page.get_by_role("heading", name="Gemessen")).to_be_visible()


@pytest.mark.parametrize("size", [DESKTOP, SMALL], ids=["desktop", "phone"])
def test_pages_have_no_barrier_and_fit_the_screen(page: Page, size: dict[str, int]) -> None:
    page.set_viewport_size(size)  # type: ignore[arg-type]
    for path in PAGES:
        page.goto(HOME + path)
        check_accessibility(page)
        check_fits(page)
