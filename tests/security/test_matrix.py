"""The table of rights: a row for every page of staff, and every role, own and other things behave as the row says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hotline.knowledge.exchange import Upload
from hotline.staff.matrix import COLUMNS, BrokenMatrix, Right, Scope, load_matrix
from hotline.staff.roles import ROLES, permissions_of, takes_handoffs
from hotline.store.database import insert_returning_id
from hotline.store.tables import danger_changes
from hotline.web.access import access
from hotline.web.ownership import OWNER_RULES
from tests.conftest import NOW, Hotline
from tests.quality.test_guards import VALUES
from tests.security import console_things as things
from tests.security.routes import UNKNOWN_ID, Asker, rights_of, staff_routes
from tests.web.staff import add_right

REFUSED, MISSING = 403, 404


def _upload(hotline: Hotline, asker: Asker) -> int:
    return hotline.services.uploads.keep(asker.account_id, Upload("texts.csv", b"x"))


def _session(hotline: Hotline, asker: Asker) -> int:
    with hotline.services.database.begin() as connection:
        token = hotline.services.staff_sessions.open(connection, asker.account_id, "full")
    found = hotline.services.staff_sessions.find(token)
    assert found is not None
    return found.id


def _danger_change(hotline: Hotline, asker: Asker) -> int:
    row = {"language": "de", "category": "medical", "rule": "x + y", "kind": "add", "state": "proposed", "figures": {}}
    with hotline.services.database.begin() as connection:
        return insert_returning_id(connection, danger_changes, {**row, "author": asker.member.name, "proposed_at": NOW})


# How a test makes a thing that belongs to somebody: one line for every kind that has an owner.
MAKERS: dict[str, Callable[[Hotline, Asker], int]] = {
    "upload": _upload,
    "session": _session,
    "danger_change": _danger_change,
    "account": lambda hotline, asker: asker.account_id,
    "counsellor": lambda hotline, asker: asker.account_id,
    "conversation": things.held_by,
    "held_conversation": things.held_by,
    "offer": things.offered_to,
    "question": things.asked_of,
    "waiting": things.offered_to,
    "callback": things.callback_of,
    "due_callback": lambda hotline, asker: things.callback_of(hotline, asker, "due"),
    "case": things.case_of,
    "wrap_up": things.wrap_up_of,
    "undelivered": things.undelivered_of,
}
# How a test makes what an address names besides: from the thing it belongs to.
COMPANIONS: dict[str, Callable[[Hotline, int], int]] = {
    "message": things.message_in,
    "case_task": things.task_in,
    "case_conversation": things.conversation_in,
    "leg": things.leg_in,
    "voicemail": things.voicemail_in,
}
# A supervisor sees these of others: to them, what they may not do is forbidden, and to everybody else the thing is not there.
WATCHED = {"held_conversation", "offer", "question", "case", "wrap_up"}
# What is answered to a thing that is not there, or somebody else's, where that is not "there is no such page".
GONE = {"upload": 302, "waiting": 302, "due_callback": 302, "undelivered": 302}


# -- the table is whole ----------------------------------------------------------------------------------------------------


def test_every_page_of_staff_has_one_row_and_every_row_a_page(shared: Hotline) -> None:
    routes, rows = {route.key for route in staff_routes(shared)}, set(load_matrix())
    assert routes - rows == set(), "add rows to hotline/staff/matrix.csv; `flask staff rights --missing` drafts them"
    assert rows - routes == set(), "these rows have no page any more; remove them"


def test_no_row_promises_a_role_what_its_permissions_do_not_give(shared: Hotline) -> None:
    for route in staff_routes(shared):
        for role, scope in rights_of(shared)[route.key].scopes.items():
            permitted = route.view.access_permission in permissions_of([role])
            assert scope == "no" or permitted, f"{route.key}: {role} lacks {route.view.access_permission}"


def test_every_address_that_names_a_thing_says_whose_it_is_or_why_that_does_not_matter(shared: Hotline) -> None:
    for route in staff_routes(shared):
        right, kind = rights_of(shared)[route.key], route.view.access_owns
        if kind is not None:
            assert OWNER_RULES[kind].argument in route.rule.arguments, f"{route.key}: the address names no {kind}"
            assert not right.shared, f"{route.key}: it has an owner, so it is not shared"
            besides = route.rule.arguments - {OWNER_RULES[kind].argument} - set(route.view.access_names)
            # What a route decides by a word of the address is no thing.
            assert besides <= {"decision", "what"}, f"{route.key}: @access(…, names=…) for {', '.join(besides)}"
        elif route.rule.arguments:
            assert len(right.shared) > 15, f"{route.key}: @access(…, owns=…), or say in the table why all may have it"
            assert "SAY WHY" not in right.shared, route.key
            assert set(right.scopes.values()) <= {"no", "all"}, f"{route.key}: own things need @access(…, owns=…)"


def test_every_kind_of_thing_can_be_made_by_this_test() -> None:
    assert set(OWNER_RULES) == set(MAKERS)


def test_several_roles_add_up_and_a_role_counts_with_its_own_permission_only() -> None:
    right = Right("x", "GET", {"editor": "own", "reviewer": "all", "admin": "all", "supervisor": "others"})
    assert right.scope_of(["editor"], "content.see") == "own"
    assert right.scope_of(["editor", "reviewer"], "content.see") == "all"
    assert right.scope_of(["editor", "supervisor"], "content.see") == "all"
    assert right.scope_of(["admin"], "content.see") == "no", "the row is wider than the permission"
    assert right.scope_of(["editor", "admin"], "content.see") == "own"
    assert right.scope_of(["no such role"], "content.see") == "no"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("endpoint,method\n", "columns"),
        (f"{','.join(COLUMNS)}\nx,GET,{','.join(['maybe'] * len(ROLES))},\n", "one of"),
        (f"{','.join(COLUMNS)}\n" + f"x,GET,{','.join(['no'] * len(ROLES))},\n" * 2, "a row already"),
    ],
)
def test_broken_table_stops_the_start_and_says_why(tmp_path: Path, lines: str, said: str) -> None:
    path = tmp_path / "matrix.csv"
    path.write_text(lines, encoding="utf-8")
    with pytest.raises(BrokenMatrix, match=said):
        load_matrix(path)


# -- and it holds ----------------------------------------------------------------------------------------------------------


def _is_as_expected(status: int, kind: str, scope: Scope, whose: str, role: str) -> bool:
    """Whether a thing that is own, another's or unknown got the right answer."""
    if scope == "no" or (scope == "others" and whose == "own"):
        return status == REFUSED
    if whose == "other" and scope == "own" and kind in WATCHED and "console.supervise" in ROLES[role]:
        return status == REFUSED
    if whose == "unknown" or (whose == "other" and scope == "own"):
        return status == GONE.get(kind, MISSING)
    return status not in (REFUSED, MISSING)


