"""What a browser is given: no script but ours, nothing kept, nothing framed, nothing an address or a header can smuggle in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse

from hotline.services import Services
from hotline.settings import ROOT
from hotline.staff.roles import ROLES
from hotline.store.tables import metadata
from hotline.web.factory import HEADERS, HTTPS_ONLY, make_flask
from tests.conftest import Hotline, make_settings
from tests.quality.test_guards import VALUES
from tests.security.routes import Asker, staff_routes
from tests.security.test_matrix import MAKERS
from tests.web.member import Member, make_member

TEMPLATES = sorted((ROOT / "hotline" / "web" / "templates").rglob("*.html"))
DOORS = ("/staff/sign-in", "/staff/second-factor", "/staff/first-password", "/staff/enrol", "/staff/nowhere")
SMUGGLED = "x\r\nX-Smuggled: yes\r\n\r\n<b>"
CHANGED_BY_LOOKING = {"staff_sessions", "audit", "counters"}


class _Inline(HTMLParser):
    """Notes everything the security policy would have to allow: scripts and styles in the page, handlers, script addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.found = list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name: value or "" for name, value in attrs}
        is_data = names.get("type") == "application/json"
        if (
            tag == "style"
            or (tag == "script" and "src" not in names and not is_data)
            or tag in ("base", "object", "embed", "iframe")
        ):
            self.found.append(f"<{tag}>")
        self.found += [f"{tag} {name}" for name in names if name == "style" or name.startswith("on") or name == "srcdoc"]
        self.found += [f"{tag} {name}={value}" for name, value in names.items() if _is_script(name, value)]


def _is_script(name: str, value: str) -> bool:
    return name in ("href", "src", "action", "formaction") and value.strip().lower().startswith(("javascript:", "data:text"))


def _inline(page: str) -> list[str]:
    parser = _Inline()
    parser.feed(page)
    return parser.found


@pytest.fixture(scope="module")
def everything(shared: Hotline) -> Asker:
    """Somebody with every role, and something of every kind."""
    asker = Asker(shared, *ROLES)
    for maker in MAKERS.values():
        maker(shared, asker)
    return asker


def _pages(shared: Hotline, everything: Asker) -> Iterator[tuple[str, TestResponse]]:
    """Every page of staff with its answer, doors and errors included."""
    for path in DOORS:
        yield path, Member(shared, "stranger").get(path)
    for route in staff_routes(shared):
        if route.method == "GET":
            path = route.path({**VALUES, "account_id": str(everything.account_id)})
            everything.ask("GET", "/staff/account/password")
            yield path, everything.member.get(path)


