"""Forms are data: versions never change, what was answered stays readable, and the answers can be counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hotline.counselling.assignment import accept, reassign, return_to_bot
from hotline.counselling.callbacks import DUE
from hotline.counselling.forms import Author, BrokenForm, CannotChangeForm, Form, Forms, from_dict, read_form_file, to_dict
from hotline.counselling.handoff import close_handoff, get_open
from hotline.counselling.wrap_ups import CannotWrapUp, WrapUps, count_answers, count_owed
from hotline.knowledge.places import LANDS
from hotline.privacy.slots import close_slots
from hotline.settings import ROOT
from hotline.store.tables import callbacks, conversations, handoffs, messages
from tests.conftest import NOW
from tests.counselling.desks import Office

FILE = ROOT / "content" / "forms" / "wrap_up.yml"
KNOWN = {"topics": {"debts_contracts", "vr_basics"}, "countries": {"SY", "IQ"}, "lands": set(LANDS)}
ALL_TIME = (NOW - timedelta(days=900), NOW + timedelta(days=900))


@pytest.fixture
def forms(office: Office) -> Forms:
    """Of the office."""
    return Forms(office.database, FILE.parent)


@pytest.fixture
def wrap_ups(office: Office, forms: Forms) -> WrapUps:
    """Of the office; the word "Hans" is a name."""
    return WrapUps(office.database, forms, office.cipher, lambda text: text.replace("Hans", "<name>"))


def _change(office: Office, work: Any) -> Form:
    with office.database.begin() as connection:
        changed: Form = work(connection, Author(office.anna, "anna"), office.clock())
    return changed


def _fill(office: Office, wrap_ups: WrapUps, handoff_id: int, hint: str = "", **given: Any) -> None:
    owed = next(row for row in office.rows("wrap_ups") if row["handoff_id"] == handoff_id)
    answers = {"disposition": ["answered"], **{field: value.split() for field, value in given.items()}}
    with office.database.begin() as connection:
        found = wrap_ups.find(connection, owed["id"], office.anna, may_watch=False)
        assert found is not None
        wrap_ups.complete(connection, found, answers, hint, KNOWN, "anna", office.clock())


def _closed(office: Office) -> int:
    handoff_id = office.ask()
    with office.database.begin() as connection:
        accept(connection, handoff_id, office.anna, office.clock())
        close_handoff(connection, handoff_id, "anna", office.clock())
    return handoff_id


# -- versions ------------------------------------------------------------------------------------------------------------


def test_our_own_form_is_whole_and_reads_back_as_it_is_stored() -> None:
    form = read_form_file(FILE)
    assert from_dict(to_dict(form)) == form
    assert {"missing_papers", "illness", "debts", "family", "fear", "other"} <= {o.code for o in form.field("obstacles").options}  # type: ignore[union-attr]


def test_options_are_added_renamed_and_retired_and_each_makes_a_version(office: Office, forms: Forms, wrap_ups: WrapUps) -> None:
    handoff_id = _closed(office)
    _fill(office, wrap_ups, handoff_id, obstacles="fear debts")
    labels = {"de": "Haustier", "en": "A pet"}
    second = _change(office, lambda c, who, now: forms.add_option(c, 1, "obstacles", labels, who, now))
    assert (second.version, second.field("obstacles").options[-1].code) == (2, "a_pet")  # type: ignore[union-attr]
    pets = {"de": "Haustiere", "en": "Pets"}
    _change(office, lambda c, who, now: forms.rename_option(c, 2, "obstacles", "a_pet", pets, who, now))
    fourth = _change(office, lambda c, who, now: forms.set_retired(c, 3, "obstacles", "fear", who, now, is_retired=True))
    assert "fear" not in {option.code for option in fourth.field("obstacles").on_offer}  # type: ignore[union-attr]
    # Offered no more, and still readable where it was answered.
    other = _closed(office)
    with pytest.raises(CannotWrapUp, match="obstacles is unknown_answer"):
        _fill(office, wrap_ups, other, obstacles="fear")
    _fill(office, wrap_ups, other, obstacles="a_pet debts")
    with office.database.read() as connection:
        old = wrap_ups.find(connection, office.rows("wrap_ups")[0]["id"], office.anna, may_watch=False)
        assert old is not None
        assert (old.form.version, old.answers["obstacles"]) == (1, ["debts", "fear"])
        assert count_answers(connection, "obstacles", *ALL_TIME) == {"debts": 2, "fear": 1, "a_pet": 1}
    _fill(office, wrap_ups, handoff_id, obstacles="fear")
    assert [row["action"] for row in office.rows("audit")].count("add_form_option") == 1


@pytest.mark.parametrize(
    ("seen", "labels", "problem"),
    [
        (1, {"de": "Tier", "en": ""}, "no_label"),
        (1, {"de": "Schulden", "en": "Owing money"}, "label_taken"),
        (1, {"de": "x" * 81, "en": "y"}, "too_long"),
        (2, {"de": "Tier", "en": "Animal"}, "changed_meanwhile"),
    ],
)
def test_unusable_change_is_refused(office: Office, forms: Forms, seen: int, labels: dict[str, str], problem: str) -> None:
    with pytest.raises(CannotChangeForm) as refused:
        _change(office, lambda c, who, now: forms.add_option(c, seen, "obstacles", labels, who, now))
    assert refused.value.problem == problem
    with pytest.raises(CannotChangeForm, match="unknown"):
        _change(office, lambda c, who, now: forms.add_option(c, seen, "country", {"de": "a", "en": "b"}, who, now))


def test_file_makes_a_version_only_when_it_says_something_else_and_loses_nothing(office: Office, forms: Forms) -> None:
    form = read_form_file(FILE)
    with office.database.begin() as connection:
        assert forms.load(connection, form, NOW) is None
        shorter = replace(form, fields=tuple(replace(f, options=f.options[1:]) for f in form.fields))
        with pytest.raises(BrokenForm, match=r"'answered' was there before; keep it with `retired: true`"):
            forms.load(connection, shorter, NOW)
        renamed = replace(form, fields=(replace(form.fields[0], labels={"de": "Ausgang", "en": "Result"}), *form.fields[1:]))
        loaded = forms.load(connection, renamed, NOW)
    assert loaded is not None
    assert loaded.version == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("form: x", "must hold `form` and `fields`"),
        ("form: x\nfields: {a: {de: A, en: A, kind: two, options: {b: {de: B, en: B}}}}", "kind is one, many or hint"),
        ("form: x\nfields: {a: {de: A, kind: hint}}", "needs a name in de and en"),
        ("form: x\nfields: {a: {de: A, en: A, kind: one}}", "a list needs options"),
        ("form: x\nfields: {a: {de: A, en: A, kind: one, options: {'B!': {de: B, en: B}}}}", "'B!' is no code"),
        ("form: x\nfields: {a: {de: A, en: A, kind: one, color: red, options: {b: {de: B, en: B}}}}", "unknown key 'color'"),
        ("- x", "must hold"),
    ],
)
def test_broken_file_is_one_sentence(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "x.yml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BrokenForm) as refused:
        read_form_file(path)
    assert words in str(refused.value)


# -- what is owed --------------------------------------------------------------------------------------------------------


def test_whoever_had_the_conversation_owes_its_wrap_up_and_nobody_waits_for_it(office: Office, wrap_ups: WrapUps) -> None:
    first = _closed(office)
    second = office.ask()
    with office.database.begin() as connection:
        # Not written up yet, and the next one can be taken all the same.
        accept(connection, second, office.anna, office.clock())
        reassign(connection, second, office.bert, "anna", office.clock())
        return_to_bot(connection, second, office.bert, office.clock())
        waiting = office.ask
        assert (count_owed(connection, office.anna), count_owed(connection, office.bert)) == (1, 1)
    never = waiting()
    with office.database.begin() as connection:
        close_handoff(connection, never, "operator", office.clock())
    assert {row["handoff_id"] for row in office.rows("wrap_ups")} == {first, second}
    _fill(office, wrap_ups, first)
    with office.database.read() as connection:
        assert count_owed(connection, office.anna) == 0
        assert wrap_ups.find(connection, office.rows("wrap_ups")[1]["id"], office.anna, may_watch=False) is None
        assert wrap_ups.find(connection, office.rows("wrap_ups")[1]["id"], office.anna, may_watch=True) is not None


def test_reached_callback_is_owed_by_who_called(office: Office) -> None:
    handoff_id = office.ask()
    with office.database.begin() as connection:
        office.callbacks.book(connection, get_open(connection, handoff_id), "any", office.clock())
        connection.execute(callbacks.update().values(state=DUE))
        callback_id = office.callbacks.list_due(connection)[0]["id"]
        office.callbacks.take(connection, callback_id, office.bert, "bert", office.clock())
        office.callbacks.note_reached(connection, callback_id, "bert", office.clock())
    assert [row["counsellor_id"] for row in office.rows("wrap_ups")] == [office.bert]


def test_form_is_filled_from_what_was_said(office: Office, wrap_ups: WrapUps) -> None:
    handoff_id = _closed(office)
    with office.database.begin() as connection:
        session = close_slots({"slots": {"country": "SY"}}, office.cipher)
        connection.execute(conversations.update().values(session=session))
        connection.execute(handoffs.update().values(land="DE-BY", topic="vr_basics"))
        row = {"conversation_id": 1, "direction": "in", "author": "contact", "body_encrypted": b"x", "created_at": NOW}
        connection.execute(messages.insert(), [{**row, "topic": topic} for topic in ("debts_contracts", "greet", None)])
    with office.database.read() as connection:
        owed = wrap_ups.find(connection, office.rows("wrap_ups")[0]["id"], office.anna, may_watch=False)
        assert owed is not None
        assert wrap_ups.suggest(connection, owed, KNOWN) == {
            "topics": ["debts_contracts", "vr_basics"],
            "country": ["SY"],
            "land": ["DE-BY"],
        }
    assert handoff_id == owed.row["handoff_id"]


def test_hint_leads_back_to_nobody(office: Office, wrap_ups: WrapUps) -> None:
    _fill(office, wrap_ups, _closed(office), hint="Hans wartet vier Monate auf Papiere", land="DE-BY")
    (hint,) = office.rows("rule_hints")
    assert set(hint) == {"id", "month", "land", "text_encrypted"}
    with office.database.read() as connection:
        ((month, land, text),) = wrap_ups.read_hints(connection, 5)
    assert (month.isoformat(), land, text) == ("2026-11-01", "DE-BY", "<name> wartet vier Monate auf Papiere")


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"disposition": ""}, "disposition is missing"),
        ({"disposition": "answered referred"}, "disposition is too_many"),
        ({"country": "XX"}, "country is unknown_answer"),
        ({"topics": "vr_basics nothing"}, "topics is unknown_answer"),
        ({"hint": "x" * 601}, "hint is hint_too_long"),
    ],
)
def test_unusable_answer_stores_nothing(office: Office, wrap_ups: WrapUps, given: dict[str, str], refusal: str) -> None:
    handoff_id = _closed(office)
    with pytest.raises(CannotWrapUp, match=refusal):
        _fill(office, wrap_ups, handoff_id, **given)
    assert office.rows("wrap_up_answers") == []
    assert office.rows("wrap_ups")[0]["done_at"] is None


def test_counts_outlive_the_conversation(office: Office, wrap_ups: WrapUps) -> None:
    _fill(office, wrap_ups, _closed(office), obstacles="debts")
    with office.database.begin() as connection:
        connection.execute(conversations.delete())
        assert count_answers(connection, "obstacles", *ALL_TIME) == {"debts": 1}
    assert [row["handoff_id"] for row in office.rows("wrap_ups")] == [None]
