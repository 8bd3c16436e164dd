"""A changed sum: two people, one change, twelve languages."""

from __future__ import annotations

import pytest

from hotline.knowledge.editing import CannotEdit
from hotline.knowledge.fact_editing import FactEditing, texts_naming, written
from hotline.knowledge.fact_rows import read_facts
from hotline.knowledge.facts import WrongFact
from tests.conftest import NOW, Hotline

KEY = "reag.startup_adult"


@pytest.fixture
def editing(hotline: Hotline) -> FactEditing:
    """Fact editing on a database of each kind."""
    return FactEditing(hotline.services.database)


def now_written(hotline: Hotline) -> dict[str, str]:
    """The sum as it is."""
    with hotline.services.database.read() as connection:
        return written(read_facts(connection)[KEY])


def test_an_approved_sum_is_in_every_language_at_the_next_turn(hotline: Hotline, editing: FactEditing) -> None:
    change = editing.propose({**now_written(hotline), "value": "1234"}, "anna")
    with hotline.services.database.read() as connection:
        assert "1234" not in hotline.services.library.current(connection, NOW.date()).articles["money_reag_garp", "de"].full
    editing.approve(change.id, "ben")
    with hotline.services.database.read() as connection:
        library = hotline.services.library.current(connection, NOW.date())
        named = texts_naming(connection, KEY)
        assert ("money_reag_garp", "de") in named
        for topic, language in named:
            article = library.articles[topic, language]
            assert "1234" in article.short + article.full, (topic, language)


def test_nobody_approves_their_own_sum(hotline: Hotline, editing: FactEditing) -> None:
    change = editing.propose({**now_written(hotline), "value": "9999"}, "anna")
    with pytest.raises(CannotEdit, match="two people"):
        editing.approve(change.id, "anna")
    assert now_written(hotline)["value"] == "1000"


def test_one_change_of_a_fact_waits_at_a_time(hotline: Hotline, editing: FactEditing) -> None:
    first = editing.propose({**now_written(hotline), "value": "1100"}, "anna")
    with pytest.raises(CannotEdit, match="waits"):
        editing.propose({**now_written(hotline), "value": "1200"}, "ben")
    editing.reject(first.id, "ben")
    with pytest.raises(CannotEdit, match="decided"):
        editing.approve(first.id, "ben")
    assert editing.propose({**now_written(hotline), "value": "1200"}, "ben").changed == {"value": ("1000", "1200")}


def test_a_fact_made_unsure_leaves_the_answers(hotline: Hotline, editing: FactEditing) -> None:
    change = editing.propose({**now_written(hotline), "confidence": "L"}, "anna")
    editing.approve(change.id, "ben")
    with hotline.services.database.read() as connection:
        article = hotline.services.library.current(connection, NOW.date()).articles["money_reag_garp", "de"]
    assert "1000" not in article.full
    assert hotline.services.texts.get("de", "answer.figure_from_counsellor") in article.full


def test_a_wrong_value_is_refused_before_anybody_must_read_it(hotline: Hotline, editing: FactEditing) -> None:
    with pytest.raises(WrongFact, match="plain number"):
        editing.propose({**now_written(hotline), "value": "1.000 €"}, "anna")


def test_a_new_fact_needs_a_second_person_too(hotline: Hotline, editing: FactEditing) -> None:
    change = editing.propose({**now_written(hotline), "key": "reag.new_sum"}, "anna")
    assert change.before == {}
    editing.approve(change.id, "ben")
    with hotline.services.database.read() as connection:
        assert read_facts(connection)["reag.new_sum"].value == "1000"
