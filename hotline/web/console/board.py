"""The supervisor's board, kept fresh by an open page."""

from __future__ import annotations

import hashlib

from flask import Blueprint, Response, request

from hotline.counselling.board import read_board
from hotline.web.access import access, services
from hotline.web.staff_pages import render_fragment, render_staff
from hotline.web.staff_texts import screen_key

board = Blueprint("console_board", __name__, url_prefix="/console/board")

# Other reasons are shown together.
REASONS = {
    "asked": screen_key("console.board_reason_asked"),
    "topic": screen_key("console.board_reason_topic"),
    "not_understood": screen_key("console.board_reason_not_understood"),
    "deadline": screen_key("console.board_reason_deadline"),
    "danger": screen_key("console.board_reason_danger"),
    "callback": screen_key("console.board_reason_callback"),
    "erasure": screen_key("console.board_reason_erasure"),
}
OTHER = screen_key("console.board_reason_other")


@board.get("")
@access("staff", permission="reports.see")
def show() -> str:
    """The page."""
    return render_staff("console/board.html", **_values())


@board.get("/live")
@access("staff", permission="reports.see", is_poll=True)
def live() -> Response:
    """What of it changes; nothing is sent again that the page shows already."""
    response = Response(render_fragment("console/board_live.html", **_values()))
    response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:32])
    return response.make_conditional(request)  # type: ignore[return-value]


def _values() -> dict[str, object]:
    hotline = services()
    with hotline.database.read() as connection:
        shown = read_board(connection, hotline.clock())
    reasons: dict[str, int] = {}
    for reason, number in shown.reasons.items():
        key = REASONS.get(reason, OTHER)
        reasons[key] = reasons.get(key, 0) + number
    return {"board": shown, "reasons": reasons, "names": hotline.languages}
