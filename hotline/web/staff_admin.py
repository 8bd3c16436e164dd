"""Accounts on screen, for admins: who there is, inviting, roles, language, shutting out and letting in again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, abort, redirect, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from hotline.dialogue.texts import STAFF_LANGUAGES
from hotline.services import Services
from hotline.staff.accounts import Account, CannotChangeAccount, find_account, list_accounts
from hotline.staff.admins import keeping_an_admin
from hotline.staff.roles import ROLES, takes_handoffs
from hotline.staff.sessions import StaffSession
from hotline.web.access import access, services
from hotline.web.ownership import owner_rule
from hotline.web.staff_account import ROLE_NAMES, password_problem
from hotline.web.staff_pages import Problem, notify, render_staff
from hotline.web.staff_session import current_staff
from hotline.web.staff_texts import screen_key

accounts = Blueprint("staff_admin", __name__, url_prefix="/staff/accounts")

MANAGE = "staff.manage"
UNUSABLE, CONFLICT = 422, 409
ONE_TIME_HOURS = 72
# Reason of a refusal -> the text of it, and the field it is about.
REFUSALS = {
    "name": (screen_key("staff.problem_name"), "name"),
    "demo": (screen_key("staff.problem_demo"), "name"),
    "taken": (screen_key("staff.problem_taken"), "name"),
    "roles": (screen_key("staff.problem_roles"), "roles"),
    "language": (screen_key("staff.problem_language"), "language"),
    "last_admin": (screen_key("staff.problem_last_admin"), "content"),
}
ROLES_CHANGED = screen_key("staff.roles_changed")
LANGUAGE_CHANGED = screen_key("staff.language_changed")
DISABLED = screen_key("staff.account_disabled")
ENABLED = screen_key("staff.account_enabled")
UNLOCKED = screen_key("staff.account_unlocked")
SIGNED_OUT = screen_key("staff.account_signed_out")
STATE_NAMES = {
    "disabled": screen_key("staff.state_disabled"),
    "locked": screen_key("staff.state_locked"),
    "expired": screen_key("staff.state_expired"),
    "invited": screen_key("staff.state_invited"),
    "no_device": screen_key("staff.state_no_device"),
    "active": screen_key("staff.state_active"),
}
TONES = {"disabled": "bad", "locked": "bad", "expired": "warn", "invited": "warn", "no_device": "warn", "active": "good"}


@dataclass(frozen=True)
class Shown:
    """An account as the pages show it: its state in one word, until when it is locked, how many browsers are signed in."""

    account: Account
    state: str
    locked_until: datetime | None
    devices: int


@owner_rule("account", "account_id")
def is_own_account(hotline: Services, session: StaffSession, account_id: int) -> bool | None:
    """Whether an account is the person's own."""
    with hotline.database.read() as connection:
        found = find_account(connection, account_id)
    return None if found is None else found.id == session.account_id


# -- pages -----------------------------------------------------------------------------------------------------------------


@accounts.get("")
@access("staff", permission=MANAGE)
def show_all() -> str:
    """All accounts with their roles and state."""
    with services().database.read() as connection:
        shown = _shown(connection, list_accounts(connection))
    return render_staff("staff/accounts.html", shown=shown, **_names())


@accounts.get("/invite")
@access("staff", permission=MANAGE)
def invitation() -> str:
    """The form for a new account."""
    return _invitation()


@accounts.post("/invite")
@access("staff", permission=MANAGE)
def invite() -> str | tuple[str, int]:
    """Make an account; shows its one-time password, once."""
    name, language = request.form.get("name", "").strip(), request.form.get("language") or None
    problem = password_problem("own_password")
    if problem is None:
        hotline = services()
        try:
            with hotline.database.begin() as connection:
                wanted = (request.form.getlist("roles"), language, current_staff().name, hotline.clock())
                password = hotline.staff_accounts.add(connection, name, *wanted)
        except CannotChangeAccount as refused:
            problem = _problem_of(refused)
        else:
            return _one_time_page(name, password)
    return _invitation(problem), problem.status


@accounts.get("/<int:account_id>")
@access("staff", permission=MANAGE, owns="account")
def show(account_id: int) -> str:
    """One account and what can be done to it."""
    return _page(account_id)


# -- deeds -----------------------------------------------------------------------------------------------------------------


@accounts.post("/<int:account_id>/roles")
@access("staff", permission=MANAGE, owns="account")
def change_roles(account_id: int) -> AnyResponse | tuple[str, int]:
    """Give somebody else exactly the ticked roles."""
    problem = password_problem("roles_password")
    if problem is not None:
        return _page(account_id, problem), problem.status
    roles = request.form.getlist("roles")
    return _do(
        account_id, ROLES_CHANGED, lambda c, name, actor, now: services().staff_accounts.set_roles(c, name, roles, actor, now)
    )


@accounts.post("/<int:account_id>/language")
@access("staff", permission=MANAGE, owns="account")
def change_language(account_id: int) -> AnyResponse | tuple[str, int]:
    """Set the language of somebody's screens."""
    language = request.form.get("language") or None
    return _do(
        account_id,
        LANGUAGE_CHANGED,
        lambda c, name, actor, now: services().staff_accounts.choose_language(c, name, language, actor, now),
    )


