"""Recordings of prompts: who has spoken what, and which of them people hear. Uploaded by one, approved by another.

A recording belongs to the words it was made for (``text_hash``). When they change it is outdated: it stays, but nobody hears it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, func, select, update

from hotline.knowledge.problems import Refused
from hotline.privacy.audit import note_action
from hotline.store.counters import count
from hotline.store.database import Database, insert_returning_id
from hotline.store.tables import recordings

IN_REVIEW, LIVE, REPLACED, REMOVED = "in_review", "live", "replaced", "removed"
# Counts what changes what people hear, so that the worker knows when to build.
RECORDINGS_REVISION = "recordings_revision"
MOST_WAITING = 3
LONGEST_NOTE = 200
_ABOUT = [column for column in recordings.columns if column is not recordings.c.sound]


@dataclass(frozen=True)
class NewRecording:
    """What was sent.

    Args:
        language: code.
        prompt: its name in the list of prompts.
        text: the words as they stand now, and ``text_hash`` their name in the library of sounds.
        sound: WAV as it is played, ``sound_hash`` its name there.
        milliseconds: how long it is.
        note: where the consent of the speaker is filed.
        speaker_consents: whether the speaker consents.
    """

    language: str
    prompt: str
    text: str
    text_hash: str
    sound: bytes
    sound_hash: str
    milliseconds: int
    note: str
    speaker_consents: bool


class Recordings:
    """Keeps recordings and decides which are heard."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        """Hold what is needed.

        Args:
            database: where they are.
            clock: gives aware UTC.
        """
        self._database = database
        self._clock = clock

    def add(self, new: NewRecording, author: str) -> int:
        """Keep a recording for review; gives its id.

        Raises:
            Refused: the speaker does not consent, or several wait already.
        """
        if not new.speaker_consents:
            raise Refused("sound_consent")
        row = {**vars(new), "note": new.note[:LONGEST_NOTE], "state": IN_REVIEW, "author": author, "uploaded_at": self._clock()}
        waiting = select(func.count()).where(
            recordings.c.language == new.language, recordings.c.prompt == new.prompt, recordings.c.state == IN_REVIEW
        )
        with self._database.begin() as connection:
            if connection.execute(waiting).scalar_one() >= MOST_WAITING:
                raise Refused("sound_waiting", limit=MOST_WAITING)
            recording_id = insert_returning_id(connection, recordings, row)
            note_action(connection, author, "upload_recording", f"recording {recording_id}", self._clock())
        return recording_id

    def approve(self, recording_id: int, text_hash: str, approver: str) -> None:
        """Let people hear a recording; the one before is replaced.

        Args:
            recording_id: which.
            text_hash: of the words its prompt has now.
            approver: name of an account other than the author's.

        Raises:
            Refused: approver and author are one, it is decided already, or the words have changed.
        """
        now = self._clock()
        with self._database.begin() as connection:
            found = self.find(connection, recording_id)
            if found is None or found.state != IN_REVIEW:
                raise Refused("sound_decided")
            if found.author == approver:
                raise Refused("two_people")
            if found.text_hash != text_hash:
                raise Refused("sound_old_words")
            of_prompt = (recordings.c.language == found.language, recordings.c.prompt == found.prompt)
            is_before = (*of_prompt, recordings.c.state == LIVE)
            connection.execute(update(recordings).where(*is_before).values(state=REPLACED, closed_at=now))
            self._decide(connection, recording_id, (IN_REVIEW,), state=LIVE, approver=approver, decided_at=now)
            note_action(connection, approver, "approve_recording", f"recording {recording_id}", now)
            count(self._database, connection, RECORDINGS_REVISION)

    def remove(self, recording_id: int, actor: str) -> None:
        """Delete a sound at once: it is no good, or the speaker no longer consents.

        Raises:
            Refused: it is removed already.
        """
        now = self._clock()
        with self._database.begin() as connection:
            self._decide(
                connection, recording_id, (IN_REVIEW, LIVE, REPLACED), state=REMOVED, sound=None, decided_at=now, closed_at=now
            )
            note_action(connection, actor, "remove_recording", f"recording {recording_id}", now)
            count(self._database, connection, RECORDINGS_REVISION)
        self._database.forget_deleted()

    def _decide(self, connection: Connection, recording_id: int, before: tuple[str, ...], **values: object) -> None:
        is_it = (recordings.c.id == recording_id, recordings.c.state.in_(before))
        if connection.execute(update(recordings).where(*is_it).values(values)).rowcount != 1:
            raise Refused("sound_decided")

    def find(self, connection: Connection, recording_id: int) -> Row[tuple[object, ...]] | None:
        """What is known of a recording, without its sound."""
        return connection.execute(select(*_ABOUT).where(recordings.c.id == recording_id)).first()

    def of_prompt(self, connection: Connection, language: str, prompt: str) -> Sequence[Row[tuple[object, ...]]]:
        """All recordings of a prompt, without their sounds, newest first."""
        is_it = (recordings.c.language == language, recordings.c.prompt == prompt)
        return connection.execute(select(*_ABOUT).where(*is_it).order_by(recordings.c.id.desc())).all()

    def open(self, connection: Connection) -> Sequence[Row[tuple[object, ...]]]:
        """All that are heard, outdated or wait, without their sounds, oldest first."""
        is_open = recordings.c.state.in_((IN_REVIEW, LIVE))
        return connection.execute(select(*_ABOUT).where(is_open).order_by(recordings.c.id)).all()

    def released(self, language: str) -> dict[str, str]:
        """What may be heard in a language: the hash of the words -> the hash of the sound; the newest where there are two."""
        query = (
            select(recordings.c.text_hash, recordings.c.sound_hash)
            .where(recordings.c.language == language, recordings.c.state == LIVE)
            .order_by(recordings.c.decided_at, recordings.c.id)
        )
        with self._database.read() as connection:
            return {row.text_hash: row.sound_hash for row in connection.execute(query)}

    def sound(self, recording_id: int) -> bytes | None:
        """The sound of a recording; None when there is none, or it is removed."""
        with self._database.read() as connection:
            return connection.execute(select(recordings.c.sound).where(recordings.c.id == recording_id)).scalar()

    def sound_of(self, language: str, sound_hash: str) -> bytes | None:
        """A sound that is heard, by its hash."""
        is_it = (recordings.c.language == language, recordings.c.sound_hash == sound_hash, recordings.c.state == LIVE)
        with self._database.read() as connection:
            return connection.execute(select(recordings.c.sound).where(*is_it).limit(1)).scalar()
