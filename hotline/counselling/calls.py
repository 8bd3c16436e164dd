"""A talk by telephone as a state machine: the calls in it, what may happen to each, and what has to be done then. Pure.

Two kinds of talk. A *caller* holds the line: a counsellor is rung, accepts with a key, and both are put into a conference. A
*callback*: a counsellor is rung first, and only then the person, who hears nothing of what it is about before a key is pressed.

``step`` takes what happened to one call and gives the talk after it with the deeds that follow. Two rules hold after every step,
whatever came before it: a talk that is over leaves no call behind, and no person is left in a conference without somebody who
counsels. What is not expected changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

Purpose = Literal["caller", "callback"]
TalkState = Literal["ringing", "joining", "talking", "over"]
Role = Literal["person", "counsellor", "consulted", "interpreter"]
# waiting: holds the line, or is not called yet; ordered: the provider is to call; answered: hears what this is and may press a
# key; joined: in the conference; gone: over.
LegState = Literal["waiting", "ordered", "answered", "joined", "gone"]
What = Literal[
    "answered", "accepted", "declined", "joined", "gone", "refused", "unclear", "ran_out",
    "leave", "hand_over", "add", "hold", "unhold", "mute", "unmute",
    "hold_failed", "unhold_failed", "mute_failed", "unmute_failed",
]  # fmt: skip
DeedKind = Literal[
    # To a call, by the provider:
    "dial", "fetch", "bring_back", "tell_missed", "hang_up", "hold", "unhold", "mute", "unmute",
    # To the handoff and the callback:
    "accept", "pass_on", "release", "lost_caller", "take_callback", "missed", "reached", "unclear", "hand_over", "talked",
]  # fmt: skip
Ending = Literal["", "declined", "caller_left", "not_reached", "unclear", "counsellor_left", "done"]

STAFF: frozenset[Role] = frozenset({"counsellor", "consulted", "interpreter"})
# What is so after all when the provider did not do it.
UNDONE: Mapping[str, Mapping[str, bool]] = {
    "hold_failed": {"is_held": False}, "unhold_failed": {"is_held": True},
    "mute_failed": {"is_muted": False}, "unmute_failed": {"is_muted": True},
}  # fmt: skip
ALIVE: frozenset[LegState] = frozenset({"waiting", "ordered", "answered", "joined"})


@dataclass(frozen=True)
class Leg:
    """One call of a talk."""

    id: int
    role: Role
    state: LegState
    is_held: bool = False
    is_muted: bool = False

    @property
    def is_alive(self) -> bool:
        """Whether it is not over, also while it only rings."""
        return self.state in ALIVE


@dataclass(frozen=True)
class Talk:
    """A talk and its calls."""

    purpose: Purpose
    state: TalkState
    legs: tuple[Leg, ...]
    ending: Ending = ""

    def leg(self, leg_id: int) -> Leg:
        """One call of it."""
        return next(leg for leg in self.legs if leg.id == leg_id)

    @property
    def person(self) -> Leg:
        """The person's call."""
        return next(leg for leg in self.legs if leg.role == "person")

    def alive(self, *roles: Role) -> tuple[Leg, ...]:
        """The calls that are not over, of some roles or of all."""
        return tuple(leg for leg in self.legs if leg.is_alive and (not roles or leg.role in roles))


@dataclass(frozen=True)
class Deed:
    """What has to be done. ``leg_id`` is the call it is done to, None for what is done to the handoff."""

    kind: DeedKind
    leg_id: int | None = None


def step(talk: Talk, leg_id: int, what: What) -> tuple[Talk, tuple[Deed, ...]]:
    """Take what happened to one call.

    Args:
        talk: as it stands.
        leg_id: the call.
        what: happened. ``refused`` is the provider's certain no, ``unclear`` that nobody knows whether it did what it was asked
            for, ``ran_out`` the timer of the talk (told of the person's call) or of somebody who was called in, ``hold_failed``
            and its like that the provider did not do what was wished.

    Returns:
        The talk after it, and what has to be done, in this order.
    """
    leg = talk.leg(leg_id)
    if talk.state == "over":
        return _after_the_end(talk, leg, what)
    if what == "ran_out" and leg.role in ("person", "counsellor"):
        return _ran_out(talk)
    if not leg.is_alive:
        return talk, ()
    if what == "ran_out":
        # Somebody who was called in and of whom nothing was heard: the person must not be held for them.
        return _lost(talk, leg, "declined") if leg.state in ("ordered", "answered") else (talk, ())
    if what in UNDONE:
        return _undone(talk, leg, what)
    if what in ("gone", "refused", "unclear", "declined"):
        return _lost(talk, leg, what)
    if what == "answered":
        return (_with(talk, leg, state="answered"), ()) if leg.state == "ordered" else (talk, ())
    if what == "accepted":
        return _accepted(talk, leg)
    if what == "joined":
        return _joined(talk, leg)
    return _wished(talk, leg, what)


