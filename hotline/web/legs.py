"""The provider's webhooks of calls in a talk: what a counsellor, an interpreter or a person called back hears and presses.

A person who is called back hears nothing of what it is about before a key is pressed, and who presses none is hung up on without
a word: whoever else answers, also a mailbox, learns nothing.
"""

from __future__ import annotations

import logging

from flask import Blueprint, Response, request
from sqlalchemy import RowMapping, select, update
from werkzeug.exceptions import HTTPException

from hotline.dialogue.inputs import InboundCallStep
from hotline.dialogue.rendering import OPENING_LANGUAGES
from hotline.store.tables import call_legs, handoffs, staff_accounts, talks
from hotline.telephony.inbound import InboundCall, UnusableWebhook, parse_call
from hotline.telephony.prompts import PromptMissing
from hotline.telephony.twiml import Gather, Pause, Play, Room, Say, room_reply, voice_reply
from hotline.web.access import access, form_pairs, services
from hotline.web.call_words import CallWords
from hotline.web.pages import HOLD_SOUND_PATH
from hotline.web.staff_texts import screen_key
from hotline.web.webhooks import ENDED_CALLS, compose_call, sorry_aloud

log = logging.getLogger(__name__)
legs = Blueprint("legs", __name__, url_prefix="/webhooks/twilio/legs")
ACCEPT = "1"
KEY_SECONDS = 6
SILENCE = voice_reply([], None, hang_up=True)


@legs.errorhandler(Exception)
def apologise(error: Exception) -> Response | HTTPException:
    """Never an error to the provider: a person who was talking hears an apology, everybody else's call ends."""
    if isinstance(error, HTTPException):
        return error
    log.error("a webhook of a talk failed", exc_info=error)
    is_talking = request.endpoint in ("legs.join", "legs.back", "legs.after")
    return _twiml(sorry_aloud() if is_talking else SILENCE)


@legs.post("/<int:leg_id>/answer")
@access("twilio")
def answer(leg_id: int) -> Response:
    """A telephone we called was answered."""
    call = _read(leg_id)
    if call is None:
        return _twiml(SILENCE)
    services().note_call(leg_id, "answered")
    leg = _leg(leg_id)
    if leg is None or leg["state"] != "answered":
        return _twiml(SILENCE)
    words = _words(leg) if leg["role"] != "person" else _speak_to_person(leg, "callback.press_one")
    # Twice: a telephone is at the ear only after the first words.
    parts = (*words, Pause(1), *words)
    gather = Gather(parts, f"{_base()}/{leg_id}/key", speech_language=None, timeout_seconds=KEY_SECONDS)
    return _twiml(voice_reply([], gather, hang_up=False))


@legs.post("/<int:leg_id>/key")
@access("twilio")
def key(leg_id: int) -> Response:
    """A key was pressed, or none."""
    call = _read(leg_id)
    if call is None:
        return _twiml(SILENCE)
    services().note_call(leg_id, "accepted" if call.digits == ACCEPT else "declined")
    leg = _leg(leg_id)
    if leg is None or leg["state"] != "joined":
        is_too_late = leg is not None and leg["role"] != "person" and call.digits == ACCEPT
        return _twiml(
            voice_reply(_staff_parts(leg, screen_key("staff.call_gone")) if is_too_late and leg else [], None, hang_up=True)
        )
    return _twiml(_room(leg, _speak_to_person(leg, "person.connected") if leg["role"] == "person" else []))


@legs.post("/<int:leg_id>/join")
@access("twilio")
def join(leg_id: int) -> Response:
    """A person who held the line is put through."""
    call = _read(leg_id)
    if call is not None:
        services().note_call(leg_id, "joined")
    leg = _leg(leg_id)
    if call is None or leg is None or leg["state"] != "joined":
        return _back(leg_id, call)
    return _twiml(_room(leg, _speak_to_person(leg, "person.connected")))


@legs.post("/<int:leg_id>/after")
@access("twilio")
def after(leg_id: int) -> Response:
    """A call has left the conference and goes on: a counsellor's ends, a person's goes back to the machine."""
    call, leg = _read(leg_id), _leg(leg_id)
    if leg is None or leg["role"] != "person":
        services().note_call(leg_id, "gone")
        return _twiml(SILENCE)
    with services().database.read() as connection:
        same_talk = (call_legs.c.talk_id == leg["talk_id"]) & (call_legs.c.role == "counsellor") & (call_legs.c.state == "joined")
        counsellor = connection.execute(select(call_legs.c.id).where(same_talk)).scalar_one_or_none()
    if counsellor is not None:
        services().note_call(counsellor, "gone")
    return _back(leg_id, call)


@legs.post("/<int:leg_id>/back")
@access("twilio")
def back(leg_id: int) -> Response:
    """A person who was in a talk goes back to the machine."""
    return _back(leg_id, _read(leg_id))


@legs.post("/<int:leg_id>/missed")
@access("twilio")
def missed(leg_id: int) -> Response:
    """A counsellor hears that the person was not reached."""
    leg = _leg(leg_id)
    return _twiml(voice_reply(_staff_parts(leg, screen_key("staff.call_missed")) if leg else [], None, hang_up=True))


