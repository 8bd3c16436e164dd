"""One conversation: what was said, what must be known, and what stands beside it."""

from __future__ import annotations

from flask import Blueprint

from hotline.web.access import access, services
from hotline.web.console.doors import expect_sight
from hotline.web.console.panels import load_panels
from hotline.web.staff_pages import render_staff
from hotline.web.staff_session import current_staff

conversation = Blueprint("console_conversation", __name__, url_prefix="/console/handoffs/<int:handoff_id>")


@conversation.get("")
@access("staff", permission="console.use")
def show(handoff_id: int) -> str:
    """The page; opening it leaves an audit row."""
    hotline = services()
    with hotline.database.begin() as connection:
        seen = expect_sight(connection, handoff_id)
    panels = list(load_panels(hotline, handoff_id, current_staff()))
    return render_staff("console/conversation.html", seen=seen, panels=panels)