def _after_the_end(talk: Talk, leg: Leg, what: What) -> tuple[Talk, tuple[Deed, ...]]:
    """A call that was not known to live: it was hung up on, or nobody knew whether it rang. It is hung up on now."""
    if what in ("answered", "accepted", "joined") and leg.role != "person":
        return talk, (Deed("hang_up", leg.id),)
    if what in ("answered", "accepted") and talk.purpose == "callback":
        return talk, (Deed("hang_up", leg.id),)
    return talk, ()


def _accepted(talk: Talk, leg: Leg) -> tuple[Talk, tuple[Deed, ...]]:
    if leg.state not in ("ordered", "answered"):
        return talk, ()
    joined = _with(talk, leg, state="joined")
    if leg.role == "counsellor" and talk.state == "ringing":
        if talk.purpose == "caller":
            return replace(joined, state="joining"), (Deed("accept"), Deed("fetch", talk.person.id))
        person = talk.person
        return replace(_with(joined, person, state="ordered"), state="joining"), (Deed("take_callback"), Deed("dial", person.id))
    if leg.role == "person" and talk.state == "joining":
        return replace(joined, state="talking"), (Deed("talked"),)
    if leg.role in ("consulted", "interpreter") and talk.state == "talking":
        return joined, ()
    return talk, ()


def _joined(talk: Talk, leg: Leg) -> tuple[Talk, tuple[Deed, ...]]:
    if leg.role == "person" and leg.state == "waiting" and talk.state == "joining" and talk.purpose == "caller":
        return replace(_with(talk, leg, state="joined"), state="talking"), (Deed("talked"),)
    return talk, ()


def _lost(talk: Talk, leg: Leg, what: What) -> tuple[Talk, tuple[Deed, ...]]:
    """A call is over, was refused, or nobody knows."""
    after = _with(talk, leg, state="gone")
    # One that may be ringing all the same is hung up on as soon as it is heard of: see ``_after_the_end``.
    tail = (Deed("hang_up", leg.id),) if what == "declined" else ()
    if leg.role == "person":
        over, deeds = _lost_person(after, what)
        return over, (*tail, *deeds)
    if leg.role == "interpreter":
        return after, tail
    if leg.role == "consulted":
        held = talk.person.is_held
        return (_with(after, after.person, is_held=False), (*tail, Deed("unhold", after.person.id))) if held else (after, tail)
    return _lost_counsellor(after, tail)


def _lost_person(talk: Talk, what: What) -> tuple[Talk, tuple[Deed, ...]]:
    if talk.state == "talking":
        over, deeds = _end(talk, "done")
        return over, (*deeds, *((Deed("reached"),) if talk.purpose == "callback" else ()))
    if talk.purpose == "caller":
        over, deeds = _end(talk, "caller_left")
        return over, (*deeds, Deed("lost_caller"))
    over, deeds = _end(talk, "unclear" if what == "unclear" else "not_reached", is_told=True)
    return over, (*deeds, Deed("unclear" if what == "unclear" else "missed"))


def _lost_counsellor(talk: Talk, tail: tuple[Deed, ...]) -> tuple[Talk, tuple[Deed, ...]]:
    if talk.state == "ringing":
        over, deeds = _end(talk, "declined")
        return over, (*tail, *deeds, *((Deed("pass_on"),) if talk.purpose == "caller" else ()))
    heir = next((leg for leg in talk.alive("consulted") if leg.state == "joined"), None)
    if talk.state == "talking" and heir is not None:
        return _inherit(talk, heir, tail)
    return _left_alone(talk, tail)


def _inherit(talk: Talk, heir: Leg, tail: tuple[Deed, ...]) -> tuple[Talk, tuple[Deed, ...]]:
    person = talk.person
    after = _with(_with(talk, heir, role="counsellor"), person, is_held=False)
    return after, (*tail, Deed("hand_over", heir.id), *((Deed("unhold", person.id),) if person.is_held else ()))


