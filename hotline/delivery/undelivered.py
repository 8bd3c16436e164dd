"""Messages that did not arrive, and why, in words a person can act on: no number and no text among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select, update

from hotline.delivery.outbox import CHECKING, OPTED_OUT, PROBLEMS, UNSURE, UnknownOutboxRow
from hotline.privacy.audit import note_action
from hotline.store.tables import conversations, handoffs, messages, outbox

SHOWN = 200

# Code of the provider -> reason; what is missing here is "unknown". The screens have a sentence for each.
_REASONS: Mapping[int, str] = MappingProxyType(
    {
        21211: "number", 30005: "number",
        21614: "landline", 21635: "landline", 30006: "landline",
        21408: "country", 21612: "country",
        21603: "sender", 21606: "sender", 21663: "sender",
        20003: "credentials",
        20429: "busy", 20500: "busy", 20503: "busy", 21611: "busy", 30001: "busy", 63017: "busy",
        21610: "opted_out", 30004: "blocked", 30007: "filtered", 30003: "phone_off", 30036: "too_late",
        63016: "window", 11751: "too_big",
    }
)  # fmt: skip
REASONS = (*dict.fromkeys(_REASONS.values()), "unsure", "checking", "unreadable", "no_answer", "unknown")


@dataclass(frozen=True)
class Undelivered:
    """One message that did not arrive.

    Args:
        id: of its outbox row.
        channel: sms or whatsapp.
        reason: one of ``REASONS``.
        code: of the provider.
        tries: how often it was sent.
        language: of the conversation; None for a notice to a counsellor.
        handoff_id: the newest handoff of the conversation.
        created_at: when it was written.
        may_resend: a person may have it sent again.
    """

    id: int
    channel: str
    reason: str
    code: str | None
    tries: int
    language: str | None
    handoff_id: int | None
    created_at: datetime
    may_resend: bool


def reason_of(status: str, code: str | None, tries: int) -> str:
    """Why a message did not arrive.

    Args:
        status: of its outbox row.
        code: of the provider, as it is stored.
        tries: how often it was sent.
    """
    if status in (UNSURE, CHECKING, OPTED_OUT):
        return status
    if code is not None and code.isdigit():
        return _REASONS.get(int(code), "unknown")
    return "no_answer" if tries else "unreadable"


def is_listed() -> ColumnElement[bool]:
    """Tells outbox rows that did not arrive and that nobody has dealt with from all others."""
    return outbox.c.status.in_((*PROBLEMS, OPTED_OUT, CHECKING)) & outbox.c.settled_at.is_(None)


def read_undelivered(connection: Connection) -> list[Undelivered]:
    """The newest messages that did not arrive and that nobody has dealt with, newest first."""
    newest = select(func.max(handoffs.c.id)).where(handoffs.c.conversation_id == messages.c.conversation_id)
    query = (
        select(outbox, conversations.c.language, newest.scalar_subquery().label("handoff_id"))
        .outerjoin(messages, messages.c.id == outbox.c.message_id)
        .outerjoin(conversations, conversations.c.id == messages.c.conversation_id)
        .where(is_listed())
        .order_by(outbox.c.id.desc())
        .limit(SHOWN)
    )
    return [_read(row) for row in connection.execute(query)]


def settle(connection: Connection, outbox_id: int, actor: str, now: datetime) -> None:
    """Take a message off the list: a person has dealt with it otherwise.

    Raises:
        UnknownOutboxRow: it is not on the list.
    """
    is_listed = outbox.c.status.in_((*PROBLEMS, OPTED_OUT)) & outbox.c.settled_at.is_(None)
    done = connection.execute(update(outbox).where(outbox.c.id == outbox_id, is_listed).values(settled_at=now))
    if not done.rowcount:
        raise UnknownOutboxRow(f"There is no message {outbox_id} to deal with.")
    note_action(connection, actor, "settled_message", f"outbox {outbox_id}", now)


def _read(row: Row[Any]) -> Undelivered:
    return Undelivered(
        id=row.id,
        channel=row.channel,
        reason=reason_of(row.status, row.error_code, row.attempts),
        code=row.error_code,
        tries=row.attempts,
        language=row.language,
        handoff_id=row.handoff_id,
        created_at=row.created_at,
        may_resend=row.status in PROBLEMS,
    )
