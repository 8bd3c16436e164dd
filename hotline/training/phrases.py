"""Training phrases as editors change them: rows beside the files, so that an update of the files undoes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection, delete, insert, select, update

from hotline.knowledge.problems import Refused
from hotline.privacy.audit import note_action
from hotline.store.database import Database, insert_returning_id
from hotline.store.tables import muted_phrases, phrases
from hotline.training.phrase_files import PhraseFiles, key_of

STUDIO = "studio"
LONGEST = 300
# The training reads these as marks of its own.
FORBIDDEN = "[]{}\t\r\n"
State = Literal["starter", "muted", "added"]


@dataclass(frozen=True)
class Phrase:
    """One phrase: of the files, switched off or not, or added in the studio (then with an id and an author)."""

    language: str
    topic: str
    text: str
    state: State
    id: int = 0
    author: str = ""
    added_at: datetime | None = None


def _now() -> datetime:
    return datetime.now(UTC)


class PhraseEditing:
    """Lists and changes training phrases; a change is heard after the next training."""

    def __init__(self, database: Database, files: PhraseFiles, clock: Callable[[], datetime] = _now) -> None:
        """Hold what is needed.

        Args:
            database: where the rows are.
            files: the starter's phrases.
            clock: gives aware UTC.
        """
        self._database = database
        self._files = files
        self._clock = clock

    def find(self, connection: Connection, language: str, topic: str = "", wanted: str = "", state: str = "") -> list[Phrase]:
        """The phrases of a language: added ones first, newest first, then those of the files.

        Args:
            connection: to the database.
            language: code.
            topic: only of this one; empty for all.
            wanted: words in the phrase.
            state: only these; empty for all.
        """
        muted = {(row.topic, row.text) for row in connection.execute(_of(muted_phrases, language))}
        rows = connection.execute(_of(phrases, language).order_by(phrases.c.id.desc()))
        added = [Phrase(language, row.topic, row.text, "added", row.id, row.author, row.added_at) for row in rows]
        starters = (
            Phrase(language, item.topic, item.text, "muted" if (item.topic, item.text) in muted else "starter")
            for item in self._files.starters(language)
        )
        sought = wanted.casefold()
        return [
            phrase
            for phrase in (*added, *starters)
            if topic in ("", phrase.topic) and state in ("", phrase.state) and sought in phrase.text.casefold()
        ]

    def add(self, language: str, topic: str, text: str, author: str, origin: str = STUDIO) -> int:
        """Add a phrase.

        Args:
            language: code.
            topic: what it means.
            text: what people say.
            author: account.
            origin: where it comes from, such as ``studio``.

        Raises:
            Refused: it is empty, too long, known already, or a question the model is judged by.
        """
        with self._database.begin() as connection:
            values = {"language": language, "topic": topic, "text": self._check(connection, language, text, 0)}
            now = self._clock()
            new_id = insert_returning_id(connection, phrases, {**values, "author": author, "origin": origin, "added_at": now})
            note_action(connection, author, "phrase.add", f"phrase {new_id}", now)
        return new_id

    def change(self, phrase_id: int, topic: str, text: str, author: str) -> None:
        """Change an added phrase.

        Raises:
            Refused: see ``add``; or it is not there.
        """
        with self._database.begin() as connection:
            row = connection.execute(select(phrases).where(phrases.c.id == phrase_id)).first()
            if row is None:
                raise Refused("unknown", name=f"phrase {phrase_id}")
            now = self._clock()
            values = {"topic": topic, "text": self._check(connection, row.language, text, phrase_id)}
            connection.execute(update(phrases).where(phrases.c.id == phrase_id).values(**values, author=author, added_at=now))
            note_action(connection, author, "phrase.change", f"phrase {phrase_id}", now)

    def remove(self, phrase_id: int, author: str) -> None:
        """Remove an added phrase; nothing happens when somebody was faster."""
        with self._database.begin() as connection:
            connection.execute(delete(phrases).where(phrases.c.id == phrase_id))
            note_action(connection, author, "phrase.remove", f"phrase {phrase_id}", self._clock())

    def mute(self, language: str, topic: str, text: str, author: str) -> None:
        """Switch a phrase of the files off.

        Raises:
            Refused: the files hold no such phrase.
        """
        if not any((item.topic, item.text) == (topic, text) for item in self._files.starters(language)):
            raise Refused("unknown", name=text)
        with self._database.begin() as connection:
            now = self._clock()
            found = connection.execute(_of(muted_phrases, language).where(*_same(topic, text))).first()
            if found is None:
                row = {"language": language, "topic": topic, "text": text, "author": author, "muted_at": now}
                connection.execute(insert(muted_phrases).values(**row))
                note_action(connection, author, "phrase.mute", f"phrase {language} {topic}", now)

    def unmute(self, language: str, topic: str, text: str, author: str) -> None:
        """Switch a phrase of the files on again."""
        with self._database.begin() as connection:
            connection.execute(delete(muted_phrases).where(muted_phrases.c.language == language, *_same(topic, text)))
            note_action(connection, author, "phrase.unmute", f"phrase {language} {topic}", self._clock())

    def export(self, connection: Connection) -> tuple[list[tuple[str, str, str]], list[tuple[str, str, str]]]:
        """What the next training adds to the files and leaves out of them: (language, topic, text) each."""
        columns = [[table.c[name] for name in ("language", "topic", "text")] for table in (phrases, muted_phrases)]
        added, muted = ([tuple(row) for row in connection.execute(select(*found).order_by(*found))] for found in columns)
        return added, muted

    def changed_since(self, connection: Connection, moment: datetime | None) -> int:
        """How many phrases were added, changed or switched off after a time; all of them for None."""
        moments = ((phrases, phrases.c.added_at), (muted_phrases, muted_phrases.c.muted_at))
        return sum(
            len(connection.execute(select(table.c.id).where(*([column > moment] if moment else []))).all())
            for table, column in moments
        )

    def _check(self, connection: Connection, language: str, text: str, own_id: int) -> str:
        clean = " ".join(text.split())
        if not clean:
            raise Refused("phrase_empty")
        if len(clean) > LONGEST:
            raise Refused("phrase_long", limit=LONGEST)
        if set(clean) & set(FORBIDDEN):
            raise Refused("phrase_marks")
        key = key_of(clean)
        rows = connection.execute(_of(phrases, language).where(phrases.c.id != own_id))
        known = [*rows, *self._files.starters(language)]
        same: Any = next((item for item in known if key_of(item.text) == key), None)
        if same is not None:
            raise Refused("phrase_known", topic=same.topic)
        if key in self._files.test_texts(language):
            raise Refused("phrase_of_test")
        return clean


def _of(table: Any, language: str) -> Any:
    return select(table).where(table.c.language == language)


def _same(topic: str, text: str) -> tuple[Any, Any]:
    return muted_phrases.c.topic == topic, muted_phrases.c.text == text
