"""People to be called back: take a call, see the number, say whether anybody answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, redirect, url_for
from sqlalchemy import Connection, select
from werkzeug.wrappers import Response as AnyResponse

from hotline.counselling.callbacks import CALLING, CannotCall
from hotline.counselling.handoff import UnknownHandoff, write_audit
from hotline.counselling.states import IllegalMove
from hotline.counselling.talks import CannotRing
from hotline.store.tables import callbacks as calls
from hotline.store.tables import handoffs
from hotline.web.access import access, services
from hotline.web.console.owners import CALLBACK, CANNOT_CALL, DUE_CALLBACK
from hotline.web.console.words import words_of_page
from hotline.web.staff_pages import notify, render_staff
from hotline.web.staff_session import current_staff
from hotline.web.staff_texts import screen_key

callbacks = Blueprint("console_callbacks", __name__, url_prefix="/console/callbacks/<int:callback_id>")

CANNOT_RING = screen_key("console.call_cannot_ring")
RINGS = screen_key("console.call_rings")
REACHED = screen_key("console.done_reached")
MISSED = screen_key("console.done_missed")


@callbacks.post("/take")
@access("staff", permission="numbers.reveal", owns=DUE_CALLBACK)
def take(callback_id: int) -> AnyResponse:
    """Take a due callback: nobody else calls meanwhile."""
    staff = current_staff()
    return _do(
        lambda c: services().callbacks.take(c, callback_id, staff.account_id, staff.name, services().clock()),
        None,
        url_for("console_callbacks.show", callback_id=callback_id),
    )


@callbacks.post("/ring")
@access("staff", permission="console.use", owns=DUE_CALLBACK)
def ring_me(callback_id: int) -> AnyResponse:
    """Ring one's own telephone; with the key 1 the person is called. The number stays unseen."""
    hotline, staff = services(), current_staff()
    try:
        with hotline.database.begin() as connection:
            follow = hotline.talks.ring_for_callback(connection, callback_id, staff.account_id, hotline.clock(), is_asked=True)
    except CannotRing:
        notify(CANNOT_RING, "problem")
        return redirect(url_for("console.show"))
    hotline.follow(follow)
    notify(RINGS)
    return redirect(url_for("console.show"))


@callbacks.get("")
@access("staff", permission="numbers.reveal", owns=CALLBACK)
def show(callback_id: int) -> str:
    """The number to call, for who has taken the callback; each look leaves an audit row."""
    hotline, staff = services(), current_staff()
    with hotline.database.begin() as connection:
        row = _expect_own(connection, callback_id)
        write_audit(connection, staff.name, "reveal_number", row.handoff_id, hotline.clock())
    number = hotline.cipher.decrypt(row.number_encrypted)
    return render_staff("console/callback.html", callback=row, number=number, **words_of_page())


@callbacks.post("/reached")
@access("staff", permission="numbers.reveal", owns=CALLBACK)
def note_reached(callback_id: int) -> AnyResponse:
    """The person was reached; the matter is done."""
    return _end(callback_id, lambda c: services().callbacks.note_reached(c, callback_id, _me(), services().clock()), REACHED)


@callbacks.post("/missed")
@access("staff", permission="numbers.reveal", owns=CALLBACK)
def note_missed(callback_id: int) -> AnyResponse:
    """Nobody answered."""
    return _end(callback_id, lambda c: services().callbacks.note_missed(c, callback_id, _me(), services().clock()), MISSED)


def _me() -> str:
    return current_staff().name


def _expect_own(connection: Connection, callback_id: int) -> Any:
    query = (
        select(calls, handoffs.c.language, handoffs.c.topic, handoffs.c.is_urgent)
        .join(handoffs, handoffs.c.id == calls.c.handoff_id)
        .where(calls.c.id == callback_id, calls.c.state == CALLING, calls.c.counsellor_id == current_staff().account_id)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        abort(404)
    return row


def _end(callback_id: int, work: Callable[[Connection], object], done: str) -> AnyResponse:
    def checked(connection: Connection) -> None:
        _expect_own(connection, callback_id)
        work(connection)

    return _do(checked, done, url_for("console.show"))


def _do(work: Callable[[Connection], object], done: str | None, onward: str) -> AnyResponse:
    try:
        with services().database.begin() as connection:
            work(connection)
    except (CannotCall, UnknownHandoff, IllegalMove):
        notify(CANNOT_CALL, "problem")
        return redirect(url_for("console.show"))
    if done:
        notify(done)
    return redirect(onward)
