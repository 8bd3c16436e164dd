"""What a supervisor sees at one look: who waits, who is there, and how the day goes. Counts only, nobody's name and no word.

A day is one of Germany, and ends at the moment of looking. Everything is counted from the rows as they stand: what was undone
(an abandoned handoff that was asked for again) is not counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from statistics import median
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, func, or_, select

from hotline.counselling.callbacks import CALLBACK_ENDS, DONE, EXPIRED, FAILED
from hotline.counselling.counsellors import SEEN_LASTS, KnownCounsellor, read_counsellors
from hotline.counselling.hours import BERLIN, Opening, look_up, next_opening
from hotline.counselling.queues import Queue, Targets, read_queues
from hotline.counselling.routing import PRESENCES
from hotline.counselling.states import ABANDONED, ABANDONED_LASTS, IN_QUEUE
from hotline.store.tables import callbacks, conversations, handoff_offers, handoffs

# Who waits in no queue: there was none when they asked.
NO_QUEUE = ""

_BEGINS: BindParameter[datetime] = bindparam("begins")
_TAKEN_AT = (
    select(func.min(handoff_offers.c.ended_at))
    .where(handoff_offers.c.handoff_id == handoffs.c.id, handoff_offers.c.outcome == "accepted")
    .scalar_subquery()
)
_CALLBACK_AT = select(func.min(callbacks.c.created_at)).where(callbacks.c.handoff_id == handoffs.c.id).scalar_subquery()
_HANDOFFS = select(
    *(handoffs.c[name] for name in (
        "id", "state", "reason", "is_urgent", "language", "land", "queue", "requested_at", "timer_at", "closed_at",
    )),
    _TAKEN_AT.label("taken_at"),
    _CALLBACK_AT.label("callback_at"),
).where(
    # What was asked for today is open, or was closed today.
    or_(handoffs.c.closed_at.is_(None), handoffs.c.closed_at >= _BEGINS)
)  # fmt: skip
_CONVERSATIONS = (
    select(conversations.c.language, func.count().label("number"))
    .where(conversations.c.opened_at >= _BEGINS)
    .group_by(conversations.c.language)
)
_CALLBACKS = (
    select(callbacks.c.state, callbacks.c.created_at, callbacks.c.closed_at, handoffs.c.language)
    .join(handoffs, handoffs.c.id == callbacks.c.handoff_id)
    .where(callbacks.c.closed_at >= _BEGINS)
)


@dataclass(frozen=True)
class WaitingLine:
    """Who waits in one queue in one language (None is not known). ``late`` have waited longer than they should."""

    queue: str
    language: str | None
    waiting: int
    danger: int
    oldest_at: datetime
    late: int


@dataclass(frozen=True)
class QueueState:
    """A queue now: whether it is open, and how long people may wait in it."""

    name: str
    opening: Opening
    targets: Targets


@dataclass(frozen=True)
class PresenceLine:
    """How many counsellors are in a presence, how many conversations they have or are offered, and how many they can take."""

    presence: str
    people: int
    load: int
    capacity: int


@dataclass(frozen=True)
class Figures:
    """One day. ``late`` are those whom nobody had taken when they should have been; the median is of those taken today."""

    conversations: int = 0
    handoffs: int = 0
    danger: int = 0
    accepted: int = 0
    median_wait_seconds: float | None = None
    late: int = 0
    abandoned: int = 0
    callbacks_kept: int = 0
    callbacks_missed: int = 0


@dataclass(frozen=True)
class Board:
    """All of it. ``free`` is, by language, how many counsellors are there and have room."""

    at: datetime
    queues: tuple[QueueState, ...]
    waiting: tuple[WaitingLine, ...]
    presence: tuple[PresenceLine, ...]
    free: Mapping[str, int]
    today: Figures
    reasons: Mapping[str, int]
    by_language: Mapping[str | None, Figures]


@dataclass(frozen=True)
class _Asked:
    """One handoff and what follows from its row."""

    row: Any
    deadline: datetime
    left_at: datetime | None

    @property
    def is_waiting(self) -> bool:
        return self.row.state in IN_QUEUE


def day_begins(now: datetime) -> datetime:
    """The first moment of the day in Germany, in UTC."""
    return datetime.combine(now.astimezone(BERLIN).date(), time(0), BERLIN).astimezone(UTC)


def read_board(connection: Connection, now: datetime) -> Board:
    """The board as it stands.

    Args:
        connection: any connection; nothing is locked.
        now: aware UTC.
    """
    begins = day_begins(now)
    known = {queue.name: queue for queue in read_queues(connection)}
    asked = [_judge(row, known.get(row.queue)) for row in connection.execute(_HANDOFFS, {"begins": begins})]
    opened = {row.language: row.number for row in connection.execute(_CONVERSATIONS, {"begins": begins})}
    ended = connection.execute(_CALLBACKS, {"begins": begins}).all()
    people = read_counsellors(connection)
    languages = {one.row.language for one in asked} | {row.language for row in ended} | set(opened)
    by_language = {language: _figures(asked, opened, ended, begins, now, {language}) for language in languages}
    return Board(
        at=now,
        queues=tuple(QueueState(queue.name, look_up(queue.hours, now, None), queue.targets) for queue in known.values()),
        waiting=_waiting(asked, now),
        presence=_presence(people, now),
        free=_free(people, now),
        today=_figures(asked, opened, ended, begins, now, languages),
        reasons=dict(Counter(one.row.reason for one in asked if one.row.requested_at >= begins).most_common()),
        by_language={
            language: by_language[language]
            for language in sorted(by_language, key=lambda code: (code is None, code))
            if by_language[language] != Figures()
        },
    )


def _judge(row: Any, queue: Queue | None) -> _Asked:
    # Nobody is late while everybody is at home; in danger the clock runs all the same.
    since = row.requested_at
    if queue is not None and not row.is_urgent:
        since = next_opening(queue.hours, since, row.land) or since
    targets = queue.targets if queue else Targets()
    given_up_at = row.timer_at - ABANDONED_LASTS if row.state == ABANDONED else None
    ends = [at for at in (row.taken_at, row.callback_at, row.closed_at, given_up_at) if at is not None]
    return _Asked(row, since + timedelta(minutes=targets.danger if row.is_urgent else targets.normal), min(ends, default=None))


def _waiting(asked: Sequence[_Asked], now: datetime) -> tuple[WaitingLine, ...]:
    groups: dict[tuple[str, str | None], list[_Asked]] = {}
    for one in asked:
        if one.is_waiting:
            groups.setdefault((one.row.queue or NO_QUEUE, one.row.language), []).append(one)
    lines = [
        WaitingLine(
            queue=queue,
            language=language,
            waiting=len(group),
            danger=sum(one.row.is_urgent for one in group),
            oldest_at=min(one.row.requested_at for one in group),
            late=sum(one.deadline < now for one in group),
        )
        for (queue, language), group in groups.items()
    ]
    return tuple(sorted(lines, key=lambda line: (-line.danger, line.oldest_at)))


def _presence_of(known: KnownCounsellor, now: datetime) -> str:
    # The worker says so too, a little later.
    return "away" if known.seen_at < now - SEEN_LASTS else known.counsellor.presence


def _presence(people: Sequence[KnownCounsellor], now: datetime) -> tuple[PresenceLine, ...]:
    lines = []
    for presence in ("available", *(name for name in PRESENCES if name not in ("available", "away")), "away"):
        those = [known.counsellor for known in people if _presence_of(known, now) == presence]
        lines.append(PresenceLine(presence, len(those), sum(one.load for one in those), sum(one.capacity for one in those)))
    return tuple(lines)


def _free(people: Sequence[KnownCounsellor], now: datetime) -> dict[str, int]:
    there = [
        known.counsellor
        for known in people
        if _presence_of(known, now) == "available" and known.counsellor.load < known.counsellor.capacity
    ]
    spoken = Counter(language for one in there for language in one.languages)
    every = {language for known in people for language in known.counsellor.languages}
    return {language: spoken[language] for language in sorted(every)}


def _figures(
    asked: Sequence[_Asked],
    opened: Mapping[str | None, int],
    ended: Sequence[Any],
    begins: datetime,
    now: datetime,
    languages: set[str | None],
) -> Figures:
    those = [one for one in asked if one.row.language in languages]
    requested = [one.row for one in those if one.row.requested_at >= begins]
    waits = [
        (one.row.taken_at - one.row.requested_at).total_seconds()
        for one in those
        if one.row.taken_at is not None and one.row.taken_at >= begins
    ]
    calls = [row for row in ended if row.language in languages]
    return Figures(
        conversations=sum(number for language, number in opened.items() if language in languages),
        handoffs=len(requested),
        danger=sum(row.is_urgent for row in requested),
        accepted=len(waits),
        median_wait_seconds=median(waits) if waits else None,
        late=sum(begins <= one.deadline < now and not (one.left_at and one.left_at <= one.deadline) for one in those),
        abandoned=sum(one.row.state == ABANDONED and one.row.timer_at - ABANDONED_LASTS >= begins for one in those),
        callbacks_kept=sum(row.state == DONE for row in calls),
        callbacks_missed=sum(_is_missed(row) for row in calls),
    )


def _is_missed(row: Any) -> bool:
    """Nobody was reached, or nobody called in time; one that became something else before was not missed."""
    return bool(row.state == FAILED or (row.state == EXPIRED and row.closed_at - row.created_at >= CALLBACK_ENDS))
