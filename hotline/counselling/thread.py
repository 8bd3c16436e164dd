"""A conversation as a counsellor reads it: every message, and what must be known before the first word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Row, bindparam, func, select

from hotline.privacy.cipher import Cipher
from hotline.privacy.slots import SLOTS, open_slots
from hotline.store.tables import addresses, callbacks, handoffs, messages

_STATES = (
    select(messages.c.id, messages.c.status, messages.c.error_code)
    .where(messages.c.conversation_id == bindparam("conversation"))
    .order_by(messages.c.id)
)
_LINES = select(messages).where(messages.c.conversation_id == bindparam("conversation")).order_by(messages.c.id)
_ASKED = (
    select(messages.c.direction, messages.c.topic, messages.c.article_version)
    .where(messages.c.conversation_id == bindparam("conversation"), messages.c.topic.is_not(None))
    .order_by(messages.c.id)
)


@dataclass(frozen=True)
class Message:
    """One message, readable. ``author`` is contact, bot or counsellor; ``written_by`` the account of a counsellor."""

    id: int
    author: str
    written_by: str | None
    said_at: datetime
    language: str | None
    status: str | None
    error_code: str | None
    topic: str | None
    article_version: int | None
    danger: str | None
    text: str = field(repr=False)


@dataclass(frozen=True)
class AskedTopic:
    """A topic the person asked about, and the versions of its article they were told."""

    topic: str
    versions: tuple[int, ...]


@dataclass(frozen=True)
class Packet:
    """What is handed over with a conversation.

    ``slots`` is what the person's texts named; ``earlier`` counts the handoffs this very conversation had before.
    ``safe_times`` is when the person wants to be called, where they said so.
    """

    topics: tuple[AskedTopic, ...]
    slots: Mapping[str, str] = field(repr=False)
    earlier: int
    safe_times: str | None


def read_states(connection: Connection, conversation_id: int) -> Sequence[Row[int, str | None, str | None]]:
    """Id, status and error of every message: what tells whether there is news, without decrypting a word."""
    return connection.execute(_STATES, {"conversation": conversation_id}).all()


def read_messages(connection: Connection, cipher: Cipher, conversation_id: int) -> list[Message]:
    """Every message of a conversation, oldest first."""
    return [
        Message(
            id=row.id,
            author=row.author,
            written_by=row.written_by,
            said_at=row.created_at,
            language=row.language,
            status=row.status,
            error_code=row.error_code,
            topic=row.topic,
            article_version=row.article_version,
            danger=row.danger,
            text=cipher.decrypt(row.body_encrypted),
        )
        for row in connection.execute(_LINES, {"conversation": conversation_id})
    ]


def read_packet(
    connection: Connection, cipher: Cipher, handoff_id: int, conversation_id: int, session: Mapping[str, object]
) -> Packet:
    """What is handed over with a conversation.

    Args:
        connection: any connection.
        cipher: opens what the person named.
        handoff_id: of the handoff.
        conversation_id: of its conversation.
        session: of the conversation, as stored.
    """
    topics: dict[str, list[int]] = {}
    for row in connection.execute(_ASKED, {"conversation": conversation_id}):
        told = topics.setdefault(row.topic, [])
        if row.article_version is not None and row.article_version not in told:
            told.append(row.article_version)
    before = select(func.count()).where(handoffs.c.conversation_id == conversation_id, handoffs.c.id < handoff_id)
    wanted = select(callbacks.c.safe_times).where(callbacks.c.handoff_id == handoff_id).order_by(callbacks.c.id.desc()).limit(1)
    slots: Mapping[str, str] = open_slots(session, cipher).get(SLOTS) or {}
    return Packet(
        topics=tuple(AskedTopic(topic, tuple(versions)) for topic, versions in topics.items()),
        slots=slots,
        earlier=connection.execute(before).scalar_one(),
        safe_times=connection.execute(wanted).scalar_one_or_none(),
    )


def mask_number(number: str) -> str:
    """A number of which only the last two digits show."""
    return f"••• {number[-2:]}"


def read_number(connection: Connection, cipher: Cipher, address_id: int | None) -> str | None:
    """The number of an address; None when it was withheld."""
    query = select(addresses.c.number_encrypted).where(addresses.c.id == address_id)
    stored = connection.execute(query).scalar_one_or_none()
    return None if stored is None else cipher.decrypt(stored)
