"""The audit: who did what to what, and when. Names of staff and ids only, never a text or a number of a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, select

from hotline.store.database import insert_returning_id
from hotline.store.tables import audit


def note_action(connection: Connection, actor: str, action: str, on: str, now: datetime) -> int:
    """Leave a row.

    Args:
        connection: the unit of work of the action itself, so that one is never there without the other.
        actor: name of an account, or of an operator at the command line.
        action: verb and noun, such as ``read_conversation``.
        on: kind and id of what it was done to, such as ``handoff 7``.
        now: aware UTC.

    Returns:
        Its id.
    """
    return insert_returning_id(connection, audit, {"actor": actor, "action": action, "object": on, "happened_at": now})


@dataclass(frozen=True)
class Looked:
    """Which rows are looked for; an empty name takes all.

    Args:
        actor: who did it.
        action: what was done.
        since: from when on, aware UTC.
        until: before when.
        before_id: only rows older than this one, to go on reading.
    """

    actor: str = ""
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before_id: int | None = None


EVERYTHING = Looked()


def list_actions(connection: Connection, most: int, looked: Looked = EVERYTHING) -> Sequence[RowMapping]:
    """The newest rows that are looked for, newest first."""
    table = audit.c
    wanted = [
        *([table.actor == looked.actor] if looked.actor else []),
        *([table.action == looked.action] if looked.action else []),
        *([table.happened_at >= looked.since] if looked.since else []),
        *([table.happened_at < looked.until] if looked.until else []),
        *([table.id < looked.before_id] if looked.before_id is not None else []),
    ]
    return connection.execute(select(audit).where(*wanted).order_by(table.id.desc()).limit(most)).mappings().all()


def known_actions(connection: Connection) -> list[str]:
    """Every kind of deed there is a row of."""
    return list(connection.execute(select(audit.c.action).distinct().order_by(audit.c.action)).scalars())
