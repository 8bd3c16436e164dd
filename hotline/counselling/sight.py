"""Who may see which conversation: its counsellor, who is being asked to take it, and supervisors, who only watch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, RowMapping, bindparam, select

from hotline.counselling.states import ACCEPTED, OFFERED, OPEN
from hotline.store.tables import conversations, handoff_transfers, handoffs, staff_accounts

# own: they have it. offered: the queue asks them. asked: a colleague asks them. watching: a supervisor looks on.
Sight = Literal["own", "offered", "asked", "watching"]

_OWNER = staff_accounts.alias()
_SEEN = (
    select(
        handoffs,
        _OWNER.c.name.label("owner_name"),
        conversations.c.status.label("owner"),
        conversations.c.address_id,
        conversations.c.language.label("written_language"),
        conversations.c.last_inbound_at,
        conversations.c.session,
    )
    .join(conversations, conversations.c.id == handoffs.c.conversation_id)
    .outerjoin(_OWNER, _OWNER.c.id == handoffs.c.counsellor_id)
    .where(handoffs.c.id == bindparam("handoff_id"), handoffs.c.state.in_(sorted(OPEN)))
)
_ASKED = select(handoff_transfers.c.id).where(
    handoff_transfers.c.handoff_id == bindparam("handoff_id"),
    handoff_transfers.c.from_id == bindparam("owner_id"),
    handoff_transfers.c.to_id == bindparam("account_id"),
    handoff_transfers.c.outcome == "",
    handoff_transfers.c.expires_at > bindparam("now"),
)


@dataclass(frozen=True)
class Seen:
    """An open handoff with its conversation, and how somebody may see it. ``row`` holds nothing readable of the person."""

    row: RowMapping
    sight: Sight

    @property
    def id(self) -> int:
        """Of the handoff."""
        return int(self.row["id"])

    @property
    def conversation_id(self) -> int:
        """Of its conversation."""
        return int(self.row["conversation_id"])

    @property
    def language(self) -> str | None:
        """What the person writes in: of the conversation, else as the handoff was asked for."""
        found: str | None = self.row["written_language"] or self.row["language"]
        return found

    @property
    def is_own(self) -> bool:
        """Whether they may write, note and close."""
        return self.sight == "own"


def look_at(connection: Connection, handoff_id: int, account_id: int, now: datetime, *, may_watch: bool) -> Seen | None:
    """An open handoff as somebody may see it.

    Args:
        connection: any connection; nothing is locked.
        handoff_id: of the handoff.
        account_id: who looks.
        now: aware UTC.
        may_watch: whether they see everything, as supervisors do.

    Returns:
        None when it is not there, closed, or none of theirs: a stranger learns nothing of the difference.
    """
    row = connection.execute(_SEEN, {"handoff_id": handoff_id}).mappings().one_or_none()
    if row is None:
        return None
    sight = _sight(connection, row, account_id, now, may_watch=may_watch)
    return None if sight is None else Seen(row, sight)


def _sight(connection: Connection, row: Any, account_id: int, now: datetime, *, may_watch: bool) -> Sight | None:
    if row["state"] == ACCEPTED and row["counsellor_id"] == account_id:
        return "own"
    if row["state"] == OFFERED and row["offered_to"] == account_id:
        return "offered"
    asked = {"handoff_id": row["id"], "owner_id": row["counsellor_id"], "account_id": account_id, "now": now}
    if row["state"] == ACCEPTED and connection.execute(_ASKED, asked).first() is not None:
        return "asked"
    return "watching" if may_watch else None
