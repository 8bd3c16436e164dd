"""The first page of the console: what is offered, what one has, who waits, whom to call back; and whether one is there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, abort, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from hotline.counselling.counsellors import CannotChangeCounsellor, note_seen, set_presence
from hotline.counselling.routing import PRESENCES
from hotline.counselling.worklist import Worklist, read_presence, read_worklist
from hotline.web.access import access, services
from hotline.web.console.fresh import answer_poll, tag_of
from hotline.web.console.owners import SUPERVISE
from hotline.web.console.words import words_of_page
from hotline.web.staff_pages import notify, render_fragment, render_staff
from hotline.web.staff_session import current_staff
from hotline.web.staff_texts import screen_key

console = Blueprint("console", __name__, url_prefix="/console")

# A screen counts as closed after minutes (``counsellors.SEEN_LASTS``); not every question of it is worth a write.
NOTE_SEEN_AFTER = timedelta(seconds=60)
NOT_A_COUNSELLOR = screen_key("console.not_a_counsellor")


@console.get("")
@access("staff", permission="console.use")
def show() -> str:
    """The page."""
    note_screen()
    shown = _read()
    return render_staff("console/queue.html", tag=tag_of(shown), **_context(shown))


@console.get("/queue")
@access("staff", permission="console.use", is_poll=True)
def poll() -> Response:
    """What of it changes, for the open page."""
    note_screen()
    shown = _read()
    return answer_poll(shown, lambda: render_fragment("console/queue_live.html", **_context(shown)))


@console.post("/presence")
@access("staff", permission="console.use")
def choose_presence() -> AnyResponse:
    """Say whether one is there."""
    presence = request.form.get("presence", "")
    if presence not in PRESENCES:
        abort(400)
    hotline, staff = services(), current_staff()
    try:
        with hotline.database.begin() as connection:
            set_presence(connection, staff.account_id, presence, hotline.clock())
    except CannotChangeCounsellor:
        notify(NOT_A_COUNSELLOR, "problem")
    # Who has just come may get what waits.
    hotline.timer_bell.ring()
    return redirect(url_for("console.show"))


def note_screen() -> None:
    """Whoever has the console open is there, also while nothing happens; nobody else becomes away or present by it."""
    hotline, account_id = services(), current_staff().account_id
    now = hotline.clock()
    with hotline.database.read() as connection:
        presence, seen_at, _ = read_presence(connection, account_id)
    if presence is not None and seen_at is not None and now - seen_at >= NOTE_SEEN_AFTER:
        with hotline.database.begin() as connection:
            note_seen(connection, account_id, now)


def _read() -> Worklist:
    hotline, staff = services(), current_staff()
    with hotline.database.read() as connection:
        return read_worklist(connection, staff.account_id, hotline.clock(), sees_all=staff.may(SUPERVISE))


def _context(shown: Worklist) -> dict[str, Any]:
    return {"list": shown, "presences": ("available", "busy", "away"), "now": services().clock(), **words_of_page()}
