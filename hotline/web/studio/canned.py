"""Ready replies of counsellors: every one in every language, changed and added by editors."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from hotline.counselling.canned import LONGEST_CANNED, UnusableReply, read_replies, save_reply
from hotline.web.access import access, services
from hotline.web.staff_pages import notify, render_staff
from hotline.web.staff_session import current_staff
from hotline.web.staff_texts import screen_key

canned = Blueprint("studio_canned", __name__, url_prefix="/studio/ready-replies")

UNUSABLE = 422
SAVED = screen_key("studio.canned_saved")
PROBLEMS = {
    "slug": screen_key("studio.canned_problem_slug"),
    "exists": screen_key("studio.canned_problem_exists"),
    "empty": screen_key("studio.canned_problem_empty"),
    "long": screen_key("studio.canned_problem_long"),
}


@canned.get("")
@access("staff", permission="content.edit")
def show() -> str:
    """All of them."""
    with services().database.read() as connection:
        found = read_replies(connection)
    written = {slug: {language: text for language, text in texts.items() if text} for slug, texts in found.items()}
    return render_staff("studio/canned.html", replies=written, languages=_live())


# No name of a reply has a stroke in it, so none can be in the way.
@canned.get("/add/new")
@access("staff", permission="content.edit")
def begin() -> str:
    """An empty form."""
    return _form("", {}, is_new=True)


@canned.post("/add/new")
@access("staff", permission="content.edit")
def add() -> AnyResponse | tuple[str, int]:
    """Keep a new one."""
    return _save(request.form.get("slug", "").strip(), is_new=True)


@canned.get("/<slug>")
@access("staff", permission="content.edit")
def edit(slug: str) -> str:
    """One of them, in every language."""
    with services().database.read() as connection:
        found = read_replies(connection).get(slug)
    if found is None:
        abort(404)
    return _form(slug, found)


@canned.post("/<slug>")
@access("staff", permission="content.edit")
def save(slug: str) -> AnyResponse | tuple[str, int]:
    """Keep what was changed."""
    with services().database.read() as connection:
        if slug not in read_replies(connection):
            abort(404)
    return _save(slug, is_new=False)


def _save(slug: str, *, is_new: bool) -> AnyResponse | tuple[str, int]:
    hotline = services()
    texts = {code: request.form.get(f"text-{code}", "").replace("\r\n", "\n") for code in _live()}
    try:
        with hotline.database.begin() as connection:
            save_reply(connection, slug, texts, current_staff().name, hotline.clock(), is_new=is_new)
    except UnusableReply as refused:
        return _form(slug, texts, is_new=is_new, refused=PROBLEMS[refused.reason]), UNUSABLE
    notify(SAVED)
    return redirect(url_for("studio_canned.show"))


def _form(slug: str, texts: Mapping[str, str], *, is_new: bool = False, refused: str | None = None) -> str:
    known = [services().languages[code] for code in _live()]
    return render_staff(
        "studio/canned_reply.html",
        slug=slug,
        texts=texts,
        known=known,
        is_new=is_new,
        refused=refused,
        longest=LONGEST_CANNED,
    )


def _live() -> tuple[str, ...]:
    return services().live_languages
