"""The panel of the talk by telephone: who is in it, hold, mute, colleague, interpreter, leave, and booking a callback."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, abort, redirect, request, url_for
from sqlalchemy import Connection, select
from werkzeug.wrappers import Response as AnyResponse

from hotline.counselling.callbacks import CannotCall
from hotline.counselling.counsellors import find_phone, read_counsellors
from hotline.counselling.handoff import get_open, write_audit
from hotline.counselling.hours import SAFE_TIMES
from hotline.counselling.numbers import read_callback_number
from hotline.counselling.sight import Seen
from hotline.counselling.silent_calls import was_silent
from hotline.counselling.states import IllegalMove
from hotline.counselling.talk_rows import Follow, find_call_for, list_calls
from hotline.counselling.talks import CannotRing
from hotline.counselling.voicemail import hear_message, list_messages
from hotline.services import Services
from hotline.staff.sessions import StaffSession
from hotline.store.tables import conversations
from hotline.web.access import access, services
from hotline.web.console.doors import expect_sight
from hotline.web.console.fresh import answer_poll, tag_of
from hotline.web.console.owners import COLLEAGUE, CONVERSATION, HELD, LEG, VOICEMAIL
from hotline.web.console.words import words_of_page
from hotline.web.staff_pages import notify, render_fragment
from hotline.web.staff_session import current_staff
from hotline.web.staff_texts import screen_key

calls = Blueprint("console_calls", __name__, url_prefix="/console/handoffs/<int:handoff_id>/call")

CANNOT_RING = screen_key("console.call_cannot_ring")
RINGS = screen_key("console.call_rings")
BOOKED = screen_key("console.call_booked")
BAD_NUMBER = screen_key("console.call_bad_number")
# What may be wanted of a call of each role.
WISHES: Mapping[str, frozenset[str]] = {
    "person": frozenset({"hold", "unhold"}),
    "counsellor": frozenset({"mute", "unmute", "leave"}),
    "consulted": frozenset({"hand_over", "leave"}),
    "interpreter": frozenset({"leave"}),
}


@dataclass(frozen=True)
class CallNow:
    """A talk as the panel shows it; ``can_ring`` tells that the person is in a call and oneself has a telephone.

    ``was_silent`` tells that the call was taken for over because nothing was heard of it any more.
    """

    state: str
    calls: tuple[Mapping[str, Any], ...]
    can_ring: bool
    has_phone: bool
    is_own: bool
    was_silent: bool = False


def call_panel(services: Services, handoff_id: int, session: StaffSession) -> Mapping[str, Any]:
    """What stands in the panel when the page is opened; ``live`` is the part that is polled."""
    with services.database.read() as connection:
        seen = expect_sight(connection, handoff_id)
        now = _read(services, connection, seen, session)
        people = read_counsellors(connection)
        messages = list_messages(connection, seen.id)
    return {
        "messages": messages,
        "call": now,
        "tag": tag_of(now),
        "safe_times": SAFE_TIMES,
        "colleagues": [k for k in people if k.counsellor.id != session.account_id and k.counsellor.has_phone],
        # Those of the person's language first.
        "interpreters": sorted(enumerate(services.interpreters), key=lambda pair: pair[1].language != seen.language),
    }


@calls.get("/live")
@access("staff", permission="console.use", owns=CONVERSATION, is_poll=True)
def poll(handoff_id: int) -> Response:
    """The calls as they stand."""
    hotline = services()
    with hotline.database.read() as connection:
        seen = expect_sight(connection, handoff_id)
        now = _read(hotline, connection, seen, current_staff())
    return answer_poll(now, lambda: render_fragment("console/call_live.html", call=now, seen=seen, **words_of_page()))


@calls.get("/messages/<int:voicemail_id>")
@access("staff", permission="console.use", owns=CONVERSATION, names={"voicemail_id": VOICEMAIL})
def hear(handoff_id: int, voicemail_id: int) -> Response:
    """A message the caller left; each hearing leaves an audit row."""
    hotline, staff = services(), current_staff()
    with hotline.database.begin() as connection:
        seen = expect_sight(connection, handoff_id, "own", "offered", "asked")
        sound = hear_message(connection, seen.id, voicemail_id, hotline.cipher, staff.name, hotline.clock())
    if sound is None:
        abort(404)
    return Response(sound, content_type="audio/mpeg", headers={"Cache-Control": "no-store"})


@calls.post("/ring")
@access("staff", permission="console.use", owns=CONVERSATION)
def ring(handoff_id: int) -> AnyResponse:
    """Ring one's own telephone for the person who is in a call."""
    me = current_staff()

    def work(connection: Connection, seen: Seen) -> Follow:
        get_open(connection, seen.id)
        write_audit(connection, me.name, "ring_for_caller", seen.id, services().clock())
        return services().talks.ring_for_caller(connection, seen.id, me.account_id, services().clock())

    return _do(handoff_id, work, RINGS, "own", "offered")


