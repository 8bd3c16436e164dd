"""Everything that needs a hand is found, with who answers for it, the date and the place to mend it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from hotline.knowledge.health import Finding, Place, count_kinds, read_health
from hotline.knowledge.link_fetch import Outcome
from hotline.knowledge.links import LinkChecks
from hotline.knowledge.loading import load_content
from hotline.store import migrate
from hotline.store.database import Database
from hotline.store.tables import articles, facts, translations
from tests.conftest import Clock
from tests.databases import starter_content
from tests.knowledge.test_links import BAMF, ScriptedWeb

TODAY = date(2026, 11, 24)
SUM = "reag.startup_adult"
LANGUAGES = ("de", "ar", "fr")


@pytest.fixture
def content(tmp_path: Path) -> Iterator[Database]:
    """Our own content."""
    database = Database(f"sqlite:///{tmp_path / 'hotline.db'}")
    migrate.upgrade(database)
    load_content(database, starter_content())
    yield database
    database.close()


def _change(database: Database, statement: Any) -> None:
    with database.begin() as connection:
        connection.execute(statement)


def _find(
    database: Database, kind: str, languages: Collection[str] = LANGUAGES, unspoken: Collection[tuple[str, str]] = ()
) -> list[Finding]:
    with database.read() as connection:
        return [finding for finding in read_health(connection, languages, TODAY, unspoken) if finding.kind == kind]


@pytest.mark.parametrize(
    ("ends", "kind"), [(date(2026, 11, 23), "fact_expired"), (TODAY, "fact_expiring"), (date(2026, 12, 24), "fact_expiring")]
)
def test_fact_past_or_near_its_date_names_its_owner(content: Database, ends: date, kind: str) -> None:
    _change(content, update(facts).where(facts.c.key == SUM).values(valid_until=ends, owner="anna"))
    assert Finding(kind, SUM, "anna", ends, (Place("fact", SUM),)) in _find(content, kind)  # type: ignore[arg-type]


def test_fact_that_holds_for_longer_is_not_named(content: Database) -> None:
    _change(content, update(facts).where(facts.c.key == SUM).values(valid_until=date(2026, 12, 25)))
    assert SUM not in [finding.title for kind in ("fact_expired", "fact_expiring") for finding in _find(content, kind)]


def test_answer_past_its_date_is_one_finding_for_all_languages(content: Database) -> None:
    _change(content, update(articles).where(articles.c.topic == "luggage").values(valid_until=date(2026, 1, 1)))
    (finding,) = _find(content, "article_expired")
    assert (finding.title, finding.places, finding.day) == ("Gepäck", (Place("topic", "luggage"),), date(2026, 1, 1))


def test_missing_outdated_and_unspoken_texts_lead_to_their_editor(content: Database) -> None:
    german = translations.c.language == "de"
    _change(content, update(translations).where(german).values(version=2))
    of_arabic = _find(content, "outdated")
    assert {finding.language for finding in of_arabic} >= {"ar"}
    assert "de" not in {finding.language for finding in of_arabic}
    _change(content, delete(translations).where(translations.c.language == "ar"))
    assert Place("text", "luggage", "ar") in [finding.places[0] for finding in _find(content, "missing")]
    (silent,) = _find(content, "unspoken", unspoken={("luggage", "de")})
    assert silent.places == (Place("text", "luggage", "de"),)


def test_text_a_person_has_read_is_not_called_unread(content: Database) -> None:
    before = len(_find(content, "machine"))
    _change(content, update(translations).where(translations.c.language == "fr").values(review="reviewed"))
    assert len(_find(content, "machine")) == before - 49


def test_link_that_several_places_have_is_one_finding_with_all_of_them(content: Database) -> None:
    source = starter_content().facts[SUM].source_url
    assert len([finding for finding in _find(content, "link_unchecked") if finding.title == source]) == 1
    web = ScriptedWeb({source: Outcome("dead", 404)})
    LinkChecks(content, web, Clock()).run()
    (dead,) = _find(content, "link_dead")
    assert Place("fact", SUM) in dead.places
    assert dead.link is not None
    assert (dead.link.code, dead.day) == (404, TODAY)
    assert _find(content, "link_unchecked") == []


def test_link_has_a_finding_for_each_who_answers_for_it(content: Database) -> None:
    _change(content, update(facts).where(facts.c.key == SUM).values(owner="anna", source_url=BAMF))
    assert {finding.owner for finding in _find(content, "link_unchecked") if finding.title == BAMF} >= {"anna", "content"}


def test_every_text_has_a_band_and_its_hardest_sentences_as_people_get_them(content: Database) -> None:
    bands = [finding for band in ("easy", "middle", "hard") for finding in _find(content, band)]
    assert len(bands) == sum(language in LANGUAGES for _, language in starter_content().translations)
    assert all(finding.reading is not None and len(finding.reading.hardest) == 3 for finding in bands)
    assert not [finding for finding in bands if finding.reading and "{" in "".join(finding.reading.hardest)]


def test_worst_comes_first_and_every_kind_is_counted(content: Database) -> None:
    _change(content, update(facts).where(facts.c.key == SUM).values(valid_until=date(2026, 1, 1)))
    with content.read() as connection:
        found = read_health(connection, ("de", "ar"), TODAY)
    assert found[0].kind == "fact_expired"
    counts = count_kinds(found)
    assert sum(counts.values()) == len(found)
    assert counts["link_dead"] == 0
