"""Cases: a matter over time, with its conversations, notes and tasks.

Conversations come together by a counsellor's deed or by the person's code, never by a number. Whoever changes a case locks it
first; its rows hold no name, and what is written in words is encrypted.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, get_args

from sqlalchemy import Connection, delete, insert, select, update

from hotline.counselling.case_views import CaseSight, sight_of
from hotline.counselling.states import ACCEPTED
from hotline.privacy.audit import note_action
from hotline.privacy.cipher import Cipher
from hotline.store.database import Database, insert_returning_id
from hotline.store.tables import case_conversations, case_notes, case_tasks, cases, conversations, handoffs, staff_accounts

CaseState = Literal["open", "pending", "closed"]
STATES: tuple[CaseState, ...] = get_args(CaseState)
OPEN, CLOSED = "open", "closed"
BY_COUNSELLOR, BY_CODE = "counsellor", "code"
# Read aloud on the phone nothing of it is mistaken for something else.
REFERENCE_LETTERS = "ABCDEFGHKLMNPRSTUVWXYZ23456789"
REFERENCE_LENGTH = 6
LONGEST_TEXT, LONGEST_ALIAS = 4000, 60
Problem = Literal["unknown", "not_yours", "bundled_elsewhere", "no_text", "too_long", "closed", "no_counsellor"]


class CannotChangeCase(Exception):
    """A case cannot be changed so. ``problem`` says why, for the screen."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"The case cannot be changed so: {problem}.")
        self.problem = problem


@dataclass(frozen=True)
class Worker:
    """Who does something: an account, and whether it oversees all cases."""

    id: int
    name: str
    may_watch: bool = False


