"""Writing conversations up: what is owed, the form, and what supervisors read of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from hotline.counselling.handoff import UnknownHandoff
from hotline.counselling.states import IllegalMove
from hotline.counselling.wrap_ups import LONGEST_HINT, CannotWrapUp, WrapUp
from hotline.web.access import access, services
from hotline.web.console.doors import expect_sight
from hotline.web.console.form_words import known_codes, options_of
from hotline.web.console.owners import HELD, SUPERVISE, WRAP_UP
from hotline.web.console.words import words_of_page
from hotline.web.staff_pages import Problem, notify, render_staff
from hotline.web.staff_session import current_staff
from hotline.web.staff_texts import language_of_request, screen_key

wrap_ups = Blueprint("console_wrap_ups", __name__, url_prefix="/console")

UNUSABLE = 422
MOST_DONE = 50
DONE = screen_key("console.wrap_up_done")
GONE = screen_key("console.gone")
CLOSED = screen_key("console.done_closed")
PROBLEMS = {
    "missing": screen_key("console.wrap_up_missing"),
    "unknown_answer": screen_key("console.wrap_up_unknown_answer"),
    "too_many": screen_key("console.wrap_up_unknown_answer"),
    "hint_too_long": screen_key("console.wrap_up_hint_too_long"),
}


@wrap_ups.get("/wrap-ups")
@access("staff", permission="console.use")
def show_all() -> str:
    """What one owes, and what was written up; supervisors see everybody's."""
    hotline, staff = services(), current_staff()
    sees_all = staff.may(SUPERVISE)
    with hotline.database.read() as connection:
        owed = hotline.wrap_ups.list_owed(connection, staff.account_id)
        done = hotline.wrap_ups.list_done(connection, None if sees_all else staff.account_id, MOST_DONE)
    return render_staff("console/wrap_ups.html", owed=owed, done=done, sees_all=sees_all, **words_of_page())


@wrap_ups.get("/wrap-ups/<int:wrap_up_id>")
@access("staff", permission="console.use", owns=WRAP_UP)
def show(wrap_up_id: int) -> str:
    """The form, with what the conversation says by itself; or what was answered."""
    wrap_up, suggested = _find(wrap_up_id)
    return _page(wrap_up, wrap_up.answers or suggested)


@wrap_ups.post("/wrap-ups/<int:wrap_up_id>")
@access("staff", permission="console.use", owns=WRAP_UP)
def save(wrap_up_id: int) -> AnyResponse | tuple[str, int]:
    """Store the answers."""
    hotline, staff, form = services(), current_staff(), request.form
    wrap_up, _ = _find(wrap_up_id)
    given = {field.code: form.getlist(field.code) for field in wrap_up.form.fields}
    try:
        with hotline.database.begin() as connection:
            hotline.wrap_ups.complete(
                connection, wrap_up, given, form.get("hint", ""), known_codes(hotline), staff.name, hotline.clock()
            )
    except CannotWrapUp as refused:
        label = _label_of(wrap_up, refused.field)
        problem = Problem(PROBLEMS[refused.problem], f"field-{refused.field}", UNUSABLE, {"field": label})
        return _page(wrap_up, given, problem, form.get("hint", "")), UNUSABLE
    notify(DONE)
    return redirect(url_for("console_wrap_ups.show_all"))


@wrap_ups.post("/handoffs/<int:handoff_id>/wrap-up")
@access("staff", permission="console.use", owns=HELD)
def start(handoff_id: int) -> AnyResponse:
    """Begin to write a conversation up that is still open, or close it and do so; the next person does not wait for it."""
    hotline, staff = services(), current_staff()
    is_closing = "close" in request.form
    try:
        with hotline.database.begin() as connection:
            expect_sight(connection, handoff_id, "own")
            wrap_up_id = hotline.wrap_ups.start(connection, handoff_id, staff.account_id, hotline.clock())
            if is_closing:
                hotline.counsellor_desk.close(connection, handoff_id, staff.name, hotline.clock())
    except (UnknownHandoff, IllegalMove):
        notify(GONE, "problem")
        return redirect(url_for("console.show"))
    if is_closing:
        notify(CLOSED)
        hotline.timer_bell.ring()
    return redirect(url_for("console_wrap_ups.show", wrap_up_id=wrap_up_id))


def _find(wrap_up_id: int) -> tuple[WrapUp, Mapping[str, Any]]:
    hotline, staff = services(), current_staff()
    with hotline.database.read() as connection:
        found = hotline.wrap_ups.find(connection, wrap_up_id, staff.account_id, may_watch=staff.may(SUPERVISE))
        if found is None:
            abort(404)
        suggested = {} if found.is_done else hotline.wrap_ups.suggest(connection, found, known_codes(hotline))
    return found, suggested


def _page(wrap_up: WrapUp, answers: Mapping[str, Any], problem: Problem | None = None, hint: str = "") -> str:
    shown_in = language_of_request(current_staff())
    fields = [(field, options_of(services(), field, answers.get(field.code, ()), shown_in)) for field in wrap_up.form.fields]
    return render_staff(
        "console/wrap_up.html",
        wrap_up=wrap_up,
        fields=fields,
        answers=answers,
        problem=problem,
        hint=hint,
        longest_hint=LONGEST_HINT,
        shown_in=shown_in,
        may_change=wrap_up.row["counsellor_id"] == current_staff().account_id,
        **words_of_page(),
    )


def _label_of(wrap_up: WrapUp, code: str) -> str:
    field = wrap_up.form.field(code)
    return field.labels[language_of_request(current_staff())] if field else code
