"""The life of a handoff as one table: who owns the conversation in each state, how long it may last, and what may follow.

Pure: it knows no database. Whatever moves a handoff asks ``move``; what is not in the table cannot happen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

State = Literal["requested", "offered", "declined", "expired", "accepted", "callback", "abandoned", "returned", "closed"]
Owner = Literal["bot", "queue", "counsellor", "callback"]
# Whose word is awaited while a counsellor has the conversation.
Awaited = Literal["counsellor", "contact"]
Move = Literal[
    "request", "offer", "accept", "decline", "offer_ran_out", "remind", "give_up", "answer_ran_out", "fall_asleep", "reassign",
    "release", "return_to_bot", "withdraw", "ask_callback", "callback_ended", "leave", "close",
]  # fmt: skip

REQUESTED: State = "requested"
OFFERED: State = "offered"
DECLINED: State = "declined"
EXPIRED: State = "expired"
ACCEPTED: State = "accepted"
CALLBACK: State = "callback"
ABANDONED: State = "abandoned"
RETURNED: State = "returned"
CLOSED: State = "closed"

# What the person sees of the conversation: the owner, as conversations.status names it.
STATUS_OF_OWNER: Mapping[Owner, str] = {"bot": "bot", "queue": "waiting", "counsellor": "active", "callback": "callback"}

OFFER_LASTS = timedelta(seconds=90)
# After so long without anybody the person is told and the supervisors see it; sooner in danger, and then every few hours.
FIRST_REMINDER, URGENT_REMINDER, LATER_REMINDERS = timedelta(minutes=30), timedelta(minutes=5), timedelta(hours=4)
# Given up after so long and so many reminders: what came late into the queue is not given up at once.
WAIT_ENDS, FEWEST_REMINDERS = timedelta(days=7), 3
ANSWER_LASTS = timedelta(minutes=30)
SILENCE_LASTS = timedelta(hours=24)
CALLBACK_LASTS = timedelta(days=14)
ABANDONED_LASTS = timedelta(hours=24)


class IllegalMove(Exception):
    """A handoff cannot go this way from where it stands. The message is a sentence for the person who tried."""


@dataclass(frozen=True)
class Stage:
    """What a state means.

    ``moves`` are the moves out of it, each with the state it leads to; ``on_timer`` are those its timer may make.
    A final state has neither.
    """

    owner: Owner
    moves: Mapping[Move, State]
    on_timer: tuple[Move, ...] = ()

    @property
    def is_final(self) -> bool:
        """Whether nothing follows."""
        return not self.moves


# Whoever waits, whatever became of the last offer, can go the same ways.
_WAITING: Mapping[Move, State] = {
    "offer": OFFERED, "accept": ACCEPTED, "reassign": OFFERED, "remind": REQUESTED, "give_up": ABANDONED,
    "withdraw": RETURNED, "ask_callback": CALLBACK, "leave": ABANDONED, "close": CLOSED,
}  # fmt: skip
_WAITING_TIMER: tuple[Move, ...] = ("remind", "give_up")

STAGES: Mapping[State, Stage] = {
    REQUESTED: Stage("queue", _WAITING, _WAITING_TIMER),
    DECLINED: Stage("queue", _WAITING, _WAITING_TIMER),
    EXPIRED: Stage("queue", _WAITING, _WAITING_TIMER),
    OFFERED: Stage(
        "queue",
        {
            "accept": ACCEPTED, "decline": DECLINED, "offer_ran_out": EXPIRED, "reassign": OFFERED, "withdraw": RETURNED,
            "ask_callback": CALLBACK, "leave": ABANDONED, "close": CLOSED,
        },
        ("offer_ran_out",),
    ),
    ACCEPTED: Stage(
        "counsellor",
        {
            "answer_ran_out": EXPIRED, "fall_asleep": RETURNED, "reassign": ACCEPTED, "release": REQUESTED,
            "return_to_bot": RETURNED, "ask_callback": CALLBACK, "close": CLOSED,
        },
        ("answer_ran_out", "fall_asleep"),
    ),
    CALLBACK: Stage(
        "callback",
        {
            "request": REQUESTED, "accept": ACCEPTED, "ask_callback": CALLBACK, "callback_ended": REQUESTED, "withdraw": RETURNED,
            "close": CLOSED,
        },
        ("callback_ended",),
    ),
    # Nobody can reach the person, or nobody came in days: it stays in sight for a while, and the machine answers again.
    ABANDONED: Stage("bot", {"request": REQUESTED, "close": CLOSED}, ("close",)),
    RETURNED: Stage("bot", {}),
    CLOSED: Stage("bot", {}),
}  # fmt: skip
WAITING = frozenset(state for state, stage in STAGES.items() if stage.moves is _WAITING)
IN_QUEUE = frozenset(state for state, stage in STAGES.items() if stage.owner == "queue")
OPEN = frozenset(state for state, stage in STAGES.items() if not stage.is_final)
FINAL = frozenset(STAGES) - OPEN

_SAID: Mapping[Move, str] = {
    "request": "asked for again", "offer": "offered", "accept": "taken over", "decline": "declined",
    "offer_ran_out": "passed on", "remind": "reminded of", "give_up": "given up", "answer_ran_out": "put back into the queue",
    "fall_asleep": "put to rest", "reassign": "given to somebody else", "release": "put back into the queue",
    "return_to_bot": "returned to the machine", "withdraw": "withdrawn", "ask_callback": "turned into a callback",
    "callback_ended": "taken from the callbacks", "leave": "left", "close": "closed",
}  # fmt: skip


def move(state: State, made: Move) -> State:
    """The state a move leads to.

    Raises:
        IllegalMove: the table has no such move from this state.
    """
    to = STAGES[state].moves.get(made)
    if to is None:
        raise IllegalMove(f"This handoff is {state}; it cannot be {_SAID[made]} now.")
    return to


def owner_of(state: State | None) -> Owner:
    """Who has a conversation whose open handoff is in this state; the machine where there is none."""
    return "bot" if state is None else STAGES[state].owner


def is_bot_silent(owner: Owner) -> bool:
    """Whether the machine leaves what the person writes to somebody else. In the queue it goes on answering."""
    return owner == "counsellor"


@dataclass(frozen=True)
class Clockwork:
    """What the timer of a handoff depends on. ``reminders`` counts those so far; times are aware UTC."""

    state: State
    is_urgent: bool
    awaits: Awaited
    requested_at: datetime
    reminders: int


def timer_of(handoff: Clockwork, now: datetime, work_starts: datetime) -> datetime | None:
    """When the timer of a state that begins now runs out; None in a final state.

    Args:
        handoff: as it stands now.
        now: aware UTC.
        work_starts: now, or when the queue opens next: nobody is late while everybody is at home.
    """
    if STAGES[handoff.state].is_final:
        return None
    if handoff.state in WAITING:
        first = URGENT_REMINDER if handoff.is_urgent else FIRST_REMINDER
        # In danger nobody is at home long: it is on duty's screen at once.
        return (now if handoff.is_urgent else work_starts) + (LATER_REMINDERS if handoff.reminders else first)
    if handoff.state == ACCEPTED:
        return now + SILENCE_LASTS if handoff.awaits == "contact" else work_starts + ANSWER_LASTS
    return now + {OFFERED: OFFER_LASTS, CALLBACK: CALLBACK_LASTS, ABANDONED: ABANDONED_LASTS}[handoff.state]


def on_timer(handoff: Clockwork, now: datetime) -> Move:
    """The move a timer that has run out makes.

    Raises:
        IllegalMove: a final state has no timer.
    """
    if handoff.state in WAITING:
        is_over = now - handoff.requested_at >= WAIT_ENDS and handoff.reminders >= FEWEST_REMINDERS
        # Danger is never given up by a clock.
        return "give_up" if is_over and not handoff.is_urgent else "remind"
    if handoff.state == ACCEPTED:
        return "fall_asleep" if handoff.awaits == "contact" else "answer_ran_out"
    made = STAGES[handoff.state].on_timer
    if not made:
        raise IllegalMove(f"This handoff is {handoff.state}; nothing follows by itself.")
    return made[0]
