"""Talks by telephone in the database: begins them, takes what happens to their calls, and does what ``calls.step`` says.

Locks as everybody does: conversation, handoff, then the talk. Nothing here asks the provider: it leaves orders, and the worker
carries them out after the commit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, RowMapping, insert, select, update

from hotline.counselling.assignment import TakenByAnother, accept, note_word, reassign
from hotline.counselling.call_orders import put_order
from hotline.counselling.callbacks import CALLBACK_RUNG_AGAIN_AFTER, MOST_TRIES, Callbacks, CannotCall, leave_line
from hotline.counselling.calls import ALIVE, Deed, Leg, Talk, What, step
from hotline.counselling.counsellors import find_phone
from hotline.counselling.handoff import (
    UnknownHandoff,
    end_offers,
    find_open,
    get_open,
    lock_conversation,
    move_handoff,
    write_audit,
)
from hotline.counselling.notices import Notices
from hotline.counselling.states import ACCEPTED, IN_QUEUE, OFFERED, IllegalMove
from hotline.counselling.talk_rows import Follow
from hotline.privacy.cipher import Cipher
from hotline.store.database import insert_returning_id
from hotline.store.tables import call_legs, callbacks, conversations, handoffs, staff_accounts, talks

SYSTEM = "hotline"
# A telephone rings for 25 seconds, and the words before the key take as long again.
RINGING_LASTS = timedelta(seconds=60)
JOINING_LASTS = timedelta(seconds=75)
# The provider ends a conference after four hours.
TALKING_LASTS = timedelta(hours=4, minutes=5)
LASTS: Mapping[str, timedelta] = {"ringing": RINGING_LASTS, "joining": JOINING_LASTS, "talking": TALKING_LASTS}
# Nobody's telephone rings again for the same matter so soon, also where they are the only one.
RUNG_AGAIN_AFTER = timedelta(seconds=90)
TO_CALLS = frozenset(
    {"dial", "fetch", "bring_back", "tell_missed", "hang_up", "hold", "unhold", "mute", "unmute"}
)  # fmt: skip


class CannotRing(Exception):
    """A telephone is not rung. The message says why and what to do."""


class Talks:
    """Every method takes the unit of work it is part of."""

    def __init__(self, cipher: Cipher, callbacks_: Callbacks, notices: Notices) -> None:
        """Hold what is needed.

        Args:
            cipher: opens and closes numbers.
            callbacks_: their states.
            notices: tells counsellors what they have to look at.
        """
        self._cipher = cipher
        self._callbacks = callbacks_
        self._notices = notices

    # -- beginning -----------------------------------------------------------------------------------------------------

    def ring_for_caller(self, connection: Connection, handoff_id: int, counsellor_id: int, now: datetime) -> Follow:
        """Ring a counsellor for a person who is in a call with us now.

        Args:
            connection: a unit of work that has locked conversation and handoff.
            handoff_id: of the person.
            counsellor_id: the account.
            now: aware UTC.

        Raises:
            CannotRing: the person has hung up, the counsellor has no telephone or uses it, or has just been rung.
        """
        call = connection.execute(
            select(conversations.c.provider_sid, conversations.c.closed_at, handoffs.c.language)
            .join(handoffs, handoffs.c.conversation_id == conversations.c.id)
            .where(handoffs.c.id == handoff_id, conversations.c.channel == "voice")
        ).one_or_none()
        if call is None or call.closed_at is not None:
            raise CannotRing("This person is not in a call; book a callback.")
        person = {"role": "person", "state": "waiting", "call_sid": call.provider_sid, "language": call.language}
        return self._begin(connection, handoff_id, None, counsellor_id, person, RUNG_AGAIN_AFTER, now)

    def ring_for_callback(
        self, connection: Connection, callback_id: int, counsellor_id: int, now: datetime, *, is_asked: bool = False
    ) -> Follow:
        """Ring a counsellor, who then calls a person back with a key.

        Args:
            connection: a unit of work.
            callback_id: due.
            counsellor_id: the account.
            now: aware UTC.
            is_asked: the counsellor has asked to be rung, so it may be soon after the last time.

        Raises:
            CannotRing: it is not due, the counsellor has no telephone or uses it, or has just been rung.
        """
        handoff_id = connection.execute(select(callbacks.c.handoff_id).where(callbacks.c.id == callback_id)).scalar_one_or_none()
        try:
            handoff = get_open(connection, handoff_id or 0)
        except UnknownHandoff:
            raise CannotRing(f"There is no open callback {callback_id}.") from None
        callback = connection.execute(select(callbacks).where(callbacks.c.id == callback_id).with_for_update()).one()
        if callback.state != "due":
            raise CannotRing(f"Callback {callback_id} is {callback.state}; only a due one is called.")
        person = {
            "role": "person", "state": "waiting", "number_encrypted": callback.number_encrypted, "language": handoff["language"],
        }  # fmt: skip
        pause = timedelta(0) if is_asked else CALLBACK_RUNG_AGAIN_AFTER
        return self._begin(connection, handoff["id"], callback_id, counsellor_id, person, pause, now)

    def _begin(
        self,
        connection: Connection,
        handoff_id: int,
        callback_id: int | None,
        counsellor_id: int,
        person: dict[str, Any],
        pause: timedelta,
        now: datetime,
    ) -> Follow:
        phone = self._free_phone(connection, counsellor_id)
        same = (talks.c.handoff_id == handoff_id) & (call_legs.c.account_id == counsellor_id)
        recent = (
            select(talks.c.id).join(call_legs, call_legs.c.talk_id == talks.c.id).where(same, talks.c.created_at > now - pause)
        )
        if connection.execute(recent).first() is not None:
            raise CannotRing("This telephone has just been rung for the same person.")
        if connection.execute(select(talks.c.id).where(talks.c.handoff_id == handoff_id, talks.c.state != "over")).first():
            raise CannotRing("Somebody is being rung for this person just now.")
        row = {
            "handoff_id": handoff_id, "callback_id": callback_id, "name": uuid4().hex, "state": "ringing", "ending": "",
            "created_at": now, "timer_at": now + RINGING_LASTS,
        }  # fmt: skip
        talk_id = insert_returning_id(connection, talks, row)
        common = {"talk_id": talk_id, "ending": "", "created_at": now}
        connection.execute(insert(call_legs).values(**common, **person))
        counsellor = {"role": "counsellor", "state": "ordered", "account_id": counsellor_id, "number_encrypted": phone}
        leg_id = insert_returning_id(connection, call_legs, {**common, **counsellor})
        return Follow([put_order(connection, leg_id, "dial", now)], state="ringing")

    def add_call(
        self,
        connection: Connection,
        talk_id: int,
        actor: str,
        now: datetime,
        *,
        account_id: int | None = None,
        number: str | None = None,
        language: str | None = None,
    ) -> Follow:
        """Call a colleague to be consulted (the person is held meanwhile), or an interpreter, into a talk.

        Args:
            connection: a unit of work.
            talk_id: of a talk that goes on.
            actor: who does it, for the audit.
            now: aware UTC.
            account_id: of the colleague.
            number: of the interpreter.
            language: the interpreter's.

        Raises:
            CannotRing: the talk is over, or the colleague has no telephone or uses it.
        """
        talk = self._lock(connection, talk_id)
        if talk is None or talk.row["state"] != "talking":
            raise CannotRing("There is no talk any more.")
        phone = self._free_phone(connection, account_id) if account_id is not None else self._cipher.encrypt(number or "")
        role = "consulted" if account_id is not None else "interpreter"
        leg = {
            "talk_id": talk_id, "role": role, "state": "waiting", "account_id": account_id, "number_encrypted": phone,
            "language": language, "ending": "", "created_at": now,
        }  # fmt: skip
        leg_id = insert_returning_id(connection, call_legs, leg)
        write_audit(connection, actor, f"call_{role}", talk.row["handoff_id"], now)
        return self.happen(connection, leg_id, "add", now)

    def _free_phone(self, connection: Connection, account_id: int) -> bytes:
        phone = find_phone(connection, account_id, self._cipher)
        if phone is None:
            raise CannotRing("No telephone is set for this account; the account page does it.")
        in_call = (call_legs.c.account_id == account_id) & call_legs.c.state.in_(ALIVE)
        if connection.execute(select(call_legs.c.id).where(in_call)).first() is not None:
            raise CannotRing("This telephone is in a call.")
        return self._cipher.encrypt(phone)

    # -- what happens --------------------------------------------------------------------------------------------------

    def happen(self, connection: Connection, leg_id: int, what: What, now: datetime) -> Follow:
        """Take what happened to a call, or what somebody wants of it.

        Args:
            connection: a unit of work.
            leg_id: the call.
            what: see ``calls.step``.
            now: aware UTC.

        Returns:
            What has to be rung for, and the state of the talk.
        """
        owner = connection.execute(select(call_legs.c.talk_id).where(call_legs.c.id == leg_id)).scalar_one_or_none()
        talk = self._lock(connection, owner) if owner is not None else None
        if talk is None:
            return Follow()
        if what == "accepted" and talk.is_to_be_taken(leg_id) and not self._take(connection, talk, leg_id, now):
            # It is somebody else's by now, or nobody's; the counsellor hears so.
            what = "declined"
        after, deeds = step(talk.value, leg_id, what)
        self._store(connection, talk, after, leg_id, what, now)
        follow = Follow(state=after.state)
        for deed in deeds:
            follow.add(self._do(connection, talk, after, deed, what, now))
        return follow

    def end_calls(self, connection: Connection, call_sid: str, now: datetime) -> Follow:
        """The provider reports that a person's call is over."""
        query = select(call_legs.c.id).where(call_legs.c.call_sid == call_sid, call_legs.c.state != "gone")
        follow = Follow()
        for leg_id in connection.execute(query.order_by(call_legs.c.id)).scalars().all():
            follow.add(self.happen(connection, leg_id, "gone", now))
        return follow

    def find_late(self, connection: Connection, now: datetime) -> list[int]:
        """The persons' calls of talks of which nothing was heard for too long, and those of people who were called in.

        ``ran_out`` ends them. Nothing is locked.
        """
        is_late = (talks.c.timer_at <= now) & (call_legs.c.role == "person")
        is_called_in = call_legs.c.role.in_(("consulted", "interpreter")) & call_legs.c.state.in_(("ordered", "answered"))
        query = (
            select(call_legs.c.id)
            .join(talks, talks.c.id == call_legs.c.talk_id)
            .where(talks.c.state != "over", is_late | (is_called_in & (call_legs.c.created_at <= now - JOINING_LASTS)))
        )
        return list(connection.execute(query.order_by(call_legs.c.id)).scalars())

    def _lock(self, connection: Connection, talk_id: int) -> _Known | None:
        ids = (
            select(handoffs.c.conversation_id, talks.c.handoff_id)
            .join(talks, talks.c.handoff_id == handoffs.c.id)
            .where(talks.c.id == talk_id)
        )
        owner = connection.execute(ids).one_or_none()
        if owner is None:
            return None
        lock_conversation(connection, owner.conversation_id)
        handoff = find_open(connection, owner.conversation_id)
        row = connection.execute(select(talks).where(talks.c.id == talk_id).with_for_update()).mappings().one()
        legs = select(call_legs).where(call_legs.c.talk_id == talk_id).order_by(call_legs.c.id)
        rows = connection.execute(legs).mappings().all()
        # A later handoff of the same conversation is none of this talk's business.
        own = handoff if handoff is not None and handoff["id"] == owner.handoff_id else None
        return _Known(row, rows, own)

    def _store(self, connection: Connection, talk: _Known, after: Talk, leg_id: int, what: What, now: datetime) -> None:
        for before, leg in zip(talk.value.legs, after.legs, strict=True):
            if before != leg:
                values: dict[str, Any] = {
                    "role": leg.role, "state": leg.state, "is_held": leg.is_held, "is_muted": leg.is_muted,
                }  # fmt: skip
                if leg.state == "gone":
                    values |= {"closed_at": now, "ending": what if leg.id == leg_id else after.ending}
                connection.execute(update(call_legs).where(call_legs.c.id == leg.id).values(**values))
        if after.state != talk.value.state:
            is_over = after.state == "over"
            timer_at = None if is_over else now + LASTS[after.state]
            wanted = update(talks).where(talks.c.id == talk.row["id"])
            closed_at = now if is_over else None
            connection.execute(wanted.values(state=after.state, ending=after.ending, timer_at=timer_at, closed_at=closed_at))

    # -- what follows --------------------------------------------------------------------------------------------------

    def _take(self, connection: Connection, talk: _Known, leg_id: int, now: datetime) -> bool:
        """Make the handoff or callback the counsellor's who has pressed the key; False when it cannot be."""
        account_id = talk.account_of(leg_id)
        if account_id is None or talk.handoff is None:
            return False
        try:
            if talk.row["callback_id"] is None:
                accept(connection, talk.row["handoff_id"], account_id, now)
            else:
                self._callbacks.take(connection, talk.row["callback_id"], account_id, _name(connection, account_id), now)
        except (TakenByAnother, IllegalMove, UnknownHandoff, CannotCall):
            return False
        talk.handoff = find_open(connection, talk.handoff["conversation_id"])
        return True

    def _do(self, connection: Connection, talk: _Known, after: Talk, deed: Deed, what: What, now: datetime) -> Follow:
        if deed.kind in TO_CALLS and deed.leg_id is not None:
            return Follow([put_order(connection, deed.leg_id, deed.kind, now)])
        handoff, callback_id = talk.handoff, talk.row["callback_id"]
        if deed.kind in ("missed", "reached", "unclear") and callback_id is not None:
            return self._end_callback(connection, callback_id, deed.kind, now)
        if handoff is not None:
            self._change_handoff(connection, talk, handoff, deed, what, now)
        return Follow()

    def _change_handoff(
        self, connection: Connection, talk: _Known, handoff: dict[str, Any], deed: Deed, what: What, now: datetime
    ) -> None:
        callback_id = talk.row["callback_id"]
        if deed.kind == "hand_over" and deed.leg_id is not None:
            account_id = talk.account_of(deed.leg_id)
            if account_id is not None and handoff["state"] == ACCEPTED:
                reassign(connection, handoff["id"], account_id, _name(connection, account_id), now)
        elif deed.kind == "pass_on" and handoff["state"] == OFFERED and handoff["offered_to"] in talk.accounts:
            is_declined = what == "declined"
            end_offers(connection, handoff["id"], "declined" if is_declined else "expired", now)
            move_handoff(connection, handoff, "decline" if is_declined else "offer_ran_out", now)
        elif deed.kind == "release" and handoff["state"] == ACCEPTED:
            move_handoff(connection, handoff, "release", now)
        elif deed.kind == "lost_caller":
            self._lose_caller(connection, handoff, now)
        elif deed.kind == "talked" and callback_id is not None:
            self._callbacks.note_talking(connection, callback_id, now)
        elif deed.kind == "talked" and handoff["state"] == ACCEPTED:
            # Whoever talked has answered; what is left to write about it may wait.
            note_word(connection, handoff, "counsellor", now)

    def _lose_caller(self, connection: Connection, handoff: dict[str, Any], now: datetime) -> None:
        if handoff["state"] == ACCEPTED:
            move_handoff(connection, handoff, "release", now)
            handoff = find_open(connection, handoff["conversation_id"]) or handoff
        if handoff["state"] in IN_QUEUE:
            leave_line(connection, self._callbacks, handoff, now)

    def _end_callback(self, connection: Connection, callback_id: int, ending: str, now: datetime) -> Follow:
        try:
            if ending == "reached":
                self._callbacks.note_reached(connection, callback_id, SYSTEM, now)
                return Follow()
            if ending == "unclear":
                self._callbacks.note_unclear(connection, callback_id, SYSTEM, now)
                return self._tell(
                    connection, f"Callback {callback_id}: unclear whether the telephone rang. Look, then note it", now
                )
            if self._callbacks.note_missed(connection, callback_id, SYSTEM, now) is None:
                return self._tell(connection, f"Callback {callback_id}: {MOST_TRIES} tries in vain: flask handoffs list", now)
        except (CannotCall, UnknownHandoff, IllegalMove):
            # A counsellor has written down by hand how it went.
            pass
        return Follow()

    def _tell(self, connection: Connection, body: str, now: datetime) -> Follow:
        return Follow(outbox_ids=self._notices.tell(connection, body, now))


