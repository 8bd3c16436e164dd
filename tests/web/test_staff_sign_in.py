"""Signing in as staff over HTTP: both factors, the first time, what guessing leads to, and what a password must be."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from hotline.staff import passwords as password_room
from hotline.staff.passwords import Passwords, WeakPassword, check_strength
from tests.conftest import CHEAP_HASHER, Hotline, make_hotline, make_settings
from tests.web.member import PASSWORD, Member, actions, enrol, make_member, new_member, shown_secret

WRONG = "Name oder Passwort stimmt nicht."
LOCKED = "Zu viele Fehlversuche."


# -- signing in ----------------------------------------------------------------------------------------------------------


def test_first_sign_in_asks_for_a_password_and_a_device_of_ones_own(hotline: Hotline) -> None:
    member, one_time = new_member(hotline, "editor")
    assert member.give_password(one_time).location == "/staff/first-password"
    assert member.get("/staff/account").status_code == 302
    member.get("/staff/first-password")
    assert member.post("/staff/first-password", {"password": PASSWORD, "again": PASSWORD}).location == "/staff/enrol"
    assert member.get("/staff/account").status_code == 302
    member.get("/staff/enrol")
    assert "<svg" in member.page
    member.secret = shown_secret(member)
    member.get("/staff/enrol")
    assert shown_secret(member) == member.secret, "loading the page anew must not break the picture just scanned"
    assert member.post("/staff/enrol", {"code": member.code()}).status_code == 200
    assert member.text.count("-") >= 10
    assert member.get("/staff/account").status_code == 200
    done = [action for _, action, _ in actions(hotline)]
    assert done == ["add_account", "give_role", "change_password", "enrol_device", "sign_in"]


def test_later_sign_in_takes_password_and_code_and_leads_where_one_wanted_to_go(hotline: Hotline) -> None:
    member = make_member(hotline)
    asked = member.get("/staff/account/password?x=1")
    assert urlsplit(asked.location).path == "/staff/sign-in"
    assert parse_qs(urlsplit(asked.location).query) == {"next": ["/staff/account/password?x=1"]}
    assert member.give_password(path=asked.location).location == "/staff/second-factor"
    assert member.give_code().location == "/staff/account/password?x=1"
    assert actions(hotline)[-1] == (member.name, "sign_in", f"account {member.name}")


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.test/staff", "//evil.test/staff", "/\\evil.test/staff", "\\\\evil.test", "javascript:alert(1)", "/simulator",
     "/staff\n/x", "///evil.test/staff/", "/staff/" + "x" * 300],
)  # fmt: skip
def test_way_back_leads_to_our_own_staff_pages_only(quick_hotline: Hotline, elsewhere: str) -> None:
    member = make_member(quick_hotline)
    member.get("/staff/sign-in")
    member.post("/staff/sign-in", {"name": member.name, "password": PASSWORD, "next": elsewhere})
    assert member.give_code().location == "/staff"


def test_unknown_account_wrong_password_disabled_and_expired_get_the_same_answer(quick_hotline: Hotline) -> None:
    services, clock = quick_hotline.services, quick_hotline.clock
    known, disabled = make_member(quick_hotline), make_member(quick_hotline)
    stale, one_time = new_member(quick_hotline)
    clock.move(hours=73)
    with services.database.begin() as connection:
        services.staff_accounts.disable(connection, disabled.name, "test", clock())
    pages = set()
    for name, password in (("nobody", PASSWORD), (known.name, "wrong"), (disabled.name, PASSWORD), (stale.name, one_time)):
        answer = known.give_password(password, name=name)
        assert answer.status_code == 422
        assert WRONG in known.text
        pages.add(known.page.replace(known.token, ""))
    assert len(pages) == 1


def test_unknown_account_costs_one_hash_as_a_known_one_does(quick_hotline: Hotline, monkeypatch: pytest.MonkeyPatch) -> None:
    member, verified = make_member(quick_hotline), list[str]()
    right = type(CHEAP_HASHER).verify

    def count(self: object, stored: str, password: str) -> bool:
        verified.append(stored)
        return bool(right(CHEAP_HASHER, stored, password))

    monkeypatch.setattr(password_room.PasswordHasher, "verify", count)
    for name in ("nobody", member.name):
        verified.clear()
        member.give_password("wrong", name=name)
        assert len(verified) == 1


def test_accounts_of_a_newcomers_machine_cannot_sign_in_in_production(quick_hotline: Hotline) -> None:
    member = make_member(quick_hotline, name="demonstrator")
    with quick_hotline.services.database.begin() as connection:
        connection.exec_driver_sql("UPDATE staff_accounts SET name = 'demo-editor'")
    assert member.give_password(name="demo-editor").status_code == 422


def test_failure_is_noted_without_the_name_somebody_typed(quick_hotline: Hotline) -> None:
    member = make_member(quick_hotline)
    member.give_password("wrong", name="my-password-by-mistake")
    member.give_password("wrong")
    assert actions(quick_hotline)[-2:] == [
        ("unknown", "fail_password", "account unknown"),
        (member.name, "fail_password", f"account {member.name}"),
    ]


# -- the second factor ---------------------------------------------------------------------------------------------------


def test_code_is_good_once(hotline: Hotline) -> None:
    member, thief = make_member(hotline), Member(hotline, "thief")
    member.give_password()
    seen = member.code()
    assert member.give_code(seen).status_code == 303
    thief.give_password(name=member.name)
    assert thief.give_code(seen).status_code == 422
    # Nor is one of the half minute before, after a newer one was taken.
    assert thief.give_code(member.code(-1)).status_code == 422
    assert thief.get("/staff/account").status_code == 302


@pytest.mark.parametrize(("around", "is_taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_clock_may_be_half_a_minute_off(quick_hotline: Hotline, around: int, is_taken: bool) -> None:
    member = make_member(quick_hotline)
    member.give_password()
    assert (member.give_code(member.code(around)).status_code == 303) == is_taken


@pytest.mark.parametrize("code", ["", "000000", "abcdef", "٠١٢٣٤٥", "1" * 5000])
def test_anything_else_is_no_code(quick_hotline: Hotline, code: str) -> None:
    member = make_member(quick_hotline)
    member.give_password()
    assert member.give_code(code).status_code == 422


def test_recovery_code_stands_in_for_the_device_once(hotline: Hotline) -> None:
    member, one_time = new_member(hotline)
    codes = enrol(member, one_time)
    assert len(set(codes)) == 10
    stored = str(hotline.rows("staff_recovery_codes"))
    assert not [code for code in codes if code in stored or code.replace("-", "") in stored]
    for attempt, wanted in ((codes[0].lower().replace("-", " "), 303), (codes[0], 422), (codes[1], 303)):
        member.forget()
        member.give_password()
        assert member.give_code(attempt).status_code == wanted
    member.get("/staff/account")
    assert "Unbenutzte Codes: 8 von 10." in member.text


def test_new_recovery_codes_need_the_password_and_end_the_old_ones(quick_hotline: Hotline) -> None:
    member, one_time = new_member(quick_hotline)
    codes = enrol(member, one_time)
    member.get("/staff/account")
    assert member.post("/staff/account/recovery-codes", {"codes_password": "wrong"}).status_code == 422
    assert member.post("/staff/account/recovery-codes", {"codes_password": PASSWORD}).status_code == 200
    assert codes[0] not in member.page
    member.forget()
    member.give_password()
    assert member.give_code(codes[0]).status_code == 422


def test_secret_of_a_device_is_not_readable_in_the_database(quick_hotline: Hotline) -> None:
    member, one_time = new_member(quick_hotline)
    enrol(member, one_time)
    services = quick_hotline.services
    (row,) = quick_hotline.rows("staff_accounts")
    assert services.cipher.decrypt(row["totp_secret_encrypted"]) == member.secret  # type: ignore[arg-type]
    assert member.secret not in str(quick_hotline.rows("staff_accounts")) + str(quick_hotline.rows("staff_sessions"))


def test_nobody_enrols_a_device_for_somebody_else_or_a_second_time(quick_hotline: Hotline) -> None:
    victim, one_time = new_member(quick_hotline)
    enrol(victim, one_time)
    # Two browsers stood at the enrolment; the first one won.
    late, password = new_member(quick_hotline)
    twin = Member(quick_hotline, late.name)
    enrol(late, password)
    with quick_hotline.services.database.begin() as connection:
        account_id = next(row["id"] for row in quick_hotline.rows("staff_accounts") if row["name"] == late.name)
        token = quick_hotline.services.staff_sessions.open(connection, int(str(account_id)), "enrol")
    twin.carry(token)
    twin.get("/staff/enrol")
    twin.secret = shown_secret(twin)
    assert twin.post("/staff/enrol", {"code": twin.code(), "account_id": "1", "name": victim.name}).status_code == 422
    stored = {row["name"]: row["totp_secret_encrypted"] for row in quick_hotline.rows("staff_accounts")}
    decrypt = quick_hotline.services.cipher.decrypt
    assert decrypt(stored[victim.name]) == victim.secret  # type: ignore[arg-type]
    assert decrypt(stored[late.name]) == late.secret  # type: ignore[arg-type]


# -- guessing ------------------------------------------------------------------------------------------------------------


def test_ten_failures_lock_an_account_for_a_growing_time(hotline: Hotline) -> None:
    member = make_member(hotline)
    for number in range(10):
        assert member.give_password("wrong", address=f"203.0.113.{number}").status_code == 422
    assert member.give_password(address="203.0.113.99").status_code == 429
    assert LOCKED in member.text
    hotline.clock.move(seconds=31)
    assert member.give_password("wrong").status_code == 422
    hotline.clock.move(seconds=31)
    assert member.give_password().status_code == 429, "the second lock is longer"
    hotline.clock.move(seconds=30)
    assert member.give_password().status_code == 303


def test_name_nobody_has_is_locked_as_an_account_is(quick_hotline: Hotline) -> None:
    member = make_member(quick_hotline)
    answers = [member.give_password("wrong", name="nobody").status_code for _ in range(11)]
    assert answers == [422] * 10 + [429]
    assert member.give_password().status_code == 303


def test_right_password_gives_no_new_tries_at_the_code(quick_hotline: Hotline) -> None:
    member, answers = make_member(quick_hotline), []
    for _ in range(10):
        if member.give_password().status_code == 303:
            answers.append(member.give_code("000000").status_code)
    assert answers.count(422) == 10
    assert member.give_password().status_code == 429


def test_one_address_cannot_try_many_names(quick_hotline: Hotline) -> None:
    member = make_member(quick_hotline)
    answers = [member.give_password("wrong", name=f"name{number}").status_code for number in range(31)]
    assert answers == [422] * 30 + [429]
    assert member.give_password(address="203.0.113.5").status_code == 303
    keys = str(quick_hotline.rows("staff_throttles"))
    assert "198.51.100.7" not in keys
    assert "name7" not in keys


def test_made_up_address_is_no_way_around_the_lock(quick_hotline: Hotline) -> None:
    member = make_member(quick_hotline)
    answers = [member.give_password("wrong", name=f"name{n}", forwarded=f"203.0.113.{n}").status_code for n in range(31)]
    assert answers[-1] == 429


def test_behind_a_proxy_everybody_has_an_address_of_their_own(tmp_path: Path) -> None:
    hotline = make_hotline(make_settings(tmp_path, TRUSTED_PROXIES="1"))
    member = make_member(hotline)
    for number in range(40):
        assert member.give_password("wrong", name=f"name{number}", forwarded=f"6.6.6.6, 203.0.113.{number}").status_code == 422
    answers = [
        member.give_password("wrong", name=f"more{n}", forwarded=f"{n}.6.6.6, 203.0.113.99").status_code for n in range(31)
    ]
    assert answers[-1] == 429
    hotline.services.database.close()


def test_failures_are_forgotten_after_signing_in(quick_hotline: Hotline) -> None:
    member = make_member(quick_hotline)
    for _ in range(3):
        for _ in range(9):
            member.give_password("wrong")
        member.sign_in()
        member.forget()
        quick_hotline.clock.move(hours=1)


# -- passwords -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("password", "reason"),
    [("kurz-und-gut", "too_short"), ("passwordpassword", "too_common"), ("aaaaaaaaaaaaaaaaaa", "too_common"),
     ("qwertzuiopasdfgh", "too_common"), ("12345678901234", "too_common"), ("anna.keller-anna.keller", "too_common"),
     ("x" * 257, "too_long")],
)  # fmt: skip
def test_short_and_common_passwords_are_refused(password: str, reason: str) -> None:
    with pytest.raises(WeakPassword) as refused:
        check_strength(password, "anna.keller")
    assert refused.value.reason == reason


def test_form_says_what_is_wrong_with_a_new_password(quick_hotline: Hotline) -> None:
    member, one_time = new_member(quick_hotline)
    member.give_password(one_time)
    member.get("/staff/first-password")
    for password, again, words in (
        ("kurz", "kurz", "mindestens 14 Zeichen"),
        ("passwordpassword", "passwordpassword", "leicht zu erraten"),
        (PASSWORD, PASSWORD + "x", "nicht gleich"),
        (one_time, one_time, "Ihr bisheriges Passwort"),
    ):
        assert member.post("/staff/first-password", {"password": password, "again": again}).status_code == 422
        assert words in member.text
        assert password not in member.page


def test_hashes_are_argon2id_and_renewed_when_the_cost_grows(quick_hotline: Hotline) -> None:
    member = make_member(quick_hotline)
    with quick_hotline.services.database.begin() as connection:
        connection.exec_driver_sql("UPDATE staff_accounts SET password_hash = ?", (Passwords().hash(PASSWORD),))
    member.sign_in()
    (row,) = quick_hotline.rows("staff_accounts")
    assert str(row["password_hash"]).startswith("$argon2id$v=19$m=8,t=1,p=1$")