@calls.post("/consult")
@access("staff", permission="console.use", owns=HELD, names={"to": COLLEAGUE})
def consult(handoff_id: int) -> AnyResponse:
    """Call a colleague; the person is held until they come, or do not."""
    account_id = request.form.get("to", 0, type=int)
    return _add(handoff_id, account_id=account_id)


@calls.post("/interpret")
@access("staff", permission="console.use", owns=HELD)
def interpret(handoff_id: int) -> AnyResponse:
    """Call an interpreter of the list."""
    chosen = dict(enumerate(services().interpreters)).get(request.form.get("interpreter", -1, type=int))
    if chosen is None:
        abort(400)
    return _add(handoff_id, number=chosen.number, language=chosen.language)


@calls.post("/<int:leg_id>/<what>")
@access("staff", permission="console.use", owns=HELD, names={"leg_id": LEG})
def change(handoff_id: int, leg_id: int, what: str) -> AnyResponse:
    """Hold, mute, hand over, leave."""

    def work(connection: Connection, seen: Seen) -> Follow:
        talk = find_call_for(connection, seen.id)
        legs = {leg["id"]: leg for leg in list_calls(connection, talk["id"])} if talk is not None else {}
        # Only of this very talk, and only what may be wanted of such a call.
        if leg_id not in legs or what not in WISHES[legs[leg_id]["role"]]:
            abort(404)
        write_audit(connection, current_staff().name, f"{what}_call", seen.id, services().clock())
        return services().talks.happen(connection, leg_id, what, services().clock())  # type: ignore[arg-type]

    return _do(handoff_id, work, None, "own")


@calls.post("/book")
@access("staff", permission="console.use", owns=HELD)
def book(handoff_id: int) -> AnyResponse:
    """Turn the conversation into a callback, to the person's number or to another one they gave."""
    hotline, staff = services(), current_staff()
    typed, safe_times = request.form.get("number", "").strip(), request.form.get("safe_times", "")
    number, alias = read_callback_number(typed) if typed else None, request.form.get("alias", "").strip()[:40] or None
    if safe_times not in SAFE_TIMES:
        abort(400)
    if typed and number is None:
        notify(BAD_NUMBER, "problem")
        return _to_conversation(handoff_id)
    try:
        with hotline.database.begin() as connection:
            seen = expect_sight(connection, handoff_id, "own")
            now = hotline.clock()
            handoff = get_open(connection, seen.id)
            due_at = hotline.callbacks.book(connection, handoff, safe_times, now, number=number, alias=alias)
            write_audit(connection, staff.name, "book_callback", seen.id, now)
            written = (
                hotline.confirmation.tell(connection, seen.conversation_id, number, seen.language, due_at, now)
                if seen.language in hotline.live_languages and due_at is not None and seen.row["channel"] != "whatsapp"
                else []
            )
    except (CannotCall, IllegalMove):
        notify(BAD_NUMBER, "problem")
        return _to_conversation(handoff_id)
    for outbox_id in written:
        hotline.doorbell.ring(outbox_id)
    notify(BOOKED)
    return redirect(url_for("console.show"))


def _read(hotline: Services, connection: Connection, seen: Seen, staff: StaffSession) -> CallNow:
    talk = find_call_for(connection, seen.id)
    legs = tuple(list_calls(connection, talk["id"])) if talk is not None else ()
    in_call = (conversations.c.id == seen.conversation_id) & (conversations.c.channel == "voice")
    is_on = connection.execute(select(conversations.c.id).where(in_call, conversations.c.closed_at.is_(None))).first() is not None
    has_phone = find_phone(connection, staff.account_id, hotline.cipher) is not None
    can_ring = is_on and talk is None and seen.sight in ("own", "offered")
    is_over = seen.row["channel"] == "voice" and talk is None and not is_on
    silent = is_over and was_silent(connection, seen.conversation_id)
    state = talk["state"] if talk is not None else ""
    return CallNow(state, legs, can_ring and has_phone, has_phone or not can_ring, seen.is_own, silent)


def _add(handoff_id: int, **whom: Any) -> AnyResponse:
    def work(connection: Connection, seen: Seen) -> Follow:
        talk = find_call_for(connection, seen.id)
        if talk is None:
            raise CannotRing("There is no talk any more.")
        return services().talks.add_call(connection, talk["id"], current_staff().name, services().clock(), **whom)

    return _do(handoff_id, work, None, "own")


def _do(handoff_id: int, work: Any, done: str | None, *wanted: Any) -> AnyResponse:
    hotline = services()
    try:
        with hotline.database.begin() as connection:
            follow = work(connection, expect_sight(connection, handoff_id, *wanted))
    except CannotRing:
        notify(CANNOT_RING, "problem")
        return _to_conversation(handoff_id)
    hotline.follow(follow)
    if done:
        notify(done)
    return _to_conversation(handoff_id)


def _to_conversation(handoff_id: int) -> AnyResponse:
    return redirect(url_for("console_conversation.show", handoff_id=handoff_id) + "#panel-call", 303)
