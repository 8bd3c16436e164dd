"""What one counsellor sees first: what is offered to them, what they have, who waits, whom to call back.

Read by every open console every second: a handful of queries, built once, and no text of a person is decrypted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, select

from hotline.counselling.callbacks import CALLING, DUE
from hotline.counselling.hours import next_opening
from hotline.counselling.queues import Queue, Targets, read_queues
from hotline.counselling.states import ABANDONED, ACCEPTED, IN_QUEUE, OFFERED
from hotline.privacy.erasure import ErasedMatter, find_erased_matters
from hotline.store.tables import callbacks, conversations, counsellors, handoff_transfers, handoffs, staff_accounts

# In time, soon late, late: the words stand beside the colours.
Level = Literal["good", "warn", "bad"]
# From this share of the target on somebody should look.
WARNS_FROM = 2 / 3
# Whoever had a matter that was erased is told for a week, weekends and days off included.
ERASED_LATELY, MOST_ERASED = timedelta(days=7), 20
SHOWN = sorted({*IN_QUEUE, ACCEPTED, ABANDONED})

_OWNER, _ASKED, _SENDER = staff_accounts.alias(), staff_accounts.alias(), staff_accounts.alias()
_HANDOFFS = (
    select(
        *(handoffs.c[name] for name in (
            "id", "state", "reason", "danger", "is_urgent", "language", "topic", "channel", "land", "queue", "requested_at",
            "counsellor_id", "offered_to", "awaits", "timer_at",
        )),
        _OWNER.c.name.label("owner_name"),
        _ASKED.c.name.label("asked_name"),
        conversations.c.last_inbound_at,
    )
    .join(conversations, conversations.c.id == handoffs.c.conversation_id)
    .outerjoin(_OWNER, _OWNER.c.id == handoffs.c.counsellor_id)
    .outerjoin(_ASKED, _ASKED.c.id == handoffs.c.offered_to)
    # The index of what is open keeps a long history out of it.
    .where(handoffs.c.closed_at.is_(None), handoffs.c.state.in_(SHOWN))
    .order_by(handoffs.c.is_urgent.desc(), handoffs.c.requested_at, handoffs.c.id)
)  # fmt: skip
_TRANSFERS = (
    select(
        handoff_transfers.c.handoff_id,
        handoff_transfers.c.from_id,
        handoff_transfers.c.to_id,
        handoff_transfers.c.expires_at,
        _SENDER.c.name.label("from_name"),
    )
    .join(_SENDER, _SENDER.c.id == handoff_transfers.c.from_id)
    .where(handoff_transfers.c.outcome == "", handoff_transfers.c.expires_at > bindparam("now"))
)
_CALLS = (
    select(
        *(callbacks.c[name] for name in ("id", "handoff_id", "state", "safe_times", "place_at", "tries", "counsellor_id")),
        *(handoffs.c[name] for name in ("is_urgent", "language", "topic", "land")),
    )
    .join(handoffs, handoffs.c.id == callbacks.c.handoff_id)
    .where(callbacks.c.state.in_((DUE, CALLING)))
    .order_by(handoffs.c.is_urgent.desc(), callbacks.c.place_at, callbacks.c.id)
)
_OWN = select(counsellors.c.presence, counsellors.c.seen_at, counsellors.c.capacity).where(
    counsellors.c.account_id == bindparam("account_id")
)


@dataclass(frozen=True)
class Line:
    """One handoff in a list.

    ``since`` is when the wait began that ``level`` judges: the request, or while a counsellor has it the person's last word.
    ``level`` is None while nobody waits. ``until`` is when an offer or a colleague's question ends, ``by`` who asks or has it.
    """

    id: int
    state: str
    channel: str
    language: str | None
    topic: str | None
    land: str | None
    queue: str | None
    reason: str
    danger: str | None
    is_urgent: bool
    since: datetime
    level: Level | None
    until: datetime | None = None
    by: str | None = None


@dataclass(frozen=True)
class Call:
    """A callback that is due, or that this counsellor is making."""

    id: int
    handoff_id: int
    language: str | None
    topic: str | None
    land: str | None
    is_urgent: bool
    safe_times: str
    place_at: datetime
    tries: int
    is_mine: bool


@dataclass(frozen=True)
class Worklist:
    """What one counsellor sees. ``presence`` is None for an account that takes no handoffs; ``elsewhere`` is for supervisors."""

    presence: str | None
    capacity: int
    offered: tuple[Line, ...]
    asked: tuple[Line, ...]
    mine: tuple[Line, ...]
    waiting: tuple[Line, ...]
    elsewhere: tuple[Line, ...]
    calls: tuple[Call, ...]
    erased: tuple[ErasedMatter, ...]

    @property
    def news(self) -> int:
        """How many things wait for this counsellor alone."""
        return len(self.offered) + len(self.asked) + sum(line.level is not None for line in self.mine)


def level_of(since: datetime, target_minutes: int, now: datetime) -> Level:
    """How a wait stands against its target.

    Args:
        since: when it began.
        target_minutes: how long it may last.
        now: aware UTC.
    """
    waited, target = now - since, timedelta(minutes=target_minutes)
    return "bad" if waited >= target else "warn" if waited >= WARNS_FROM * target else "good"


def read_presence(connection: Connection, account_id: int) -> tuple[str | None, datetime | None, int]:
    """Presence, when the screen was last seen, and capacity; None for an account that takes no handoffs."""
    row = connection.execute(_OWN, {"account_id": account_id}).one_or_none()
    return (None, None, 0) if row is None else (row.presence, row.seen_at, row.capacity)


def read_worklist(connection: Connection, account_id: int, now: datetime, *, sees_all: bool) -> Worklist:
    """What one counsellor sees now.

    Args:
        connection: any connection; nothing is locked.
        account_id: whose list.
        now: aware UTC.
        sees_all: whether what others have is listed too, as for supervisors.
    """
    queues = {queue.name: queue for queue in read_queues(connection)}
    presence, _, capacity = read_presence(connection, account_id)
    rows = connection.execute(_HANDOFFS).all()
    transfers = connection.execute(_TRANSFERS, {"now": now}).all()
    asked = {row.handoff_id: row for row in transfers if row.to_id == account_id}
    handed = {row.handoff_id for row in transfers}
    found: dict[str, list[Line]] = {name: [] for name in ("offered", "asked", "mine", "waiting", "elsewhere")}
    for row in rows:
        place = _place_of(row, account_id)
        question = asked.get(row.id)
        if place == "elsewhere" and question is not None and question.from_id == row.counsellor_id:
            found["asked"].append(_line(row, queues, now, until=question.expires_at, by=question.from_name))
        elif place == "mine":
            found[place].append(_line(row, queues, now, by="" if row.id in handed else None))
        elif place == "offered":
            found[place].append(_line(row, queues, now, until=row.timer_at))
        elif place == "waiting":
            found[place].append(_line(row, queues, now, by=row.asked_name))
        elif sees_all:
            found[place].append(_line(row, queues, now, by=row.owner_name))
    lists = {name: tuple(lines) for name, lines in found.items()}
    erased = find_erased_matters(connection, now - ERASED_LATELY, MOST_ERASED)
    return Worklist(presence, capacity, **lists, calls=tuple(_calls(connection, account_id)), erased=erased)


def _place_of(row: Any, account_id: int) -> str:
    if row.state == ACCEPTED:
        return "mine" if row.counsellor_id == account_id else "elsewhere"
    return "offered" if row.state == OFFERED and row.offered_to == account_id else "waiting"


def _line(row: Any, queues: Mapping[str, Queue], now: datetime, *, until: datetime | None = None, by: str | None = None) -> Line:
    queue = queues.get(row.queue)
    targets = queue.targets if queue else Targets()
    minutes = targets.danger if row.is_urgent else targets.normal
    since, level = row.requested_at, None
    if row.state == ACCEPTED:
        since = row.last_inbound_at
    if row.state != ABANDONED and (row.state != ACCEPTED or row.awaits == "counsellor"):
        level = level_of(_counted_from(since, queue, row), minutes, now)
    names = ("id", "state", "channel", "language", "topic", "land", "queue", "reason", "danger", "is_urgent")
    return Line(**{name: getattr(row, name) for name in names}, since=since, level=level, until=until, by=by)


def _counted_from(since: datetime, queue: Queue | None, row: Any) -> datetime:
    """Nobody is late while everybody is at home; in danger the clock runs all the same."""
    if queue is None or row.is_urgent:
        return since
    return next_opening(queue.hours, since, row.land) or since


def _calls(connection: Connection, account_id: int) -> Iterable[Call]:
    for row in connection.execute(_CALLS):
        is_mine = row.state == CALLING and row.counsellor_id == account_id
        if row.state == DUE or is_mine:
            names = ("id", "handoff_id", "language", "topic", "land", "is_urgent", "safe_times", "place_at", "tries")
            yield Call(**{name: getattr(row, name) for name in names}, is_mine=is_mine)