def _left_alone(talk: Talk, tail: tuple[Deed, ...]) -> tuple[Talk, tuple[Deed, ...]]:
    """The counsellor is gone and nobody counsels any more: the person goes back to the machine, or is not reached."""
    was_joined = talk.state == "talking"
    if talk.purpose == "callback":
        over, deeds = _end(talk, "counsellor_left", spare_person=was_joined)
        if was_joined:
            return over, (*tail, Deed("bring_back", talk.person.id), *deeds, Deed("reached"))
        return over, (*tail, *deeds, Deed("missed"))
    over, deeds = _end(talk, "counsellor_left", spare_person=True)
    back = Deed("bring_back", talk.person.id)
    return over, (*tail, *(() if was_joined else (Deed("release"),)), back, *deeds)


def _ran_out(talk: Talk) -> tuple[Talk, tuple[Deed, ...]]:
    """Nothing was heard for too long: a report got lost, or a telephone rings in vain."""
    if talk.state == "ringing":
        over, deeds = _end(talk, "declined")
        return over, (*deeds, *((Deed("pass_on"),) if talk.purpose == "caller" else ()))
    if talk.state == "joining" and talk.purpose == "callback":
        over, deeds = _end(talk, "not_reached", is_told=True)
        return over, (*deeds, Deed("missed"))
    if talk.state == "joining":
        over, deeds = _end(talk, "counsellor_left", spare_person=True)
        return over, (Deed("release"), Deed("bring_back", talk.person.id), *deeds)
    over, deeds = _end(talk, "done")
    return over, (*deeds, *((Deed("reached"),) if talk.purpose == "callback" else ()))


def _wished(talk: Talk, leg: Leg, what: What) -> tuple[Talk, tuple[Deed, ...]]:
    """What somebody at a screen, or by key, wants of a call."""
    if what == "add" and talk.state == "talking" and leg.role in ("consulted", "interpreter") and leg.state == "waiting":
        after = _with(talk, leg, state="ordered")
        if leg.role == "interpreter":
            return after, (Deed("dial", leg.id),)
        held, deeds = _hold(after, after.person)
        return held, (*deeds, Deed("dial", leg.id))
    if talk.state != "talking" or leg.state != "joined":
        return talk, ()
    if what == "hold" and leg.role == "person":
        return _hold(talk, leg)
    if what == "unhold" and leg.is_held:
        return _with(talk, leg, is_held=False), (Deed("unhold", leg.id),)
    if what in ("mute", "unmute") and leg.is_muted != (what == "mute"):
        return _with(talk, leg, is_muted=what == "mute"), (Deed("mute" if what == "mute" else "unmute", leg.id),)
    if what == "leave" and leg.role in STAFF:
        return _lost(talk, leg, "declined")
    if what == "hand_over" and leg.role == "consulted":
        giver = next(iter(talk.alive("counsellor")))
        return _inherit(_with(talk, giver, state="gone"), leg, (Deed("hang_up", giver.id),))
    return talk, ()


def _undone(talk: Talk, leg: Leg, what: What) -> tuple[Talk, tuple[Deed, ...]]:
    is_there = talk.state == "talking" and leg.state == "joined"
    return (_with(talk, leg, **UNDONE[what]) if is_there else talk), ()


def _hold(talk: Talk, person: Leg) -> tuple[Talk, tuple[Deed, ...]]:
    return (talk, ()) if person.is_held else (_with(talk, person, is_held=True), (Deed("hold", person.id),))


def _end(talk: Talk, ending: Ending, *, spare_person: bool = False, is_told: bool = False) -> tuple[Talk, tuple[Deed, ...]]:
    """End a talk: every call in it ends, but the one of a person who called us and is brought back, or still holds the line.

    ``is_told`` lets the counsellor hear that the person was not reached, before the call ends.
    """
    deeds: list[Deed] = []
    for leg in talk.alive():
        if leg.role == "person" and (spare_person or (talk.purpose == "caller" and leg.state == "waiting")):
            continue
        if leg.state == "waiting":
            continue
        is_listening = is_told and leg.role == "counsellor" and leg.state == "joined"
        deeds.append(Deed("tell_missed" if is_listening else "hang_up", leg.id))
    legs = tuple(replace(leg, state="gone") for leg in talk.legs)
    return replace(talk, state="over", legs=legs, ending=ending), tuple(deeds)


def _with(talk: Talk, leg: Leg, **changed: object) -> Talk:
    legs: Iterable[Leg] = (replace(talk.leg(one.id), **changed) if one.id == leg.id else one for one in talk.legs)  # type: ignore[arg-type]
    return replace(talk, legs=tuple(legs))
