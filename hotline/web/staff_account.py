"""One's own account: password, recovery codes, sessions."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from hotline.counselling.counsellors import CannotChangeCounsellor, find_phone, is_counsellor, set_phone
from hotline.privacy.audit import note_action
from hotline.services import Services
from hotline.staff.passwords import MIN_CHARACTERS
from hotline.staff.roles import OWN_ACCOUNT
from hotline.staff.second_factor import count_recovery_codes
from hotline.staff.sessions import StaffSession
from hotline.staff.sign_in import SignInFailed
from hotline.staff.throttle import Locked
from hotline.web.access import access, services
from hotline.web.ownership import owner_rule
from hotline.web.staff import first_area, problem_of, take_new_password, visitor
from hotline.web.staff_pages import Problem, notify, render_staff
from hotline.web.staff_session import current_staff, hand_over_cookie, take_cookie_back
from hotline.web.staff_texts import screen_key

account = Blueprint("account", __name__, url_prefix="/staff")

ROLE_NAMES = {
    "editor": screen_key("staff.role_editor"),
    "reviewer": screen_key("staff.role_reviewer"),
    "counsellor": screen_key("staff.role_counsellor"),
    "supervisor": screen_key("staff.role_supervisor"),
    "admin": screen_key("staff.role_admin"),
}


@owner_rule("session", "session_id")
def is_own_session(hotline: Services, session: StaffSession, session_id: int) -> bool | None:
    """Whether a session is of this person's account."""
    with hotline.database.read() as connection:
        owner = hotline.staff_sessions.account_of(connection, session_id)
    return None if owner is None else owner == session.account_id


@account.get("")
@access("staff", permission=OWN_ACCOUNT)
def home() -> AnyResponse:
    """Leads to where somebody works."""
    return redirect(first_area(current_staff()))


@account.get("/account")
@access("staff", permission=OWN_ACCOUNT)
def show() -> str:
    """Roles, sessions and what can be changed."""
    return _account_page()


@account.get("/account/password")
@access("staff", permission=OWN_ACCOUNT)
def new_password() -> str:
    """The form for another password."""
    return render_staff("staff/password.html", min_characters=MIN_CHARACTERS)


@account.post("/account/password")
@access("staff", permission=OWN_ACCOUNT)
def change_password() -> AnyResponse | tuple[str, int]:
    """Take another password, when the present one is given; all sessions but this one end."""
    chosen = password_problem("current") or take_new_password(current_staff())
    if isinstance(chosen, Problem):
        return render_staff("staff/password.html", min_characters=MIN_CHARACTERS, problem=chosen), chosen.status
    hotline, response = services(), redirect(url_for("account.show"), 303)
    session = hotline.staff_sessions.find(chosen)
    if session is not None:
        notify(screen_key("staff.password_changed"), session=session)
    hand_over_cookie(hotline, response, chosen, is_complete=True)  # type: ignore[arg-type]
    return response


@account.post("/account/recovery-codes")
@access("staff", permission=OWN_ACCOUNT)
def renew_recovery_codes() -> str | tuple[str, int]:
    """Ten new recovery codes, when the password is given; shown once."""
    problem = password_problem("codes_password")
    if problem is not None:
        return _account_page(problem), problem.status
    codes = services().sign_in.renew_recovery_codes(current_staff())
    return render_staff("staff/recovery_codes.html", codes=codes, onward=url_for("account.show"))


@account.post("/account/sessions/<int:session_id>/end")
@access("staff", permission=OWN_ACCOUNT, owns="session")
def end_session(session_id: int) -> AnyResponse:
    """Sign out another browser of one's own."""
    hotline, session = services(), current_staff()
    with hotline.database.begin() as connection:
        hotline.staff_sessions.end(connection, session.account_id, session_id)
        note_action(connection, session.name, "end_session", f"account {session.name}", hotline.clock())
    notify(screen_key("staff.session_ended"))
    return redirect(url_for("account.show"), 303)


@account.post("/sign-out")
@access("staff", permission=OWN_ACCOUNT)
def sign_out() -> AnyResponse:
    """Sign this browser out."""
    return _leave(everywhere=False)


@account.post("/account/sign-out-everywhere")
@access("staff", permission=OWN_ACCOUNT)
def sign_out_everywhere() -> AnyResponse:
    """Sign all browsers out, this one too."""
    return _leave(everywhere=True)


@account.post("/account/phone")
@access("staff", permission=OWN_ACCOUNT)
def set_own_phone() -> AnyResponse | tuple[str, int]:
    """The telephone one is rung at for callers; empty takes it away."""
    hotline, session = services(), current_staff()
    number = request.form.get("phone", "")
    try:
        with hotline.database.begin() as connection:
            set_phone(connection, session.account_id, number, hotline.cipher, session.name, hotline.clock())
    except CannotChangeCounsellor:
        problem = Problem(screen_key("staff.phone_wrong"), "phone", 422)
        return _account_page(problem), problem.status
    notify(screen_key("staff.phone_saved") if number.strip() else screen_key("staff.phone_removed"))
    return redirect(url_for("account.show"), 303)


def _leave(*, everywhere: bool) -> AnyResponse:
    services().sign_in.sign_out(current_staff(), everywhere=everywhere)
    response: Response = redirect(url_for("staff.sign_in", out=1), 303)  # type: ignore[assignment]
    take_cookie_back(services(), response)
    return response


def password_problem(field: str) -> Problem | None:
    """What is wrong with one's present password, typed again into a field: for what must not happen at an unlocked desk."""
    try:
        services().sign_in.check_password(current_staff(), request.form.get(field, ""), visitor())
    except (SignInFailed, Locked) as failure:
        return problem_of(failure, screen_key("staff.wrong_current_password"), field)
    return None


def _account_page(problem: Problem | None = None) -> str:
    hotline, session = services(), current_staff()
    with hotline.database.read() as connection:
        sessions = hotline.staff_sessions.list_of(connection, session.account_id)
        codes_left = count_recovery_codes(connection, session.account_id)
        phone = find_phone(connection, session.account_id, hotline.cipher)
        takes_calls = is_counsellor(connection, session.account_id)
    names = [ROLE_NAMES[role] for role in sorted(session.roles)]
    return render_staff(
        "staff/account.html",
        sessions=sessions,
        codes_left=codes_left,
        role_names=names,
        takes_calls=takes_calls,
        # Whoever looks over a shoulder learns no number.
        phone_end=phone[-2:] if phone else None,
        problem=problem,
    )
