"""Nothing is open by accident: every route has its rule, every webhook its signature, every answer its headers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.routing import Rule

from hotline.staff.accounts import get_account
from hotline.staff.roles import PERMISSIONS, ROLES, permissions_of
from hotline.store.tables import metadata
from hotline.web.access import STAFF_AREAS, STAFF_RULES, access
from hotline.web.factory import HEADERS, MAX_REQUEST_BYTES
from tests.conftest import Hotline, make_hotline, make_settings
from tests.web import twilio
from tests.web.member import Member, make_member
from tests.web.staff import add_right

PUBLIC = {"/", "/sounds/hold-1.wav", "/audio/<language>/<name>", "/health/live", "/health/ready", "/static/<path:filename>"}
VALUES = {
    "step": "1",
    "leg_id": "1",
    "what": "hold",
    "conference": "CF1",
    "voicemail_id": "1",
    "language": "de",
    "name": "x.wav",
    "filename": "server.js",
    "account": "AC1",
    "kind": "Messages",
    "sid": "SM1",
    "session_id": "1",
    "topic": "luggage",
    "part": "short",
    "number": "0",
    "key": "reag.startup_adult",
    "change_id": "1",
    "decision": "reject",
    "upload_id": "1",
    "training_id": "1",
    "model": "starter",
    "outbox_id": "1",
    "handoff_id": "1",
    "callback_id": "1",
    "case_id": "1",
    "task_id": "1",
    "conversation_id": "1",
    "wrap_up_id": "1",
    "field": "obstacles",
    "code": "fear",
    "slug": "greeting",
    "message_id": "1",
    "account_id": "1",
    "prompt": "digit:1",
    "recording_id": "1",
}
CALL = {"CallSid": "CA1", "From": twilio.OURS, "To": twilio.PERSON, "CallStatus": "completed", "Digits": "1"}
LEG_WEBHOOKS = ("answer", "key", "join", "after", "back", "missed", "status", "room")
# One form for each webhook, so that a new one cannot be forgotten here.
FORMS = {
    "/webhooks/twilio/messages": {"MessageSid": "SM1", "From": twilio.PERSON, "To": twilio.OURS, "Body": "0", "NumMedia": "0"},
    "/webhooks/twilio/calls": {"CallSid": "CA1", "From": twilio.PERSON, "To": twilio.OURS, "CallStatus": "ringing"},
    "/webhooks/twilio/calls/<int:step>": {"CallSid": "CA1", "From": twilio.PERSON, "To": twilio.OURS, "Digits": "0"},
    "/webhooks/twilio/status": {"MessageSid": "SM1", "MessageStatus": "sent"},
    "/webhooks/twilio/legs/hold": CALL,
    **{f"/webhooks/twilio/legs/<int:leg_id>/{name}": CALL for name in LEG_WEBHOOKS},
}


@pytest.fixture
def with_simulator(tmp_path: Path) -> Iterator[Hotline]:
    """The hotline of a newcomer's machine, where the most routes are open."""
    made = make_hotline(make_settings(tmp_path, HOTLINE_ENV="local"))
    yield made
    made.services.database.close()


def _rules(hotline: Hotline) -> list[tuple[Rule, str | None]]:
    views = hotline.app.view_functions
    return [(rule, getattr(views[rule.endpoint], "access_rule", None)) for rule in hotline.app.url_map.iter_rules()]


def _path(rule: Rule) -> str:
    parts = (VALUES[text] if is_variable else text for is_variable, text in rule._trace if text != "|")
    return "".join(parts)


def _webhooks(hotline: Hotline) -> list[Rule]:
    return [rule for rule, name in _rules(hotline) if name == "twilio"]


def _state(hotline: Hotline) -> dict[str, Any]:
    return {table: hotline.rows(table) for table in metadata.tables if table != "counters"}


def _refused(hotline: Hotline) -> object:
    hotline.services.tally.write()
    return {row["name"]: row["value"] for row in hotline.rows("counters")}.get("webhooks_refused", 0)


# -- routes --------------------------------------------------------------------------------------------------------------


def test_every_route_names_who_may_use_it(with_simulator: Hotline) -> None:
    for rule, name in _rules(with_simulator):
        assert name is not None, f"{rule.rule}: put @access(…) on its view"


def test_routes_open_to_everybody_are_these_and_no_others(with_simulator: Hotline) -> None:
    assert {rule.rule for rule, name in _rules(with_simulator) if name == "public"} == PUBLIC


def test_view_whose_rule_was_forgotten_or_misspelt_answers_nobody(quick_hotline: Hotline) -> None:
    app = quick_hotline.own_app()
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    app.add_url_rule("/misspelt", "misspelt", access("publik")(lambda: "secret"))  # type: ignore[arg-type]
    for path in ("/forgotten", "/misspelt"):
        response = quick_hotline.app.test_client().get(path)
        assert response.status_code == 403
        assert b"secret" not in response.data