class Cases:
    """Every method takes the unit of work it is part of and leaves an audit row."""

    def __init__(self, database: Database, cipher: Cipher) -> None:
        self._database = database
        self._cipher = cipher

    def open(self, connection: Connection, conversation_id: int, worker: Worker, now: datetime) -> int:
        """Open a case around a conversation this counsellor has.

        Returns:
            Its id.

        Raises:
            CannotChangeCase: the conversation is not theirs, or belongs to another case.
        """
        _expect_own_conversation(connection, conversation_id, worker)
        case_id = open_case(connection, worker.id, now)
        self._join(connection, case_id, conversation_id, now)
        _audit(connection, worker, "open_case", case_id, now)
        return case_id

    def attach(self, connection: Connection, case_id: int, conversation_id: int, worker: Worker, now: datetime) -> None:
        """Put a conversation this counsellor has into a case they may change.

        Raises:
            CannotChangeCase: one of the two is not theirs, or the conversation belongs to another case.
        """
        _expect_own_conversation(connection, conversation_id, worker)
        case = self._own(connection, case_id, worker)
        self._join(connection, case_id, conversation_id, now)
        if case["state"] == CLOSED:
            _set_state(connection, case_id, OPEN, now)
        _audit(connection, worker, "attach_to_case", case_id, now)

    def detach(self, connection: Connection, case_id: int, conversation_id: int, worker: Worker, now: datetime) -> None:
        """Take a conversation out of a case: it was put there by mistake.

        Raises:
            CannotChangeCase: the case is not theirs.
        """
        self._own(connection, case_id, worker)
        mine = (case_conversations.c.case_id == case_id) & (case_conversations.c.conversation_id == conversation_id)
        connection.execute(delete(case_conversations).where(mine))
        _audit(connection, worker, "detach_from_case", case_id, now)

    def set_state(self, connection: Connection, case_id: int, state: CaseState, worker: Worker, now: datetime) -> None:
        """Let a case wait, close it or open it again.

        Raises:
            CannotChangeCase: it is not theirs.
        """
        self._own(connection, case_id, worker)
        _set_state(connection, case_id, state, now)
        _audit(connection, worker, f"set_case_{state}", case_id, now)

    def set_alias(self, connection: Connection, case_id: int, alias: str, worker: Worker, now: datetime) -> None:
        """What the person wants to be called; empty takes it away.

        Raises:
            CannotChangeCase: it is not theirs, or the alias is too long.
        """
        self._own(connection, case_id, worker)
        alias = alias.strip()
        if len(alias) > LONGEST_ALIAS:
            raise CannotChangeCase("too_long")
        stored = self._cipher.encrypt(alias) if alias else None
        connection.execute(update(cases).where(cases.c.id == case_id).values(alias_encrypted=stored, changed_at=now))
        _audit(connection, worker, "set_case_alias", case_id, now)

    def give(self, connection: Connection, case_id: int, owner_id: int, worker: Worker, now: datetime) -> None:
        """Give a case to another counsellor: their owner or a supervisor may; whoever talks to the person takes one nobody has.

        Raises:
            CannotChangeCase: it is not theirs to give, or the account takes no cases.
        """
        case, sight = self._seen(connection, case_id, worker)
        is_taken = sight == "working" and case["owner_id"] is None and owner_id == worker.id
        if sight not in ("own", "watching") and not is_taken:
            raise CannotChangeCase("not_yours")
        is_there = (staff_accounts.c.id == owner_id) & staff_accounts.c.disabled_at.is_(None)
        if connection.execute(select(staff_accounts.c.id).where(is_there)).first() is None:
            raise CannotChangeCase("no_counsellor")
        connection.execute(update(cases).where(cases.c.id == case_id).values(owner_id=owner_id, changed_at=now))
        _audit(connection, worker, "give_case", case_id, now)

    def add_note(self, connection: Connection, case_id: int, text: str, worker: Worker, now: datetime) -> None:
        """Write something down about the matter.

        Raises:
            CannotChangeCase: it is not theirs, or the text is empty or too long.
        """
        self._own(connection, case_id, worker)
        row = {"case_id": case_id, "author_id": worker.id, "text_encrypted": self._text(text), "created_at": now}
        connection.execute(insert(case_notes).values(**row))
        _touch(connection, case_id, now)
        _audit(connection, worker, "note_case", case_id, now)

    def add_task(
        self, connection: Connection, case_id: int, text: str, due_on: date, assignee_id: int, worker: Worker, now: datetime
    ) -> int:
        """Write down what is to be done by a day.

        Returns:
            The id of the task.

        Raises:
            CannotChangeCase: the case is not theirs or closed, or the text is empty or too long.
        """
        if self._own(connection, case_id, worker)["state"] == CLOSED:
            raise CannotChangeCase("closed")
        if connection.execute(select(staff_accounts.c.id).where(staff_accounts.c.id == assignee_id)).first() is None:
            raise CannotChangeCase("no_counsellor")
        row = {"case_id": case_id, "assignee_id": assignee_id, "text_encrypted": self._text(text), "due_on": due_on}
        task_id = insert_returning_id(connection, case_tasks, {**row, "created_at": now})
        _touch(connection, case_id, now)
        _audit(connection, worker, "add_task", case_id, now)
        return task_id

    def set_done(
        self, connection: Connection, case_id: int, task_id: int, worker: Worker, now: datetime, *, is_done: bool
    ) -> None:
        """Tick a task off, or take the tick back.

        Raises:
            CannotChangeCase: the case is not theirs, or has no such task.
        """
        self._own(connection, case_id, worker)
        mine = (case_tasks.c.id == task_id) & (case_tasks.c.case_id == case_id)
        changed = update(case_tasks).where(mine).values(done_at=now if is_done else None)
        if connection.execute(changed.returning(case_tasks.c.id)).first() is None:
            raise CannotChangeCase("unknown")
        _touch(connection, case_id, now)
        _audit(connection, worker, "finish_task" if is_done else "reopen_task", case_id, now)

    def _text(self, text: str) -> bytes:
        text = text.strip()
        if not text:
            raise CannotChangeCase("no_text")
        if len(text) > LONGEST_TEXT:
            raise CannotChangeCase("too_long")
        return self._cipher.encrypt(text)

    def _join(self, connection: Connection, case_id: int, conversation_id: int, now: datetime) -> None:
        row = {"conversation_id": conversation_id, "case_id": case_id, "joined_by": BY_COUNSELLOR, "joined_at": now}
        if self._database.insert_once(connection, case_conversations, row, "conversation_id") is None:
            found = select(case_conversations.c.case_id).where(case_conversations.c.conversation_id == conversation_id)
            if connection.execute(found).scalar_one_or_none() != case_id:
                raise CannotChangeCase("bundled_elsewhere")
        _touch(connection, case_id, now)

    def _own(self, connection: Connection, case_id: int, worker: Worker) -> dict[str, Any]:
        case, sight = self._seen(connection, case_id, worker)
        if sight not in ("own", "working"):
            raise CannotChangeCase("not_yours")
        return case

    def _seen(self, connection: Connection, case_id: int, worker: Worker) -> tuple[dict[str, Any], CaseSight]:
        """A case, locked, and how somebody sees it; a case they must not see is not there for them."""
        row = connection.execute(select(cases).where(cases.c.id == case_id).with_for_update()).one_or_none()
        sight = None if row is None else sight_of(connection, case_id, worker.id, may_watch=worker.may_watch)
        if row is None or sight is None:
            raise CannotChangeCase("unknown")
        return row._asdict(), sight


