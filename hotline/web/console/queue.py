"""The first page of the console: what is offered, what one has, who waits."""

from __future__ import annotations

from flask import Blueprint

from hotline.web.access import access
from hotline.web.staff_pages import render_fragment, render_staff

console = Blueprint("console", __name__, url_prefix="/console")


@console.get("")
@access("staff", permission="console.use")
def show() -> str:
    """The page."""
    return render_staff("console/queue.html")


@console.get("/queue")
@access("staff", permission="console.use", is_poll=True)
def poll() -> str:
    """What of it changes, for the open page."""
    return render_fragment("console/queue_live.html")
