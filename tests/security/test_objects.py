"""Ids of the console beyond the address: what a form may name, who opens what, and what the audit knows of reading."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest

from hotline.web.ownership import NAMING_RULES
from tests.conftest import Hotline
from tests.security import console_things as things
from tests.security.routes import UNKNOWN_ID, Asker, StaffRoute, rights_of, staff_routes
from tests.security.test_matrix import COMPANIONS, MAKERS, OWNER_RULES, VALUES

# Fields that every form of these routes needs besides.
FORM = {"task": "x", "due_on": "2026-12-01", "note": "", "done": "yes"}
TOUCHED = ("handoffs", "handoff_transfers", "cases", "case_tasks", "case_conversations", "message_translations")
# Numbers of a form that name no thing.
NO_IDS = {"version", "interpreter"}


def _naming(hotline: Hotline) -> Iterator[tuple[StaffRoute, str, str]]:
    for route in staff_routes(hotline):
        for field, kind in route.view.access_names.items():
            yield route, field, kind


def _rows(hotline: Hotline) -> list[Any]:
    return [hotline.rows(table) for table in TOUCHED]


def test_every_kind_that_is_named_has_a_rule_and_every_rule_is_used(shared: Hotline) -> None:
    assert {kind for _, _, kind in _naming(shared)} == set(NAMING_RULES)
    for route, field, _ in _naming(shared):
        assert route.view.access_owns, f"{route.key}: {field} is asked for whoever owns what the address names"


def test_no_view_reads_a_number_from_a_form_that_it_does_not_name(shared: Hotline) -> None:
    for route in staff_routes(shared):
        read = set(re.findall(r'form\.get\(\s*"(\w+)"[^()]*(?:\(\)[^()]*)*type=int', inspect.getsource(route.view)))
        assert read - NO_IDS <= set(route.view.access_names), f'{route.key}: @access(…, names={{"field": kind}})'


@pytest.mark.parametrize("role", ["counsellor", "supervisor"])
def test_what_a_form_or_the_end_of_an_address_names_is_checked_like_the_thing_itself(shared: Hotline, role: str) -> None:
    me, colleague, editor = Asker(shared, role), Asker(shared, "counsellor"), Asker(shared, "editor")
    for route, field, kind in _naming(shared):
        owns = route.view.access_owns
        if rights_of(shared)[route.key].scope_of([role], route.view.access_permission) == "no":
            continue
        mine = str(MAKERS[owns](shared, me))
        wrong = {
            "colleague": [editor.account_id],
            "own_case": [things.case_of(shared, colleague)],
            "message": [things.message_in(shared, things.held_by(shared, me))],
            "case_task": [things.task_in(shared, things.case_of(shared, me))],
            "case_conversation": [things.conversation_in(shared, things.case_of(shared, me))],
            "leg": [things.leg_in(shared, things.held_by(shared, me))],
            "voicemail": [things.voicemail_in(shared, things.held_by(shared, me))],
        }[kind]
        answer = 302 if kind == "colleague" else 404
        before = _rows(shared)
        for value in (*map(str, wrong), UNKNOWN_ID, "x", "9" * 40):
            values = {**VALUES, OWNER_RULES[owns].argument: mine}
            if field in route.rule.arguments:
                if not value.isdecimal() or len(value) > 15:
                    continue
                values[field] = value
            status = me.ask(route.method, route.path(values), {**FORM, field: value})
            assert status == answer, f"{role}: {route.method} {route.rule} with {field} of another gave {status}"
        assert _rows(shared) == before, f"{route.key}: {field}"
        if field in route.rule.arguments:
            values[field] = str(COMPANIONS[kind](shared, int(mine)))
            assert me.ask(route.method, route.path(values), FORM) not in (403, 404), route.key


def test_own_case_takes_an_own_conversation_and_a_colleague_gets_it(shared: Hotline) -> None:
    me, colleague = Asker(shared, "counsellor"), Asker(shared, "counsellor")
    case_id, handoff_id = things.case_of(shared, me), things.held_by(shared, me)
    assert me.ask("POST", f"/console/cases/of-handoff/{handoff_id}", {"case": str(case_id)}) == 302
    assert [row["case_id"] for row in shared.rows("case_conversations")][-1] == case_id
    assert me.ask("POST", f"/console/cases/{case_id}/owner", {"owner": str(colleague.account_id)}) == 302
    assert [row["owner_id"] for row in shared.rows("cases") if row["id"] == case_id] == [colleague.account_id]


def test_one_opening_of_a_conversation_is_one_row_and_looking_for_news_is_none(shared: Hotline) -> None:
    me, other, watching = Asker(shared, "counsellor"), Asker(shared, "counsellor"), Asker(shared, "supervisor")
    handoff_id = things.held_by(shared, me)
    path = f"/console/handoffs/{handoff_id}"

    def read(asker: Asker, asked: str) -> list[object]:
        known = len(shared.rows("audit"))
        asker.ask("GET", asked)
        return [(row["actor"], row["action"], row["object"]) for row in shared.rows("audit")[known:]]

    for asker in (me, watching):
        assert read(asker, path) == [(asker.member.name, "read_conversation", f"handoff {handoff_id}")]
        assert things.SAID in asker.member.page
        found = re.search(r'data-poll="([^"]+)"', asker.member.page)
        assert found
        for _ in range(3):
            assert read(asker, found[1]) == []
        assert read(asker, f"{path}/snippets?q=x") == []
    # The number of somebody else's opening opens nothing, and whoever does not see it leaves no row.
    assert other.ask("GET", found[1]) == 404
    assert me.ask("GET", found[1]) == 404
    assert read(other, path) == []
    assert things.SAID not in other.member.page
    case_id = things.case_of(shared, me)
    conversation_id = things.conversation_in(shared, case_id)
    assert read(me, f"/console/cases/{case_id}/conversations/{conversation_id}") == [
        (me.member.name, "read_conversation", f"conversation {conversation_id}")
    ]
    assert read(watching, f"/console/cases/{case_id}") == [(watching.member.name, "read_case", f"case {case_id}")]


def test_no_row_of_the_audit_holds_a_number_or_a_word_of_a_person(shared: Hotline) -> None:
    for row in shared.rows("audit"):
        assert "+49" not in str(row["object"])
        assert things.SAID not in str(row["object"])
