"""The queues, who belongs to which, and their opening hours: rows in the database, first filled from ``content/queues.yml``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Connection, delete, insert, select

from hotline.counselling.hours import CALLERS_LAND, NATIONWIDE_ONLY, Hours, Slot, next_opening
from hotline.errors import CannotStart
from hotline.knowledge.places import LANDS
from hotline.store.tables import queue_slots, queues
from hotline.yaml_file import read_yaml

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


# Asked several times in a turn, so built once.
_SLOTS = select(queue_slots).order_by(queue_slots.c.id)
_QUEUES = select(queues).order_by(queues.c.position)
# Callers who may hold the line at once, where a queue does not say so itself.
MOST_WAITING = 10


class BrokenHours(CannotStart):
    """The queues cannot be used. The message names the file, the queue and the remedy."""


@dataclass(frozen=True)
class Targets:
    """How long people may wait for somebody, in minutes, and how long in danger."""

    normal: int = 15
    danger: int = 3


@dataclass(frozen=True)
class Queue:
    """A queue. Empty languages or Laender mean all of them."""

    name: str
    languages: frozenset[str]
    lands: frozenset[str]
    hours: Hours
    targets: Targets = Targets()
    most_waiting: int = MOST_WAITING
    takes_voicemail: bool = False


def find_queue(found: Sequence[Queue], language: str | None, land: str | None) -> Queue | None:
    """The first queue for a language and a Land; None when there is none, and then nobody is ever promised.

    Who named no language or Land belongs to a queue that is for all of them.
    """
    for queue in found:
        if (not queue.languages or language in queue.languages) and (not queue.lands or land in queue.lands):
            return queue
    return None


def read_queues(connection: Connection) -> list[Queue]:
    """All queues, in the order in which they are tried."""
    slots: dict[str, list[Any]] = {}
    for row in connection.execute(_SLOTS):
        slots.setdefault(row.queue, []).append(row)
    return [
        Queue(
            row.name,
            frozenset(row.languages),
            frozenset(row.lands),
            _hours(slots.get(row.name, ()), row.holidays_of),
            Targets(row.target_minutes, row.danger_minutes),
            row.most_waiting,
            row.takes_voicemail,
        )
        for row in connection.execute(_QUEUES)
    ]


def work_starts(known: Sequence[Queue], queue: str | None, land: str | None, now: datetime) -> datetime:
    """Now, or when a queue opens next; now where it has no hours, for a timer must not stand still."""
    hours = next((one.hours for one in known if one.name == queue), None)
    return (next_opening(hours, now, land) if hours else None) or now


def _hours(rows: Sequence[Any], holidays_of: str) -> Hours:
    weekly: dict[int, list[Slot]] = {}
    special: dict[date, list[Slot]] = {}
    for row in rows:
        slots = weekly.setdefault(row.weekday, []) if row.day is None else special.setdefault(row.day, [])
        if row.opens:
            slots.append(Slot(time.fromisoformat(row.opens), time.fromisoformat(row.closes)))
    return Hours(weekly, special, holidays_of)


def store_queues(connection: Connection, wanted: Sequence[Queue]) -> None:
    """Put these queues in place of all others."""
    connection.execute(delete(queue_slots))
    connection.execute(delete(queues))
    for position, queue in enumerate(wanted):
        row = {"languages": sorted(queue.languages), "lands": sorted(queue.lands), "holidays_of": queue.hours.holidays_of}
        targets = {
            "target_minutes": queue.targets.normal,
            "danger_minutes": queue.targets.danger,
            "most_waiting": queue.most_waiting,
            "takes_voicemail": queue.takes_voicemail,
        }
        connection.execute(insert(queues).values(name=queue.name, position=position, **row, **targets))
        for slot in _rows(queue):
            connection.execute(insert(queue_slots).values(queue=queue.name, note="", **slot))


def _rows(queue: Queue) -> Iterator[dict[str, Any]]:
    for weekday, slots in queue.hours.weekly.items():
        yield from ({"weekday": weekday, **_times(slot)} for slot in slots)
    for day, slots in queue.hours.special.items():
        yield from ({"day": day, **_times(slot)} for slot in slots)
        if not slots:
            yield {"day": day, "opens": "", "closes": ""}


def _times(slot: Slot) -> dict[str, str]:
    return {"opens": f"{slot.opens:%H:%M}", "closes": f"{slot.closes:%H:%M}"}


# -- the file --------------------------------------------------------------------------------------------------------------


def load_queue_file(path: Path) -> list[Queue]:
    """Read queues from a file such as ``content/queues.yml``.

    Raises:
        BrokenHours: it is missing, no YAML, or says something that cannot be.
    """
    try:
        content = read_yaml(path)
        raw = dict(content["queues"])
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise BrokenHours(f"{path}: must hold `queues`, each with `hours` ({error}).") from None
    found = [_queue(path, str(name), entry) for name, entry in raw.items()]
    if not any(not queue.languages and not queue.lands for queue in found):
        raise BrokenHours(f"{path}: one queue must be for everybody: give it neither languages nor lands.")
    return found


def _queue(path: Path, name: str, raw: Any) -> Queue:
    try:
        lands, holidays_of = frozenset(raw.get("lands", ())), str(raw.get("holidays", CALLERS_LAND))
        if not lands <= set(LANDS) or holidays_of not in (CALLERS_LAND, NATIONWIDE_ONLY, *LANDS):
            raise ValueError("a Land is written such as DE-BY")
        weekly = {WEEKDAYS.index(day): _slots(slots) for day, slots in raw["hours"].items()}
        special = {day if isinstance(day, date) else _no_day(day): _slots(s) for day, s in raw.get("special", {}).items()}
        hours, targets = Hours(weekly, special, holidays_of), _targets(raw.get("targets", {}))
        return Queue(
            name,
            frozenset(raw.get("languages", ())),
            lands,
            hours,
            targets,
            int(raw.get("most_waiting", MOST_WAITING)),
            bool(raw.get("voicemail", False)),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BrokenHours(f"{path}, {name}: needs `hours` with weekdays such as `monday: [09:00-12:30]` ({error}).") from None


def _targets(raw: Mapping[str, Any]) -> Targets:
    targets = Targets(**{name: int(minutes) for name, minutes in raw.items()})
    if not 1 <= targets.danger <= targets.normal:
        raise ValueError("targets are minutes, 1 or more, and in danger not longer than else")
    return targets


def _no_day(found: object) -> date:
    raise ValueError(f"{found!r} is no day such as 2026-12-24")


def _slots(raw: Sequence[str] | None) -> list[Slot]:
    slots = sorted((read_slot(text) for text in raw or ()), key=lambda slot: slot.opens)
    for one, after in pairwise(slots):
        if one.closes > after.opens or one.closes == time(0):
            raise ValueError(f"the slot that begins at {after.opens:%H:%M} begins within the one before")
    return slots


def read_slot(text: str) -> Slot:
    """A slot such as 09:00-12:30; 24:00 is the end of the day.

    Raises:
        ValueError: it is none.
    """
    opens, _, closes = text.partition("-")
    slot = Slot(time.fromisoformat(opens.strip()), time.fromisoformat("00:00" if closes.strip() == "24:00" else closes.strip()))
    if slot.closes != time(0) and slot.opens >= slot.closes:
        raise ValueError(f"{text!r} ends before it begins")
    return slot


def describe(queue: Queue) -> Mapping[str, str]:
    """The weekly hours of a queue, weekday by weekday."""
    return {
        WEEKDAYS[number]: ", ".join("-".join(_times(slot).values()) for slot in slots)
        for number, slots in sorted(queue.hours.weekly.items())
    }
