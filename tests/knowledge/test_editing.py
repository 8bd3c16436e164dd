"""How a text gets from an editor to the people: two pairs of eyes, nothing overwritten, every state kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import pytest

from hotline.knowledge.editing import CannotEdit, Edit, Editing, Revision, SavedByAnother
from hotline.knowledge.loading import load_content
from hotline.knowledge.states import Matrix, read_matrix
from tests.conftest import NOW, Hotline
from tests.databases import starter_content

TOPIC = "luggage"
TODAY = NOW.date()


@pytest.fixture
def editing(hotline: Hotline) -> Editing:
    """Editing on a database of each kind."""
    return hotline.services.editing


def first_edit(editing: Editing, hotline: Hotline, language: str = "de", **changed: object) -> Edit:
    """What an editor gets who opens a published text and changes a word."""
    with hotline.services.database.read() as connection:
        live = editing.published(connection, TOPIC, language)
    assert live is not None
    edit = Edit(TOPIC, language, live.title, live.short + " Neu.", live.full, lock=0, source_version=live.source_version)
    return replace(edit, **changed)  # type: ignore[arg-type]


def publish(editing: Editing, edit: Edit, author: str = "anna", approver: str = "ben") -> Revision:
    """All the way."""
    draft = editing.save(edit, author)
    submitted = editing.submit(draft.id, draft.lock, author)
    return editing.approve(submitted.id, submitted.lock, approver, is_native=True)


def matrix(hotline: Hotline, today: date = TODAY) -> Matrix:
    """The states now."""
    with hotline.services.database.read() as connection:
        return read_matrix(connection, hotline.services.live_languages, today)


def test_published_words_are_what_people_get_at_the_next_turn(hotline: Hotline, editing: Editing) -> None:
    with hotline.services.database.read() as connection:
        hotline.services.library.current(connection, TODAY)
    published = publish(editing, first_edit(editing, hotline))
    with hotline.services.database.read() as connection:
        article = hotline.services.library.current(connection, TODAY).articles[TOPIC, "de"]
    assert article.short.endswith(" Neu.")
    assert (article.version, article.review) == (published.version, "reviewed")


def test_a_draft_changes_nothing_people_get(hotline: Hotline, editing: Editing) -> None:
    draft = editing.save(first_edit(editing, hotline), "anna")
    editing.submit(draft.id, draft.lock, "anna")
    with hotline.services.database.read() as connection:
        assert not hotline.services.library.current(connection, TODAY).articles[TOPIC, "de"].short.endswith("Neu.")


def test_nobody_approves_their_own_text(hotline: Hotline, editing: Editing) -> None:
    draft = editing.save(first_edit(editing, hotline), "anna")
    submitted = editing.submit(draft.id, draft.lock, "anna")
    with pytest.raises(CannotEdit, match="two people"):
        editing.approve(submitted.id, submitted.lock, "anna", is_native=False)


def test_whoever_saved_last_is_the_author_the_approver_must_differ_from(hotline: Hotline, editing: Editing) -> None:
    draft = editing.save(first_edit(editing, hotline), "anna")
    draft = editing.save(first_edit(editing, hotline, lock=draft.lock, title="Gepäck"), "ben")
    submitted = editing.submit(draft.id, draft.lock, "anna")
    with pytest.raises(CannotEdit, match="two people"):
        editing.approve(submitted.id, submitted.lock, "ben", is_native=False)


def test_two_editors_cannot_overwrite_each_other_unnoticed(hotline: Hotline, editing: Editing) -> None:
    edit = first_edit(editing, hotline)
    draft = editing.save(edit, "anna")
    with pytest.raises(SavedByAnother) as refused:
        editing.save(replace(edit, short="Andere Worte."), "ben")
    assert refused.value.theirs.short == draft.short
    merged = editing.save(replace(edit, short="Zusammen.", lock=draft.lock), "ben")
    assert merged.short == "Zusammen."


def test_of_two_editors_at_the_same_moment_one_is_told(hotline: Hotline, editing: Editing) -> None:
    edit = first_edit(editing, hotline)

    def save(name: str) -> str:
        try:
            editing.save(replace(edit, short=f"Von {name}."), name)
        except SavedByAnother:
            return "told"
        return "saved"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(save, ["anna", "ben"]))
    assert outcomes == ["saved", "told"]


def test_approval_is_for_the_words_that_were_read(hotline: Hotline, editing: Editing) -> None:
    draft = editing.save(first_edit(editing, hotline), "anna")
    read = editing.submit(draft.id, draft.lock, "anna")
    back = editing.take_back(read.id, read.lock, "anna")
    changed = editing.save(first_edit(editing, hotline, lock=back.lock, short="Ganz anders."), "anna")
    editing.submit(changed.id, changed.lock, "anna")
    with pytest.raises(SavedByAnother):
        editing.approve(read.id, read.lock, "ben", is_native=False)


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"short": "x" * 202}, "at most 201"),
        ({"title": ""}, "title is missing"),
        ({"short": "Bis zu {reag.nothing}."}, "no such fact"),
        ({"short": "Bis zu {reag.family_cap}."}, "not sure"),
        ({"full": "Sie sollten zurückkehren."}, "advises"),
        ({"full": "Ihr Land ist wieder sicher."}, "safe"),
        ({"short": "Offen {"}, "brace"),
    ],
)
def test_what_may_not_be_said_cannot_be_submitted(
    hotline: Hotline, editing: Editing, changed: dict[str, str], problem: str
) -> None:
    draft = editing.save(first_edit(editing, hotline, **changed), "anna")
    with pytest.raises(CannotEdit) as refused:
        editing.submit(draft.id, draft.lock, "anna")
    assert any(problem in str(found) for found in refused.value.problems)


def test_a_changed_source_makes_its_translations_outdated_and_a_minor_edit_does_not(hotline: Hotline, editing: Editing) -> None:
    assert matrix(hotline).cells[TOPIC, "de"].state == "machine"
    with_minor = publish(editing, first_edit(editing, hotline, is_minor=True))
    states = {code: matrix(hotline).cells[TOPIC, code].state for code in ("de", "en")}
    assert states["de"] == "reviewed"
    assert states["en"] != "outdated"
    changed = publish(editing, first_edit(editing, hotline))
    assert changed.version == with_minor.version + 1
    if (TOPIC, "en") in starter_content().translations:
        assert matrix(hotline).cells[TOPIC, "en"].state == "outdated"
        publish(editing, first_edit(editing, hotline, "en", short="Ask the airline.", source_version=changed.version))
        assert matrix(hotline).cells[TOPIC, "en"].state == "reviewed"


def test_state_of_a_text_and_work_on_it_are_two_things(hotline: Hotline, editing: Editing) -> None:
    draft = editing.save(first_edit(editing, hotline), "anna")
    cell = matrix(hotline).cells[TOPIC, "de"]
    assert (cell.state, cell.work) == ("machine", "draft")
    editing.submit(draft.id, draft.lock, "anna")
    assert matrix(hotline).cells[TOPIC, "de"].work == "in_review"


def test_texts_expire_by_the_first_date_they_depend_on(hotline: Hotline) -> None:
    cells = matrix(hotline).cells
    money = cells["money_reag_garp", "de"]
    assert money.ends == date(2026, 12, 31)
    assert matrix(hotline, date(2026, 12, 5)).cells["money_reag_garp", "de"].state == "expiring"
    assert matrix(hotline, date(2027, 1, 1)).cells["money_reag_garp", "de"].state == "expired"


def test_every_state_is_kept_and_an_old_one_comes_back_as_a_draft(hotline: Hotline, editing: Editing) -> None:
    publish(editing, first_edit(editing, hotline))
    with hotline.services.database.read() as connection:
        newest, first = editing.history(connection, TOPIC, "de")
    assert (newest.state, newest.author, newest.approver) == ("published", "anna", "ben")
    assert (first.state, first.author) == ("superseded", "starter")
    restored = editing.restore(first.id, "carla")
    assert (restored.state, restored.short) == ("draft", first.short)
    with pytest.raises(CannotEdit, match="open draft"):
        editing.restore(first.id, "carla")


def test_an_update_of_the_starter_content_does_not_undo_the_work_of_editors(hotline: Hotline, editing: Editing) -> None:
    publish(editing, first_edit(editing, hotline))
    report = load_content(hotline.services.database, starter_content())
    assert report.kept == 1
    with hotline.services.database.read() as connection:
        live = editing.published(connection, TOPIC, "de")
    assert live is not None
    assert live.short.endswith("Neu.")


def test_publishing_leaves_an_audit_row(hotline: Hotline, editing: Editing) -> None:
    publish(editing, first_edit(editing, hotline))
    assert [(row["actor"], row["action"]) for row in hotline.rows("audit")] == [
        ("anna", "content.submit"),
        ("ben", "content.publish"),
    ]