@legs.post("/<int:leg_id>/status")
@access("twilio")
def status(leg_id: int) -> Response:
    """What became of a call we placed."""
    call = _read(leg_id)
    if call is not None and call.call_status in ENDED_CALLS:
        services().note_call(leg_id, "gone")
    return Response(status=204)


@legs.post("/<int:leg_id>/room")
@access("twilio")
def room(leg_id: int) -> Response:
    """Who comes and goes in a conference; the first report tells its Sid, which holding and muting need."""
    sid = dict(form_pairs(request)).get("ConferenceSid")
    if sid:
        with services().database.begin() as connection:
            own = select(call_legs.c.talk_id).where(call_legs.c.id == leg_id).scalar_subquery()
            unknown = (talks.c.id == own) & talks.c.conference_sid.is_(None)
            connection.execute(update(talks).where(unknown).values(conference_sid=sid))
    return Response(status=204)


@legs.post("/hold")
@access("twilio")
def hold() -> Response:
    """What somebody hears who is alone in a conference or held."""
    return _twiml(voice_reply([hold_part(times=0)], None, hang_up=False))


def hold_part(times: int) -> Play:
    """The sound of waiting, played so many times; 0 is for ever."""
    return Play(services().settings.public_base_url + HOLD_SOUND_PATH, times)


def _read(leg_id: int) -> InboundCall | None:
    """The call a webhook is about, tied to its leg; None when it is another call than the leg's."""
    try:
        call = parse_call(dict(form_pairs(request)))
    except UnusableWebhook:
        return None
    with services().database.begin() as connection:
        # The report of a call may be quicker than the provider's answer to our order.
        unknown = (call_legs.c.id == leg_id) & call_legs.c.call_sid.is_(None) & call_legs.c.state.in_(("ordered", "gone"))
        connection.execute(update(call_legs).where(unknown).values(call_sid=call.call_sid))
        known = connection.execute(select(call_legs.c.call_sid).where(call_legs.c.id == leg_id)).scalar_one_or_none()
    return call if known == call.call_sid else None


def _leg(leg_id: int) -> RowMapping | None:
    query = (
        select(
            call_legs, talks.c.name, talks.c.callback_id, handoffs.c.topic, handoffs.c.danger,
            handoffs.c.language.label("spoken"), staff_accounts.c.language.label("own_language"),
        )
        .join(talks, talks.c.id == call_legs.c.talk_id)
        .join(handoffs, handoffs.c.id == talks.c.handoff_id)
        .outerjoin(staff_accounts, staff_accounts.c.id == call_legs.c.account_id)
        .where(call_legs.c.id == leg_id)
    )  # fmt: skip
    with services().database.read() as connection:
        return connection.execute(query).mappings().one_or_none()


def _room(leg: RowMapping, parts: list[Say | Play]) -> str:
    here = f"{_base()}/{leg['id']}"
    # Without the person there is nothing to talk about, and nobody else may stay on the line.
    return room_reply(parts, Room(leg["name"], f"{here}/after", f"{_base()}/hold", f"{here}/room", leg["role"] == "person"))


def _back(leg_id: int, call: InboundCall | None) -> Response:
    leg = _leg(leg_id)
    if leg is None or call is None:
        return _twiml(SILENCE)
    if leg["callback_id"] is not None:
        return _twiml(voice_reply(_speak_to_person(leg, "person.call_over"), None, hang_up=True))
    step = InboundCallStep(
        event_key=f"{call.call_sid}:back{leg_id}",
        call_sid=call.call_sid,
        caller=call.caller,
        called=call.called,
        start="after_talk",
    )
    try:
        return _twiml(services().turns.take_call_step(step, compose_call))
    except Exception:
        return _twiml(sorry_aloud())


def _speak_to_person(leg: RowMapping, text_key: str) -> list[Say | Play]:
    if leg["language"] in services().live_languages:
        try:
            return _spoken(leg["language"], text_key)
        except PromptMissing:
            # Its sounds are being made anew: what follows is better than silence.
            log.warning("no voice for a call", extra={"language": leg["language"]})
    return [part for code in OPENING_LANGUAGES for part in _spoken(code, text_key)]


def _spoken(language: str, text_key: str) -> list[Say | Play]:
    return services().prompts.speak(language, services().texts.get(language, text_key, (".voice",)))


def _words(leg: RowMapping) -> list[Say | Play]:
    """What a counsellor or an interpreter hears before the key."""
    words = CallWords(services(), leg["own_language"])
    text = words.interpreter(leg["language"]) if leg["role"] == "interpreter" else words.offer(dict(leg))
    return services().prompts.speak(words.language, text)


def _staff_parts(leg: RowMapping, text_key: str) -> list[Say | Play]:
    words = CallWords(services(), leg["own_language"])
    return services().prompts.speak(words.language, words.get(text_key))


def _base() -> str:
    return f"{services().settings.public_base_url}{legs.url_prefix}"


def _twiml(document: str) -> Response:
    return Response(document, content_type="text/xml; charset=utf-8")
