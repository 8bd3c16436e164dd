"""What each counsellor can take: languages, topics, Laender and how much at once; for supervisors and admins."""

from __future__ import annotations

from typing import Any

from babel import Locale
from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from hotline.counselling.counsellors import MOST_AT_ONCE, KnownCounsellor, Skills, read_counsellors, set_skills
from hotline.dialogue.turn import today_in_germany
from hotline.knowledge.places import LANDS
from hotline.knowledge.starter import SOURCE_LANGUAGE
from hotline.services import Services
from hotline.staff.accounts import Account, find_account, list_accounts
from hotline.staff.roles import COUNSELLORS_EDIT, takes_handoffs
from hotline.staff.sessions import StaffSession
from hotline.web.access import access, services
from hotline.web.ownership import owner_rule
from hotline.web.staff_pages import Problem, notify, render_staff
from hotline.web.staff_session import current_staff
from hotline.web.staff_texts import language_of_request, screen_key

counsellors = Blueprint("staff_counsellors", __name__, url_prefix="/staff/counsellors")

UNUSABLE = 422
SAVED = screen_key("staff.skills_saved")
NO_LANGUAGE = screen_key("staff.skills_no_language")
NO_CAPACITY = screen_key("staff.skills_no_capacity")
PRESENCE_NAMES = {
    "available": screen_key("staff.presence_available"),
    "busy": screen_key("staff.presence_busy"),
    "away": screen_key("staff.presence_away"),
}
TONES = {"available": "good", "busy": "warn", "away": ""}


@owner_rule("counsellor", "account_id")
def is_own_skills(hotline: Services, session: StaffSession, account_id: int) -> bool | None:
    """Whether an account that can be offered conversations is the person's own."""
    with hotline.database.read() as connection:
        found = find_account(connection, account_id)
    return found.id == session.account_id if found is not None and takes_handoffs(found.roles) else None


@counsellors.get("")
@access("staff", permission=COUNSELLORS_EDIT)
def show_all() -> str:
    """Everybody who can be offered conversations, also those of whom nobody has said yet what they can take."""
    with services().database.read() as connection:
        known = {one.name: one for one in read_counsellors(connection)}
        accounts = [account for account in list_accounts(connection) if takes_handoffs(account.roles) and not account.is_disabled]
    return render_staff(
        "staff/counsellors.html",
        rows=[(account, known.get(account.name)) for account in accounts],
        presence_names=PRESENCE_NAMES,
        tones=TONES,
        **_choices(),
    )


@counsellors.get("/<int:account_id>")
@access("staff", permission=COUNSELLORS_EDIT, owns="counsellor")
def edit(account_id: int) -> str:
    """The form of one counsellor."""
    return _page(_counsellor(account_id))


@counsellors.post("/<int:account_id>")
@access("staff", permission=COUNSELLORS_EDIT, owns="counsellor")
def save(account_id: int) -> AnyResponse | tuple[str, int]:
    """Write down what somebody can take; holds from the next offer on."""
    hotline, account = services(), _counsellor(account_id)
    skills = _skills_of_form()
    problem = _problem_of(skills)
    if problem is not None:
        return _page(account, skills, problem), problem.status
    with hotline.database.begin() as connection:
        set_skills(connection, account.name, skills, hotline.languages, current_staff().name, hotline.clock())
    # Who waits for a language may have somebody now.
    hotline.timer_bell.ring()
    notify(SAVED)
    return redirect(url_for("staff_counsellors.show_all"), 303)


def _counsellor(account_id: int) -> Account:
    with services().database.read() as connection:
        return find_account(connection, account_id) or abort(404)


def _skills_of_form() -> Skills:
    """What was ticked; what no form of ours holds ends the request."""
    form, choices = request.form, _choices()
    chosen = {name: tuple(form.getlist(name)) for name in ("languages", "topics", "lands")}
    if any(not set(values) <= set(choices[name]) for name, values in chosen.items()):
        abort(400)
    capacity = form.get("capacity", "")
    return Skills(**chosen, capacity=int(capacity) if capacity.isascii() and capacity.isdigit() and len(capacity) < 4 else 0)


def _problem_of(skills: Skills) -> Problem | None:
    if not skills.languages:
        return Problem(NO_LANGUAGE, "languages", UNUSABLE)
    if not 1 <= skills.capacity <= MOST_AT_ONCE:
        return Problem(NO_CAPACITY, "capacity", UNUSABLE, {"most": MOST_AT_ONCE})
    return None


def _choices() -> dict[str, Any]:
    """What can be ticked, with its name on the page."""
    hotline, language = services(), language_of_request(current_staff())
    names = Locale.parse(language).languages
    with hotline.database.read() as connection:
        library = hotline.library.current(connection, today_in_germany())
    return {
        "languages": hotline.languages,
        "language_names": {code: names.get(code, known.name_en) for code, known in hotline.languages.items()},
        "topics": {topic: library.title(topic, SOURCE_LANGUAGE) or topic for topic in library.topics},
        "lands": {land: hotline.texts.get(language, f"land.{land}") for land in LANDS},
    }


def _page(account: Account, typed: Skills | None = None, problem: Problem | None = None) -> str:
    with services().database.read() as connection:
        known = next((one for one in read_counsellors(connection) if one.name == account.name), None)
    return render_staff(
        "staff/counsellor.html",
        account=account,
        skills=typed or _skills_of(known),
        most=MOST_AT_ONCE,
        problem=problem,
        source_language=SOURCE_LANGUAGE,
        **_choices(),
    )


def _skills_of(known: KnownCounsellor | None) -> Skills:
    if known is None:
        return Skills(())
    one = known.counsellor
    return Skills(tuple(one.languages), tuple(one.topics), tuple(one.lands), one.capacity)
