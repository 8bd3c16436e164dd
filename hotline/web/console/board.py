"""The supervisor's board, kept fresh by an open page."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, Response

from hotline.counselling.board import Board, read_board
from hotline.web.access import access, services
from hotline.web.console.fresh import answer_poll
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
    return render_staff("console/board.html", **_values(_read()))


@board.get("/live")
@access("staff", permission="reports.see", is_poll=True)
def live() -> Response:
    """What of it changes; nothing is sent again that the page shows already."""
    found = _read()
    # Waiting times are shown in minutes.
    minute = replace(found, at=found.at.replace(second=0, microsecond=0))
    return answer_poll(minute, lambda: render_fragment("console/board_live.html", **_values(found)))


def _read() -> Board:
    hotline = services()
    with hotline.database.read() as connection:
        return read_board(connection, hotline.clock())


def _values(found: Board) -> dict[str, object]:
    reasons: dict[str, int] = {}
    for reason, number in found.reasons.items():
        key = REASONS.get(reason, OTHER)
        reasons[key] = reasons.get(key, 0) + number
    return {"board": found, "reasons": reasons, "names": services().languages}