@accounts.post("/<int:account_id>/disable")
@access("staff", permission=MANAGE, owns="account")
def disable(account_id: int) -> AnyResponse | tuple[str, int]:
    """Shut somebody out at once."""
    return _do(account_id, DISABLED, services().staff_accounts.disable)


@accounts.post("/<int:account_id>/enable")
@access("staff", permission=MANAGE, owns="account")
def enable(account_id: int) -> AnyResponse | tuple[str, int]:
    """Let somebody in again."""
    return _do(account_id, ENABLED, services().staff_accounts.enable)


@accounts.post("/<int:account_id>/unlock")
@access("staff", permission=MANAGE, owns="account")
def unlock(account_id: int) -> AnyResponse | tuple[str, int]:
    """Let somebody try again who failed too often."""
    return _do(account_id, UNLOCKED, lambda c, name, actor, _: services().sign_in.unlock(c, name, actor))


@accounts.post("/<int:account_id>/sign-out")
@access("staff", permission=MANAGE, owns="account")
def sign_out(account_id: int) -> AnyResponse | tuple[str, int]:
    """Sign all browsers of somebody else out."""
    return _do(account_id, SIGNED_OUT, services().staff_accounts.sign_out)


@accounts.post("/<int:account_id>/reset")
@access("staff", permission=MANAGE, owns="account")
def reset(account_id: int) -> str | tuple[str, int]:
    """Renew password and second factor of somebody who lost them; shows the one-time password, once."""
    problem = password_problem("reset_password")
    if problem is not None:
        return _page(account_id, problem), problem.status
    hotline, name = services(), _account(account_id).name
    with hotline.database.begin() as connection:
        password = hotline.staff_accounts.reset(connection, name, current_staff().name, hotline.clock())
    return _one_time_page(name, password)


# -- parts -----------------------------------------------------------------------------------------------------------------


def _do(account_id: int, done_key: str, deed: Callable[[Connection, str, str, datetime], None]) -> AnyResponse | tuple[str, int]:
    """Do something to an account, in one unit of work that leaves an admin; says so on its page."""
    hotline, name = services(), _account(account_id).name
    try:
        with hotline.database.begin() as connection, keeping_an_admin(connection):
            deed(connection, name, current_staff().name, hotline.clock())
    except CannotChangeAccount as refused:
        problem = _problem_of(refused)
        return _page(account_id, problem), problem.status
    notify(done_key)
    return redirect(url_for("staff_admin.show", account_id=account_id), 303)


def _account(account_id: int) -> Account:
    with services().database.read() as connection:
        found = find_account(connection, account_id)
    return found or abort(404)


def _problem_of(refused: CannotChangeAccount) -> Problem:
    key, field = REFUSALS[refused.reason]
    return Problem(key, field, CONFLICT if refused.reason == "last_admin" else UNUSABLE)


def _shown(connection: Connection, found: list[Account]) -> list[Shown]:
    hotline, now = services(), services().clock()
    locks = hotline.sign_in.locked_until(connection, (account.name for account in found))
    devices = hotline.staff_sessions.count(connection)
    return [
        Shown(account, _state(account, account.name in locks, now), locks.get(account.name), devices.get(account.id, 0))
        for account in found
    ]


def _state(account: Account, is_locked: bool, now: datetime) -> str:
    if account.is_disabled:
        return "disabled"
    if is_locked:
        return "locked"
    if account.one_time_until is not None:
        return "expired" if account.one_time_until <= now else "invited"
    return "active" if account.has_second_factor else "no_device"


def _names() -> dict[str, object]:
    return {"role_names": ROLE_NAMES, "state_names": STATE_NAMES, "tones": TONES}


def _invitation(problem: Problem | None = None) -> str:
    typed = {"name": request.form.get("name", ""), "language": request.form.get("language", "")}
    return render_staff(
        "staff/invite.html",
        problem=problem,
        typed=typed,
        ticked=request.form.getlist("roles"),
        roles=ROLES,
        languages=STAFF_LANGUAGES,
        hours=ONE_TIME_HOURS,
        **_names(),
    )


def _page(account_id: int, problem: Problem | None = None) -> str:
    account = _account(account_id)
    with services().database.read() as connection:
        (shown,) = _shown(connection, [account])
    return render_staff(
        "staff/account_managed.html",
        problem=problem,
        shown=shown,
        account=account,
        is_own=account.id == current_staff().account_id,
        roles=ROLES,
        languages=STAFF_LANGUAGES,
        hours=ONE_TIME_HOURS,
        takes_handoffs=takes_handoffs(account.roles),
        **_names(),
    )


def _one_time_page(name: str, password: str) -> str:
    address = services().settings.public_base_url + url_for("staff.sign_in")
    return render_staff("staff/one_time.html", name=name, password=password, address=address, hours=ONE_TIME_HOURS)
