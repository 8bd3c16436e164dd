"""Accounts of staff, as an operator makes, renews and disables them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.sql.elements import ColumnElement

from hotline.dialogue.texts import STAFF_LANGUAGES
from hotline.privacy.audit import note_action
from hotline.staff.passwords import Passwords, make_one_time_password
from hotline.staff.roles import ROLES
from hotline.staff.second_factor import forget_recovery_codes
from hotline.store.database import insert_returning_id
from hotline.store.tables import staff_accounts, staff_roles, staff_sessions

# Long enough for a weekend, short enough that a forgotten letter opens nothing.
ONE_TIME_LASTS = timedelta(hours=72)
# Accounts of a newcomer's machine; in production nobody signs in with one.
DEMO_PREFIX = "demo-"
# No sign that could be a phone number or an address; the name is written into the audit.
_NAME = re.compile(r"[a-z][a-z0-9.-]{1,38}[a-z0-9]")


class CannotChangeAccount(ValueError):
    """An account cannot be made or changed so. The message tells an operator why and what to do, ``reason`` the screens."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Account:
    """One account, without what would open it."""

    id: int
    name: str
    roles: tuple[str, ...]
    language: str | None
    is_disabled: bool
    has_second_factor: bool
    one_time_until: datetime | None
    last_sign_in_at: datetime | None


class StaffAccounts:
    """Makes and changes accounts. Every change leaves an audit row; whatever weakens a right ends the sessions."""

    def __init__(self, passwords: Passwords) -> None:
        self._passwords = passwords

    def add(
        self,
        connection: Connection,
        name: str,
        roles: Iterable[str],
        language: str | None,
        actor: str,
        now: datetime,
        *,
        is_demo: bool = False,
    ) -> str:
        """Make an account.

        Args:
            connection: a unit of work.
            name: 3 to 40 of a-z, 0-9, dot and hyphen, beginning with a letter.
            roles: one or more.
            language: of the screens, or None for the browser's.
            actor: who does it, for the audit.
            now: aware UTC.
            is_demo: an account of a newcomer's machine, under a name kept for these.

        Returns:
            The one-time password.

        Raises:
            CannotChangeAccount: the name is taken or unusable, or a role or language unknown.
        """
        wanted = _checked_roles(roles)
        if not _NAME.fullmatch(name):
            raise CannotChangeAccount(
                "name", "A name has 3 to 40 of a-z, 0-9, dot and hyphen and begins with a letter: anna.keller"
            )
        if name.startswith(DEMO_PREFIX) != is_demo:
            raise CannotChangeAccount(
                "demo", f"Names that begin with {DEMO_PREFIX} are those of `flask staff demo`; choose another one."
            )
        if language is not None and language not in STAFF_LANGUAGES:
            raise CannotChangeAccount("language", f"The screens are in {' and '.join(STAFF_LANGUAGES)} only.")
        if connection.execute(select(staff_accounts.c.id).where(staff_accounts.c.name == name)).first():
            raise CannotChangeAccount("taken", f"There is an account {name} already; `flask staff reset {name}` renews it.")
        password = make_one_time_password()
        row = {
            "name": name,
            "password_hash": self._passwords.hash(password),
            "one_time_until": now + ONE_TIME_LASTS,
            "language": language,
            "created_at": now,
        }
        account_id = insert_returning_id(connection, staff_accounts, row)
        note_action(connection, actor, "add_account", f"account {name}", now)
        for role in wanted:
            _give_role(connection, account_id, name, role, actor, now)
        return password

    def reset(self, connection: Connection, name: str, actor: str, now: datetime) -> str:
        """Renew password and second factor of somebody who lost them.

        Returns:
            The one-time password.

        Raises:
            CannotChangeAccount: there is no such account.
        """
        account, password = get_account(connection, name), make_one_time_password()
        fresh = {
            "password_hash": self._passwords.hash(password),
            "one_time_until": now + ONE_TIME_LASTS,
            "totp_secret_encrypted": None,
        }
        _update(connection, account, fresh)
        forget_recovery_codes(connection, account.id)
        _end_sessions(connection, account)
        note_action(connection, actor, "reset_account", f"account {name}", now)
        return password

    def disable(self, connection: Connection, name: str, actor: str, now: datetime) -> None:
        """Shut somebody out at once; what they did stays in the audit.

        Raises:
            CannotChangeAccount: there is no such account.
        """
        account = get_account(connection, name)
        _update(connection, account, {"disabled_at": now})
        _end_sessions(connection, account)
        note_action(connection, actor, "disable_account", f"account {name}", now)

    def enable(self, connection: Connection, name: str, actor: str, now: datetime) -> None:
        """Let somebody in again, with the password and second factor of before.

        Raises:
            CannotChangeAccount: there is no such account.
        """
        _update(connection, get_account(connection, name), {"disabled_at": None})
        note_action(connection, actor, "enable_account", f"account {name}", now)

    def choose_language(self, connection: Connection, name: str, language: str | None, actor: str, now: datetime) -> None:
        """Set the language of somebody's screens; None leaves it to the browser.

        Raises:
            CannotChangeAccount: there is no such account or language.
        """
        if language is not None and language not in STAFF_LANGUAGES:
            raise CannotChangeAccount("language", f"The screens are in {' and '.join(STAFF_LANGUAGES)} only.")
        _update(connection, get_account(connection, name), {"language": language})
        note_action(connection, actor, "change_language", f"account {name}", now)

    def sign_out(self, connection: Connection, name: str, actor: str, now: datetime) -> None:
        """End every session of somebody else.

        Raises:
            CannotChangeAccount: there is no such account.
        """
        _end_sessions(connection, get_account(connection, name))
        note_action(connection, actor, "end_sessions", f"account {name}", now)

    def set_roles(self, connection: Connection, name: str, roles: Iterable[str], actor: str, now: datetime) -> None:
        """Give an account exactly these roles; it signs in anew.

        Raises:
            CannotChangeAccount: there is no such account or role.
        """
        wanted, account = _checked_roles(roles), get_account(connection, name)
        for role in account.roles:
            if role not in wanted:
                mine = (staff_roles.c.account_id == account.id) & (staff_roles.c.role == role)
                connection.execute(delete(staff_roles).where(mine))
                note_action(connection, actor, "take_role", f"account {name}: {role}", now)
        for role in wanted:
            if role not in account.roles:
                _give_role(connection, account.id, name, role, actor, now)
        _end_sessions(connection, account)


