"""Who takes a handoff: what counsellors and supervisors do with it, and what is offered to whom by itself.

Every function takes the unit of work it is part of and names its actor for the audit. The lock of the handoff decides a race: of
two who grab at once, the second finds the first one's name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select, update

from hotline.counselling.counsellors import CannotChangeCounsellor, read_counsellors
from hotline.counselling.handoff import end_offers, get_open, move_handoff, set_timer, write_audit
from hotline.counselling.routing import AVAILABLE, Offer, Waiting, choose_counsellor, is_everybody_asked, plan_offers
from hotline.counselling.states import ACCEPTED, OFFERED, WAITING, IllegalMove
from hotline.store.tables import addresses, conversations, counsellors, handoff_offers, handoffs, staff_accounts

# A matter is remembered so long: its counsellor is asked first.
MATTER_LASTS = timedelta(days=30)
# A call that has said nothing for so long is over, and its report got lost: whoever holds the line is heard of every minute.
CALL_IS_HEARD_WITHIN = timedelta(minutes=5)


class TakenByAnother(Exception):
    """Somebody else has the handoff, or is being asked. The message names them."""


def accept(connection: Connection, handoff_id: int, counsellor_id: int, now: datetime) -> None:
    """Take a handoff over: one that was offered to this counsellor, or one of the queue.

    Raises:
        UnknownHandoff: it is not there or closed.
        TakenByAnother: somebody else was quicker, or is being asked just now.
        IllegalMove: it waits for nobody.
    """
    handoff = get_open(connection, handoff_id)
    if handoff["state"] == ACCEPTED:
        if handoff["counsellor_id"] == counsellor_id:
            # The answer to the first click got lost; a second one changes nothing.
            return
        raise TakenByAnother(f"{_name(connection, handoff['counsellor_id'])} has taken handoff {handoff_id} already.")
    if handoff["state"] == OFFERED and handoff["offered_to"] != counsellor_id:
        asked = _name(connection, handoff["offered_to"])
        raise TakenByAnother(f"Handoff {handoff_id} is offered to {asked} just now; it comes back if {asked} does not take it.")
    end_offers(connection, handoff_id, "accepted", now)
    was_offered = handoff["state"] == OFFERED
    move_handoff(
        connection, handoff, "accept", now, counsellor_id=counsellor_id, accepted_at=now, awaits="counsellor", is_told=False
    )
    if not was_offered:
        _note_offer(connection, handoff_id, counsellor_id, now, outcome="accepted")
    write_audit(connection, _name(connection, counsellor_id), "accept_handoff", handoff_id, now)


def decline(connection: Connection, handoff_id: int, counsellor_id: int, now: datetime) -> None:
    """Leave an offered handoff to somebody else.

    Raises:
        UnknownHandoff: it is not there or closed.
        TakenByAnother: it is not offered to this counsellor (any more).
    """
    handoff = get_open(connection, handoff_id)
    if handoff["state"] != OFFERED or handoff["offered_to"] != counsellor_id:
        raise TakenByAnother(f"Handoff {handoff_id} is not offered to you any more.")
    end_offers(connection, handoff_id, "declined", now)
    move_handoff(connection, handoff, "decline", now)
    write_audit(connection, _name(connection, counsellor_id), "decline_handoff", handoff_id, now)


def reassign(connection: Connection, handoff_id: int, counsellor_id: int, actor: str, now: datetime) -> None:
    """Give a handoff to one counsellor: what waits is offered to them, what somebody has is theirs at once.

    Nothing hangs between two people: until the moment it is the new one's, it is the old one's.

    Raises:
        UnknownHandoff: it is not there or closed.
        IllegalMove: it waits for nobody.
        CannotChangeCounsellor: the account takes no handoffs.
    """
    handoff = get_open(connection, handoff_id)
    if connection.execute(select(counsellors.c.account_id).where(counsellors.c.account_id == counsellor_id)).first() is None:
        raise CannotChangeCounsellor("This account takes no handoffs; `flask counsellors set` makes it do so.")
    if handoff["state"] == ACCEPTED:
        move_handoff(connection, handoff, "reassign", now, counsellor_id=counsellor_id, awaits="counsellor", accepted_at=now)
        _note_offer(connection, handoff_id, counsellor_id, now, outcome="accepted")
    else:
        move_handoff(connection, handoff, "reassign", now, offered_to=counsellor_id)
        _note_offer(connection, handoff_id, counsellor_id, now)
    write_audit(connection, actor, "reassign_handoff", handoff_id, now)


def release(connection: Connection, handoff_id: int, counsellor_id: int, now: datetime) -> None:
    """Put a handoff back into the queue, at its old place. The machine answers again meanwhile.

    Raises:
        UnknownHandoff: it is not there or closed.
        TakenByAnother: it is somebody else's.
    """
    _own(connection, handoff_id, counsellor_id, "release", now)


def return_to_bot(connection: Connection, handoff_id: int, counsellor_id: int, now: datetime) -> None:
    """Give the conversation back to the machine.

    Raises:
        UnknownHandoff: it is not there or closed.
        TakenByAnother: it is somebody else's.
    """
    _own(connection, handoff_id, counsellor_id, "return_to_bot", now)


def withdraw(connection: Connection, handoff_id: int, now: datetime) -> None:
    """The person wants nobody any more; the machine goes on.

    Raises:
        UnknownHandoff: it is not there or closed.
        IllegalMove: a counsellor has it.
    """
    move_handoff(connection, get_open(connection, handoff_id), "withdraw", now)


def note_word(connection: Connection, handoff: Mapping[str, Any], author: str, now: datetime) -> None:
    """Somebody has written while a counsellor has the conversation: the other one's word is awaited.

    A person who writes twice does not put off the moment an answer is due.

    Args:
        connection: a unit of work that has locked the handoff.
        handoff: its row.
        author: counsellor or contact.
        now: aware UTC.
    """
    awaits = "contact" if author == "counsellor" else "counsellor"
    if handoff["state"] != ACCEPTED or (awaits == "counsellor" and handoff["awaits"] == awaits):
        return
    connection.execute(update(handoffs).where(handoffs.c.id == handoff["id"]).values(awaits=awaits))
    set_timer(connection, {**handoff, "awaits": awaits}, now)


# -- by itself -------------------------------------------------------------------------------------------------------------


def offer_waiting(connection: Connection, now: datetime, due: Sequence[Waiting] = ()) -> list[Offer]:
    """Offer what waits to those who can take it.

    Workers may do this at once: each offer is made under the handoff's lock and only to what still waits.

    Args:
        connection: a unit of work.
        now: aware UTC.
        due: who is to be called back now; they take their turn among those who wait.

    Returns:
        The offers made, and for each of the due who is to be rung. In the order of the queue.
    """
    # One after another: two at once would both see the same free hands.
    connection.execute(select(counsellors.c.account_id).order_by(counsellors.c.account_id).with_for_update())
    people = [known.counsellor for known in read_counsellors(connection)]
    if not any(one.presence == AVAILABLE and one.load <= one.capacity for one in people):
        # Nobody could take anything, in danger neither: a long queue need not be read.
        return []
    waiting = read_waiting(connection, now)
    again = [
        handoff.id for handoff in waiting if choose_counsellor(handoff, people) is None and is_everybody_asked(handoff, people)
    ]
    if again:
        # All have been asked: the round begins anew.
        ended = (handoff_offers.c.handoff_id.in_(again)) & handoff_offers.c.outcome.in_(("declined", "expired"))
        connection.execute(update(handoff_offers).where(ended).values(outcome="asked"))
        waiting = read_waiting(connection, now)
    made = []
    for offer in plan_offers([*waiting, *due], people):
        if offer.callback_id is not None:
            made.append(offer)
            continue
        handoff = _lock_waiting(connection, offer.handoff_id)
        if handoff is None:
            continue
        move_handoff(connection, handoff, "offer", now, offered_to=offer.counsellor_id)
        _note_offer(connection, offer.handoff_id, offer.counsellor_id, now)
        made.append(offer)
    return made


def read_waiting(connection: Connection, now: datetime) -> list[Waiting]:
    """Everybody in the queue who is offered to nobody just now."""
    rows = connection.execute(
        select(handoffs, addresses.c.contact_id, is_on_the_line(now).label("is_on_the_line"))
        .join(conversations, conversations.c.id == handoffs.c.conversation_id)
        .outerjoin(addresses, addresses.c.id == conversations.c.address_id)
        .where(handoffs.c.state.in_(WAITING))
    ).all()
    asked = _asked(connection, [row.id for row in rows])
    last = _last_counsellors(connection, {row.contact_id for row in rows if row.contact_id is not None}, now)
    return [
        Waiting(
            id=row.id,
            language=row.language,
            topic=row.topic,
            land=row.land,
            is_urgent=row.is_urgent,
            requested_at=row.requested_at,
            last_counsellor=last.get(row.contact_id),
            asked=frozenset(asked.get(row.id, ())),
            is_on_the_line=bool(row.is_on_the_line),
        )
        for row in rows
    ]


def is_on_the_line(now: datetime) -> ColumnElement[bool]:
    """Whether a conversation is a call that goes on now."""
    return (
        (conversations.c.channel == "voice")
        & conversations.c.closed_at.is_(None)
        & (conversations.c.last_inbound_at >= now - CALL_IS_HEARD_WITHIN)
    )


def _asked(connection: Connection, handoff_ids: Sequence[int]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    query = select(handoff_offers.c.handoff_id, handoff_offers.c.counsellor_id).where(
        handoff_offers.c.handoff_id.in_(handoff_ids), handoff_offers.c.outcome.in_(("declined", "expired"))
    )
    for row in connection.execute(query):
        found.setdefault(row.handoff_id, set()).add(row.counsellor_id)
    return found


def _last_counsellors(connection: Connection, contact_ids: set[int], now: datetime) -> dict[int, int]:
    """Contact -> who had the last conversation with it. It decides who is asked first, and shows nobody anything."""
    query = (
        select(addresses.c.contact_id, handoff_offers.c.counsellor_id)
        .join(handoffs, handoffs.c.id == handoff_offers.c.handoff_id)
        .join(conversations, conversations.c.id == handoffs.c.conversation_id)
        .join(addresses, addresses.c.id == conversations.c.address_id)
        .where(
            addresses.c.contact_id.in_(contact_ids),
            handoff_offers.c.outcome == "accepted",
            handoff_offers.c.offered_at >= now - MATTER_LASTS,
        )
        .order_by(handoff_offers.c.id)
    )
    return {row.contact_id: row.counsellor_id for row in connection.execute(query)}


def _lock_waiting(connection: Connection, handoff_id: int) -> dict[str, Any] | None:
    """A handoff that still waits, locked; None when somebody else is at it."""
    conversation = select(handoffs.c.conversation_id).where(handoffs.c.id == handoff_id).scalar_subquery()
    locked = select(conversations.c.id).where(conversations.c.id == conversation).with_for_update(skip_locked=True)
    if connection.execute(locked).first() is None:
        return None
    query = select(handoffs).where(handoffs.c.id == handoff_id, handoffs.c.state.in_(WAITING))
    row = connection.execute(query.with_for_update(skip_locked=True)).one_or_none()
    return None if row is None else row._asdict()


def _own(connection: Connection, handoff_id: int, counsellor_id: int, made: Any, now: datetime) -> None:
    handoff = get_open(connection, handoff_id)
    if handoff["state"] != ACCEPTED:
        raise IllegalMove(f"Handoff {handoff_id} is {handoff['state']}, not in your hands.")
    if handoff["counsellor_id"] != counsellor_id:
        raise TakenByAnother(f"Handoff {handoff_id} is with {_name(connection, handoff['counsellor_id'])}.")
    move_handoff(connection, handoff, made, now)
    action = "release_handoff" if made == "release" else "return_to_bot"
    write_audit(connection, _name(connection, counsellor_id), action, handoff_id, now)


def _note_offer(connection: Connection, handoff_id: int, counsellor_id: int, now: datetime, outcome: str = "") -> None:
    row = {"handoff_id": handoff_id, "counsellor_id": counsellor_id, "offered_at": now, "outcome": outcome}
    connection.execute(insert(handoff_offers).values(**row, ended_at=now if outcome else None))


def _name(connection: Connection, account_id: int | None) -> str:
    name = connection.execute(select(staff_accounts.c.name).where(staff_accounts.c.id == account_id)).scalar_one_or_none()
    return name or "Somebody else"