def test_no_page_holds_a_script_a_style_or_a_handler_of_its_own(shared: Hotline, everything: Asker) -> None:
    seen = 0
    for path, answer in _pages(shared, everything):
        if answer.mimetype == "text/html":
            assert _inline(answer.get_data(as_text=True)) == [], path
            seen += answer.status_code == 200
    assert seen > 20


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_holds_any_either_and_none_lets_html_of_others_through(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    # What Jinja writes is left out: it may stand within a tag.
    assert _inline(re.sub(r"\{[%#{].*?[%#}]\}", "", source, flags=re.DOTALL)) == []
    assert not re.search(r"\|\s*safe\b|autoescape\s+false", source), "what people wrote must not become part of the page"


def test_every_page_of_staff_is_kept_nowhere_and_carries_every_protection(shared: Hotline, everything: Asker) -> None:
    for path, answer in _pages(shared, everything):
        assert answer.headers["Cache-Control"] == "no-store", path
        for name, value in {**HEADERS, "Referrer-Policy": "same-origin", "Strict-Transport-Security": HTTPS_ONLY}.items():
            assert answer.headers.get(name) == value, f"{path}: {name}"
        is_file = answer.mimetype not in ("text/html", "audio/wav", "audio/x-wav") and answer.status_code == 200
        assert not is_file or answer.headers["Content-Disposition"].startswith("attachment"), path


def test_https_is_demanded_only_where_there_is_https(shared: Hotline, tmp_path: Path) -> None:
    local = make_flask(Services(make_settings(tmp_path, HOTLINE_ENV="local", PUBLIC_BASE_URL="http://127.0.0.1:8000")))
    assert "Strict-Transport-Security" not in local.test_client().get("/health/live").headers
    assert shared.app.test_client().get("/health/live").headers["Strict-Transport-Security"] == HTTPS_ONLY


def test_every_cookie_is_out_of_reach_of_scripts_other_sites_and_plain_http(shared: Hotline) -> None:
    member = make_member(shared)
    answers = [member.get("/staff/sign-in"), member.give_password(), member.give_code(), member.get("/staff/account")]
    answers += [member.post("/staff/language", {"language": "de"}), member.post("/staff/sign-out")]
    cookies = [cookie for answer in answers for cookie in answer.headers.getlist("Set-Cookie")]
    assert {cookie.split("=")[0] for cookie in cookies} == {"__Host-staff-door", "__Host-staff", "staff_language"}
    for cookie in cookies:
        for attribute in ("Secure", "HttpOnly", "SameSite=", "Path=/"):
            assert attribute in cookie, cookie
        assert "Domain" not in cookie


def test_looking_changes_nothing(shared: Hotline, everything: Asker) -> None:
    def state() -> dict[str, object]:
        return {table: shared.rows(table) for table in metadata.tables if table not in CHANGED_BY_LOOKING}

    before = state()
    assert list(_pages(shared, everything))
    assert state() == before, "a GET changed something: a link of another site could do this"


def test_what_host_a_request_names_goes_into_no_answer(shared: Hotline, everything: Asker) -> None:
    for path in (
        "/",
        "/staff",
        "/staff/account",
        "/staff/sign-in",
        "/studio",
        "/studio/transfer/export?format=csv",
        "/health/ready",
    ):
        answer = everything.member.client.get(path, base_url="https://evil.test", headers={"X-Forwarded-Host": "evil.test"})
        assert b"evil.test" not in answer.data, path
        assert "evil.test" not in str(answer.headers), path
    member = make_member(shared)
    member.get("/staff/sign-in")
    form = {"name": member.name, "password": "x", "csrf_token": member.token}
    answer = member.client.post(
        "/staff/sign-in", data=form, base_url="https://evil.test", headers={"Origin": "https://evil.test"}
    )
    assert answer.status_code == 403


def test_line_ends_in_what_is_sent_put_no_header_into_an_answer(shared: Hotline, everything: Asker) -> None:
    def check(answer: TestResponse, what: str) -> None:
        assert "X-Smuggled" not in answer.headers, what
        assert answer.status_code < 500, what

    fields = (
        "next",
        "back",
        "language",
        "q",
        "sort",
        "kind",
        "owner",
        "page",
        "format",
        "sheet",
        "topic",
        "action",
        "day",
        "actor",
    )
    query = "&".join(f"{name}={quote(SMUGGLED)}" for name in fields)
    for route in staff_routes(shared):
        path = route.path({**VALUES, "account_id": str(everything.account_id)})
        if route.method == "GET":
            everything.ask("GET", "/staff/account/password")
            check(everything.member.get(f"{path}?{query}"), path)
    for path in (
        "/staff/sign-in",
        "/staff/language",
        "/studio/facts/new",
        "/studio/questions/assign",
        "/studio/understanding/danger",
    ):
        everything.ask("GET", "/staff/account/password")
        check(everything.member.post(path, dict.fromkeys(fields, SMUGGLED)), path)
    check(shared.app.test_client().get(f"/staff/{quote(SMUGGLED)}?{query}"), "nowhere")
    check(shared.app.test_client().get(f"/audio/de/{quote(SMUGGLED)}"), "audio")


@pytest.mark.parametrize(
    "path",
    ["/audio/de/../../hotline/settings.py", "/audio/de/..%2f..%2fhotline%2fsettings.py", "/audio/../static/staff.css",
     "/audio/%2e%2e/%2e%2e", "/audio/de/%00.wav", "/static/../access.py", "/static/..%2faccess.py", "/static//etc/passwd",
     "/static/%2e%2e/%2e%2e/settings.py", "/studio/texts/..%2f..%2fx/de/speech/short/0.wav",
     "/studio/understanding/live/..%2f..%2fx"],
)  # fmt: skip
def test_no_address_leads_to_a_file_that_is_not_meant(shared: Hotline, everything: Asker, path: str) -> None:
    everything.ask("GET", "/staff/account/password")
    answer = everything.member.client.get(path, base_url="https://hotline.test")
    assert answer.status_code in (404, 405), path
    assert b"def " not in answer.data
    assert b"root:" not in answer.data


def test_two_routes_take_files_and_their_readers_are_tested() -> None:
    sources = {path for path in (ROOT / "hotline").rglob("*.py") if "request.files" in path.read_text(encoding="utf-8")}
    # What is no sound: tests/knowledge/test_sound_intake.py.
    assert {path.name for path in sources} == {"transfer.py", "recordings.py"}, (
        "say in tests/security what a file may be that is no such file"
    )


@pytest.mark.parametrize("switch", ["testing", "debug", "WTF_CSRF_ENABLED"])
def test_no_switch_turns_the_check_against_forged_requests_off(quick_hotline: Hotline, switch: str) -> None:
    app = quick_hotline.app
    if switch == "WTF_CSRF_ENABLED":
        app.config[switch] = False
    else:
        setattr(app, switch, True)
    member = make_member(quick_hotline, *ROLES)
    member.sign_in()
    for path in ("/staff/sign-out", "/staff/account/sign-out-everywhere", "/staff/accounts/invite"):
        assert member.post(path, token=None).status_code == 403
        assert member.post(path, origin="https://evil.test").status_code == 403
    assert member.get("/staff/account").status_code == 200


def test_text_of_a_person_is_never_markup(quick_hotline: Hotline) -> None:
    evil = "<script>alert(1)</script>\"'"
    member = make_member(quick_hotline, *ROLES)
    member.sign_in()
    for path in (
        "/studio/texts?q=",
        "/studio/facts?q=",
        "/staff/audit?actor=",
        "/studio/health?owner=",
        "/studio/understanding/danger?q=",
    ):
        answer = member.get(path + quote(evil))
        assert answer.status_code == 200
        assert b"<script>alert" not in answer.data, path


def test_sign_no_database_can_hold_is_refused_and_no_error_of_ours(hotline: Hotline) -> None:
    member = make_member(hotline, *ROLES)
    assert member.give_password(name="a\0b").status_code == 400
    member.sign_in()
    for path in ("/staff/audit?actor=%00", "/studio/facts/%00", "/studio/texts/a%00/de", "/studio/facts?q=%00"):
        assert member.get(path).status_code == 400, path
    member.get("/staff/account")
    assert member.post("/staff/language", {"language": "de", "back": "/staff/\0"}).status_code == 400
