"""Messages callers leave: fetched by the worker, encrypted here, deleted at the provider, and played in the console alone."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection, RowMapping, select, update

from hotline.counselling.handoff import find_open, write_audit
from hotline.counselling.queues import find_queue, read_queues
from hotline.privacy.cipher import Cipher
from hotline.privacy.provider_copies import order_deletion
from hotline.store.database import Database, insert_returning_id
from hotline.store.tables import voicemails
from hotline.telephony.client import SendFailed

log = logging.getLogger(__name__)
NEW, FETCHED, KEPT, LOST = "new", "fetched", "kept", "lost"
# The provider needs a moment to make a file of a message; after a day it has none any more.
MOST_ATTEMPTS = 60 * 24


class Recordings(Protocol):
    """The provider; see ``telephony.call_client.TwilioCalls``."""

    def fetch_recording(self, sid: str) -> bytes:
        """The sound."""
        ...

    def delete_recording(self, sid: str) -> None:
        """Delete it for ever."""
        ...


def takes_voicemail(connection: Connection, language: str | None, land: str | None) -> bool:
    """Whether callers of a language and a Land may leave a message: a setting of their queue."""
    queue = find_queue(read_queues(connection), language, land)
    return queue is not None and queue.takes_voicemail


def note_message(
    database: Database, connection: Connection, conversation_id: int, recording_sid: str, seconds: int, now: datetime
) -> None:
    """Write down that a message waits at the provider; it belongs to the open handoff of the call.

    Where there is none, as after an erasure, nobody would ever hear it: the provider is to delete it.

    Args:
        database: knows how to insert a row once.
        connection: a unit of work that has locked the conversation.
        conversation_id: of the call.
        recording_sid: the provider's.
        seconds: how long it is.
        now: aware UTC.
    """
    handoff = find_open(connection, conversation_id)
    if handoff is None:
        order_deletion(database, connection, [recording_sid], now)
        return
    row = {
        "handoff_id": handoff["id"], "recording_sid": recording_sid, "state": NEW, "seconds": seconds, "attempts": 0,
        "created_at": now,
    }  # fmt: skip
    insert_returning_id(connection, voicemails, row)


def list_messages(connection: Connection, handoff_id: int) -> Sequence[RowMapping]:
    """The messages of a handoff, without their sound."""
    columns = (voicemails.c.id, voicemails.c.state, voicemails.c.seconds, voicemails.c.created_at)
    query = select(*columns).where(voicemails.c.handoff_id == handoff_id).order_by(voicemails.c.id)
    return connection.execute(query).mappings().all()


def hear_message(
    connection: Connection, handoff_id: int, voicemail_id: int, cipher: Cipher, actor: str, now: datetime
) -> bytes | None:
    """The sound of a message of a handoff; hearing it leaves an audit row. None when it is not (yet) here."""
    own = (voicemails.c.id == voicemail_id) & (voicemails.c.handoff_id == handoff_id)
    stored = connection.execute(select(voicemails.c.sound_encrypted).where(own)).scalar_one_or_none()
    if stored is None:
        return None
    write_audit(connection, actor, "hear_voicemail", handoff_id, now)
    return base64.b64decode(cipher.decrypt(stored))


class MessageFetcher:
    """The worker's side: no network call is within a unit of work, and every step can be done again."""

    def __init__(self, database: Database, cipher: Cipher, recordings: Callable[[], Recordings]) -> None:
        """Hold what is needed.

        Args:
            database: where the messages are.
            cipher: closes the sound.
            recordings: gives the provider when it is needed.
        """
        self._database = database
        self._cipher = cipher
        self._recordings = recordings

    def run(self) -> int:
        """Fetch what is new and delete at the provider what is here.

        Returns:
            How many messages came nearer to their place.
        """
        open_ones = voicemails.c.state.in_((NEW, FETCHED))
        with self._database.read() as connection:
            columns = (voicemails.c.id, voicemails.c.recording_sid, voicemails.c.state, voicemails.c.attempts)
            rows = connection.execute(select(*columns).where(open_ones).order_by(voicemails.c.id).limit(100)).all()
        return sum(self._bring(row.id, row.recording_sid, row.state, row.attempts) for row in rows)

    def _bring(self, voicemail_id: int, sid: str, state: str, attempts: int) -> bool:
        try:
            if state == NEW:
                sound = self._cipher.encrypt(base64.b64encode(self._recordings().fetch_recording(sid)).decode())
                self._store(voicemail_id, state=FETCHED, sound_encrypted=sound)
            self._recordings().delete_recording(sid)
            self._store(voicemail_id, state=KEPT)
        except SendFailed as failure:
            log.warning("a message is not here yet", extra={"voicemail": voicemail_id, "code": failure.code})
            is_over = attempts + 1 >= MOST_ATTEMPTS and state == NEW
            self._store(voicemail_id, attempts=attempts + 1, **({"state": LOST} if is_over else {}))
            return False
        return True

    def _store(self, voicemail_id: int, **values: object) -> None:
        with self._database.begin() as connection:
            connection.execute(update(voicemails).where(voicemails.c.id == voicemail_id).values(**values))
