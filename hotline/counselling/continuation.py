"""Codes with which a matter goes on from another phone or channel: without a name, and never by a number alone.

Only a keyed hash of a code is kept. Guessing is slowed, per address and for all together; that never keeps anybody from a person.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update

from hotline.counselling.cases import bundle_by_code
from hotline.counselling.handoff import carry_handoff, lock_conversation
from hotline.privacy.cipher import Cipher
from hotline.store.database import Database
from hotline.store.tables import addresses, continuation_codes, continuation_tries, conversations

CODE_LASTS = timedelta(days=14)
DIGITS = 6


@dataclass(frozen=True)
class Limit:
    """So many wrong codes, and no more until one of them is forgotten."""

    failures: int
    forgets_every: timedelta


# Somebody who mistypes has five tries and then one every six hours; whoever guesses has them too.
OF_ADDRESS = Limit(5, timedelta(hours=6))
# Hidden numbers cannot be told apart: they share theirs.
OF_WITHHELD = Limit(10, timedelta(minutes=30))
OF_ALL = Limit(60, timedelta(minutes=2))
ALL, WITHHELD = "all", "withheld"


class TriedTooOften(Exception):
    """Too many wrong codes: this one was not looked at."""


@dataclass(frozen=True)
class Here:
    """The conversation in which a code is tried. ``address_id`` is None when the number is withheld."""

    conversation_id: int
    address_id: int | None
    channel: str


class Continuation:
    """Every method takes the unit of work it is part of, which has locked the conversation that asks."""

    def __init__(self, database: Database, cipher: Cipher) -> None:
        """Hold what is needed.

        Args:
            database: knows how to insert once.
            cipher: hashes codes under the key of the pseudonyms.
        """
        self._database = database
        self._cipher = cipher

    def give(self, connection: Connection, conversation_id: int, now: datetime) -> str:
        """Make the code of a conversation; one it had before is worth nothing from now on.

        Returns:
            Six figures, to be told and not kept.
        """
        connection.execute(delete(continuation_codes).where(continuation_codes.c.conversation_id == conversation_id))
        while True:
            code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
            hashed = self._hash(code)
            connection.execute(
                delete(continuation_codes).where(continuation_codes.c.code_hash == hashed, continuation_codes.c.expires_at <= now)
            )
            row = {"conversation_id": conversation_id, "code_hash": hashed, "expires_at": now + CODE_LASTS}
            # Two people may draw the same code at the same moment: the second draws again.
            if self._database.insert_once(connection, continuation_codes, row, "code_hash") is not None:
                return code

    def find(self, connection: Connection, here: Here, code: str, now: datetime) -> int | None:
        """The conversation a code leads to, locked, and the code used up; a wrong one is counted.

        Args:
            connection: the unit of work.
            here: where the code was given.
            code: six figures.
            now: aware UTC.

        Returns:
            Its id; None when the code is wrong, used or too old.

        Raises:
            TriedTooOften: there were too many wrong ones from this address, or from all.
        """
        fits = (continuation_codes.c.code_hash == self._hash(code)) & (continuation_codes.c.expires_at > now)
        # Conversations first, then counters, then codes: nobody waits for anybody in a circle.
        lock_conversation(
            connection, connection.execute(select(continuation_codes.c.conversation_id).where(fits)).scalar_one_or_none()
        )
        counters = list(self._counters(connection, here, now))
        if any(failures >= limit.failures for _, limit, failures in counters):
            raise TriedTooOften
        # Of two phones at once the second finds nothing any more.
        used = delete(continuation_codes).where(fits).returning(continuation_codes.c.conversation_id)
        earlier = connection.execute(used).scalar_one_or_none()
        if earlier is None:
            for key, _, failures in counters:
                changed = {"failures": failures + 1} if failures else {"failures": 1, "since": now}
                connection.execute(update(continuation_tries).where(continuation_tries.c.key == key).values(**changed))
            return None
        if here.address_id is not None:
            connection.execute(delete(continuation_tries).where(continuation_tries.c.key == self._key(connection, here)))
        return int(earlier)

    def go_on(self, connection: Connection, here: Here, earlier_id: int, language: str | None, now: datetime) -> str:
        """Carry a matter over: its open handoff and its case. The conversation that was left ends and forgets.

        Args:
            connection: the unit of work in which ``find`` gave the earlier conversation.
            here: where the matter goes on.
            earlier_id: where it was.
            language: it goes on in.
            now: aware UTC.

        Returns:
            The status of the conversation that goes on: whose it is now.
        """
        bundle_by_code(connection, earlier_id, here.conversation_id, now)
        carry_handoff(connection, earlier_id, here.conversation_id, here.channel, language, now)
        left = update(conversations).where(conversations.c.id == earlier_id)
        # Whoever uses the old phone next finds nothing there.
        connection.execute(left.values(session={}))
        # A call that is still on goes on, about nothing.
        is_written = conversations.c.channel != "voice"
        connection.execute(left.where(is_written, conversations.c.closed_at.is_(None)).values(status="closed", closed_at=now))
        status = select(conversations.c.status).where(conversations.c.id == here.conversation_id)
        return str(connection.execute(status).scalar_one())

    def forget(self, connection: Connection, now: datetime) -> int:
        """Delete the codes that are worth nothing any more, and old counts of wrong ones.

        Returns:
            How many codes.
        """
        longest = max(limit.failures * limit.forgets_every for limit in (OF_ADDRESS, OF_WITHHELD, OF_ALL))
        connection.execute(delete(continuation_tries).where(continuation_tries.c.since < now - longest))
        return connection.execute(delete(continuation_codes).where(continuation_codes.c.expires_at <= now)).rowcount

    def _hash(self, code: str) -> str:
        return self._cipher.pseudonym(f"continuation code {code}")

    def _counters(self, connection: Connection, here: Here, now: datetime) -> Iterator[tuple[str, Limit, int]]:
        """Key, limit and wrong codes so far of this address and of all, locked in this order."""
        limits = {self._key(connection, here): OF_WITHHELD if here.address_id is None else OF_ADDRESS, ALL: OF_ALL}
        for key, limit in limits.items():
            self._database.insert_once(connection, continuation_tries, {"key": key, "failures": 0, "since": now}, "key")
            mine = continuation_tries.c.key == key
            row = connection.execute(select(continuation_tries).where(mine).with_for_update()).one()
            forgotten = min(row.failures, (now - row.since) // limit.forgets_every)
            if forgotten > 0:
                values = {"failures": row.failures - forgotten, "since": row.since + forgotten * limit.forgets_every}
                connection.execute(update(continuation_tries).where(mine).values(**values))
            yield key, limit, row.failures - max(0, forgotten)

    def _key(self, connection: Connection, here: Here) -> str:
        """What the wrong codes of an address are counted under.

        It outlasts an erasure, so that nobody erases everything to be given new tries; hashed once more, it leads to no row.
        """
        if here.address_id is None:
            return WITHHELD
        query = select(addresses.c.pseudonym).where(addresses.c.id == here.address_id)
        return self._cipher.pseudonym(f"continuation tries of {connection.execute(query).scalar_one()}")
