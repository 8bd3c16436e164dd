"""What a counsellor notes after a conversation: codes to be counted, and a hint that belongs to nobody.

It is owed from the moment a counsellor's conversation is closed or returned, and never holds up the next person.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from hotline.counselling.forms import Field, Form, Forms
from hotline.counselling.states import ACCEPTED
from hotline.knowledge.places import LANDS
from hotline.privacy.audit import note_action
from hotline.privacy.cipher import Cipher
from hotline.privacy.slots import SLOTS, open_slots
from hotline.store.database import Database
from hotline.store.tables import (
    conversations,
    handoffs,
    messages,
    rule_hints,
    staff_accounts,
    wrap_up_answers,
    wrap_ups,
)

BERLIN = ZoneInfo("Europe/Berlin")
HINT, LAND, COUNTRY, TOPICS = "hint", "land", "country", "topics"
LONGEST_HINT = 600
MOST_LISTED = 200
Answers = Mapping[str, Sequence[str]]
Problem = Literal["missing", "unknown_answer", "too_many", "hint_too_long"]


class CannotWrapUp(Exception):
    """A wrap-up cannot be stored so. ``problem`` says why, ``field`` where."""

    def __init__(self, problem: Problem, field: str) -> None:
        super().__init__(f"The wrap-up cannot be stored: {field} is {problem}.")
        self.problem = problem
        self.field = field


@dataclass(frozen=True)
class WrapUp:
    """A wrap-up: of which handoff, with which answers. ``is_done`` is false while it is owed."""

    row: RowMapping
    form: Form
    answers: Answers = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        """Whether it was filled in."""
        return self.row["done_at"] is not None


def owe_wrap_up(connection: Connection, handoff: Mapping[str, Any], counsellor_id: int, now: datetime) -> None:
    """Note that a counsellor still has to write a conversation up; one that was written up before stays.

    Args:
        connection: the unit of work that ends the handoff.
        handoff: its row.
        counsellor_id: who had it.
        now: aware UTC.
    """
    if connection.execute(select(wrap_ups.c.id).where(wrap_ups.c.handoff_id == handoff["id"])).first() is None:
        connection.execute(insert(wrap_ups).values(**_new_row(handoff, counsellor_id, now)))


class WrapUps:
    """Every method takes the unit of work it is part of."""

    def __init__(self, database: Database, forms: Forms, cipher: Cipher, strip: Callable[[str], str]) -> None:
        """Hold what is needed.

        Args:
            database: knows how to insert once.
            forms: what is asked.
            cipher: for slots and hints.
            strip: takes names and numbers out of a hint; empty when nothing else is left.
        """
        self._database = database
        self._forms = forms
        self._cipher = cipher
        self._strip = strip

    def list_owed(self, connection: Connection, counsellor_id: int) -> Sequence[RowMapping]:
        """What somebody still has to write up, the oldest first."""
        query = (
            select(wrap_ups, handoffs.c.topic, handoffs.c.accepted_at, handoffs.c.closed_at)
            .outerjoin(handoffs, handoffs.c.id == wrap_ups.c.handoff_id)
            .where(wrap_ups.c.counsellor_id == counsellor_id, wrap_ups.c.done_at.is_(None))
            .order_by(wrap_ups.c.owed_at)
            .limit(MOST_LISTED)
        )
        return connection.execute(query).mappings().all()

    def list_done(self, connection: Connection, counsellor_id: int | None, most: int) -> Sequence[RowMapping]:
        """The newest ones written up, of one counsellor or of all."""
        query = (
            select(wrap_ups, staff_accounts.c.name.label("counsellor"))
            .outerjoin(staff_accounts, staff_accounts.c.id == wrap_ups.c.counsellor_id)
            .where(wrap_ups.c.done_at.is_not(None))
            .order_by(wrap_ups.c.done_at.desc())
            .limit(most)
        )
        if counsellor_id is not None:
            query = query.where(wrap_ups.c.counsellor_id == counsellor_id)
        return connection.execute(query).mappings().all()

    def find(self, connection: Connection, wrap_up_id: int, account_id: int, *, may_watch: bool) -> WrapUp | None:
        """A wrap-up with the form it was filled in on, or today's; None when it is not there for this account."""
        query = (
            select(wrap_ups, staff_accounts.c.name.label("counsellor"))
            .outerjoin(staff_accounts, staff_accounts.c.id == wrap_ups.c.counsellor_id)
            .where(wrap_ups.c.id == wrap_up_id)
        )
        row = connection.execute(query).mappings().one_or_none()
        if row is None or (row["counsellor_id"] != account_id and not may_watch):
            return None
        if row["done_at"] is None:
            return WrapUp(row, self._forms.current(connection))
        answers: dict[str, list[str]] = {}
        mine = select(wrap_up_answers).where(wrap_up_answers.c.wrap_up_id == wrap_up_id).order_by(wrap_up_answers.c.code)
        for answer in connection.execute(mine):
            answers.setdefault(answer.field, []).append(answer.code)
        return WrapUp(row, self._forms.of_version(connection, row["form_version_id"]), answers)

    def start(self, connection: Connection, handoff_id: int, account_id: int, now: datetime) -> int | None:
        """The wrap-up of a conversation this counsellor has just now, begun where there is none.

        Returns:
            Its id; None when the conversation is not theirs.
        """
        # The conversation before its handoff, as everybody locks.
        talk = select(handoffs.c.conversation_id).where(handoffs.c.id == handoff_id).scalar_subquery()
        connection.execute(select(conversations.c.id).where(conversations.c.id == talk).with_for_update())
        mine = (handoffs.c.id == handoff_id) & (handoffs.c.state == ACCEPTED) & (handoffs.c.counsellor_id == account_id)
        row = connection.execute(select(handoffs).where(mine).with_for_update()).mappings().one_or_none()
        if row is None:
            return None
        owe_wrap_up(connection, dict(row), account_id, now)
        # It may have been begun by a colleague who had the conversation before.
        changed = update(wrap_ups).where(wrap_ups.c.handoff_id == handoff_id).values(counsellor_id=account_id)
        return int(connection.execute(changed.returning(wrap_ups.c.id)).scalar_one())

    def suggest(self, connection: Connection, wrap_up: WrapUp, known: Mapping[str, Collection[str]]) -> Answers:
        """What the conversation says by itself: topics asked about, country and Land named.

        Args:
            connection: any connection.
            wrap_up: one that is owed.
            known: codes of ``topics``, ``countries`` and ``lands``.
        """
        query = (
            select(conversations.c.id, conversations.c.session, handoffs.c.land, handoffs.c.topic)
            .join(handoffs, handoffs.c.conversation_id == conversations.c.id)
            .where(handoffs.c.id == wrap_up.row["handoff_id"])
        )
        found = connection.execute(query).one_or_none()
        if found is None:
            return {}
        asked = connection.execute(
            select(messages.c.topic).where(messages.c.conversation_id == found.id, messages.c.topic.is_not(None)).distinct()
        )
        topics = sorted({found.topic, *asked.scalars()} & set(known["topics"]))
        slots = open_slots(found.session, self._cipher).get(SLOTS, {}) if found.session else {}
        country = slots.get("country") or slots.get("nationality")
        suggested = {
            TOPICS: topics,
            COUNTRY: [country] if country in known["countries"] else [],
            LAND: [found.land] if found.land in known["lands"] else [],
        }
        return {code: answers for code, answers in suggested.items() if answers and wrap_up.form.field(code) is not None}

    def complete(
        self,
        connection: Connection,
        wrap_up: WrapUp,
        given: Answers,
        hint: str,
        known: Mapping[str, Collection[str]],
        actor: str,
        now: datetime,
    ) -> None:
        """Store the answers; what was answered before is replaced.

        Args:
            connection: a unit of work.
            wrap_up: as ``find`` gave it.
            given: field -> codes.
            hint: free text on a rule that does not work, or empty.
            known: codes of ``topics``, ``countries`` and ``lands``.
            actor: name of the account.
            now: aware UTC.

        Raises:
            CannotWrapUp: an answer is missing, unknown or retired, or the hint is too long.
        """
        form = wrap_up.form if wrap_up.is_done else self._forms.stored(connection, now)
        rows = [
            {"wrap_up_id": wrap_up.row["id"], "field": field.code, "code": code}
            for field in form.fields
            for code in _expect_answers(field, given.get(field.code, ()), wrap_up.answers.get(field.code, ()), known)
        ]
        if len(hint.strip()) > LONGEST_HINT:
            raise CannotWrapUp("hint_too_long", HINT)
        connection.execute(delete(wrap_up_answers).where(wrap_up_answers.c.wrap_up_id == wrap_up.row["id"]))
        if rows:
            connection.execute(insert(wrap_up_answers), rows)
        done = {"form_version_id": form.id, "done_at": wrap_up.row["done_at"] or now}
        connection.execute(update(wrap_ups).where(wrap_ups.c.id == wrap_up.row["id"]).values(**done))
        self._keep_hint(connection, hint, next(iter(given.get(LAND, ())), None), now)
        note_action(connection, actor, "wrap_up", f"wrap-up {wrap_up.row['id']}", now)

    def read_hints(self, connection: Connection, most: int) -> list[tuple[date, str | None, str]]:
        """The newest hints: month, Land and text."""
        query = select(rule_hints).order_by(rule_hints.c.month.desc(), rule_hints.c.id).limit(most)
        return [(row.month, row.land, self._cipher.decrypt(row.text_encrypted)) for row in connection.execute(query)]

    def _keep_hint(self, connection: Connection, hint: str, land: str | None, now: datetime) -> None:
        stripped = self._strip(hint) if hint.strip() else ""
        if not stripped:
            return
        row = {
            "id": secrets.token_urlsafe(16),
            "month": now.astimezone(BERLIN).date().replace(day=1),
            "land": land if land in LANDS else None,
            "text_encrypted": self._cipher.encrypt(stripped),
        }
        connection.execute(insert(rule_hints).values(**row))