@dataclass
class _Known:
    """A locked talk: its rows, its handoff while it is open, and its pure value."""

    row: RowMapping
    legs: Sequence[RowMapping]
    handoff: dict[str, Any] | None

    @property
    def value(self) -> Talk:
        """As the state machine takes it."""
        legs = (Leg(leg["id"], leg["role"], leg["state"], leg["is_held"], leg["is_muted"]) for leg in self.legs)
        purpose = "caller" if self.row["callback_id"] is None else "callback"
        return Talk(purpose, self.row["state"], tuple(legs), self.row["ending"])  # type: ignore[arg-type]

    @property
    def accounts(self) -> set[int]:
        """Whose telephones are in it."""
        return {leg["account_id"] for leg in self.legs if leg["account_id"] is not None}

    def account_of(self, leg_id: int) -> int | None:
        """Whose telephone a call is."""
        return next((leg["account_id"] for leg in self.legs if leg["id"] == leg_id), None)

    def is_to_be_taken(self, leg_id: int) -> bool:
        """Whether a key of this call takes the handoff or the callback."""
        leg = self.value.leg(leg_id)
        return self.row["state"] == "ringing" and leg.role == "counsellor" and leg.is_alive


def _name(connection: Connection, account_id: int) -> str:
    return str(connection.execute(select(staff_accounts.c.name).where(staff_accounts.c.id == account_id)).scalar_one())