def test_nothing_but_public_routes_answers_a_stranger(with_simulator: Hotline) -> None:
    client = with_simulator.app.test_client()
    for rule, name in _rules(with_simulator):
        if name in ("twilio", "twilio_api"):
            method = "DELETE" if "DELETE" in (rule.methods or ()) else "POST"
            assert client.open(_path(rule), method=method).status_code in (401, 403), rule.rule


# -- webhooks ------------------------------------------------------------------------------------------------------------


def test_every_webhook_has_a_form_in_this_test(quick_hotline: Hotline) -> None:
    assert {rule.rule for rule in _webhooks(quick_hotline)} == set(FORMS)


@pytest.mark.parametrize("rule", FORMS)
@pytest.mark.parametrize("case", ["unsigned", "wrong", "other token", "changed form", "other address", "extra query"])
def test_webhook_without_a_true_signature_is_refused_counted_and_changes_nothing(
    quick_hotline: Hotline, rule: str, case: str
) -> None:
    path, form = rule.replace("<int:step>", "1").replace("<int:leg_id>", "1"), FORMS[rule]
    before = _state(quick_hotline)
    made = twilio.sign(path, form)
    changed, given = path, dict(form)
    match case:
        case "unsigned":
            made = ""
        case "wrong":
            made = "AAAAAAAAAAAAAAAAAAAAAAAAAAA="
        case "other token":
            made = twilio.sign(path, form, token="nobody's")
        case "changed form":
            given["From"] = "+4915199999999"
        case "other address":
            made = twilio.sign("/webhooks/twilio/other", form)
        case "extra query":
            changed = f"{path}?outbox=1"
    response = twilio.post(quick_hotline, changed, given, signature=made)
    assert response.status_code == 403
    assert _state(quick_hotline) == before
    assert _refused(quick_hotline) == 1


@pytest.mark.parametrize("rule", FORMS)
def test_webhook_takes_effect_once_and_answers_every_repetition_with_the_same_bytes(hotline: Hotline, rule: str) -> None:
    twilio.text(hotline, "SM-1", "Guten Tag")
    twilio.text(hotline, "SM-2", "0")
    if "step" in rule:
        twilio.call(hotline, "CA1")
    path = f"{rule.replace('<int:step>', '1').replace('<int:leg_id>', '1')}?outbox={hotline.rung[0]}"
    first = twilio.post(hotline, path, FORMS[rule])
    assert first.status_code in (200, 204)
    after = _state(hotline)
    for _ in range(3):
        again = twilio.post(hotline, path, FORMS[rule])
        assert (again.status_code, again.mimetype, again.data) == (first.status_code, first.mimetype, first.data)
    assert _state(hotline) == after


def test_kept_replies_are_not_readable_in_the_database(hotline: Hotline) -> None:
    hotline.understander.knows("Wie viel Geld", "money_reag_garp")
    twilio.text(hotline, "SM1", "Wie viel Geld")
    (row,) = hotline.rows("inbound_events")
    assert b"Response" not in bytes(row["reply_encrypted"])  # type: ignore[call-overload]


# -- headers -------------------------------------------------------------------------------------------------------------


def test_every_answer_carries_the_security_headers(with_simulator: Hotline) -> None:
    def fail() -> str:
        raise RuntimeError

    with_simulator.own_app().add_url_rule("/broken", "broken", access("public")(fail))
    client = with_simulator.app.test_client()
    answers = {
        "page": client.get("/simulator"),
        "redirect": client.get("/"),
        "file": client.get("/static/server.js", buffered=True),
        "health": client.get("/health/live"),
        "webhook": twilio.text(with_simulator, "SM1", "Guten Tag"),
        "refused": client.post("/webhooks/twilio/messages"),
        "not there": client.get("/nowhere"),
        "wrong method": client.delete("/health/live"),
        "too large": client.post("/simulator/texts", json={"body": "x" * (MAX_REQUEST_BYTES + 1)}),
        "error of ours": client.get("/broken"),
    }
    wanted = dict(zip(answers, (200, 302, 200, 200, 200, 403, 404, 405, 413, 500), strict=True))
    for name, answer in answers.items():
        assert answer.status_code == wanted[name], name
        for header, value in HEADERS.items():
            assert answer.headers.get(header) == value, f"{name}: {header}"


