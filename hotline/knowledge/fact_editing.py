"""How a fact changes: one person proposes it, another approves it, and every text that names it is right at the next turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from hotline.knowledge.editing import CannotEdit
from hotline.knowledge.fact_rows import COLUMNS, parse_fact, row_of_fact
from hotline.knowledge.facts import Fact
from hotline.knowledge.library import CONTENT_REVISION
from hotline.store.counters import count
from hotline.store.database import Database, insert_returning_id
from hotline.store.tables import articles as article_table
from hotline.store.tables import audit, fact_changes, facts, translations

PROPOSED, APPROVED, REJECTED = "proposed", "approved", "rejected"


@dataclass(frozen=True)
class FactChange:
    """One proposed or decided change; ``before`` is empty for a new fact. Both hold written columns."""

    id: int
    key: str
    state: str
    before: Mapping[str, str]
    after: Mapping[str, str]
    author: str
    approver: str | None
    proposed_at: datetime
    decided_at: datetime | None

    @property
    def changed(self) -> dict[str, tuple[str, str]]:
        """Column -> what it was and what it is to be."""
        return {name: (self.before.get(name, ""), new) for name, new in self.after.items() if self.before.get(name, "") != new}


def written(fact: Fact) -> dict[str, str]:
    """A fact as its written columns."""
    return {name: value.isoformat() if isinstance(value, date) else str(value) for name, value in row_of_fact(fact).items()}


def _now() -> datetime:
    return datetime.now(UTC)


class FactEditing:
    """Proposes and decides changes of facts."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = _now) -> None:
        """Hold what is needed.

        Args:
            database: where the facts are.
            clock: gives aware UTC.
        """
        self._database = database
        self._clock = clock

    def propose(self, raw: Mapping[str, str], author: str) -> FactChange:
        """Propose a new fact or a change.

        Args:
            raw: written columns, see ``fact_rows.COLUMNS``.
            author: account.

        Raises:
            WrongFact: a column cannot be used.
            CannotEdit: nothing changes, or another change of this fact waits.
        """
        with self._database.begin() as connection:
            return self.propose_in(connection, raw, author)

    def propose_in(self, connection: Connection, raw: Mapping[str, str], author: str) -> FactChange:
        """``propose`` within a unit of work that holds more."""
        after = written(parse_fact(raw))
        before = self._current(connection, after["key"])
        if before == after:
            raise CannotEdit("unchanged")
        if self.waiting(connection, after["key"]):
            raise CannotEdit("change_waits")
        values = {"key": after["key"], "state": PROPOSED, "before": before, "after": after, "author": author}
        new_id = insert_returning_id(connection, fact_changes, {**values, "proposed_at": self._clock()})
        self._note(connection, author, "fact.propose", after["key"])
        return self._get(connection, new_id)

    def approve(self, change_id: int, approver: str) -> FactChange:
        """Make a proposed change true for everybody.

        Raises:
            CannotEdit: author and approver are the same, it is decided already, or the fact changed meanwhile.
        """
        with self._database.begin() as connection:
            change = self._expect_proposed(connection, change_id)
            if change.author == approver:
                raise CannotEdit("two_people")
            if self._current(connection, change.key) != dict(change.before):
                raise CannotEdit("fact_moved")
            row = row_of_fact(parse_fact(change.after))
            if not connection.execute(update(facts).where(facts.c.key == change.key).values(**row, starter="")).rowcount:
                connection.execute(insert(facts).values(**row, starter=""))
            count(self._database, connection, CONTENT_REVISION)
            return self._decide(connection, change, APPROVED, approver)

    def reject(self, change_id: int, approver: str) -> FactChange:
        """Leave the fact as it is; an author may take back their own proposal this way."""
        with self._database.begin() as connection:
            return self._decide(connection, self._expect_proposed(connection, change_id), REJECTED, approver)

    def history(self, connection: Connection, key: str) -> list[FactChange]:
        """Every change of a fact, newest first."""
        return _find(connection, fact_changes.c.key == key)

    def waiting(self, connection: Connection, key: str | None = None) -> list[FactChange]:
        """Changes that wait for approval."""
        return read_waiting(connection, key)

    def _current(self, connection: Connection, key: str) -> dict[str, str]:
        # The row is locked: of two who decide at once, the second sees what the first did.
        columns = [facts.c[name] for name in COLUMNS]
        row = connection.execute(select(*columns).where(facts.c.key == key).with_for_update()).first()
        if row is None:
            return {}
        values: dict[str, Any] = dict(row._mapping)
        return {name: value.isoformat() if isinstance(value, date) else str(value) for name, value in values.items()}

    def _expect_proposed(self, connection: Connection, change_id: int) -> FactChange:
        change = self._get(connection, change_id)
        self._current(connection, change.key)
        change = self._get(connection, change_id)
        if change.state != PROPOSED:
            raise CannotEdit("decided")
        return change

    def _decide(self, connection: Connection, change: FactChange, state: str, approver: str) -> FactChange:
        values = {"state": state, "approver": approver, "decided_at": self._clock()}
        connection.execute(update(fact_changes).where(fact_changes.c.id == change.id).values(**values))
        self._note(connection, approver, f"fact.{state}", change.key)
        return self._get(connection, change.id)

    def _get(self, connection: Connection, change_id: int) -> FactChange:
        found = _find(connection, fact_changes.c.id == change_id)
        if not found:
            raise CannotEdit("unknown", name=f"change {change_id}")
        return found[0]

    def _note(self, connection: Connection, actor: str, action: str, key: str) -> None:
        connection.execute(insert(audit).values(actor=actor, action=action, object=key, happened_at=self._clock()))


def read_waiting(connection: Connection, key: str | None = None) -> list[FactChange]:
    """Changes that wait for approval, of one fact or of all."""
    of_key = [fact_changes.c.key == key] if key is not None else []
    return _find(connection, fact_changes.c.state == PROPOSED, *of_key)


def texts_naming(connection: Connection, key: str) -> list[tuple[str, str]]:
    """(topic, language) of every published text that names a fact."""
    columns = (article_table.c.topic, translations.c.language)
    # The brace and bar end the name: reag.medical must not find reag.medical_months.
    named = [
        part.contains("{" + key + end, autoescape=True) for part in (translations.c.short, translations.c.full) for end in "}|"
    ]
    found = select(*columns).join_from(article_table, translations).where(named[0] | named[1] | named[2] | named[3])
    return [(row.topic, row.language) for row in connection.execute(found.order_by(*columns))]


def _find(connection: Connection, *conditions: Any) -> list[FactChange]:
    columns = [fact_changes.c[name] for name in FactChange.__dataclass_fields__]
    rows = connection.execute(select(*columns).where(*conditions).order_by(fact_changes.c.id.desc()))
    return [FactChange(*row) for row in rows]
