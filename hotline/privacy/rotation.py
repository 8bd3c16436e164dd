"""Changes of the keys: everything stored is encrypted anew under the first key, so that an old one can be thrown away.

Done in small units of work beside the running hotline, and it can stop and go on at any time: what is under the first key already
is left alone. The key of the pseudonyms is never changed: see ``PseudonymsLost``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Table, and_, select, tuple_, update

from hotline.errors import CannotStart
from hotline.privacy.cipher import Cipher, Unreadable
from hotline.privacy.slots import SECRETS
from hotline.store.database import Database
from hotline.store.tables import addresses, conversations, metadata

ENDING = "_encrypted"
BATCH = 200
# So many stored numbers tell whether the key of the pseudonyms is the right one.
SAMPLE = 20
UNREADABLE = -1


class PseudonymsLost(CannotStart):
    """PSEUDONYM_KEY is another one than that of the stored pseudonyms. The message says what to do."""


class KeyStillNeeded(CannotStart):
    """Something is stored under an older key. The message says how much and what to do."""


@dataclass(frozen=True)
class Sealed:
    """One encrypted column. ``is_session`` marks the one whose secrets stand inside of a JSON object."""

    table: Table
    column: Column[Any]
    is_session: bool = False

    @property
    def key(self) -> tuple[Column[Any], ...]:
        """The primary key, of one column or several."""
        return tuple(self.table.primary_key.columns)

    def tokens(self, value: Any) -> list[bytes]:
        """What is encrypted in a stored value."""
        if self.is_session:
            return [value[name].encode() for name in SECRETS if value.get(name)]
        return [value] if value else []

    def replaced(self, value: Any, change: Callable[[bytes], bytes]) -> Any:
        """The value with everything encrypted in it changed."""
        if self.is_session:
            return {**value, **{name: change(value[name].encode()).decode() for name in SECRETS if value.get(name)}}
        return change(value)


def sealed_columns() -> list[Sealed]:
    """Every encrypted column of every table: those whose name says so, and what conversations remember."""
    named = [
        Sealed(table, column) for table in metadata.sorted_tables for column in table.columns if column.name.endswith(ENDING)
    ]
    return [*named, Sealed(conversations, conversations.c.session, is_session=True)]


class KeyRotation:
    """Encrypts anew, and counts what is under which key."""

    def __init__(self, database: Database, cipher: Cipher) -> None:
        self._database = database
        self._cipher = cipher

    def count(self) -> Mapping[int, int]:
        """How many values are under which key, counted from 0; ``UNREADABLE`` for those no key opens."""
        found = Counter[int]()
        for sealed in sealed_columns():
            for rows in self._batches(sealed, self._look, self._database.read):
                for _, value in rows:
                    places = (self._cipher.key_of(token) for token in sealed.tokens(value))
                    found.update(UNREADABLE if place is None else place for place in places)
        return found

    def rotate(self, progress: Callable[[str, int], None]) -> int:
        """Encrypt anew what is not under the first key yet.

        Args:
            progress: told the name of a column and how many of its values were encrypted anew.

        Returns:
            How many values it were in all.

        Raises:
            PseudonymsLost: nothing is changed while nobody would be found again anyway.
        """
        self.check_pseudonyms()
        total = 0
        for sealed in sealed_columns():
            done = sum(len(changed) for changed in self._batches(sealed, self._renew, self._database.begin))
            progress(f"{sealed.table.name}.{sealed.column.name}", done)
            total += done
        return total

    def finish(self) -> None:
        """See that no older key is needed any more.

        Raises:
            KeyStillNeeded: one is.
        """
        found = self.count()
        older = sum(amount for place, amount in found.items() if place > 0)
        if older:
            raise KeyStillNeeded(
                f"{older} values are still under an older key. Restart every process with the new key first in DATA_KEYS, "
                "then run `flask keys rotate` again."
            )
        if found[UNREADABLE]:
            raise KeyStillNeeded(
                f"{found[UNREADABLE]} values can be read with no key of DATA_KEYS. Add the key they were written with; "
                "without it they stay unreadable until their time is over (`flask retention show`)."
            )

    def check_pseudonyms(self) -> None:
        """See that PSEUDONYM_KEY is that of the stored pseudonyms.

        Raises:
            PseudonymsLost: it is another one.
        """
        with self._database.read() as connection:
            query = select(addresses.c.pseudonym, addresses.c.number_encrypted).order_by(addresses.c.id.desc()).limit(SAMPLE)
            rows = connection.execute(query).all()
        for row in rows:
            try:
                fits = row.pseudonym == self._cipher.pseudonym(self._cipher.decrypt(row.number_encrypted))
            except Unreadable:
                continue
            if not fits:
                raise PseudonymsLost(
                    "PSEUDONYM_KEY is not the one the stored pseudonyms were made with; put that one back. It cannot be changed: "
                    "who erased everything and wants no messages is known by a pseudonym alone, and would be written to again."
                )

    def _batches(
        self,
        sealed: Sealed,
        work: Callable[[Connection, Sealed, Any], tuple[list[Any], Any]],
        opened: Callable[[], AbstractContextManager[Connection]],
    ) -> Iterator[list[Any]]:
        """Work through a column in the order of its key, each batch in a unit of work of its own."""
        after: Any = None
        while True:
            with opened() as connection:
                done, after = work(connection, sealed, after)
            yield done
            if after is None:
                return

    def _look(self, connection: Connection, sealed: Sealed, after: Any, *, locks: bool = False) -> tuple[list[Any], Any]:
        query = select(*sealed.key, sealed.column).where(sealed.column.is_not(None)).order_by(*sealed.key).limit(BATCH)
        if after is not None:
            query = query.where(tuple_(*sealed.key) > tuple_(*after))
        # Locked, so that nothing written meanwhile is overwritten with what was there before.
        rows = connection.execute(query.with_for_update() if locks else query).all()
        found = [(tuple(row[:-1]), row[-1]) for row in rows]
        return found, found[-1][0] if len(found) == BATCH else None

    def _renew(self, connection: Connection, sealed: Sealed, after: Any) -> tuple[list[Any], Any]:
        rows, last = self._look(connection, sealed, after, locks=True)
        changed = []
        for key, value in rows:
            places = [self._cipher.key_of(token) for token in sealed.tokens(value)]
            # What no key opens stays as it is: the lost key may be found again.
            if any(places) and None not in places:
                new = sealed.replaced(value, self._cipher.renew)
                is_it = and_(*(column == part for column, part in zip(sealed.key, key, strict=True)))
                connection.execute(update(sealed.table).where(is_it).values({sealed.column.name: new}))
                changed.append(key)
        return changed, last
