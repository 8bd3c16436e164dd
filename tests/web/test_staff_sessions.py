"""Sessions of staff: no forged request, no stolen or stale session, and pages that tell nobody anything."""

from __future__ import annotations

from typing import Any

import pytest

from hotline.staff.sessions import hash_token
from hotline.web.access import access
from tests.conftest import Hotline
from tests.web.member import PASSWORD, Member, actions, enrol, make_member, new_member
from tests.web.staff import add_right


def _sessions(hotline: Hotline) -> list[dict[str, Any]]:
    return hotline.rows("staff_sessions")


# -- forged requests -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", [{"token": None}, {"token": "0" * 64}, {"origin": None}, {"origin": "https://evil.test"},
    {"origin": "null"}, {"origin": "http://hotline.test"}, {"origin": "https://hotline.test.evil.test"}])  # fmt: skip
def test_forged_form_changes_nothing(quick_hotline: Hotline, case: dict[str, str | None]) -> None:
    member = make_member(quick_hotline)
    assert member.give_password(**case).status_code == 403
    member.sign_in()
    before = quick_hotline.rows("staff_accounts"), _sessions(quick_hotline)
    assert member.post("/staff/sign-out", **case).status_code == 403
    assert "Es wurde nichts geändert" in member.text
    member.get("/staff/account")
    assert member.post("/staff/language", {"language": "en"}, **case).status_code == 403
    assert (quick_hotline.rows("staff_accounts"), _sessions(quick_hotline)) == before


def test_answer_to_a_forged_form_does_not_take_the_session_away(quick_hotline: Hotline) -> None:
    # A browser leaves our cookies out of a form of another site, but takes the ones that come with the answer.
    answers = [Member(quick_hotline, "stranger").post(path) for path in ("/staff/sign-out", "/staff/sign-in", "/staff/nowhere")]
    assert [answer.headers.get("Set-Cookie") for answer in answers] == [None, None, None]
    opened = Member(quick_hotline, "stranger").get("/staff/sign-in")
    assert opened.headers["Set-Cookie"].startswith("__Host-staff-door=")


def test_token_of_somebody_else_is_worth_nothing(quick_hotline: Hotline) -> None:
    mine, theirs = make_member(quick_hotline), make_member(quick_hotline)
    mine.sign_in()
    theirs.sign_in()
    assert theirs.post("/staff/sign-out", token=mine.token).status_code == 403
    assert theirs.get("/staff/account").status_code == 200


def test_sign_out_is_no_link(quick_hotline: Hotline) -> None:
    member = make_member(quick_hotline)
    member.sign_in()
    assert member.get("/staff/sign-out").status_code == 405
    assert member.get("/staff/account").status_code == 200


# -- sessions ------------------------------------------------------------------------------------------------------------


def test_session_id_is_new_at_every_step_and_one_put_there_before_opens_nothing(quick_hotline: Hotline) -> None:
    member, ids = make_member(quick_hotline), ["fixed-by-an-attacker"]
    member.carry(ids[0])
    member.give_password()
    ids.append(member.cookie)
    member.give_code()
    ids.append(member.cookie)
    assert len(set(ids)) == 3
    for old in ids[:2]:
        thief = Member(quick_hotline, "thief")
        thief.carry(old)
        assert thief.get("/staff/account").status_code == 302


def test_cookie_is_out_of_reach_and_the_database_does_not_know_it(quick_hotline: Hotline) -> None:
    member = make_member(quick_hotline)
    first = member.give_password()
    assert "SameSite=Strict" in first.headers["Set-Cookie"]
    cookie = member.give_code().headers["Set-Cookie"]
    assert cookie.startswith("__Host-staff=")
    for attribute in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert attribute in cookie
    assert "Domain" not in cookie
    assert [row["token_hash"] for row in _sessions(quick_hotline)] == [hash_token(member.cookie)]


