"""How long what is kept: one clock a kind, in days, always on. What people are told and what is deleted both read it here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hotline.errors import CannotStart

# The setting of a clock is this and its kind in capitals.
SETTING = "RETENTION_"


class WrongRetention(CannotStart):
    """A clock is set to something it cannot be. The message names the setting and the limits."""


@dataclass(frozen=True)
class Clock:
    """How many days a kind is kept, unless set otherwise, and the least and the most that can be set."""

    days: int
    least: int
    most: int
    what: str
    counted_from: str


CLOCKS: Mapping[str, Clock] = MappingProxyType(
    {
        "messages": Clock(30, 1, 365, "words of SMS, WhatsApp and chat, what they named, number", "last word"),
        "calls": Clock(30, 1, 365, "what was said and keyed in calls, what it named, number", "last word"),
        "callbacks": Clock(30, 1, 365, "number and safe times of a callback", "callback closed"),
        "voicemail": Clock(14, 1, 90, "voice messages", "received"),
        "handoffs": Clock(365, 1, 1095, "that a person was asked for: language, topic, Land, times; no words", "closed"),
        "cases": Clock(365, 1, 1095, "matters over time: notes and tasks of counsellors", "closed"),
        "questions": Clock(90, 1, 365, "questions without an answer, names and numbers taken out", "day asked"),
        "hints": Clock(365, 1, 1095, "hints on rules that do not work, names and numbers taken out", "month noted"),
        "outbox": Clock(14, 1, 90, "messages sent or failed: recipient and text", "written"),
        "replies": Clock(7, 1, 30, "our answers, kept so that a repeated webhook gets the same one", "given"),
        "recordings": Clock(90, 1, 365, "recordings of prompts that are no longer played: the voice", "replaced or removed"),
        "audit": Clock(365, 90, 3650, "who of staff did what to what: names of accounts and numbers of rows", "deed"),
        "deletions": Clock(1095, 365, 3650, "what was deleted: receipt, kind, count", "deletion"),
        "sessions": Clock(30, 1, 365, "sign-ins of staff: device, times; failed sign-ins by pseudonym", "ended"),
    }
)
# These hold words of people beside the conversation and never outlast it.
WITHIN: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "outbox": ("messages", "calls"),
        "replies": ("messages", "calls"),
        "voicemail": ("calls",),
    }
)
# Words and numbers of people.
OF_PEOPLE = ("messages", "calls", "callbacks", "voicemail")


def read_days(values: Mapping[str, str]) -> dict[str, int]:
    """The days of every clock.

    Args:
        values: settings by name; ``RETENTION_MESSAGES=14`` sets the clock of messages.

    Raises:
        WrongRetention: a value is no number of days within its limits, or a setting names no clock.
    """
    known = {SETTING + kind.upper() for kind in CLOCKS}
    unknown = next((name for name in values if name.startswith(SETTING) and name not in known), None)
    if unknown is not None:
        raise WrongRetention(f"{unknown} is no setting; use one of {', '.join(sorted(known))}.")
    days = {kind: _days(values.get(SETTING + kind.upper(), "").strip(), kind, clock) for kind, clock in CLOCKS.items()}
    return {kind: min(days[name] for name in (kind, *WITHIN.get(kind, ()))) for kind in days}


def figures(days: Mapping[str, int]) -> dict[str, int]:
    """The days as texts name them: ``days_messages`` and so on; after ``days_longest`` words and numbers are gone."""
    return {**{f"days_{kind}": amount for kind, amount in days.items()}, "days_longest": max(days[kind] for kind in OF_PEOPLE)}


def _days(value: str, kind: str, clock: Clock) -> int:
    if not value:
        return clock.days
    if not (value.isascii() and value.isdigit() and clock.least <= int(value) <= clock.most):
        raise WrongRetention(
            f"{SETTING}{kind.upper()} must be a number of days from {clock.least} to {clock.most}; it cannot be switched off."
        )
    return int(value)
