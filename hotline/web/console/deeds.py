"""What a counsellor does with a conversation: take it, answer, note, hand it on, give it back, close it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, abort, jsonify, redirect, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from hotline.counselling.assignment import TakenByAnother, accept, decline, reassign, release, return_to_bot
from hotline.counselling.counsellors import CannotChangeCounsellor
from hotline.counselling.desk import CannotReply, Reply
from hotline.counselling.handoff import UnknownHandoff
from hotline.counselling.notes import UnusableNote, add_note
from hotline.counselling.sight import Seen, Sight
from hotline.counselling.states import IllegalMove
from hotline.web.access import access, services
from hotline.web.console.conversation import show_conversation
from hotline.web.console.doors import expect_sight
from hotline.web.console.owners import ASKED_OF, COLLEAGUE, CONVERSATION, HELD, NOT_A_COLLEAGUE, OFFERED_TO, TAKEN, WAITS
from hotline.web.staff_pages import Problem, notify
from hotline.web.staff_session import current_staff
from hotline.web.staff_texts import language_of_request, screen_key, staff_texts

deeds = Blueprint("console_deeds", __name__, url_prefix="/console/handoffs/<int:handoff_id>")

UNUSABLE, CONFLICT = 422, 409
# Why somebody looks at a number: coded, so that the audit holds no words about anybody.
PURPOSES = ("call_back", "emergency", "check")
GONE = screen_key("console.gone")
DECLINED = screen_key("console.done_declined")
RELEASED = screen_key("console.done_released")
RETURNED = screen_key("console.done_returned")
CLOSED = screen_key("console.done_closed")
NOTED = screen_key("console.done_noted")
ASKED = screen_key("console.done_asked")
GIVEN = screen_key("console.done_given")
BAD_NOTE = screen_key("console.bad_note")
REPLY_PROBLEMS = {
    "no_number": screen_key("console.cannot_no_number"),
    "landline": screen_key("console.cannot_landline"),
    "opted_out": screen_key("console.cannot_opted_out"),
    "window_over": screen_key("console.cannot_window_over"),
    "window_open": screen_key("console.cannot_window_open"),
    "no_template": screen_key("console.cannot_no_template"),
    "empty": screen_key("console.cannot_empty"),
    "too_long": screen_key("console.cannot_too_long"),
}
Work = Callable[[Connection, Seen, datetime], object]


@deeds.post("/accept")
@access("staff", permission="console.use", owns=WAITS)
def take(handoff_id: int) -> AnyResponse:
    """Take over what is offered, or what waits."""
    # Whoever works here may take what waits; nobody sees a word of it before.
    try:
        with services().database.begin() as connection:
            accept(connection, handoff_id, current_staff().account_id, services().clock())
    except UnknownHandoff:
        abort(404)
    except (TakenByAnother, IllegalMove):
        return _to_queue(TAKEN, "problem")
    return _to_conversation(handoff_id)


@deeds.post("/decline")
@access("staff", permission="console.use", owns=OFFERED_TO)
def leave(handoff_id: int) -> AnyResponse:
    """Leave an offer to somebody else."""
    me = current_staff().account_id
    return _do(handoff_id, lambda c, seen, now: decline(c, seen.id, me, now), DECLINED, "offered")


@deeds.post("/reply")
@access("staff", permission="console.use", owns=HELD)
def answer(handoff_id: int) -> AnyResponse | tuple[str, int] | tuple[AnyResponse, int]:
    """Answer in writing. A script that asks for JSON gets the key of the next answer, or what is wrong in words."""
    hotline, form, staff = services(), request.form, current_staff()
    text = form.get("text", "").replace("\r\n", "\n")
    wants_json = request.accept_mimetypes.best == "application/json"
    try:
        with hotline.database.begin() as connection:
            seen = expect_sight(connection, handoff_id, "own")
            outbox_id = hotline.counsellor_desk.reply(connection, handoff_id, _reply(seen, text), staff.name, hotline.clock())
    except CannotReply as refused:
        key = REPLY_PROBLEMS[refused.reason]
        if wants_json:
            words = staff_texts(hotline.translations_folder).get(language_of_request(staff), key)
            return jsonify(problem=words), UNUSABLE
        return show_conversation(handoff_id, problem=Problem(key, "reply-text", UNUSABLE), text=text), UNUSABLE
    if outbox_id is not None:
        hotline.doorbell.ring(outbox_id)
    return jsonify(key=secrets.token_urlsafe(16)) if wants_json else _to_conversation(handoff_id)


def _reply(seen: Seen, text: str) -> Reply:
    form, hotline = request.form, services()
    key = form.get("key", "")
    if not 8 <= len(key) <= 40:
        abort(400)
    if form.get("template"):
        template = hotline.whatsapp_templates.get(seen.language or "")
        if template is None:
            raise CannotReply("no_template")
        return Reply("", key, template=template)
    topic, version = form.get("topic", ""), form.get("version", "")
    is_told = bool(topic) and len(topic) <= 40 and version.isdecimal() and len(version) < 9
    return Reply(text, key, topic if is_told else None, int(version) if is_told else None)


@deeds.post("/note")
@access("staff", permission="console.use", owns=HELD)
def note(handoff_id: int) -> AnyResponse:
    """Write a note for colleagues."""
    hotline, staff = services(), current_staff()
    try:
        with hotline.database.begin() as connection:
            seen = expect_sight(connection, handoff_id, "own", "watching")
            add_note(connection, hotline.cipher, seen.id, request.form.get("note", ""), staff.name, hotline.clock())
    except UnusableNote:
        notify(BAD_NOTE, "problem")
    else:
        notify(NOTED)
    return _to_conversation(handoff_id)


@deeds.post("/release")
@access("staff", permission="console.use", owns=HELD)
def give_back(handoff_id: int) -> AnyResponse:
    """Put it back into the queue, or into another one."""
    hotline, staff = services(), current_staff()
    queue, words = request.form.get("queue", ""), request.form.get("note", "")

    def work(connection: Connection, seen: Seen, now: datetime) -> None:
        if queue:
            hotline.transfers.give_to_queue(connection, seen.id, staff.account_id, queue, words, staff.name, now)
        else:
            release(connection, seen.id, staff.account_id, now)

    return _do(handoff_id, work, RELEASED, "own")


@deeds.post("/return")
@access("staff", permission="console.use", owns=HELD)
def wake_machine(handoff_id: int) -> AnyResponse:
    """Give it back to the machine."""
    me = current_staff().account_id
    return _do(handoff_id, lambda c, seen, now: return_to_bot(c, seen.id, me, now), RETURNED, "own")


@deeds.post("/close")
@access("staff", permission="console.use", owns=HELD)
def close(handoff_id: int) -> AnyResponse:
    """Close it."""
    hotline, name = services(), current_staff().name
    return _do(handoff_id, lambda c, seen, now: hotline.counsellor_desk.close(c, seen.id, name, now), CLOSED, "own")


@deeds.post("/transfer")
@access("staff", permission="console.use", owns=HELD, names={"to": COLLEAGUE})
def ask_colleague(handoff_id: int) -> AnyResponse:
    """Ask a colleague to take it; until they do, it stays here."""
    hotline, staff, form = services(), current_staff(), request.form
    to_id, words = form.get("to", 0, type=int), form.get("note", "")

    def work(connection: Connection, seen: Seen, now: datetime) -> None:
        hotline.transfers.ask(connection, seen.id, staff.account_id, to_id, words, staff.name, now)

    return _do(handoff_id, work, ASKED, "own", stays=True)


@deeds.post("/transfer/accept")
@access("staff", permission="console.use", owns=ASKED_OF)
def take_from_colleague(handoff_id: int) -> AnyResponse:
    """Take what a colleague asks to take."""
    hotline, staff = services(), current_staff()

    def work(connection: Connection, seen: Seen, now: datetime) -> None:
        hotline.transfers.accept(connection, seen.id, staff.account_id, staff.name, now)

    return _do(handoff_id, work, None, "asked", stays=True)


@deeds.post("/transfer/decline")
@access("staff", permission="console.use", owns=ASKED_OF)
def leave_to_colleague(handoff_id: int) -> AnyResponse:
    """Say no to a colleague."""
    hotline, staff = services(), current_staff()

    def work(connection: Connection, seen: Seen, now: datetime) -> None:
        hotline.transfers.decline(connection, seen.id, staff.account_id, staff.name, now)

    return _do(handoff_id, work, DECLINED, "asked")


@deeds.post("/transfer/withdraw")
@access("staff", permission="console.use", owns=HELD)
def ask_no_more(handoff_id: int) -> AnyResponse:
    """Ask the colleague no more."""
    hotline, staff = services(), current_staff()

    def work(connection: Connection, seen: Seen, now: datetime) -> None:
        hotline.transfers.withdraw(connection, seen.id, staff.account_id, staff.name, now)

    return _do(handoff_id, work, None, "own", stays=True)


@deeds.post("/reassign")
@access("staff", permission="console.supervise", owns=CONVERSATION, names={"to": COLLEAGUE})
def give_to(handoff_id: int) -> AnyResponse:
    """Give a conversation to somebody, or take it over oneself, as a supervisor."""
    staff, to_id = current_staff(), request.form.get("to", 0, type=int)
    work: Work = lambda c, seen, now: reassign(c, seen.id, to_id, staff.name, now)  # noqa: E731
    return _do(handoff_id, work, GIVEN, stays=True)


@deeds.post("/number")
@access("staff", permission="numbers.reveal", owns=HELD)
def reveal(handoff_id: int) -> str:
    """Show the number, once, for a coded purpose that goes into the audit."""
    hotline, staff, purpose = services(), current_staff(), request.form.get("purpose", "")
    with hotline.database.begin() as connection:
        seen = expect_sight(connection, handoff_id, "own")
        if purpose not in PURPOSES:
            abort(400)
        number = hotline.counsellor_desk.reveal_number(connection, seen.id, staff.name, hotline.clock(), purpose=purpose)
    return show_conversation(handoff_id, number=number)


def _do(handoff_id: int, work: Work, done: str | None, *wanted: Sight, stays: bool = False) -> AnyResponse:
    """Do one thing to a conversation that may be seen as wanted, and say what came of it.

    Args:
        handoff_id: of the handoff.
        work: does it, in one unit of work.
        done: key of the notice; None for none.
        wanted: how the conversation must be seen.
        stays: whether the conversation is shown afterwards, not the queue.
    """
    hotline = services()
    try:
        with hotline.database.begin() as connection:
            work(connection, expect_sight(connection, handoff_id, *wanted), hotline.clock())
    except CannotChangeCounsellor:
        notify(NOT_A_COLLEAGUE, "problem")
        return _to_conversation(handoff_id)
    except (UnknownHandoff, TakenByAnother, IllegalMove):
        return _to_queue(GONE, "problem")
    # What waits again may be offered to the next one at once.
    hotline.timer_bell.ring()
    if stays:
        if done:
            notify(done)
        return _to_conversation(handoff_id)
    return _to_queue(done) if done else redirect(url_for("console.show"))


def _to_queue(key: str, kind: str = "done") -> AnyResponse:
    notify(key, kind)
    return redirect(url_for("console.show"))


def _to_conversation(handoff_id: int) -> AnyResponse:
    return redirect(url_for("console_conversation.show", handoff_id=handoff_id))
