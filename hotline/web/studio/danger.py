"""The danger lists in the studio: rules of the files and of editors; a change is counted first and approved by somebody else."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from hotline.dialogue.safety import CATEGORIES
from hotline.knowledge.problems import Refused
from hotline.services import Services
from hotline.staff.sessions import StaffSession
from hotline.web.access import access, services
from hotline.web.ownership import owner_rule
from hotline.web.staff_pages import notify, render_staff
from hotline.web.staff_session import current_staff
from hotline.web.staff_texts import screen_key
from hotline.web.studio.choices import expect_language, paged, wanted_language

danger = Blueprint("studio_danger", __name__, url_prefix="/studio/understanding/danger")

UNUSABLE = 422
CATEGORY_NAMES = {
    "medical": screen_key("studio.danger_medical"),
    "selfharm": screen_key("studio.danger_selfharm"),
    "violence": screen_key("studio.danger_violence"),
    "child_alone": screen_key("studio.danger_child_alone"),
    "trafficking": screen_key("studio.danger_trafficking"),
    "detention": screen_key("studio.danger_detention"),
    "pressure": screen_key("studio.danger_pressure"),
}
PROPOSED = screen_key("studio.danger_proposed")
APPROVED = screen_key("studio.danger_approved")
REJECTED = screen_key("studio.danger_rejected")
HISTORY_SHOWN = 20


@owner_rule("danger_change", "change_id")
def is_own_change(hotline: Services, session: StaffSession, change_id: int) -> bool | None:
    """Whether this person has proposed a change, decided or not."""
    with hotline.database.read() as connection:
        author = hotline.danger_editing.author_of(connection, change_id)
    return None if author is None else author == session.name


@danger.get("")
@access("staff", permission="content.see")
def show() -> str:
    """The rules of a language, by category and words; what waits for approval."""
    return _page()


@danger.post("")
@access("staff", permission="content.edit")
def propose() -> AnyResponse | tuple[str, int]:
    """Propose a rule, or that a rule be switched off; counting what it would do takes some seconds."""
    form = request.form
    language, category = expect_language(form.get("language", "")), form.get("category", "")
    try:
        services().danger_editing.propose(language, category, form.get("rule", ""), form.get("kind", ""), current_staff().name)
    except Refused as refused:
        return _page(refused), UNUSABLE
    notify(PROPOSED)
    return redirect(url_for("studio_danger.show", language=language))


@danger.post("/changes/<int:change_id>/approve")
@access("staff", permission="languages.train")
def approve(change_id: int) -> AnyResponse | tuple[str, int]:
    """Make a change hold at the next turn."""
    try:
        change = services().danger_editing.approve(change_id, current_staff().name)
    except Refused as refused:
        return _page(refused), UNUSABLE
    notify(APPROVED)
    return redirect(url_for("studio_danger.show", language=change.language))


@danger.post("/changes/<int:change_id>/reject")
@access("staff", permission="content.see", owns="danger_change")
def reject(change_id: int) -> AnyResponse | tuple[str, int]:
    """Leave the rules as they are: who may approve, or the author."""
    try:
        change = services().danger_editing.reject(change_id, current_staff().name)
    except Refused as refused:
        return _page(refused), UNUSABLE
    notify(REJECTED)
    return redirect(url_for("studio_danger.show", language=change.language))


def _page(refused: Refused | None = None) -> str:
    hotline = services()
    language = wanted_language(request.form.get("language") or request.args.get("language", ""))
    category = request.args.get("category", "") if request.args.get("category") in CATEGORIES else ""
    wanted = request.args.get("q", "").strip()
    with hotline.database.read() as connection:
        editing = hotline.danger_editing
        rules = editing.rules(connection, language, category, wanted)
        waiting, history = editing.waiting(connection), editing.history(connection, language)[:HISTORY_SHOWN]
    return render_staff(
        "studio/danger.html",
        page=paged(rules),
        waiting=waiting,
        history=history,
        text_language=hotline.languages[language],
        names=hotline.languages,
        languages_shown=[hotline.languages[code] for code in hotline.live_languages],
        categories=CATEGORY_NAMES,
        category=category,
        wanted=wanted,
        kept={"language": language, "category": category, "q": wanted},
        unsaved=request.form if refused else {},
        refused=refused,
        me=current_staff().name,
    )
