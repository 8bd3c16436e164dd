"""The lists of the wrap-up form, for supervisors: add, rename, retire. Every change is a new version of the form."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask import Blueprint, abort, redirect, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from hotline.counselling.forms import LANGUAGES, LONGEST_LABEL, Author, CannotChangeForm
from hotline.counselling.wrap_ups import count_answers
from hotline.web.access import access, services
from hotline.web.console.words import words_of_page
from hotline.web.staff_pages import notify, render_staff
from hotline.web.staff_session import current_staff
from hotline.web.staff_texts import language_of_request, screen_key

forms = Blueprint("console_forms", __name__, url_prefix="/console/forms")

COUNTED = timedelta(days=365)
MOST_HINTS = 100
SAVED = screen_key("console.form_saved")
PROBLEMS = {
    "no_label": screen_key("console.form_no_label"),
    "label_taken": screen_key("console.form_label_taken"),
    "too_long": screen_key("console.form_too_long"),
    "unknown": screen_key("console.form_unknown"),
    "changed_meanwhile": screen_key("console.form_changed_meanwhile"),
}
Work = Callable[[Connection, Author, int, str], object]


@forms.get("")
@access("staff", permission="forms.edit")
def show() -> str:
    """The lists, how often each answer was given in a year, and the hints on rules."""
    hotline = services()
    wanted = request.args.get("field", "obstacles")
    with hotline.database.read() as connection:
        form = hotline.forms.current(connection)
        lists = [field for field in form.fields if field.options]
        field = next((one for one in lists if one.code == wanted), None) or abort(404)
        now = hotline.clock()
        counts = count_answers(connection, field.code, now - COUNTED, now + timedelta(seconds=1))
        hints = hotline.wrap_ups.read_hints(connection, MOST_HINTS)
    return render_staff(
        "console/forms.html",
        form=form,
        lists=lists,
        field=field,
        counts=counts,
        hints=hints,
        longest=LONGEST_LABEL,
        shown_in=language_of_request(current_staff()),
        **words_of_page(),
    )


@forms.post("/<field>/options")
@access("staff", permission="forms.edit")
def add(field: str) -> AnyResponse:
    """Offer one more answer."""
    return _do(
        field,
        lambda c, author, seen, name: services().forms.add_option(c, seen, name, _labels(), author, services().clock()),
    )


@forms.post("/<field>/options/<code>")
@access("staff", permission="forms.edit")
def change(field: str, code: str) -> AnyResponse:
    """Rename an answer, offer it no more, or again."""
    hotline, deed = services(), request.form.get("deed", "")

    def work(connection: Connection, author: Author, seen: int, name: str) -> None:
        now = hotline.clock()
        if deed == "rename":
            hotline.forms.rename_option(connection, seen, name, code, _labels(), author, now)
        elif deed in ("retire", "restore"):
            hotline.forms.set_retired(connection, seen, name, code, author, now, is_retired=deed == "retire")
        else:
            abort(400)

    return _do(field, work)


def _do(field: str, work: Work) -> AnyResponse:
    staff, seen = current_staff(), request.form.get("version", -1, type=int)
    try:
        with services().database.begin() as connection:
            work(connection, Author(staff.account_id, staff.name), seen, field)
    except CannotChangeForm as refused:
        if refused.problem == "unknown":
            abort(404)
        notify(PROBLEMS[refused.problem], "problem")
    else:
        notify(SAVED)
    return redirect(url_for("console_forms.show", field=field))


def _labels() -> dict[str, str]:
    return {language: request.form.get(language, "") for language in LANGUAGES}
