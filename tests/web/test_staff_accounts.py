"""Accounts, skills and the audit on screen: inviting, shutting out and letting in, and nobody gives themselves more rights."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from hotline.staff.accounts import CannotChangeAccount, get_account
from hotline.staff.admins import keeping_an_admin
from tests.conftest import Hotline
from tests.web.member import PASSWORD, Member, actions, enrol, make_member

ACCOUNTS = "/staff/accounts"


@pytest.fixture
def admin(quick_hotline: Hotline) -> Iterator[Member]:
    """An admin who is signed in."""
    member = make_member(quick_hotline, "admin", name="berta")
    member.sign_in()
    return member


def _page(admin: Member, name: str) -> str:
    with admin.hotline.services.database.read() as connection:
        return f"{ACCOUNTS}/{get_account(connection, name).id}"


def _do(admin: Member, name: str, deed: str, **form: str) -> int:
    page = _page(admin, name)
    admin.get(page)
    return admin.post(f"{page}/{deed}", form).status_code


def _one_time(admin: Member) -> str:
    found = re.search(r'class="secret">([\w-]+)<', admin.page)
    assert found, admin.text
    return found[1]


def test_invited_person_signs_in_once_with_the_password_shown_once(admin: Member) -> None:
    hotline = admin.hotline
    admin.get(f"{ACCOUNTS}/invite")
    form = {"name": "carla.neu", "roles": "counsellor", "language": "de", "own_password": PASSWORD}
    assert admin.post(f"{ACCOUNTS}/invite", form).status_code == 200
    one_time = _one_time(admin)
    admin.get(ACCOUNTS)
    assert "carla.neu" in admin.text
    assert "eingeladen" in admin.text
    assert one_time not in admin.page
    assert one_time not in str(actions(hotline))
    assert ("berta", "add_account", "account carla.neu") in actions(hotline)
    carla = Member(hotline, "carla.neu")
    assert len(enrol(carla, one_time)) == 10
    carla.forget()
    assert carla.give_password(one_time).status_code == 422, "it was good once"


def test_invitation_ends_after_three_days(admin: Member) -> None:
    admin.get(f"{ACCOUNTS}/invite")
    admin.post(f"{ACCOUNTS}/invite", {"name": "carla.neu", "roles": "editor", "own_password": PASSWORD})
    one_time = _one_time(admin)
    admin.hotline.clock.move(hours=72)
    assert Member(admin.hotline, "carla.neu").give_password(one_time).status_code == 422
    admin.forget()
    admin.sign_in()
    admin.get(ACCOUNTS)
    assert "Einladung abgelaufen" in admin.text


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"name": "X"}, "Der Name passt nicht"),
        ({"name": "berta"}, "gibt es schon"),
        ({"name": "demo-x"}, "zum Ausprobieren"),
        ({"name": "+4915112345678"}, "Der Name passt nicht"),
        ({"roles": "chief"}, "mindestens eine Rolle"),
        ({"language": "fr"}, "Sprache aus der Liste"),
        ({"own_password": "wrong"}, "jetziges Passwort stimmt nicht"),
    ],
)
def test_invitation_that_cannot_be_says_why_and_makes_nothing(admin: Member, form: dict[str, str], said: str) -> None:
    admin.get(f"{ACCOUNTS}/invite")
    whole = {"name": "carla.neu", "roles": "editor", "language": "", "own_password": PASSWORD, **form}
    assert admin.post(f"{ACCOUNTS}/invite", whole).status_code == 422
    assert said in admin.text
    assert len(admin.hotline.rows("staff_accounts")) == 1


def test_what_weakens_or_widens_a_right_ends_the_sessions_and_is_written_down(admin: Member) -> None:
    hotline = admin.hotline
    member = make_member(hotline, "editor", name="dora")
    for deed, form in (
        ("roles", {"roles": "reviewer", "roles_password": PASSWORD}),
        ("sign-out", {}),
        ("disable", {}),
    ):
        member.sign_in()
        assert _do(admin, "dora", deed, **form) == 303
        assert member.get("/staff/account").status_code == 302, deed
        member.forget()
    assert member.give_password().status_code == 422, "disabled"
    assert _do(admin, "dora", "enable") == 303
    member.sign_in()
    assert _do(admin, "dora", "language", language="en") == 303
    assert _do(admin, "dora", "reset", reset_password=PASSWORD) == 200
    one_time = _one_time(admin)
    assert member.get("/staff/account").status_code == 302
    assert member.give_password(one_time).location == "/staff/first-password"
    done = [(action, on) for actor, action, on in actions(hotline) if actor == "berta" and "dora" in str(on)]
    assert done == [
        ("take_role", "account dora: editor"), ("give_role", "account dora: reviewer"), ("end_sessions", "account dora"),
        ("disable_account", "account dora"), ("enable_account", "account dora"), ("change_language", "account dora"),
        ("reset_account", "account dora"),
    ]  # fmt: skip


def test_somebody_locked_out_is_let_try_again(admin: Member) -> None:
    member = make_member(admin.hotline, name="dora")
    for number in range(10):
        member.give_password("wrong", address=f"203.0.113.{number}")
    assert member.give_password(address="203.0.113.77").status_code == 429
    admin.get(ACCOUNTS)
    assert "zu viele Fehlversuche" in admin.text
    assert _do(admin, "dora", "unlock") == 303
    assert member.give_password(address="203.0.113.78").status_code == 303


@pytest.mark.parametrize("deed", ["roles", "disable", "reset", "sign-out", "unlock", "enable"])
def test_nobody_changes_their_own_rights(admin: Member, deed: str) -> None:
    before = admin.hotline.rows("staff_roles"), admin.hotline.rows("staff_accounts")
    form = {"roles": "editor", "roles_password": PASSWORD, "reset_password": PASSWORD}
    assert _do(admin, "berta", deed, **form) == 403
    assert (admin.hotline.rows("staff_roles"), admin.hotline.rows("staff_accounts")) == before
    admin.get(_page(admin, "berta"))
    assert "Das ist Ihr eigenes Konto" in admin.text


@pytest.mark.parametrize(("deed", "field"), [("roles", "roles_password"), ("reset", "reset_password")])
def test_weighty_deeds_ask_for_the_password_of_whoever_sits_there(admin: Member, deed: str, field: str) -> None:
    make_member(admin.hotline, "editor", name="dora")
    before = admin.hotline.rows("staff_accounts"), admin.hotline.rows("staff_roles")
    assert _do(admin, "dora", deed, roles="admin", **{field: "wrong"}) == 422
    assert (admin.hotline.rows("staff_accounts"), admin.hotline.rows("staff_roles")) == before


def test_last_admin_is_not_taken_away_whoever_does_it(hotline: Hotline) -> None:
    services, clock = hotline.services, hotline.clock
    for name in ("berta", "emil"):
        make_member(hotline, "admin", name=name)

    def change(name: str, *roles: str) -> None:
        with services.database.begin() as connection, keeping_an_admin(connection):
            if roles:
                services.staff_accounts.set_roles(connection, name, roles, "test", clock())
            else:
                services.staff_accounts.disable(connection, name, "test", clock())

    change("emil")
    for roles in ((), ("editor",)):
        with pytest.raises(CannotChangeAccount, match="Nobody could manage"):
            change("berta", *roles)
    with services.database.read() as connection:
        assert get_account(connection, "berta").roles == ("admin",)


def test_two_admins_who_shut_each_other_out_at_once_leave_one(hotline: Hotline) -> None:
    services, ready = hotline.services, Barrier(2)
    for name in ("berta", "emil"):
        make_member(hotline, "admin", name=name)

    def shut_out(name: str) -> bool:
        ready.wait()
        try:
            with services.database.begin() as connection, keeping_an_admin(connection):
                services.staff_accounts.disable(connection, name, "test", hotline.clock())
        except CannotChangeAccount:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(shut_out, ("berta", "emil"))) == [False, True]


def test_supervisor_says_who_can_take_what_and_only_of_counsellors(quick_hotline: Hotline) -> None:
    supervisor = make_member(quick_hotline, "supervisor", name="sina")
    make_member(quick_hotline, "counsellor", name="kemal")
    make_member(quick_hotline, "editor", name="dora")
    supervisor.sign_in()
    supervisor.get("/staff/counsellors")
    assert "bekommt noch nichts angeboten" in supervisor.text
    assert "dora" not in supervisor.text
    with quick_hotline.services.database.read() as connection:
        kemal, dora = (get_account(connection, name).id for name in ("kemal", "dora"))
    page = f"/staff/counsellors/{kemal}"
    assert supervisor.get(f"/staff/counsellors/{dora}").status_code == 404
    supervisor.get(page)
    for form, said in (
        ({"capacity": "3"}, "mindestens eine Sprache"),
        ({"languages": "ar", "capacity": "0"}, "zwischen 1 und 20"),
    ):
        assert supervisor.post(page, form).status_code == 422
        assert said in supervisor.text
    assert supervisor.post(page, {"languages": "xx", "capacity": "1"}).status_code == 400
    supervisor.get(page)
    form = {"languages": "ar", "topics": "luggage", "lands": "DE-BY", "capacity": "2"}
    assert supervisor.post(page, form).status_code == 303
    (row,) = quick_hotline.rows("counsellors")
    assert (row["account_id"], row["languages"], row["topics"], row["lands"], row["capacity"]) == (
        kemal, ["ar"], ["luggage"], ["DE-BY"], 2,
    )  # fmt: skip
    supervisor.get("/staff/counsellors")
    assert "0 von 2" in supervisor.text
    assert actions(quick_hotline)[-1] == ("sina", "set_skills", "account kemal")


def test_audit_is_filtered_by_deed_day_and_person_and_read_on(admin: Member) -> None:
    hotline = admin.hotline
    make_member(hotline, "editor", name="dora")
    hotline.clock.move(days=1)
    admin.forget()
    admin.sign_in()
    _do(admin, "dora", "disable")
    for query, there, missing in (
        ("action=disable_account", "Konto gesperrt", "Rolle gegeben</td>"),
        ("day=2026-11-24", "Konto angelegt</td>", "Konto gesperrt</td>"),
        ("actor=berta", "Konto gesperrt</td>", "<td>test</td>"),
        ("day=2026-99-99&action=nothing&before=x", "Konto gesperrt</td>", "Nichts gefunden"),
        ("actor=nobody", "Nichts gefunden", "<td>test</td>"),
    ):
        assert admin.get(f"/staff/audit?{query}").status_code == 200
        assert there in admin.page, query
        assert missing not in admin.page, query
    with hotline.services.database.begin() as connection:
        for number in range(150):
            hotline.services.staff_accounts.choose_language(connection, "dora", "de", f"row.{number}", hotline.clock())
    admin.get("/staff/audit")
    onward = re.search(r'href="(/staff/audit\?before=\d+)"', admin.page)
    assert onward
    seen = set(re.findall(r"row\.\d+", admin.page))
    admin.get(onward[1])
    assert len(seen) == 100
    assert seen | set(re.findall(r"row\.\d+", admin.page)) == {f"row.{number}" for number in range(150)}
