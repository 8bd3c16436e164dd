"""The pages of understanding in a real browser: progress that moves by itself, and no barrier for anybody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from hotline.store.tables import danger_changes
from tests.conftest import Hotline
from tests.web.browsing import DESKTOP, SMALL, Tabs, check_accessibility, check_fits, serve
from tests.web.staff import open_session
from tests.web.test_understanding_pages import REPORT

HOME = "/studio/understanding"
PAGES = ["", "/phrases?language=ar", "/danger?language=fa", "/questions?language=ar", "/trainings/1", "/trainings/2"]
FIGURES = {"dangers": 6004, "found_before": 4274, "found_after": 4275, "calm": 5000, "raised_before": 101, "raised_after": 101}


@pytest.fixture
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    """The hotline at a free port with a training that is done, one that runs and a danger rule that waits."""
    with serve(tmp_path_factory.mktemp("data")) as made:
        trainings = made.services.trainings
        trainings.take(trainings.ask("anna"))
        trainings.finish(1, REPORT)
        trainings.take(trainings.ask("anna"))
        row = {"language": "fa", "category": "selfharm", "rule": "خودکشی + فردا", "kind": "add", "state": "proposed"}
        with made.services.database.begin() as connection:
            connection.execute(
                danger_changes.insert().values(**row, figures=FIGURES, author="carl", proposed_at=datetime.now(UTC))
            )
        yield made


@pytest.fixture
def page(tabs: Tabs, hotline: Hotline) -> Page:
    """A browser in which somebody is signed in who may edit and publish."""
    return tabs.open(hotline, open_session(hotline, "anna", ["editor", "reviewer"]))


def test_progress_moves_by_itself_and_ends_with_the_report(page: Page, hotline: Hotline) -> None:
    trainings = hotline.services.trainings
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