def count_owed(connection: Connection, counsellor_id: int) -> int:
    """How many wrap-ups somebody owes."""
    query = select(func.count()).select_from(wrap_ups)
    owed = query.where(wrap_ups.c.counsellor_id == counsellor_id, wrap_ups.c.done_at.is_(None))
    return int(connection.execute(owed).scalar_one())


def count_answers(connection: Connection, field: str, since: datetime, until: datetime) -> dict[str, int]:
    """How often each answer of a field was given, whatever version of the form it was.

    Args:
        connection: any connection.
        field: its code, such as ``obstacles``.
        since: aware; wrap-ups done from then on.
        until: aware; and before then.
    """
    query = (
        select(wrap_up_answers.c.code, func.count())
        .join(wrap_ups, wrap_ups.c.id == wrap_up_answers.c.wrap_up_id)
        .where(wrap_up_answers.c.field == field, wrap_ups.c.done_at >= since, wrap_ups.c.done_at < until)
        .group_by(wrap_up_answers.c.code)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def _new_row(handoff: Mapping[str, Any], counsellor_id: int, now: datetime) -> dict[str, Any]:
    names = ("language", "channel")
    return {"handoff_id": handoff["id"], "counsellor_id": counsellor_id, "owed_at": now, **{n: handoff[n] for n in names}}


def _expect_answers(asked: Field, given: Sequence[str], before: Sequence[str], known: Mapping[str, Collection[str]]) -> list[str]:
    answers = list(dict.fromkeys(code for code in given if code))
    if asked.kind == HINT:
        return []
    if asked.is_required and not answers:
        raise CannotWrapUp("missing", asked.code)
    if asked.kind == "one" and len(answers) > 1:
        raise CannotWrapUp("too_many", asked.code)
    # What was answered while it was on offer may stay.
    offered = known[asked.source] if asked.source else {option.code for option in asked.on_offer}
    if not set(answers) <= {*offered, *before}:
        raise CannotWrapUp("unknown_answer", asked.code)
    return answers