def _opening(shared: Hotline, me: Asker, thing: str) -> str:
    me.ask("GET", f"/console/handoffs/{thing}")
    return f"?opening={shared.rows('audit')[-1]['id']}"


@pytest.mark.parametrize("role", ROLES)
def test_role_reaches_what_its_row_says_of_own_other_and_unknown_things(shared: Hotline, role: str) -> None:
    # The other one is a counsellor too, so that there is something of every kind.
    me, other = Asker(shared, role), Asker(shared, role, "counsellor")
    for route in staff_routes(shared):
        right, kind = rights_of(shared)[route.key], route.view.access_owns
        scope = right.scope_of([role], route.view.access_permission)
        if kind is None:
            status = me.ask(route.method, route.path())
            assert (status != REFUSED) == (scope != "no"), f"{role}: {route.method} {route.path()} gave {status}"
            continue
        # Whom the row gives nothing is refused before anything is looked at.
        for whose in ("other", "unknown", "own") if scope != "no" else ("own",):
            if kind == "counsellor" and whose == "own" and not takes_handoffs([role]):
                continue
            thing = UNKNOWN_ID if whose == "unknown" else str(MAKERS[kind](shared, me if whose == "own" else other))
            values = {**VALUES, OWNER_RULES[kind].argument: thing}
            for name in route.rule.arguments & set(route.view.access_names) if whose != "unknown" else ():
                values[name] = str(COMPANIONS[route.view.access_names[name]](shared, int(thing)))
            # A page goes on asking for news with the number of its opening.
            opening = _opening(shared, me, thing) if route.rule.endpoint == "console_conversation.poll" else ""
            status = me.ask(route.method, route.path(values) + opening)
            assert _is_as_expected(status, kind, scope, whose, role), (
                f"{role}, {whose}: {route.method} {route.rule} gave {status}"
            )


def test_somebody_elses_thing_and_one_that_is_not_there_get_the_same_answer(shared: Hotline) -> None:
    me, other = Asker(shared, "editor"), Asker(shared, "editor")
    paths = {"session": "/staff/account/sessions/{}/end", "upload": "/studio/transfer/{}/cancel"}
    for kind, path in paths.items():
        theirs, none = path.format(MAKERS[kind](shared, other)), path.format(UNKNOWN_ID)
        answers = []
        for one in (theirs, none):
            status = me.ask("POST", one)
            answers.append((status, me.member.page.replace(one, "").replace(me.member.token, "")))
        assert answers[0] == answers[1], kind
    assert [row["account_id"] for row in shared.rows("content_uploads")].count(other.account_id) == 1, "theirs is still there"
    with shared.services.database.read() as connection:
        assert shared.services.staff_sessions.count(connection)[other.account_id] == 1


def test_view_without_a_row_and_one_that_names_a_thing_without_a_rule_answer_nobody(quick_hotline: Hotline) -> None:
    app, everything = quick_hotline.own_app(), Asker(quick_hotline, *ROLES)
    for path, endpoint in (("/staff/forgotten", "forgotten"), ("/staff/things/<int:thing>", "thing")):
        app.add_url_rule(path, endpoint, access("staff", permission="account.own")(lambda **_: "secret"))
    assert everything.ask("GET", "/staff/forgotten") == REFUSED
    add_right(quick_hotline, "forgotten")
    add_right(quick_hotline, "thing")
    assert everything.ask("GET", "/staff/forgotten") == 200
    assert everything.ask("GET", "/staff/things/1") == REFUSED
