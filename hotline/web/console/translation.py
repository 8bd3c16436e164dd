"""Reading and answering across languages, beside a conversation. The service is asked outside of every transaction."""

from __future__ import annotations

import secrets

from flask import Blueprint, abort, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from hotline.counselling.desk import CannotReply
from hotline.counselling.handoff import UnknownHandoff
from hotline.counselling.thread import read_messages
from hotline.counselling.writing import LONGEST_REPLY
from hotline.translation.desk import Draft, NotTranslated, TranslationDesk
from hotline.translation.port import CannotTranslate
from hotline.web.access import access, services
from hotline.web.console.deeds import CONFLICT, REPLY_PROBLEMS, UNUSABLE
from hotline.web.console.doors import expect_sight
from hotline.web.console.owners import HELD, MESSAGE
from hotline.web.console.translation_panel import ENGINES, worker_of
from hotline.web.console.words import words_of_page
from hotline.web.staff_pages import Problem, notify, render_staff
from hotline.web.staff_session import current_staff
from hotline.web.staff_texts import language_of_request, screen_key, staff_texts

translation = Blueprint("console_translation", __name__, url_prefix="/console/handoffs/<int:handoff_id>/translation")

REASONS = {
    "unknown_language": screen_key("console.translation_unknown_language"),
    "refused": screen_key("console.translation_refused"),
    "used_up": screen_key("console.translation_used_up"),
    "busy": screen_key("console.translation_busy"),
    "unreachable": screen_key("console.translation_unreachable"),
    "too_long": screen_key("console.translation_too_long"),
}
NOT_ON = screen_key("console.translation_not_on")
ON = screen_key("console.translation_is_on")
OFF = screen_key("console.translation_is_off")
EMPTY = screen_key("console.cannot_empty")


@translation.post("/switch")
@access("staff", permission="console.use", owns=HELD)
def switch(handoff_id: int) -> AnyResponse:
    """Switch translation of this conversation on or off."""
    is_on = request.form.get("on") == "yes"
    try:
        _desk().switch(handoff_id, worker_of(current_staff()), is_on=is_on)
    except UnknownHandoff:
        abort(404)
    notify(ON if is_on else OFF)
    return _to_conversation(handoff_id)


@translation.post("/confirm")
@access("staff", permission="console.use", owns=HELD)
def confirm(handoff_id: int) -> AnyResponse:
    """The warning was read."""
    try:
        _desk().confirm_warning(handoff_id, worker_of(current_staff()))
    except UnknownHandoff:
        abort(404)
    return _to_conversation(handoff_id)


@translation.post("/messages/<int:message_id>")
@access("staff", permission="console.use", owns=HELD, names={"message_id": MESSAGE})
def translate(handoff_id: int, message_id: int) -> AnyResponse | tuple[AnyResponse, int]:
    """Translate one message. The open page fetches what came of it; a script that asks for JSON hears what went wrong."""
    staff = current_staff()
    try:
        _desk().translate_message(handoff_id, message_id, worker_of(staff), language_of_request(staff))
    except UnknownHandoff:
        abort(404)
    except (NotTranslated, CannotTranslate) as failure:
        problem = _problem(failure)
        if request.accept_mimetypes.best == "application/json":
            words = staff_texts(services().translations_folder).get(language_of_request(staff), problem.key)
            return jsonify(problem=words), problem.status
        notify(problem.key, "problem")
        return _to_conversation(handoff_id)
    if request.accept_mimetypes.best == "application/json":
        return jsonify(done=True), 200
    # The browser puts the focus there, as the script does: who moves by keyboard stays at the message.
    return _to_conversation(handoff_id, f"message-{message_id}")


@translation.post("/draft")
@access("staff", permission="console.use", owns=HELD)
def draft(handoff_id: int) -> AnyResponse | str | tuple[str, int]:
    """Translate a reply, and show it beside the counsellor's own words. Nothing is sent to the person."""
    staff, own_words = current_staff(), _words("own_words")
    source = language_of_request(staff)
    if not own_words:
        notify(EMPTY, "problem")
        return _to_conversation(handoff_id)
    try:
        made = _desk().draft(handoff_id, own_words, worker_of(staff), source)
    except UnknownHandoff:
        abort(404)
    except (NotTranslated, CannotTranslate) as failure:
        return _draft_page(handoff_id, own_words, "", problem=_problem(failure))
    return _draft_page(handoff_id, own_words, made.text, is_whole=made.is_whole)


@translation.post("/send")
@access("staff", permission="console.use", owns=HELD)
def send(handoff_id: int) -> AnyResponse | str | tuple[str, int]:
    """Send what the counsellor has read, marked as a machine's."""
    hotline, staff, key = services(), current_staff(), request.form.get("key", "")
    own_words, words = _words("own_words"), _words("translation")
    if not 8 <= len(key) <= 40:
        abort(400)
    try:
        outbox_id = _desk().send(handoff_id, Draft(own_words, words, language_of_request(staff), key), worker_of(staff))
    except UnknownHandoff:
        abort(404)
    except (NotTranslated, CannotTranslate, CannotReply) as failure:
        return _draft_page(handoff_id, own_words, words, problem=_problem(failure))
    if outbox_id is not None:
        hotline.doorbell.ring(outbox_id)
    return _to_conversation(handoff_id)


def _draft_page(
    handoff_id: int, own_words: str, words: str, *, is_whole: bool = True, problem: Problem | None = None
) -> str | tuple[str, int]:
    hotline = services()
    with hotline.database.read() as connection:
        seen = expect_sight(connection, handoff_id, "own")
        said = read_messages(connection, hotline.cipher, seen.conversation_id)
    desk = _desk()
    page = render_staff(
        "console/translation_draft.html",
        seen=seen,
        own_words=own_words,
        words=words,
        is_whole=is_whole,
        mark=desk.mark_for(seen.language or ""),
        service=ENGINES[desk.engine],
        key=secrets.token_urlsafe(16),
        longest=LONGEST_REPLY,
        asked=next((message for message in reversed(said) if message.author == "contact"), None),
        problem=problem,
        **words_of_page(),
    )
    return page if problem is None else (page, problem.status)


def _desk() -> TranslationDesk:
    desk = services().translation_desk
    if desk is None:
        abort(404)
    return desk


def _words(name: str) -> str:
    return request.form.get(name, "").replace("\r\n", "\n").strip()


def _problem(failure: NotTranslated | CannotTranslate | CannotReply) -> Problem:
    if isinstance(failure, CannotTranslate):
        return Problem(REASONS[failure.reason], "own-words", UNUSABLE)
    if isinstance(failure, CannotReply):
        return Problem(REPLY_PROBLEMS[failure.reason], "translation", UNUSABLE)
    return Problem(NOT_ON, "own-words", CONFLICT)


def _to_conversation(handoff_id: int, place: str | None = None) -> AnyResponse:
    return redirect(url_for("console_conversation.show", handoff_id=handoff_id, _anchor=place), 303)