def open_case(connection: Connection, owner_id: int | None, now: datetime) -> int:
    """A new case of somebody, or of nobody yet; gives its id."""
    while True:
        reference = "".join(secrets.choice(REFERENCE_LETTERS) for _ in range(REFERENCE_LENGTH))
        if connection.execute(select(cases.c.id).where(cases.c.reference == reference)).first() is None:
            row = {"reference": reference, "state": OPEN, "owner_id": owner_id, "opened_at": now, "changed_at": now}
            return insert_returning_id(connection, cases, row)


def bundle_by_code(connection: Connection, earlier_id: int, here_id: int, now: datetime) -> int:
    """Put a conversation into the case of an earlier one, as the person's code asks; a case is opened where there is none.

    A closed case is open again: somebody comes back with it. A conversation that has a case of its own keeps it.

    Args:
        connection: a unit of work that has locked both conversations.
        earlier_id: the conversation the code was given in.
        here_id: the one it was used in.
        now: aware UTC.

    Returns:
        The case of the earlier conversation.
    """
    found = select(case_conversations.c.case_id).where(case_conversations.c.conversation_id == earlier_id)
    case_id = connection.execute(found).scalar_one_or_none()
    if case_id is None:
        case_id = open_case(connection, _last_counsellor(connection, earlier_id), now)
        _join_by_code(connection, case_id, earlier_id, now)
    _join_by_code(connection, case_id, here_id, now)
    is_closed = (cases.c.id == case_id) & (cases.c.state == CLOSED)
    connection.execute(update(cases).where(is_closed).values(state=OPEN, closed_at=None))
    _touch(connection, case_id, now)
    note_action(connection, "code", "continue_case", f"case {case_id}", now)
    return int(case_id)


def _join_by_code(connection: Connection, case_id: int, conversation_id: int, now: datetime) -> None:
    mine = case_conversations.c.conversation_id == conversation_id
    if connection.execute(select(case_conversations.c.case_id).where(mine)).first() is None:
        row = {"conversation_id": conversation_id, "case_id": case_id, "joined_by": BY_CODE, "joined_at": now}
        connection.execute(insert(case_conversations).values(**row))


def _last_counsellor(connection: Connection, conversation_id: int) -> int | None:
    query = (
        select(handoffs.c.counsellor_id)
        .where(handoffs.c.conversation_id == conversation_id, handoffs.c.counsellor_id.is_not(None))
        .order_by(handoffs.c.id.desc())
        .limit(1)
    )
    found: int | None = connection.execute(query).scalar_one_or_none()
    return found


def _expect_own_conversation(connection: Connection, conversation_id: int, worker: Worker) -> None:
    """Bundling is for who has the conversation now."""
    connection.execute(select(conversations.c.id).where(conversations.c.id == conversation_id).with_for_update())
    query = select(handoffs.c.id).where(
        handoffs.c.conversation_id == conversation_id,
        handoffs.c.state == ACCEPTED,
        handoffs.c.counsellor_id == worker.id,
    )
    if connection.execute(query).first() is None:
        raise CannotChangeCase("not_yours")


def _set_state(connection: Connection, case_id: int, state: str, now: datetime) -> None:
    values = {"state": state, "changed_at": now, "closed_at": now if state == CLOSED else None}
    connection.execute(update(cases).where(cases.c.id == case_id).values(**values))


def _touch(connection: Connection, case_id: int, now: datetime) -> None:
    connection.execute(update(cases).where(cases.c.id == case_id).values(changed_at=now))


def _audit(connection: Connection, worker: Worker, action: str, case_id: int, now: datetime) -> None:
    note_action(connection, worker.name, action, f"case {case_id}", now)
