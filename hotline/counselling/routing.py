"""Who gets which handoff: danger first, then who waits longest; by language, topic, Land, presence and capacity. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil
from typing import Literal

Presence = Literal["away", "available", "busy"]
PRESENCES: tuple[Presence, ...] = ("away", "available", "busy")
AVAILABLE: Presence = "available"
# How long one conversation takes where nothing is known yet, and what people are told of their wait, in minutes.
USUAL_HANDLING_SECONDS = 900
WAIT_BANDS = (5, 15, 30, 60)
# Places in the queue that are told by their number; the first, and those after the last of these, have words of their own.
TOLD_PLACES = range(2, 11)


@dataclass(frozen=True)
class Waiting:
    """A handoff in the queue.

    ``asked`` are counsellors who declined it or let it pass; ``last_counsellor`` had this matter; ``is_on_the_line`` tells that
    the person is in a call now, so that somebody with a telephone is wanted; ``callback_id`` that they are to be called
    back now, which nobody can do without one.
    """

    id: int
    language: str | None
    topic: str | None
    land: str | None
    is_urgent: bool
    requested_at: datetime
    last_counsellor: int | None = None
    asked: frozenset[int] = frozenset()
    is_on_the_line: bool = False
    callback_id: int | None = None


@dataclass(frozen=True)
class Counsellor:
    """Somebody who could take a handoff. Empty topics or Laender mean all of them; ``load`` is what they hold or are offered.

    ``has_phone`` tells that they can be rung, ``is_on_phone`` that they are in a call or being rung just now.
    """

    id: int
    languages: frozenset[str]
    topics: frozenset[str]
    lands: frozenset[str]
    presence: Presence
    capacity: int
    load: int
    has_phone: bool = False
    is_on_phone: bool = False


@dataclass(frozen=True)
class Offer:
    """A handoff and whom it is offered to; or who is to be rung, where its person is to be called back."""

    handoff_id: int
    counsellor_id: int
    callback_id: int | None = None


def in_order(waiting: Iterable[Waiting]) -> list[Waiting]:
    """The queue as it is served."""
    return sorted(waiting, key=_turn_of)


def is_served_before(one: Waiting, other: Waiting) -> bool:
    """Whether somebody stands before another one in the queue."""
    return _turn_of(one) < _turn_of(other)


def choose_counsellor(handoff: Waiting, counsellors: Iterable[Counsellor]) -> int | None:
    """Who is to be offered a handoff, or None while nobody can take it.

    In danger one more than the capacity may be taken, and a person without the language is better than none.
    """
    there = [one for one in counsellors if one.presence == AVAILABLE and one.load < one.capacity + handoff.is_urgent]
    able = [one for one in there if _can_take(one, handoff)]
    if not able and handoff.is_urgent:
        able = there
    able = _who_can_be_rung(handoff, able)
    # Who was asked before is asked again only when everybody else was.
    fresh = [one for one in able if one.id not in handoff.asked]
    return min(fresh, key=lambda one: _rank(one, handoff)).id if fresh else None


def plan_offers(waiting: Iterable[Waiting], counsellors: Iterable[Counsellor]) -> list[Offer]:
    """An offer for everybody in the queue who can get one now, in the order of the queue."""
    there = {one.id: one for one in counsellors}
    offers = []
    for handoff in in_order(waiting):
        chosen = choose_counsellor(handoff, there.values())
        if chosen is not None:
            is_rung = handoff.is_on_the_line or handoff.callback_id is not None
            one = there[chosen]
            there[chosen] = replace(one, load=one.load + 1, is_on_phone=one.is_on_phone or (is_rung and one.has_phone))
            offers.append(Offer(handoff.id, chosen, handoff.callback_id))
    return offers


def is_everybody_asked(handoff: Waiting, counsellors: Iterable[Counsellor]) -> bool:
    """Whether all who are there and could take a handoff have been asked: then the round begins again."""
    there = [one for one in counsellors if one.presence == AVAILABLE and (_can_take(one, handoff) or handoff.is_urgent)]
    able = {one.id for one in _who_can_be_rung(handoff, there)}
    return bool(able) and able <= handoff.asked


def who_can_take(handoff: Waiting, counsellors: Iterable[Counsellor]) -> list[Counsellor]:
    """Those at their screens, busy or not, who could take a handoff."""
    return [one for one in counsellors if one.presence != "away" and _can_take(one, handoff)]


def expected_wait(handoff: Waiting, before: Sequence[Waiting], able: Sequence[Counsellor], handling_seconds: float) -> int:
    """About how many minutes a person waits, as one of ``WAIT_BANDS``; 0 for longer.

    Args:
        handoff: of the person.
        before: those of their language who wait and are served before.
        able: who could take them, one or more.
        handling_seconds: how long one conversation takes.
    """
    if handoff.is_on_the_line and (with_phone := [one for one in able if one.has_phone]):
        # One telephone is one person, whatever else fits on a screen; and who writes does not wait for it.
        hands = len(with_phone)
        free = sum(one.presence == AVAILABLE and not one.is_on_phone and one.load < one.capacity for one in with_phone)
        before = [one for one in before if one.is_on_the_line or one.callback_id is not None]
    else:
        hands = sum(one.capacity for one in able)
        free = sum(max(0, one.capacity - one.load) for one in able if one.presence == AVAILABLE)
    place = len(before) + 1
    rounds = 0 if place <= free else ceil((place - free) / hands)
    minutes = max(1, rounds * handling_seconds / 60)
    return next((band for band in WAIT_BANDS if minutes <= band), 0)


def _turn_of(handoff: Waiting) -> tuple[bool, datetime, int]:
    return not handoff.is_urgent, handoff.requested_at, handoff.id


def _who_can_be_rung(handoff: Waiting, able: list[Counsellor]) -> list[Counsellor]:
    """Those with a telephone that is free, for a person in a call or to be called; in a call all, where nobody has one."""
    if handoff.callback_id is not None:
        return [one for one in able if one.has_phone and not one.is_on_phone]
    if handoff.is_on_the_line and any(one.has_phone for one in able):
        return [one for one in able if one.has_phone and not one.is_on_phone]
    return able


def _can_take(one: Counsellor, handoff: Waiting) -> bool:
    return (
        (handoff.language is None or handoff.language in one.languages)
        and (not one.topics or handoff.topic is None or handoff.topic in one.topics)
        and (not one.lands or handoff.land is None or handoff.land in one.lands)
    )


def _rank(one: Counsellor, handoff: Waiting) -> tuple[bool, bool, bool, bool, float, int]:
    """The smallest is asked first: who knows the matter, then who is there for just this, then who has the most room."""
    return (
        one.id != handoff.last_counsellor,
        handoff.language is not None and handoff.language not in one.languages,
        handoff.topic is None or handoff.topic not in one.topics,
        handoff.land is None or handoff.land not in one.lands,
        one.load / one.capacity,
        one.id,
    )