def test_pages_load_nothing_from_elsewhere_and_run_no_inline_script() -> None:
    policy = HEADERS["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy


def test_error_of_ours_shows_no_word_of_what_went_wrong(quick_hotline: Hotline) -> None:
    def fail() -> str:
        raise RuntimeError("hidden words")

    quick_hotline.own_app().add_url_rule("/broken", "broken", access("public")(fail))
    assert b"hidden" not in quick_hotline.app.test_client().get("/broken").data


# -- staff ---------------------------------------------------------------------------------------------------------------

# What every role may do, written down once more: a permission that spreads to another role must be wanted here too.
MAY = {
    "editor": {"account.own", "content.see", "content.edit", "facts.edit", "recordings.edit"},
    "reviewer": {"account.own", "content.see", "content.approve", "facts.edit", "languages.train", "recordings.edit"},
    "counsellor": {"account.own", "content.see", "console.use", "numbers.reveal"},
    "supervisor": {
        "account.own",
        "content.see",
        "console.use",
        "console.supervise",
        "reports.see",
        "counsellors.edit",
        "delivery.tend",
        "forms.edit",
    },
    "admin": {"account.own", "staff.manage", "audit.see", "counsellors.edit", "delivery.tend"},
}
# The way to signing in: open to strangers, and to them alone of all staff pages.
DOORS = {
    "/staff/sign-in", "/staff/second-factor", "/staff/first-password", "/staff/enrol", "/staff/language",
}  # fmt: skip
CHANGING = ("POST", "PUT", "PATCH", "DELETE")


@pytest.fixture
def staffed(quick_hotline: Hotline) -> Hotline:
    """The hotline with one more pair of routes for every permission, also for those that have no screen yet."""
    app = quick_hotline.own_app()
    for permission in sorted(PERMISSIONS):
        view = access("staff", permission=permission)(lambda: "done")
        for method in ("GET", "POST"):
            app.add_url_rule(f"/staff/probe/{permission}", f"probe-{method}-{permission}", view, methods=[method])
            add_right(quick_hotline, f"probe-{method}-{permission}", method)
    return quick_hotline


def _staff_requests(hotline: Hotline, *methods: str) -> list[tuple[str, str, str]]:
    """Method, path and permission of everything staff can ask for."""
    views = hotline.app.view_functions
    return [
        (method, _path(rule), views[rule.endpoint].access_permission)  # type: ignore[attr-defined]
        for rule, name in _rules(hotline)
        if name == "staff"
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        if method in methods
    ]


def _signed_in(hotline: Hotline, *roles: str) -> Member:
    """Somebody with these roles, a full session and a page open."""
    member = make_member(hotline, *roles)
    with hotline.services.database.begin() as connection:
        account = get_account(connection, member.name)
        member.carry(hotline.services.staff_sessions.open(connection, account.id, "full"))
    member.get("/staff/account")
    return member


def _ask(member: Member, method: str, path: str, **changed: str | None) -> int:
    return (member.get(path) if method == "GET" else member.post(path, **changed)).status_code


def test_table_of_roles_is_the_one_that_is_wanted() -> None:
    assert {role: set(permissions) for role, permissions in ROLES.items()} == MAY
    assert permissions_of(["no such role"]) == frozenset()


def test_staff_view_without_a_known_permission_cannot_be_written() -> None:
    for permission in (None, "", "content.edited"):
        with pytest.raises(ValueError, match="permission"):
            access("staff", permission=permission)
    with pytest.raises(ValueError, match="permission"):
        access("public", permission="content.edit")


def test_every_staff_route_names_a_permission_and_the_doors_are_these(with_simulator: Hotline) -> None:
    assert {rule.rule for rule, name in _rules(with_simulator) if name == "staff_door"} == DOORS
    for rule, name in _rules(with_simulator):
        is_staff_path = rule.rule.split("/")[1] in STAFF_AREAS
        assert is_staff_path == (name in STAFF_RULES), f"{rule.rule}: a page for staff has a rule for staff, and no other has"


def test_stranger_and_one_half_signed_in_reach_nothing(staffed: Hotline) -> None:
    half = make_member(staffed, *ROLES)
    half.give_password()
    for member in (Member(staffed, "stranger"), half):
        for method, path, _ in _staff_requests(staffed, "GET", *CHANGING):
            answer = member.get(path) if method == "GET" else member.post(path)
            assert answer.status_code == (302 if method == "GET" else 403), f"{method} {path}"
            assert method != "GET" or answer.location.startswith("/staff/sign-in"), path


def test_several_roles_add_up(staffed: Hotline) -> None:
    member = _signed_in(staffed, "editor", "counsellor")
    for permission in sorted(PERMISSIONS):
        wanted = 200 if permission in MAY["editor"] | MAY["counsellor"] else 403
        assert member.get(f"/staff/probe/{permission}").status_code == wanted, permission


@pytest.mark.parametrize("case", [{"token": None}, {"token": "f" * 64}, {"origin": None}, {"origin": "https://evil.test"}])
def test_no_staff_route_changes_anything_without_token_and_origin(staffed: Hotline, case: dict[str, str | None]) -> None:
    member = _signed_in(staffed, *ROLES)
    before = _state(staffed)
    for method, path, _ in _staff_requests(staffed, *CHANGING):
        assert method == "POST", f"{path}: say in this test how {method} is sent"
        assert _ask(member, method, path, **case) == 403, path
        member.get("/staff/account")
    assert _state(staffed) == before
