"""What is read of talks, without numbers, and what has to be rung for after one has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from hotline.counselling.call_orders import DOING, FAILED, QUEUED, WISHED
from hotline.store.tables import call_legs, call_orders, staff_accounts, talks


@dataclass
class Follow:
    """What has to be rung for after the commit, and what became of the talk."""

    orders: list[int] = field(default_factory=list)
    outbox_ids: list[int] = field(default_factory=list)
    state: str = ""

    def add(self, other: Follow) -> None:
        """Take another one's too."""
        self.orders += other.orders
        self.outbox_ids += other.outbox_ids


def find_call_for(connection: Connection, handoff_id: int) -> RowMapping | None:
    """The newest talk of a handoff that is not over; nothing is locked."""
    query = select(talks).where(talks.c.handoff_id == handoff_id, talks.c.state != "over").order_by(talks.c.id.desc()).limit(1)
    return connection.execute(query).mappings().one_or_none()


def list_calls(connection: Connection, talk_id: int) -> list[dict[str, Any]]:
    """The calls of a talk, without numbers, with the names of colleagues.

    ``pending`` is what was wished of a call and is not done yet, ``failed`` what the provider did not do; each is empty, or hold,
    unhold, mute, unmute.
    """
    names = ("id", "role", "state", "ending", "is_held", "is_muted", "language", "account_id")
    columns = [call_legs.c[name] for name in names]
    query = select(*columns, staff_accounts.c.name).outerjoin(staff_accounts, staff_accounts.c.id == call_legs.c.account_id)
    rows = connection.execute(query.where(call_legs.c.talk_id == talk_id).order_by(call_legs.c.id)).mappings()
    wished = (
        select(call_orders.c.leg_id, call_orders.c.kind, call_orders.c.status)
        .join(call_legs, call_legs.c.id == call_orders.c.leg_id)
        .where(call_legs.c.talk_id == talk_id, call_orders.c.kind.in_(WISHED))
        .order_by(call_orders.c.id)
    )
    # The last wish of each call is the one that counts.
    last = {row.leg_id: (row.kind, row.status) for row in connection.execute(wished)}
    return [{**row, **_wish(*last.get(row["id"], ("", "")))} for row in rows]


def _wish(kind: str, status: str) -> dict[str, str]:
    return {"pending": kind if status in (QUEUED, DOING) else "", "failed": kind if status == FAILED else ""}


def find_unsure(connection: Connection) -> Sequence[RowMapping]:
    """Orders of which nobody knows whether they were carried out, and callbacks that wait for somebody to look; no numbers."""
    query = (
        select(call_orders.c.id, call_orders.c.kind, talks.c.handoff_id, talks.c.callback_id, call_orders.c.created_at)
        .join(call_legs, call_legs.c.id == call_orders.c.leg_id)
        .join(talks, talks.c.id == call_legs.c.talk_id)
        .where(call_orders.c.status == "unsure")
    )
    return connection.execute(query.order_by(call_orders.c.id)).mappings().all()


def ring_after(follow: Follow, orders: Callable[[Iterable[int]], object], outbox: Callable[[int], object]) -> None:
    """Wake the worker for what follows; call it after the commit."""
    orders(follow.orders)
    for outbox_id in follow.outbox_ids:
        outbox(outbox_id)
