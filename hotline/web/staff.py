"""The way in for staff: password, code, and at the first time a password and a device of one's own."""

from __future__ import annotations

import math
from urllib.parse import urlsplit

import segno
from flask import Blueprint, Response, abort, make_response, redirect, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from hotline.dialogue.texts import STAFF_LANGUAGES
from hotline.staff.passwords import MIN_CHARACTERS, WeakPassword
from hotline.staff.second_factor import provisioning_uri
from hotline.staff.sessions import StaffSession, Stage
from hotline.staff.sign_in import SignInFailed, Visitor
from hotline.staff.throttle import Locked
from hotline.web.access import STAFF_AREAS, access, services
from hotline.web.navigation import areas_of
from hotline.web.staff_pages import Problem, render_staff
from hotline.web.staff_session import address, find_staff, hand_over_cookie, is_secure
from hotline.web.staff_texts import LANGUAGE_COOKIE, screen_key

staff = Blueprint("staff", __name__, url_prefix="/staff")

LONGEST_DESTINATION = 200
UNUSABLE, TOO_MANY = 422, 429
A_YEAR = 365 * 24 * 3600
_STEPS: dict[Stage, str] = {
    "second_factor": "staff.second_factor",
    "password": "staff.first_password",
    "enrol": "staff.enrol",
    "full": "account.home",
}
WEAK = {
    "too_short": screen_key("staff.password_too_short"),
    "too_long": screen_key("staff.password_too_long"),
    "too_common": screen_key("staff.password_too_common"),
    "unchanged": screen_key("staff.password_unchanged"),
}
_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)  # fmt: skip


@staff.get("/sign-in")
@access("staff_door")
def sign_in() -> AnyResponse | str:
    """The form for name and password."""
    session = find_staff(services())
    if session is not None and session.stage == "full":
        return redirect(url_for("account.home"))
    return render_staff("staff/sign_in.html", next=safe_path(request.args.get("next")), is_out="out" in request.args)


@staff.post("/sign-in")
@access("staff_door")
def give_password() -> AnyResponse | tuple[str, int]:
    """Check name and password; leads to the next step."""
    destination = safe_path(request.form.get("next"))
    name, password = request.form.get("name", ""), request.form.get("password", "")
    try:
        token = services().sign_in.give_password(name, password, visitor(destination))
    except (SignInFailed, Locked) as failure:
        problem = problem_of(failure, screen_key("staff.wrong_password"), "name")
        return render_staff("staff/sign_in.html", next=destination, problem=problem), problem.status
    # A session that was there before, whoever's it was, is over.
    return _go_on(token)


@staff.get("/second-factor")
@access("staff_door")
def second_factor() -> str:
    """The form for the code."""
    _session_at("second_factor")
    return render_staff("staff/second_factor.html")


@staff.post("/second-factor")
@access("staff_door")
def give_code() -> AnyResponse | tuple[str, int]:
    """Check a code; signs in."""
    session = _session_at("second_factor")
    try:
        token = services().sign_in.give_code(session, request.form.get("code", ""), visitor())
    except (SignInFailed, Locked) as failure:
        problem = problem_of(failure, screen_key("staff.wrong_code"), "code")
        return render_staff("staff/second_factor.html", problem=problem), problem.status
    return _go_on(token, destination_of(session), is_complete=True)


@staff.get("/first-password")
@access("staff_door")
def first_password() -> str:
    """The form for a password of one's own, after a one-time one."""
    _session_at("password")
    return render_staff("staff/first_password.html", min_characters=MIN_CHARACTERS)


@staff.post("/first-password")
@access("staff_door")
def choose_first_password() -> AnyResponse | tuple[str, int]:
    """Take a password of one's own; leads to the enrolment."""
    session = _session_at("password")
    chosen = take_new_password(session)
    if isinstance(chosen, Problem):
        page = render_staff("staff/first_password.html", min_characters=MIN_CHARACTERS, problem=chosen)
        return page, chosen.status
    return _go_on(chosen)


@staff.get("/enrol")
@access("staff_door")
def enrol() -> str:
    """The secret for the device, as a picture and as text."""
    return _enrol_page(_session_at("enrol"))


