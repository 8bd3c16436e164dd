"""Danger rules as editors change them: counted first, approved by somebody else, holding at the next message."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from hotline.dialogue.safety import DangerNet
from hotline.knowledge.problems import Refused
from hotline.settings import ROOT
from hotline.store.database import Database
from hotline.training.danger_changes import DangerEditing
from hotline.training.danger_check import DangerCheck
from hotline.training.danger_watch import DangerWatch, Overlay, RuleChange
from hotline.training.phrase_files import PhraseFiles

CRY = "mein bruder hat sich im keller verbarrikadiert und zählt kerzen"
RULE = "verbarrikadiert + kerzen"
NEW = ("de", "selfharm", RULE)


@cache
def _base() -> DangerNet:
    # Two languages: the whole takes seconds to read, and nothing here depends on it.
    return DangerNet((path.stem, _rules(path)) for path in (ROOT / "content" / "danger").glob("[dt][er].yml"))


def _rules(path: Path) -> dict[str, list[str]]:
    from hotline.dialogue.safety import read_categories

    return read_categories(path)


@cache
def _check() -> DangerCheck:
    # It reads twenty thousand texts once and keeps what holds for them; the changes it is asked about come from the database.
    return DangerCheck(_base(), PhraseFiles(ROOT / "nlu_data"))


@pytest.fixture
def watch(database: Database) -> DangerWatch:
    return DangerWatch(_base(), database, clock=iter(range(10_000)).__next__)


@pytest.fixture
def editing(database: Database) -> DangerEditing:
    return DangerEditing(database, ROOT / "content" / "danger", _check)


def _file_rule(category: str) -> str:
    return _rules(ROOT / "content" / "danger" / "de.yml")[category][0]


def test_rule_holds_once_somebody_else_approved_it(editing: DangerEditing, watch: DangerWatch) -> None:
    assert watch.find(CRY) is None
    change = editing.propose(*NEW, "add", "anna")
    assert watch.find(CRY) is None
    with pytest.raises(Refused, match="two people"):
        editing.approve(change.id, "anna")
    editing.approve(change.id, "ben")
    assert watch.find(CRY) == watch.find_certain(CRY) == "selfharm"
    off = editing.propose(*NEW, "remove", "anna")
    editing.approve(off.id, "ben")
    assert watch.find(CRY) is None


def test_change_is_counted_on_known_texts(editing: DangerEditing) -> None:
    figures = editing.propose(*NEW, "add", "anna").figures
    assert figures["dangers"] > 5000
    assert figures["calm"] > 3000
    assert figures["found_after"] >= figures["found_before"] > 300
    assert figures["raised_after"] == figures["raised_before"]


def test_rule_that_takes_calm_questions_for_danger_is_refused_with_numbers_and_texts(editing: DangerEditing) -> None:
    with pytest.raises(Refused) as refused:
        editing.propose("de", "pressure", "rückkehr* | geld", "add", "anna")
    values = refused.value.problem.values
    assert refused.value.problem.code == "danger_harm"
    assert int(str(values["raised_after"])) > int(str(values["raised_before"]))
    assert {problem.code for problem in refused.value.problems} == {"danger_raised"}


def test_rule_that_finds_known_cries_for_help_cannot_be_switched_off(editing: DangerEditing) -> None:
    refusals = []
    for rule in _rules(ROOT / "content" / "danger" / "de.yml")["selfharm"]:
        try:
            editing.propose("de", "selfharm", rule, "remove", "anna")
        except Refused as refused:
            refusals.append(refused)
    assert refusals
    assert {refused.problem.code for refused in refusals} == {"danger_harm"}
    assert {problem.code for refused in refusals for problem in refused.problems} == {"danger_lost"}


@pytest.mark.parametrize("rule", ["", "  ", "|", "kerzen + ", "x" * 2001])
def test_unusable_rule_is_refused(editing: DangerEditing, rule: str) -> None:
    with pytest.raises(Refused, match="cannot be used"):
        editing.propose("de", "selfharm", rule, "add", "anna")


def test_rule_that_is_there_waits_or_is_not_there_is_not_proposed_again(editing: DangerEditing) -> None:
    with pytest.raises(Refused, match="Nothing is changed"):
        editing.propose("de", "selfharm", _file_rule("selfharm"), "add", "anna")
    with pytest.raises(Refused, match="is not there"):
        editing.propose(*NEW, "remove", "anna")
    editing.propose(*NEW, "add", "anna")
    with pytest.raises(Refused, match="waits for approval"):
        editing.propose("de", "selfharm", f" {RULE}  ", "add", "ben")


def test_rule_of_a_file_stays_switched_off_when_the_file_is_read_anew() -> None:
    rule = _file_rule("selfharm")
    word = rule.split("|")[0].strip().replace("*", "")
    change = RuleChange("de", "selfharm", rule, "remove")
    once = DangerNet([("de", {"selfharm": [rule]})])
    assert once.find(word) == "selfharm"
    updated = DangerNet([("de", {"violence": ["etwas neues"], "selfharm": ["noch etwas", rule]})])
    assert Overlay(updated, [change]).find(word) is None


def test_decision_is_made_once(editing: DangerEditing) -> None:
    change = editing.propose(*NEW, "add", "anna")
    editing.reject(change.id, "anna")
    with pytest.raises(Refused, match="decided"):
        editing.approve(change.id, "ben")


def test_without_a_database_the_last_rules_hold(tmp_path: Path) -> None:
    watch = DangerWatch(_base(), Database(f"sqlite:///{tmp_path / 'no' / 'such.db'}"))
    assert watch.find("ich will nicht mehr leben") == "selfharm"
