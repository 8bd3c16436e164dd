"""Training phrases as editors change them."""

from __future__ import annotations

import pytest

from hotline.knowledge.problems import Refused
from tests.conftest import Hotline

NEW = "Darf meine Nähmaschine mit in den Flieger?"


def _found(hotline: Hotline, **wanted: str) -> list[tuple[str, str, str]]:
    with hotline.services.database.read() as connection:
        phrases = hotline.services.phrase_editing.find(connection, "de", **wanted)
    return [(phrase.topic, phrase.text, phrase.state) for phrase in phrases]


def _export(hotline: Hotline) -> tuple[list[tuple[str, str, str]], list[tuple[str, str, str]]]:
    with hotline.services.database.read() as connection:
        return hotline.services.phrase_editing.export(connection)


def test_phrase_is_added_changed_and_removed_and_each_step_leaves_an_audit_row(hotline: Hotline) -> None:
    editing = hotline.services.phrase_editing
    new_id = editing.add("de", "luggage", f"  {NEW} ", "anna")
    assert _found(hotline, state="added") == [("luggage", NEW, "added")]
    editing.change(new_id, "flight_ticket", NEW + " Danke!", "ben")
    assert _export(hotline)[0] == [("de", "flight_ticket", NEW + " Danke!")]
    editing.remove(new_id, "ben")
    assert _export(hotline)[0] == []
    actions = [(row["actor"], row["action"]) for row in hotline.rows("audit")]
    assert actions == [("anna", "phrase.add"), ("ben", "phrase.change"), ("ben", "phrase.remove")]
    assert not [row for row in hotline.rows("audit") if "machine" in str(row["object"]).lower()], "no words in the audit"


def test_phrase_of_the_files_is_switched_off_and_on_again(quick_hotline: Hotline) -> None:
    editing = quick_hotline.services.phrase_editing
    topic, text, _ = _found(quick_hotline, topic="luggage")[0]
    editing.mute("de", topic, text, "anna")
    editing.mute("de", topic, text, "anna")
    assert _found(quick_hotline, state="muted") == [(topic, text, "muted")]
    assert _export(quick_hotline)[1] == [("de", topic, text)]
    editing.unmute("de", topic, text, "anna")
    assert _export(quick_hotline)[1] == []
    with pytest.raises(Refused, match="is not there"):
        editing.mute("de", topic, "no such phrase", "anna")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("  ", "phrase_empty"),
        ("x" * 301, "phrase_long"),
        ("Geld [viel](amount)", "phrase_marks"),
        ("WAS BEDEUTET freiwillige ruckkehr, eigentlich genau", "phrase_known"),
        (
            "Wie viel Bargeld gibt es beim Abflug pro Erwachsenen und pro Kind, und ist das Ticket da schon extra?",
            "phrase_of_test",
        ),
    ],
)
def test_phrase_that_would_spoil_the_training_is_refused(quick_hotline: Hotline, text: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        quick_hotline.services.phrase_editing.add("de", "luggage", text, "anna")
    assert refused.value.problem.code == code
    assert quick_hotline.rows("phrases") == []


def test_words_find_phrases_of_files_and_studio(quick_hotline: Hotline) -> None:
    quick_hotline.services.phrase_editing.add("de", "luggage", NEW, "anna")
    assert _found(quick_hotline, wanted="meine nähmaschine")[0] == ("luggage", NEW, "added")
    assert len(_found(quick_hotline)) > 3000


def test_regression_questions_begin_with_a_starter_set_in_every_language(quick_hotline: Hotline) -> None:
    regressions, languages = quick_hotline.services.regressions, quick_hotline.services.live_languages
    regressions.add("de", "luggage", NEW, "anna")
    with pytest.raises(Refused, match="already"):
        regressions.add("de", "luggage", NEW.upper(), "ben")
    with quick_hotline.services.database.read() as connection:
        found = regressions.all(connection)
    assert (found[0].text, found[0].author) == (NEW, "anna")
    assert {question.language for question in found} == set(languages)
    regressions.remove(found[0].id, "anna")
    assert quick_hotline.rows("regressions") == []