@staff.post("/enrol")
@access("staff_door")
def confirm_device() -> AnyResponse | tuple[str, int]:
    """Check that the device has the secret; signs in and shows the recovery codes, once."""
    session = _session_at("enrol")
    try:
        token, codes = services().sign_in.enrol_device(session, request.form.get("code", ""), visitor())
    except (SignInFailed, Locked) as failure:
        problem = problem_of(failure, screen_key("staff.wrong_code"), "code")
        return _enrol_page(session, problem), problem.status
    page = render_staff("staff/recovery_codes.html", codes=codes, onward=destination_of(session))
    response = make_response(page)
    hand_over_cookie(services(), response, token, is_complete=True)
    return response


@staff.post("/language")
@access("staff_door")
def choose_language() -> AnyResponse:
    """Keep the language of the pages: with the account of whoever is signed in, and in this browser."""
    language = request.form.get("language", "")
    if language not in STAFF_LANGUAGES:
        abort(400)
    session = find_staff(services())
    if session is not None:
        services().sign_in.choose_language(session, language)
    response = redirect(safe_path(request.form.get("back")) or url_for("account.home"), 303)
    is_https = is_secure(services())
    response.set_cookie(LANGUAGE_COOKIE, language, max_age=A_YEAR, secure=is_https, httponly=True, samesite="Lax")
    return response


def take_new_password(session: StaffSession) -> str | Problem:
    """The new password of a form with ``password`` and ``again``.

    Returns:
        The id of the session that follows, or what is wrong with the form.
    """
    password = request.form.get("password", "")
    if password != request.form.get("again", ""):
        return Problem(screen_key("staff.password_differs"), "again", UNUSABLE)
    try:
        return services().sign_in.change_password(session, password)
    except WeakPassword as weak:
        return Problem(WEAK[weak.reason], "password", UNUSABLE, {"characters": MIN_CHARACTERS})


def problem_of(failure: SignInFailed | Locked, key: str, field: str) -> Problem:
    """What a form says of a failed attempt: that it was wrong, or how long to wait."""
    if isinstance(failure, Locked):
        minutes = math.ceil(failure.wait.total_seconds() / 60)
        return Problem(screen_key("staff.locked"), field, TOO_MANY, {"minutes": minutes})
    return Problem(key, field, UNUSABLE)


def visitor(destination: str | None = None) -> Visitor:
    """Who sends this request."""
    agent = request.user_agent.string
    named = [next((name for sign, name in table if sign in agent), "") for table in (_BROWSERS, _SYSTEMS)]
    return Visitor(address(), ", ".join(name for name in named if name), destination)


def safe_path(wanted: str | None) -> str | None:
    """A path of our own staff pages to go to; None for anything else, so that no link leads out of here."""
    if not wanted or len(wanted) > LONGEST_DESTINATION or not wanted.isprintable() or "\\" in wanted:
        return None
    parts = urlsplit(wanted)
    is_ours = not parts.scheme and not parts.netloc and wanted.startswith("/") and not wanted.startswith("//")
    return wanted if is_ours and parts.path.split("/")[1] in STAFF_AREAS else None


def destination_of(session: StaffSession) -> str:
    """Where somebody goes after signing in."""
    return session.destination or url_for("account.home")


def _session_at(stage: Stage) -> StaffSession:
    """The session at a step of signing in; whoever is at another step is led there."""
    session = find_staff(services())
    if session is None:
        abort(redirect(url_for("staff.sign_in"), 303))
    if session.stage != stage:
        abort(redirect(url_for(_STEPS[session.stage]), 303))
    return session


def _go_on(token: str, path: str | None = None, *, is_complete: bool = False) -> AnyResponse:
    stage_now = services().staff_sessions.find(token)
    if stage_now is None:
        abort(401)
    response: Response = redirect(path or url_for(_STEPS[stage_now.stage]), 303)  # type: ignore[assignment]
    hand_over_cookie(services(), response, token, is_complete=is_complete)
    return response


def _enrol_page(session: StaffSession, problem: Problem | None = None) -> str:
    secret = services().sign_in.offer_device(session)
    picture = segno.make(provisioning_uri(secret, session.name), error="m", micro=False)
    drawn = picture.svg_inline(scale=5, border=4, dark="#000", light="#fff", omitsize=True)
    in_groups = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    # segno draws nothing but squares; there is no text in it.
    return render_staff("staff/enrol.html", picture=Markup(drawn), secret=in_groups, problem=problem)  # noqa: S704


def first_area(session: StaffSession) -> str:
    """Where somebody begins: the first area they may use."""
    return url_for(areas_of(session)[0].endpoint)