def get_account(connection: Connection, name: str) -> Account:
    """One account.

    Raises:
        CannotChangeAccount: there is none of this name.
    """
    found = _accounts(connection, staff_accounts.c.name == name)
    if not found:
        raise CannotChangeAccount("missing", f"There is no account {name!r}; `flask staff list` shows all.")
    return found[0]


def find_account(connection: Connection, account_id: int) -> Account | None:
    """The account of an id; None when there is none."""
    found = _accounts(connection, staff_accounts.c.id == account_id)
    return found[0] if found else None


def list_accounts(connection: Connection) -> list[Account]:
    """All accounts, by name."""
    return _accounts(connection)


def _accounts(connection: Connection, *which: ColumnElement[bool]) -> list[Account]:
    rows = connection.execute(select(staff_accounts).where(*which).order_by(staff_accounts.c.name)).mappings().all()
    roles: dict[int, list[str]] = {row["id"]: [] for row in rows}
    for row in connection.execute(select(staff_roles.c.account_id, staff_roles.c.role).order_by(staff_roles.c.role)):
        if row.account_id in roles:
            roles[row.account_id].append(row.role)
    return [
        Account(
            id=row["id"],
            name=row["name"],
            roles=tuple(roles[row["id"]]),
            language=row["language"],
            is_disabled=row["disabled_at"] is not None,
            has_second_factor=row["totp_secret_encrypted"] is not None,
            one_time_until=row["one_time_until"],
            last_sign_in_at=row["last_sign_in_at"],
        )
        for row in rows
    ]


def _checked_roles(roles: Iterable[str]) -> list[str]:
    wanted = sorted(set(roles))
    unknown = [role for role in wanted if role not in ROLES]
    if unknown or not wanted:
        raise CannotChangeAccount("roles", f"Name one or more of these roles: {', '.join(ROLES)}.")
    return wanted


def _give_role(connection: Connection, account_id: int, name: str, role: str, actor: str, now: datetime) -> None:
    connection.execute(staff_roles.insert().values(account_id=account_id, role=role))
    note_action(connection, actor, "give_role", f"account {name}: {role}", now)


def _update(connection: Connection, account: Account, values: dict[str, object]) -> None:
    connection.execute(update(staff_accounts).where(staff_accounts.c.id == account.id).values(values))


def _end_sessions(connection: Connection, account: Account) -> None:
    connection.execute(delete(staff_sessions).where(staff_sessions.c.account_id == account.id))
