"""Regression questions in the studio: asked before and after every training."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from hotline.knowledge.problems import Refused
from hotline.web.access import access, services
from hotline.web.staff_pages import notify, render_staff
from hotline.web.staff_session import current_staff
from hotline.web.staff_texts import screen_key
from hotline.web.studio.choices import expect_language, expect_number, expect_topic, paged, topic_names, wanted_language

regressions = Blueprint("studio_regressions", __name__, url_prefix="/studio/understanding/questions")

UNUSABLE = 422
ADDED = screen_key("studio.regression_done_add")
REMOVED = screen_key("studio.regression_done_remove")


@regressions.get("")
@access("staff", permission="content.see")
def show() -> str:
    """The questions of a language."""
    return _page()


@regressions.post("")
@access("staff", permission="content.edit")
def change() -> AnyResponse | tuple[str, int]:
    """Add or remove a question."""
    form, author, found = request.form, current_staff().name, services().regressions
    if form.get("action") not in ("add", "remove"):
        abort(400)
    try:
        if form["action"] == "add":
            language, topic = expect_language(form.get("language", "")), expect_topic(form.get("topic", ""))
            found.add(language, topic, form.get("text", ""), author)
        else:
            found.remove(expect_number(form.get("id", "")), author)
    except Refused as refused:
        return _page(refused), UNUSABLE
    notify(ADDED if form["action"] == "add" else REMOVED)
    return redirect(url_for("studio_regressions.show", language=wanted_language(request.args.get("language", ""))))


def _page(refused: Refused | None = None) -> str:
    hotline = services()
    language = wanted_language(request.args.get("language", ""))
    with hotline.database.read() as connection:
        found = hotline.regressions.all(connection, language)
    return render_staff(
        "studio/regressions.html",
        page=paged(found),
        text_language=hotline.languages[language],
        languages_shown=[hotline.languages[code] for code in hotline.live_languages],
        topics=topic_names(),
        kept={"language": language},
        unsaved=request.form if refused else {},
        refused=refused,
    )
