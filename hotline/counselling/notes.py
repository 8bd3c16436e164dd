"""Notes of counsellors for each other: encrypted, never shown to the person, kept with the conversation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, insert, select

from hotline.counselling.handoff import get_open, write_audit
from hotline.privacy.cipher import Cipher
from hotline.store.tables import handoff_notes

LONGEST_NOTE = 2000


class UnusableNote(ValueError):
    """A note is empty or too long. The message says which."""


@dataclass(frozen=True)
class Note:
    """One note, readable."""

    author: str
    written_at: datetime
    text: str = field(repr=False)


def add_note(connection: Connection, cipher: Cipher, handoff_id: int, text: str, author: str, now: datetime) -> None:
    """Keep a note.

    Args:
        connection: a unit of work.
        cipher: closes it.
        handoff_id: an open handoff.
        text: up to ``LONGEST_NOTE`` characters.
        author: name of the account.
        now: aware UTC.

    Raises:
        UnknownHandoff: it is not there or closed.
        UnusableNote: it is empty or too long.
    """
    words = text.strip()
    if not words or len(words) > LONGEST_NOTE:
        raise UnusableNote(f"A note has 1 to {LONGEST_NOTE} characters.")
    handoff = get_open(connection, handoff_id)
    row = {"author": author, "text_encrypted": cipher.encrypt(words), "created_at": now}
    connection.execute(insert(handoff_notes).values(conversation_id=handoff["conversation_id"], **row))
    write_audit(connection, author, "write_note", handoff_id, now)


def read_notes(connection: Connection, cipher: Cipher, conversation_id: int) -> Sequence[Note]:
    """All notes of a conversation, oldest first."""
    query = select(handoff_notes).where(handoff_notes.c.conversation_id == conversation_id).order_by(handoff_notes.c.id)
    return [Note(row.author, row.created_at, cipher.decrypt(row.text_encrypted)) for row in connection.execute(query)]
