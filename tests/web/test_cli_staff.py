"""The operator's commands for accounts: what they print, what they refuse, and what they leave in the audit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result

from hotline.cli import register_commands
from hotline.staff.roles import ROLES
from tests.conftest import Hotline, make_hotline, make_settings
from tests.web.member import Member, actions, enrol


def _with_commands(settings: object) -> Hotline:
    made = make_hotline(settings)  # type: ignore[arg-type]
    register_commands(made.app, made.services)
    return made


@pytest.fixture
def hotline(tmp_path: Path) -> Iterator[Hotline]:
    """A hotline in production."""
    made = _with_commands(make_settings(tmp_path))
    yield made
    made.services.database.close()


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Hotline]:
    """A newcomer's machine."""
    made = _with_commands(make_settings(tmp_path, HOTLINE_ENV="local", PUBLIC_BASE_URL="http://127.0.0.1:8000"))
    yield made
    made.services.database.close()


def _run(hotline: Hotline, *words: str) -> Result:
    return hotline.app.test_cli_runner().invoke(args=["staff", *words])


def _one_time(result: Result) -> str:
    found = re.search(r"72 hours: (\S+)", result.output)
    assert found, result.output
    return found.group(1)


def test_account_made_at_the_command_line_signs_in_and_is_listed(hotline: Hotline) -> None:
    made = _run(hotline, "add", "anna.keller", "--role", "editor", "--role", "reviewer", "--language", "en")
    assert "https://hotline.test/staff/sign-in" in made.output
    assert "one-time password" in _run(hotline, "list").output
    member = Member(hotline, "anna.keller")
    enrol(member, _one_time(made))
    member.get("/staff/account")
    assert '<html lang="en"' in member.page
    shown = _run(hotline, "list").output
    assert re.search(r"anna\.keller +editor reviewer +active; last sign-in 2026-11-24", shown)
    assert member.secret not in shown


@pytest.mark.parametrize("name", ["", "ab", "Anna", "anna keller", "+4915112345678", "anna@example.org", "4anna", "demo-editor"])
def test_unusable_name_is_refused_in_one_sentence(hotline: Hotline, name: str) -> None:
    refused = _run(hotline, "add", name, "--role", "editor")
    assert refused.exit_code == 1
    assert len(refused.stderr.strip().splitlines()) == 1
    assert hotline.rows("staff_accounts") == []


def test_unknown_role_missing_role_taken_name_and_unknown_account_are_refused(hotline: Hotline) -> None:
    assert _run(hotline, "add", "anna", "--role", "king").exit_code == 2
    assert _run(hotline, "add", "anna").exit_code == 2
    assert _run(hotline, "add", "anna", "--role", "editor").exit_code == 0
    assert "already" in _run(hotline, "add", "anna", "--role", "editor").stderr
    for command in (["reset"], ["disable"], ["enable"], ["roles", "--role", "editor"]):
        refused = _run(hotline, command[0], "berta", *command[1:])
        assert refused.exit_code == 1
        assert "no account" in refused.stderr


def test_every_change_is_in_the_audit_and_no_password_is(hotline: Hotline) -> None:
    printed = [_one_time(_run(hotline, "add", "anna", "--role", "editor"))]
    _run(hotline, "roles", "anna", "--role", "reviewer", "--role", "counsellor")
    printed.append(_one_time(_run(hotline, "reset", "anna")))
    _run(hotline, "disable", "anna")
    _run(hotline, "enable", "anna")
    assert [(action, on) for _, action, on in actions(hotline)] == [
        ("add_account", "account anna"),
        ("give_role", "account anna: editor"),
        ("take_role", "account anna: editor"),
        ("give_role", "account anna: counsellor"),
        ("give_role", "account anna: reviewer"),
        ("reset_account", "account anna"),
        ("disable_account", "account anna"),
        ("enable_account", "account anna"),
    ]
    shown = hotline.app.test_cli_runner().invoke(args=["audit", "list", "--most", "2"]).output.splitlines()
    assert [line.split(" ", 4)[4] for line in shown[:2]] == ["enable_account account anna", "disable_account account anna"]
    stored = str([hotline.rows(table) for table in ("audit", "staff_accounts")])
    assert not [password for password in printed if password in stored]


def test_longest_name_and_role_fit_the_audit(hotline: Hotline) -> None:
    name = "a" * 40
    assert _run(hotline, "add", name, "--role", "supervisor").exit_code == 0
    assert max(len(str(on)) for _, _, on in actions(hotline)) <= 60


def test_newcomer_gets_one_ready_account_for_each_role(local: Hotline) -> None:
    path = Path(_run(local, "demo").output.strip())
    assert path.stat().st_mode & 0o077 == 0
    text = path.read_text(encoding="utf-8")
    for role in ROLES:
        found = re.search(rf"\ndemo-{role}\n  password  (\S+)\n  key       (\S+)\n", text)
        assert found
        member = Member(local, f"demo-{role}")
        member.give_password(found.group(1))
        code = _run(local, "code", f"demo-{role}").output.strip()
        assert member.give_code(code).status_code == 303
        assert member.get("/staff/account").status_code == 200


def test_demo_accounts_stay_as_they_are_until_their_file_is_lost(local: Hotline) -> None:
    path = Path(_run(local, "demo").output.strip())
    text = path.read_text(encoding="utf-8")
    _run(local, "demo")
    assert path.read_text(encoding="utf-8") == text
    path.unlink()
    _run(local, "demo")
    assert path.read_text(encoding="utf-8") != text
    assert len(local.rows("staff_accounts")) == len(ROLES)


def test_printed_code_is_always_one_the_sign_in_still_takes(local: Hotline) -> None:
    text = Path(_run(local, "demo").output.strip()).read_text(encoding="utf-8")
    password = re.findall(r"password  (\S+)", text)[0]
    for wanted in (303, 303):
        member = Member(local, "demo-editor")
        member.give_password(password)
        assert member.give_code(_run(local, "code", "demo-editor").output.strip()).status_code == wanted
    assert "half a minute" in _run(local, "code", "demo-editor").stderr


def test_conveniences_of_a_newcomer_are_refused_in_production(hotline: Hotline) -> None:
    _run(hotline, "add", "anna", "--role", "editor")
    for words in (["demo"], ["code", "anna"]):
        refused = _run(hotline, *words)
        assert refused.exit_code == 1
        assert "production" in refused.stderr
    assert len(hotline.rows("staff_accounts")) == 1
