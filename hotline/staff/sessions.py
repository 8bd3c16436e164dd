"""Sessions of staff: a random id in a cookie, everything else in the database, where it can be ended at once."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, RowMapping, delete, select, update

from hotline.staff.roles import ADMIN, permissions_of
from hotline.store.database import Database, insert_returning_id
from hotline.store.tables import staff_accounts, staff_roles, staff_sessions

# What a session is good for; all but the last lead to the next step of signing in and to nothing else.
Stage = Literal["second_factor", "password", "enrol", "full"]
IDLE = timedelta(hours=2)
ADMIN_IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
SIGNING_IN = timedelta(minutes=15)
# Not every request is worth a write.
TOUCH_AFTER = timedelta(seconds=60)
TOKEN_BYTES = 32


@dataclass(frozen=True)
class StaffSession:
    """Who is signed in, or on the way to it."""

    id: int
    account_id: int
    name: str
    roles: frozenset[str]
    language: str | None
    stage: Stage
    destination: str | None
    device: str
    expires_at: datetime
    has_notices: bool

    @property
    def permissions(self) -> frozenset[str]:
        """What this session may do: nothing until signing in is complete."""
        return permissions_of(self.roles) if self.stage == "full" else frozenset()

    def may(self, permission: str) -> bool:
        """Whether something is permitted."""
        return permission in self.permissions


def hash_token(token: str) -> str:
    """What the database knows of a cookie."""
    return hashlib.sha256(token.encode()).hexdigest()


class StaffSessions:
    """Opens, finds and ends sessions."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def open(
        self, connection: Connection, account_id: int, stage: Stage, device: str = "", destination: str | None = None
    ) -> str:
        """Open a session.

        Args:
            connection: a unit of work.
            account_id: whose.
            stage: what it is good for.
            device: browser and system, for the person's own list of sessions.
            destination: path to go to after signing in.

        Returns:
            The random id for the cookie; it is stored nowhere.
        """
        now, token = self._clock(), secrets.token_urlsafe(TOKEN_BYTES)
        connection.execute(delete(staff_sessions).where(staff_sessions.c.expires_at <= now))
        row = {
            "account_id": account_id,
            "token_hash": hash_token(token),
            "stage": stage,
            "device": device[:40],
            "destination": destination,
            "notices": [],
            "opened_at": now,
            "last_seen_at": now,
            "expires_at": now + (ABSOLUTE if stage == "full" else SIGNING_IN),
        }
        insert_returning_id(connection, staff_sessions, row)
        return token

    def rotate(self, connection: Connection, session: StaffSession, stage: Stage) -> str:
        """End a session and open the next one of the same person under a new id."""
        self.end(connection, session.account_id, session.id)
        return self.open(connection, session.account_id, stage, session.device, session.destination)

    def find(self, token: str, *, is_active: bool = True) -> StaffSession | None:
        """The session of a cookie; None when it is unknown, over, too long unused, or its account disabled.

        Args:
            token: of the cookie.
            is_active: whether a person asks. An open page that asks by itself keeps no session alive.
        """
        now = self._clock()
        query = (
            select(staff_sessions, staff_accounts.c.name, staff_accounts.c.language)
            .join(staff_accounts, staff_accounts.c.id == staff_sessions.c.account_id)
            .where(staff_sessions.c.token_hash == hash_token(token), staff_accounts.c.disabled_at.is_(None))
        )
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
            if row is None:
                return None
            chosen = select(staff_roles.c.role).where(staff_roles.c.account_id == row["account_id"])
            roles = frozenset(connection.execute(chosen).scalars())
        idle = ADMIN_IDLE if ADMIN in roles else IDLE
        if now >= row["expires_at"] or now - row["last_seen_at"] >= idle:
            return None
        if is_active and now - row["last_seen_at"] >= TOUCH_AFTER:
            with self._database.begin() as connection:
                connection.execute(update(staff_sessions).where(staff_sessions.c.id == row["id"]).values(last_seen_at=now))
        return StaffSession(
            id=row["id"],
            account_id=row["account_id"],
            name=row["name"],
            roles=roles,
            language=row["language"],
            stage=row["stage"],
            destination=row["destination"],
            device=row["device"],
            expires_at=row["expires_at"],
            has_notices=bool(row["notices"]),
        )

    def list_of(self, connection: Connection, account_id: int) -> Sequence[RowMapping]:
        """The complete sessions of an account, last used first, without what would open them."""
        table = staff_sessions.c
        query = (
            select(table.id, table.device, table.opened_at, table.last_seen_at)
            .where(table.account_id == account_id, table.stage == "full", table.expires_at > self._clock())
            .order_by(table.last_seen_at.desc())
        )
        return connection.execute(query).mappings().all()

    def end(self, connection: Connection, account_id: int, session_id: int) -> bool:
        """End one session of an account.

        Returns:
            False when this account has no such session.
        """
        mine = (staff_sessions.c.account_id == account_id) & (staff_sessions.c.id == session_id)
        return connection.execute(delete(staff_sessions).where(mine)).rowcount > 0

    def end_all(self, connection: Connection, account_id: int) -> None:
        """End every session of an account."""
        connection.execute(delete(staff_sessions).where(staff_sessions.c.account_id == account_id))

    def add_notice(self, connection: Connection, session_id: int, notice: dict[str, Any]) -> None:
        """Keep a message for the next page of a session."""
        mine = staff_sessions.c.id == session_id
        waiting = connection.execute(select(staff_sessions.c.notices).where(mine)).scalar()
        if waiting is not None:
            connection.execute(update(staff_sessions).where(mine).values(notices=[*waiting, notice]))

    def take_notices(self, connection: Connection, session_id: int) -> list[dict[str, Any]]:
        """The messages kept for a session; each is given once."""
        mine = staff_sessions.c.id == session_id
        waiting: list[dict[str, Any]] = connection.execute(select(staff_sessions.c.notices).where(mine)).scalar() or []
        connection.execute(update(staff_sessions).where(mine).values(notices=[]))
        return waiting
