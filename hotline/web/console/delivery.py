"""How fast messages go out, and those that did not arrive: a person decides what is sent again."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from hotline.delivery.handover import PROMISED_PERCENT, PROMISED_SECONDS, read_days, read_handover, read_waiting
from hotline.delivery.outbox import UnknownOutboxRow
from hotline.delivery.undelivered import REASONS, read_undelivered, settle
from hotline.privacy.audit import note_action
from hotline.web.access import access, services
from hotline.web.console.owners import NOT_LISTED, UNDELIVERED
from hotline.web.staff_pages import notify, render_staff
from hotline.web.staff_session import current_staff
from hotline.web.staff_texts import screen_key

delivery = Blueprint("console_delivery", __name__, url_prefix="/console")

DAYS = 7
TEND = "delivery.tend"
RESENT, SETTLED = screen_key("console.undelivered_resent"), screen_key("console.undelivered_settled")
REASON_TEXTS = {
    "number": screen_key("console.reason_number"),
    "landline": screen_key("console.reason_landline"),
    "country": screen_key("console.reason_country"),
    "sender": screen_key("console.reason_sender"),
    "credentials": screen_key("console.reason_credentials"),
    "busy": screen_key("console.reason_busy"),
    "opted_out": screen_key("console.reason_opted_out"),
    "blocked": screen_key("console.reason_blocked"),
    "filtered": screen_key("console.reason_filtered"),
    "phone_off": screen_key("console.reason_phone_off"),
    "too_late": screen_key("console.reason_too_late"),
    "window": screen_key("console.reason_window"),
    "too_big": screen_key("console.reason_too_big"),
    "unsure": screen_key("console.reason_unsure"),
    "checking": screen_key("console.reason_checking"),
    "unreadable": screen_key("console.reason_unreadable"),
    "no_answer": screen_key("console.reason_no_answer"),
    "unknown": screen_key("console.reason_unknown"),
}
if set(REASON_TEXTS) != set(REASONS):
    raise RuntimeError("REASON_TEXTS needs a text for every reason of delivery.undelivered.")


@delivery.get("/delivery")
@access("staff", permission=TEND)
def show() -> str:
    """How fast messages are handed over: the last day, the last seven days, each day."""
    now = services().clock()
    with services().database.read() as connection:
        spans = {name: read_handover(connection, now - timedelta(days=days), now) for name, days in (("day", 1), ("week", DAYS))}
        days = read_days(connection, now, DAYS)
        waiting = read_waiting(connection, now)
        undelivered = len(read_undelivered(connection))
    return render_staff(
        "console/delivery.html",
        spans=spans,
        days=days,
        waiting=waiting,
        oldest_seconds=round((now - waiting.oldest_at).total_seconds()) if waiting.oldest_at else 0,
        undelivered=undelivered,
        promised_seconds=PROMISED_SECONDS,
        promised_percent=PROMISED_PERCENT,
    )


@delivery.get("/undelivered")
@access("staff", permission=TEND)
def list_undelivered() -> str:
    """Messages that did not arrive, each with its reason."""
    with services().database.read() as connection:
        rows = read_undelivered(connection)
    return render_staff("console/undelivered.html", rows=rows, reasons=REASON_TEXTS, names=services().languages)


@delivery.post("/undelivered/<int:outbox_id>/resend")
@access("staff", permission=TEND, owns=UNDELIVERED)
def resend(outbox_id: int) -> AnyResponse:
    """Have a message sent again; a second click finds it gone from the list."""
    now = services().clock()
    try:
        with services().database.begin() as connection:
            services().outbox.queue_again(connection, outbox_id, now)
            note_action(connection, current_staff().name, "resent_message", f"outbox {outbox_id}", now)
    except UnknownOutboxRow:
        return _back(NOT_LISTED, "problem")
    services().doorbell.ring(outbox_id)
    return _back(RESENT)


@delivery.post("/undelivered/<int:outbox_id>/settle")
@access("staff", permission=TEND, owns=UNDELIVERED)
def set_aside(outbox_id: int) -> AnyResponse:
    """Take a message off the list."""
    try:
        with services().database.begin() as connection:
            settle(connection, outbox_id, current_staff().name, services().clock())
    except UnknownOutboxRow:
        return _back(NOT_LISTED, "problem")
    return _back(SETTLED)


def _back(key: str, kind: str = "done") -> AnyResponse:
    notify(key, kind)
    return redirect(url_for("console_delivery.list_undelivered"))