@pytest.mark.parametrize(("role", "minutes"), [("editor", 120), ("admin", 30)])
def test_unused_session_ends(quick_hotline: Hotline, role: str, minutes: int) -> None:
    member = make_member(quick_hotline, role)
    member.sign_in()
    quick_hotline.clock.move(minutes=minutes - 1)
    assert member.get("/staff/account").status_code == 200
    quick_hotline.clock.move(minutes=minutes)
    assert member.get("/staff/account").status_code == 302


def test_used_session_ends_after_twelve_hours(quick_hotline: Hotline) -> None:
    member = make_member(quick_hotline)
    member.sign_in()
    for _ in range(11):
        quick_hotline.clock.move(hours=1)
        assert member.get("/staff/account").status_code == 200
    quick_hotline.clock.move(hours=1)
    assert member.get("/staff/account").status_code == 302


def test_sign_in_half_done_ends_soon_and_opens_nothing(quick_hotline: Hotline) -> None:
    member = make_member(quick_hotline)
    member.give_password()
    assert member.get("/staff/account").status_code == 302
    assert member.get("/staff/enrol").location == "/staff/second-factor"
    assert member.get("/staff/first-password").location == "/staff/second-factor"
    quick_hotline.clock.move(minutes=16)
    assert member.get("/staff/second-factor").location == "/staff/sign-in"


def test_sign_out_ends_the_session_for_whoever_copied_the_cookie_too(quick_hotline: Hotline) -> None:
    member, thief = make_member(quick_hotline), Member(quick_hotline, "thief")
    member.sign_in()
    thief.carry(member.cookie)
    assert member.post("/staff/sign-out").location == "/staff/sign-in?out=1"
    assert member.cookie == ""
    assert thief.get("/staff/account").status_code == 302
    assert actions(quick_hotline)[-1][1] == "sign_out"


def test_sign_out_everywhere_password_change_roles_and_disabling_end_all_sessions(quick_hotline: Hotline) -> None:
    services, clock = quick_hotline.services, quick_hotline.clock
    desk = make_member(quick_hotline)
    laptop = Member(quick_hotline, desk.name, desk.secret)

    def both_sign_in() -> None:
        for browser in (desk, laptop):
            browser.forget()
            browser.sign_in()

    both_sign_in()
    desk.post("/staff/account/sign-out-everywhere")
    assert [browser.get("/staff/account").status_code for browser in (desk, laptop)] == [302, 302]

    both_sign_in()
    desk.get("/staff/account/password")
    new = "kanu-regal-sommer-pfiff"
    assert desk.post("/staff/account/password", {"current": "wrong", "password": new, "again": new}).status_code == 422
    assert desk.post("/staff/account/password", {"current": PASSWORD, "password": new, "again": new}).status_code == 303
    assert [browser.get("/staff/account").status_code for browser in (desk, laptop)] == [200, 302]
    assert "Ihr Passwort ist geändert" in desk.text
    desk.get("/staff/account")
    assert "Ihr Passwort ist geändert" not in desk.text

    with services.database.begin() as connection:
        services.staff_accounts.set_roles(connection, desk.name, ["reviewer"], "test", clock())
    assert desk.get("/staff/account").status_code == 302
    with services.database.begin() as connection:
        services.staff_sessions.open(connection, 1, "full")
        services.staff_accounts.disable(connection, desk.name, "test", clock())
    assert _sessions(quick_hotline) == []


def test_reset_ends_everything_somebody_had(quick_hotline: Hotline) -> None:
    member, one_time = new_member(quick_hotline)
    codes = enrol(member, one_time)
    services = quick_hotline.services
    with services.database.begin() as connection:
        fresh = services.staff_accounts.reset(connection, member.name, "test", quick_hotline.clock())
    assert member.get("/staff/account").status_code == 302
    assert member.give_password().status_code == 422
    assert member.give_password(fresh).location == "/staff/first-password"
    assert quick_hotline.rows("staff_recovery_codes") == []
    assert len(codes) == 10


