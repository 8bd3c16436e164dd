"""The page of content health as editors use it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import date
from html import unescape

import pytest
from sqlalchemy import update

from hotline.knowledge.link_fetch import Outcome
from hotline.store.tables import articles, facts
from tests.conftest import BASE_URL, Hotline
from tests.web.test_studio import Person, someone

__all__ = ["someone"]

PAGE = "/studio/health"
SUM = "reag.startup_adult"
LINK = "https://bamf.de"


@pytest.fixture
def bell(quick_hotline: Hotline) -> list[str]:
    """Notes the rings instead of waking a worker."""
    rung: list[str] = []

    class _Quiet:
        def ring(self) -> None:
            rung.append("rung")

    vars(quick_hotline.services).update(link_bell=_Quiet())
    return rung


def _table(person: Person, query: str) -> list[dict[str, str]]:
    answer = person.client.get(f"{PAGE}/findings.csv?{query}", base_url=BASE_URL)
    assert answer.mimetype == "text/csv"
    return list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))


def test_expired_fact_stands_on_top_with_owner_date_and_way_to_mend_it(
    quick_hotline: Hotline, someone: Callable[..., Person]
) -> None:
    with quick_hotline.services.database.begin() as connection:
        connection.execute(update(facts).where(facts.c.key == SUM).values(valid_until=date(2026, 1, 31), owner="petra"))
    page = someone("editor").open(PAGE)
    first = page[page.index("<tbody>") :].partition("</tr>")[0]
    for part in ("Fakt abgelaufen", f'href="/studio/facts/{SUM}"', "petra", "31.01.2026"):
        assert part in first
    assert "Links sind noch nicht geprüft worden." in page


def test_filters_narrow_and_columns_sort_both_ways(quick_hotline: Hotline, someone: Callable[..., Person]) -> None:
    with quick_hotline.services.database.begin() as connection:
        connection.execute(update(articles).where(articles.c.topic == "luggage").values(owner="petra"))
    anna = someone("editor")
    assert {row["language"] for row in _table(anna, "language=ar&owner=petra")} == {"ar"}
    assert {row["owner"] for row in _table(anna, "owner=petra")} == {"petra"}
    titles = [row["title"].casefold() for row in _table(anna, "kind=machine&sort=-title")]
    assert titles == sorted(titles, reverse=True)
    assert 'aria-sort="descending"' in anna.open(f"{PAGE}?kind=machine&sort=-title")
    assert "Nichts gefunden" in anna.open(f"{PAGE}?kind=link_dead&owner=nobody")


def test_reading_shows_band_figures_and_hardest_sentences_in_their_direction(someone: Callable[..., Person]) -> None:
    page = someone("editor").open(f"{PAGE}?kind=easy&language=ar")
    assert "leicht zu lesen" in page
    assert "Wörter je Satz" in page
    assert '<ol class="hardest" lang="ar" dir="rtl">' in page


def test_many_findings_come_page_by_page_and_whole_as_a_table(someone: Callable[..., Person]) -> None:
    anna = someone("editor")
    pages = re.search(r"Seite 1 von (\d+)", anna.open(f"{PAGE}?kind=machine"))
    assert pages is not None
    last = anna.open(f"{PAGE}?kind=machine&page={pages[1]}")
    assert 'rel="next"' not in last
    assert len(_table(anna, "kind=machine")) > 100 * (int(pages[1]) - 1)


def test_table_holds_no_formula_of_a_spreadsheet(quick_hotline: Hotline, someone: Callable[..., Person]) -> None:
    with quick_hotline.services.database.begin() as connection:
        connection.execute(update(articles).where(articles.c.topic == "luggage").values(owner="=1+1"))
    assert {row["owner"] for row in _table(someone("editor"), "owner=%3D1%2B1")} == {"'=1+1"}


def test_editor_asks_for_a_check_and_sees_what_came_of_it(
    quick_hotline: Hotline, someone: Callable[..., Person], bell: list[str]
) -> None:
    anna = someone("editor")
    where = f"{PAGE}?kind=link_unchecked"
    assert anna.send(f"{PAGE}/links?kind=link_unchecked", where, url=LINK).status_code == 302
    assert bell == ["rung"]
    page = anna.open(where)
    assert "wird geprüft" in page
    assert "Die Prüfung ist bestellt" in page

    class Web:
        def check(self, url: str) -> Outcome:
            return Outcome("dead", 404) if url == LINK else Outcome("ok", 200)

    vars(quick_hotline.services.link_checks)["_fetcher"] = Web()
    quick_hotline.services.link_checks.run()
    page = unescape(anna.open(f"{PAGE}?kind=link_dead"))
    assert LINK in page
    assert "HTTP 404" in page
    assert "Links zuletzt geprüft" in page


def test_no_address_but_those_of_our_content_is_checked(someone: Callable[..., Person], bell: list[str]) -> None:
    assert someone("editor").send(f"{PAGE}/links", PAGE, url="http://10.0.0.1/").status_code == 404
    assert bell == []


def test_who_may_only_look_is_offered_no_check(someone: Callable[..., Person]) -> None:
    person = someone("supervisor")
    assert "Jetzt prüfen" not in person.open(f"{PAGE}?kind=link_unchecked")
    assert person.send(f"{PAGE}/links", PAGE, url=LINK).status_code == 403


def test_command_counts_and_lists(quick_hotline: Hotline) -> None:
    from hotline.cli import register_commands

    register_commands(quick_hotline.app, quick_hotline.services)
    run = quick_hotline.app.test_cli_runner()
    said = run.invoke(args=["content", "health"]).output
    assert re.search(r"^ +\d+ link_unchecked$", said, re.MULTILINE)
    assert "Links were not checked yet" in said
    listed = run.invoke(args=["content", "health", "--kind", "machine", "--language", "ar"]).output
    assert listed.count("  ar  ") == sum(language == "ar" for _, language in _texts_of(quick_hotline))


def _texts_of(hotline: Hotline) -> list[tuple[object, object]]:
    return [(row["article_id"], row["language"]) for row in hotline.rows("translations")]
