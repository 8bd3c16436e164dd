"""The audit: who did what to what, and when. Names of staff and ids only, never a text or a number of a person."""

from __future__ import annotations

from collections.abc import Sequence
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


def list_actions(connection: Connection, most: int, actor: str | None = None) -> Sequence[RowMapping]:
    """The newest rows, newest first; of one actor where one is named."""
    query = select(audit).order_by(audit.c.id.desc()).limit(most)
    if actor is not None:
        query = query.where(audit.c.actor == actor)
    return connection.execute(query).mappings().all()
