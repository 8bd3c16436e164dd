"""Whose the things of the console are, and what a form may name there: asked in front of every view (``ownership``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import redirect, url_for
from sqlalchemy import Connection, select
from werkzeug.wrappers import Response as AnyResponse

from hotline.counselling.callbacks import CALLING, DUE
from hotline.counselling.case_views import case_of, sight_of
from hotline.counselling.sight import Sight, look_at
from hotline.counselling.states import ACCEPTED, OFFERED
from hotline.delivery.undelivered import is_listed
from hotline.services import Services
from hotline.staff.accounts import find_account
from hotline.staff.roles import takes_handoffs
from hotline.staff.sessions import StaffSession
from hotline.store.tables import call_legs, callbacks, case_tasks, handoffs, messages, outbox, talks, voicemails, wrap_ups
from hotline.web.ownership import naming_rule, owner_rule
from hotline.web.staff_pages import notify
from hotline.web.staff_texts import screen_key

SUPERVISE = "console.supervise"
# Kinds of things that have an owner.
CONVERSATION, HELD, OFFERED_TO, ASKED_OF, WAITS = "conversation", "held_conversation", "offer", "question", "waiting"
CALLBACK, DUE_CALLBACK, CASE, WRAP_UP, UNDELIVERED = "callback", "due_callback", "case", "wrap_up", "undelivered"
# Kinds of ids that come besides: in forms, or further on in an address.
COLLEAGUE, OWN_CASE, CASE_TASK, CASE_CONVERSATION, MESSAGE = "colleague", "own_case", "case_task", "case_conversation", "message"
LEG, VOICEMAIL = "leg", "voicemail"

TAKEN = screen_key("console.taken")
CANNOT_CALL = screen_key("console.cannot_call")
NOT_LISTED = screen_key("console.undelivered_gone")
NOT_A_COLLEAGUE = screen_key("console.not_a_colleague")


def _supervises(session: StaffSession) -> bool:
    return session.may(SUPERVISE)


def _to(endpoint: str, key: str) -> AnyResponse:
    notify(key, "problem")
    return redirect(url_for(endpoint))


# -- conversations ---------------------------------------------------------------------------------------------------------


@owner_rule(CONVERSATION, "handoff_id")
def is_shown_conversation(hotline: Services, session: StaffSession, handoff_id: int) -> bool | None:
    """Whether somebody has it, or is being asked to take it; all others only look on."""
    sight = _sight(hotline, session, handoff_id, may_watch=True)
    return None if sight is None else sight != "watching"


@owner_rule(HELD, "handoff_id", shows_others=lambda _: True)
def is_held_conversation(hotline: Services, session: StaffSession, handoff_id: int) -> bool | None:
    """Whether somebody has it now."""
    return _is_seen_as("own", hotline, session, handoff_id)


@owner_rule(OFFERED_TO, "handoff_id", shows_others=lambda _: True)
def is_offered_conversation(hotline: Services, session: StaffSession, handoff_id: int) -> bool | None:
    """Whether the queue asks them to take it."""
    return _is_seen_as("offered", hotline, session, handoff_id)


@owner_rule(ASKED_OF, "handoff_id", shows_others=lambda _: True)
def is_asked_conversation(hotline: Services, session: StaffSession, handoff_id: int) -> bool | None:
    """Whether a colleague asks them to take it."""
    return _is_seen_as("asked", hotline, session, handoff_id)


@owner_rule(WAITS, "handoff_id", lambda: _to("console.show", TAKEN))
def is_to_be_taken(hotline: Services, session: StaffSession, handoff_id: int) -> bool | None:
    """Whether they may take it over: nobody has it or is asked just now, or they are. A second click finds it theirs."""
    query = select(handoffs.c.state, handoffs.c.offered_to, handoffs.c.counsellor_id)
    with hotline.database.read() as connection:
        row = connection.execute(query.where(handoffs.c.id == handoff_id, handoffs.c.closed_at.is_(None))).one_or_none()
    if row is None:
        return None
    holder = {ACCEPTED: row.counsellor_id, OFFERED: row.offered_to}.get(row.state, session.account_id)
    return bool(holder == session.account_id)


def _is_seen_as(wanted: Sight, hotline: Services, session: StaffSession, handoff_id: int) -> bool | None:
    sight = _sight(hotline, session, handoff_id, may_watch=_supervises(session))
    return None if sight is None else sight == wanted


def _sight(hotline: Services, session: StaffSession, handoff_id: int, *, may_watch: bool) -> Sight | None:
    with hotline.database.read() as connection:
        seen = look_at(connection, handoff_id, session.account_id, hotline.clock(), may_watch=may_watch)
    return None if seen is None else seen.sight


# -- callbacks, cases, wrap-ups, messages that did not arrive --------------------------------------------------------------


@owner_rule(CALLBACK, "callback_id")
def is_own_callback(hotline: Services, session: StaffSession, callback_id: int) -> bool | None:
    """Whether they are calling this very person now."""
    row = _callback(hotline, callback_id)
    return None if row is None else row.state == CALLING and row.counsellor_id == session.account_id


@owner_rule(DUE_CALLBACK, "callback_id", lambda: _to("console.show", CANNOT_CALL))
def is_callback_to_be_made(hotline: Services, session: StaffSession, callback_id: int) -> bool | None:
    """Whether they may take it: it is due, and nobody is calling."""
    row = _callback(hotline, callback_id)
    return None if row is None else bool(row.state == DUE)


def _callback(hotline: Services, callback_id: int) -> Any:
    query = select(callbacks.c.state, callbacks.c.counsellor_id).where(callbacks.c.id == callback_id)
    with hotline.database.read() as connection:
        return connection.execute(query).one_or_none()


@owner_rule(CASE, "case_id", shows_others=_supervises)
def is_own_case(hotline: Services, session: StaffSession, case_id: int) -> bool | None:
    """Whether it is theirs to work in: they own it, talk to the person now, or have a task in it."""
    with hotline.database.read() as connection:
        sight = sight_of(connection, case_id, session.account_id, may_watch=True)
    return None if sight is None else sight != "watching"


@owner_rule(WRAP_UP, "wrap_up_id", shows_others=_supervises)
def is_own_wrap_up(hotline: Services, session: StaffSession, wrap_up_id: int) -> bool | None:
    """Whether they owe it, or wrote it."""
    with hotline.database.read() as connection:
        row = connection.execute(select(wrap_ups.c.counsellor_id).where(wrap_ups.c.id == wrap_up_id)).one_or_none()
    return None if row is None else bool(row.counsellor_id == session.account_id)


@owner_rule(UNDELIVERED, "outbox_id", lambda: _to("console_delivery.list_undelivered", NOT_LISTED))
def is_own_message(hotline: Services, session: StaffSession, outbox_id: int) -> bool | None:
    """Whether they wrote a message that is on the list of those that did not arrive."""
    query = select(messages.c.written_by).select_from(outbox.outerjoin(messages, messages.c.id == outbox.c.message_id))
    with hotline.database.read() as connection:
        row = connection.execute(query.where(outbox.c.id == outbox_id, is_listed())).one_or_none()
    return None if row is None else bool(row.written_by == session.name)


# -- ids besides -----------------------------------------------------------------------------------------------------------


@naming_rule(COLLEAGUE, lambda: _to("console.show", NOT_A_COLLEAGUE))
def is_colleague(hotline: Services, session: StaffSession, account_id: int, named: Mapping[str, Any]) -> bool:
    """Whether it is an account that works in the console."""
    with hotline.database.read() as connection:
        found = find_account(connection, account_id)
    return found is not None and not found.is_disabled and takes_handoffs(found.roles)


@naming_rule(OWN_CASE)
def may_fill_case(hotline: Services, session: StaffSession, case_id: int, named: Mapping[str, Any]) -> bool:
    """Whether something may be put into this case."""
    return is_own_case(hotline, session, case_id) is True


@naming_rule(CASE_TASK)
def is_task_of_case(hotline: Services, session: StaffSession, task_id: int, named: Mapping[str, Any]) -> bool:
    """Whether a task is one of the case that is named before it."""
    query = select(case_tasks.c.id).where(case_tasks.c.id == task_id, case_tasks.c.case_id == named["case_id"])
    with hotline.database.read() as connection:
        return _is_there(connection, query)


@naming_rule(CASE_CONVERSATION)
def is_conversation_of_case(hotline: Services, session: StaffSession, conversation_id: int, named: Mapping[str, Any]) -> bool:
    """Whether a conversation is one of the case that is named before it."""
    with hotline.database.read() as connection:
        return case_of(connection, conversation_id) == int(named["case_id"])


@naming_rule(MESSAGE)
def is_message_of_conversation(hotline: Services, session: StaffSession, message_id: int, named: Mapping[str, Any]) -> bool:
    """Whether a message is one of the conversation that is named before it."""
    query = (
        select(messages.c.id)
        .join(handoffs, handoffs.c.conversation_id == messages.c.conversation_id)
        .where(messages.c.id == message_id, handoffs.c.id == named["handoff_id"])
    )
    with hotline.database.read() as connection:
        return _is_there(connection, query)


@naming_rule(LEG)
def is_call_of_conversation(hotline: Services, session: StaffSession, leg_id: int, named: Mapping[str, Any]) -> bool:
    """Whether a call is one of a talk of the conversation that is named before it."""
    query = select(call_legs.c.id).join(talks, talks.c.id == call_legs.c.talk_id)
    with hotline.database.read() as connection:
        return _is_there(connection, query.where(call_legs.c.id == leg_id, talks.c.handoff_id == named["handoff_id"]))


@naming_rule(VOICEMAIL)
def is_voicemail_of_conversation(hotline: Services, session: StaffSession, voicemail_id: int, named: Mapping[str, Any]) -> bool:
    """Whether a voice message was left in the conversation that is named before it."""
    query = select(voicemails.c.id).where(voicemails.c.id == voicemail_id, voicemails.c.handoff_id == named["handoff_id"])
    with hotline.database.read() as connection:
        return _is_there(connection, query)


def _is_there(connection: Connection, query: Any) -> bool:
    return connection.execute(query).first() is not None
