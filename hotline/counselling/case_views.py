"""Looking at cases: who sees which, lists, one case whole, and how much is due."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, func, select

from hotline.counselling.states import ACCEPTED
from hotline.privacy.cipher import Cipher
from hotline.store.tables import (
    case_conversations,
    case_notes,
    case_tasks,
    cases,
    conversations,
    handoffs,
    messages,
    staff_accounts,
)

# own: it is theirs. working: they talk to the person now, or have a task in it. watching: a supervisor looks on.
CaseSight = Literal["own", "working", "watching"]
ListName = Literal["mine", "due", "closed", "all", "nobody"]
MOST_LISTED = 200
_NOT_CLOSED = cases.c.state != "closed"


@dataclass(frozen=True)
class Listed:
    """A case in a list: nothing of the person but the alias they chose."""

    row: RowMapping
    alias: str = field(repr=False)


@dataclass(frozen=True)
class Note:
    """Something written down."""

    author: str | None
    created_at: datetime
    text: str = field(repr=False)


@dataclass(frozen=True)
class Task:
    """Something to be done by a day."""

    id: int
    assignee: str | None
    due_on: date
    done_at: datetime | None
    text: str = field(repr=False)


@dataclass(frozen=True)
class Case:
    """A case whole. ``conversations`` are rows without any text, the newest first."""

    row: RowMapping
    sight: CaseSight
    alias: str = field(repr=False)
    conversations: Sequence[RowMapping] = ()
    notes: Sequence[Note] = ()
    tasks: Sequence[Task] = ()

    @property
    def may_change(self) -> bool:
        """Whether they may note, bundle and close; a supervisor takes it over first."""
        return self.sight != "watching"


@dataclass(frozen=True)
class Said:
    """One message of an earlier conversation."""

    author: str
    said_at: datetime
    language: str | None
    text: str = field(repr=False)


def sight_of(connection: Connection, case_id: int, account_id: int, *, may_watch: bool) -> CaseSight | None:
    """How somebody may see a case; None when it is not there for them."""
    owner = connection.execute(select(cases.c.owner_id).where(cases.c.id == case_id)).one_or_none()
    if owner is None:
        return None
    if owner.owner_id == account_id:
        return "own"
    talks = (
        select(handoffs.c.id)
        .join(case_conversations, case_conversations.c.conversation_id == handoffs.c.conversation_id)
        .where(
            case_conversations.c.case_id == case_id,
            handoffs.c.state == ACCEPTED,
            handoffs.c.counsellor_id == account_id,
        )
    )
    does = select(case_tasks.c.id).where(
        case_tasks.c.case_id == case_id, case_tasks.c.assignee_id == account_id, case_tasks.c.done_at.is_(None)
    )
    if connection.execute(talks).first() is not None or connection.execute(does).first() is not None:
        return "working"
    return "watching" if may_watch else None


def count_due(connection: Connection, account_id: int, today: date) -> int:
    """How many tasks of somebody are due today or late."""
    query = select(func.count()).select_from(case_tasks).where(_is_due(today), case_tasks.c.assignee_id == account_id)
    return int(connection.execute(query).scalar_one())


def list_cases(connection: Connection, cipher: Cipher, which: ListName, account_id: int, today: date) -> list[Listed]:
    """Cases in a list, the one that changed last first; of ``due`` the one due first.

    Args:
        connection: any connection.
        cipher: opens the aliases.
        which: mine, due and closed are somebody's own; all and nobody (those without an owner) are for supervisors.
        account_id: whose.
        today: the day in Germany.
    """
    due = (
        select(func.min(case_tasks.c.due_on))
        .where(case_tasks.c.case_id == cases.c.id, case_tasks.c.done_at.is_(None))
        .correlate(cases)
        .scalar_subquery()
    )
    held = select(func.count()).where(case_conversations.c.case_id == cases.c.id).correlate(cases).scalar_subquery()
    query = select(cases, staff_accounts.c.name.label("owner"), due.label("due_on"), held.label("held")).outerjoin(
        staff_accounts, staff_accounts.c.id == cases.c.owner_id
    )
    rows = connection.execute(_narrow(query, which, account_id, today, due).limit(MOST_LISTED)).mappings().all()
    return [Listed(row, _open(cipher, row["alias_encrypted"])) for row in rows]


def _narrow(query: Select[Any], which: ListName, account_id: int, today: date, due: Any) -> Select[Any]:
    newest = cases.c.changed_at.desc()
    if which == "due":
        tasks = select(case_tasks.c.case_id).where(_is_due(today), case_tasks.c.assignee_id == account_id)
        return query.where(cases.c.id.in_(tasks)).order_by(due, newest)
    narrowed = {
        "mine": (cases.c.owner_id == account_id) & _NOT_CLOSED,
        "closed": (cases.c.owner_id == account_id) & ~_NOT_CLOSED,
        "nobody": cases.c.owner_id.is_(None) & _NOT_CLOSED,
        "all": _NOT_CLOSED,
    }[which]
    return query.where(narrowed).order_by(newest)


def read_case(connection: Connection, cipher: Cipher, case_id: int, account_id: int, *, may_watch: bool) -> Case | None:
    """A case whole; None when it is not there for this account."""
    sight = sight_of(connection, case_id, account_id, may_watch=may_watch)
    if sight is None:
        return None
    owner = select(cases, staff_accounts.c.name.label("owner")).outerjoin(staff_accounts, staff_accounts.c.id == cases.c.owner_id)
    row = connection.execute(owner.where(cases.c.id == case_id)).mappings().one()
    return Case(
        row,
        sight,
        _open(cipher, row["alias_encrypted"]),
        conversations_of(connection, case_id),
        list(_notes(connection, cipher, case_id)),
        list(_tasks(connection, cipher, case_id)),
    )


def _notes(connection: Connection, cipher: Cipher, case_id: int) -> Iterator[Note]:
    query = select(case_notes, staff_accounts.c.name).outerjoin(staff_accounts, staff_accounts.c.id == case_notes.c.author_id)
    for row in connection.execute(query.where(case_notes.c.case_id == case_id).order_by(case_notes.c.id)):
        yield Note(row.name, row.created_at, cipher.decrypt(row.text_encrypted))


def _tasks(connection: Connection, cipher: Cipher, case_id: int) -> Iterator[Task]:
    """Those to be done first, the earliest on top."""
    query = select(case_tasks, staff_accounts.c.name).outerjoin(staff_accounts, staff_accounts.c.id == case_tasks.c.assignee_id)
    ordered = query.order_by(case_tasks.c.done_at.is_not(None), case_tasks.c.due_on, case_tasks.c.id)
    for row in connection.execute(ordered.where(case_tasks.c.case_id == case_id)):
        yield Task(row.id, row.name, row.due_on, row.done_at, cipher.decrypt(row.text_encrypted))


def conversations_of(connection: Connection, case_id: int) -> Sequence[RowMapping]:
    """The conversations of a case, the newest first, each with its open handoff."""
    # A conversation has one open handoff at most.
    still_open = (handoffs.c.conversation_id == conversations.c.id) & handoffs.c.closed_at.is_(None)
    names = ("id", "channel", "language", "status", "opened_at", "last_inbound_at")
    query = (
        select(
            *(conversations.c[name] for name in names),
            case_conversations.c.joined_by,
            handoffs.c.id.label("handoff_id"),
            handoffs.c.counsellor_id,
        )
        .join(case_conversations, case_conversations.c.conversation_id == conversations.c.id)
        .outerjoin(handoffs, still_open)
        .where(case_conversations.c.case_id == case_id)
        .order_by(conversations.c.opened_at.desc(), conversations.c.id.desc())
    )
    return connection.execute(query).mappings().all()


def case_of(connection: Connection, conversation_id: int) -> int | None:
    """The case of a conversation, if it has one."""
    query = select(case_conversations.c.case_id).where(case_conversations.c.conversation_id == conversation_id)
    found: int | None = connection.execute(query).scalar_one_or_none()
    return found


def read_bundled(connection: Connection, cipher: Cipher, case_id: int, conversation_id: int) -> list[Said] | None:
    """What was said in a conversation of a case, oldest first; None when it is no part of it."""
    if case_of(connection, conversation_id) != case_id:
        return None
    query = select(messages).where(messages.c.conversation_id == conversation_id).order_by(messages.c.id)
    return [
        Said(row.author, row.created_at, row.language, cipher.decrypt(row.body_encrypted)) for row in connection.execute(query)
    ]


def _is_due(today: date) -> ColumnElement[bool]:
    return case_tasks.c.done_at.is_(None) & (case_tasks.c.due_on <= today)


def _open(cipher: Cipher, stored: bytes | None) -> str:
    return "" if stored is None else cipher.decrypt(stored)