def test_one_device_can_be_signed_out_but_only_an_own_one(quick_hotline: Hotline) -> None:
    desk, stranger = make_member(quick_hotline), make_member(quick_hotline)
    laptop = Member(quick_hotline, desk.name, desk.secret)
    for browser in (desk, laptop, stranger):
        browser.sign_in()
    ids = {row["token_hash"]: row["id"] for row in _sessions(quick_hotline)}
    desk.get("/staff/account")
    assert desk.text.count("Firefox, Linux") == 2
    theirs = ids[hash_token(stranger.cookie)]
    assert desk.post(f"/staff/account/sessions/{theirs}/end").status_code == 404
    desk.get("/staff/account")
    assert desk.post(f"/staff/account/sessions/{ids[hash_token(laptop.cookie)]}/end").status_code == 303
    codes = [browser.get("/staff/account").status_code for browser in (desk, laptop, stranger)]
    assert codes == [200, 302, 200]


# -- pages ---------------------------------------------------------------------------------------------------------------


def test_language_is_the_browsers_until_one_is_chosen(quick_hotline: Hotline) -> None:
    member = make_member(quick_hotline)
    member.get("/staff/sign-in", **{"Accept-Language": "en-GB,en;q=0.9"})
    assert '<html lang="en"' in member.page
    member.get("/staff/sign-in", **{"Accept-Language": "fr"})
    assert '<html lang="de"' in member.page
    assert member.post("/staff/language", {"language": "en", "back": "/staff/sign-in"}).location == "/staff/sign-in"
    member.get("/staff/sign-in")
    assert '<html lang="en"' in member.page
    member.sign_in()
    assert '<html lang="de"' in member.page, "the account says German"
    assert member.post("/staff/language", {"language": "en", "back": "https://evil.test/"}).location == "/staff"
    member.get("/staff/account")
    assert '<html lang="en"' in member.page
    assert member.post("/staff/language", {"language": "fr"}).status_code == 400


def test_error_pages_tell_the_person_and_not_the_inside(quick_hotline: Hotline) -> None:
    def fail() -> str:
        raise RuntimeError("hidden words")

    app = quick_hotline.own_app()
    app.add_url_rule("/staff/broken", "broken", access("staff", permission="account.own")(fail))
    app.add_url_rule("/staff/secret", "secret", access("staff", permission="numbers.reveal")(lambda: "secret words"))
    for endpoint in ("broken", "secret"):
        add_right(quick_hotline, endpoint)
    member = make_member(quick_hotline)
    assert member.get("/staff/nowhere").status_code == 404
    member.sign_in()
    for path, status, words in (
        ("/staff/broken", 500, "Der Fehler liegt bei uns"),
        ("/staff/secret", 403, "Ihre Rolle umfasst diese Seite nicht"),
        ("/studio/nowhere", 404, "Diese Seite gibt es nicht"),
        ("/staff/account/sessions/x/end", 404, "Diese Seite gibt es nicht"),
    ):
        assert member.get(path).status_code == status
        assert words in member.text
        for hidden in ("hidden words", "secret words", "RuntimeError", "Traceback"):
            assert hidden not in member.page


def test_error_page_comes_without_a_database_too(quick_hotline: Hotline) -> None:
    member = make_member(quick_hotline)
    member.sign_in()
    with quick_hotline.services.database.begin() as connection:
        connection.exec_driver_sql("DROP TABLE staff_sessions")
    assert member.get("/staff/account").status_code == 500
    assert "Der Fehler liegt bei uns" in member.text


def test_pages_stay_in_no_cache_and_tell_their_origin_to_us_alone(quick_hotline: Hotline) -> None:
    member = make_member(quick_hotline)
    answers = [member.get("/staff/sign-in"), member.get("/staff/account"), member.get("/staff/nowhere"), member.give_password()]
    member.give_code()
    for answer in [*answers, member.get("/staff/account")]:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "same-origin"


def test_what_loads_in_the_background_gets_no_sign_in_page(quick_hotline: Hotline) -> None:
    member = make_member(quick_hotline)
    assert member.get("/staff/account", **{"Sec-Fetch-Mode": "cors"}).status_code == 401
