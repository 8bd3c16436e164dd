"""The danger net as it holds now: the rules of the files, without those switched off, and with those added in the studio."""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from hotline.dialogue.safety import BrokenDangerRule, DangerNet, mark_of, most_urgent
from hotline.store.counters import read_counter
from hotline.store.database import Database
from hotline.store.tables import danger_changes

log = logging.getLogger(__name__)
DANGER_REVISION = "danger_revision"
ADD, REMOVE = "add", "remove"
APPROVED = "approved"
LOOK_SECONDS = 1.0


@dataclass(frozen=True)
class RuleChange:
    """A rule that is to be there, or is not to be there any more."""

    language: str
    category: str
    rule: str
    kind: str

    @property
    def mark(self) -> int:
        """Of the rule; see ``mark_of``."""
        return mark_of(self.language, self.category, self.rule)


class Overlay:
    """What the studio changed of the net. Thousands of rules take seconds to read; these few take none."""

    def __init__(self, base: DangerNet, changes: Iterable[RuleChange]) -> None:
        """Build it.

        Args:
            base: the rules of the files.
            changes: in the order in which they were approved; of several of one rule the last holds.

        Raises:
            BrokenDangerRule: a rule cannot be used.
        """
        last = {change.mark: change for change in changes}
        self._base = base
        self.muted = frozenset(mark for mark, change in last.items() if change.kind == REMOVE)
        rules: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for change in last.values():
            if change.kind == ADD:
                rules[change.language][change.category].append(change.rule)
        self._added = DangerNet(rules.items())

    def find(self, text: str) -> str | None:
        """See ``Net.find``."""
        return most_urgent((self._base.find(text, self.muted), self._added.find(text)))

    def find_certain(self, text: str) -> str | None:
        """See ``Net.find_certain``."""
        return self._added.find(text)


def approved_changes(connection: Connection) -> list[RuleChange]:
    """Every change that holds, oldest first."""
    columns = [danger_changes.c[name] for name in ("language", "category", "rule", "kind")]
    found = select(*columns).where(danger_changes.c.state == APPROVED)
    return [RuleChange(*row) for row in connection.execute(found.order_by(danger_changes.c.decided_at, danger_changes.c.id))]


class DangerWatch:
    """A net that looks once a second whether the studio changed it. Never fails: without a database the last rules hold."""

    def __init__(self, base: DangerNet, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with the rules of the files.

        Args:
            base: the rules of the files.
            database: where the changes are.
            clock: in seconds.
        """
        self.base = base
        self._database = database
        self._clock = clock
        self._overlay = Overlay(base, ())
        self._revision = 0
        self._looked_at = float("-inf")
        self._lock = threading.Lock()
        self._is_blind = False

    def find(self, text: str) -> str | None:
        """See ``Net.find``."""
        return self.current().find(text)

    def find_certain(self, text: str) -> str | None:
        """See ``Net.find_certain``."""
        return self.current().find_certain(text)

    def current(self) -> Overlay:
        """The rules that hold now."""
        # Who finds somebody else looking goes on with what holds: nobody waits here.
        if self._clock() - self._looked_at >= LOOK_SECONDS and self._lock.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._lock.release()
        return self._overlay

    def _look(self) -> None:
        self._looked_at = self._clock()
        try:
            with self._database.read() as connection:
                revision = read_counter(connection, DANGER_REVISION)
                if revision == self._revision:
                    return
                overlay = Overlay(self.base, approved_changes(connection))
        except (SQLAlchemyError, BrokenDangerRule) as error:
            # Looked at every second: an outage is told once.
            if not self._is_blind:
                log.warning(
                    "changes of the danger rules could not be read; the last ones hold", extra={"cause": type(error).__name__}
                )
            self._is_blind = True
            return
        self._overlay, self._revision, self._is_blind = overlay, revision, False
