"""Signing in: password, then second factor; at the first time a password of one's own and the enrolment of a device.

Passwords are hashed outside of any unit of work: that takes a tenth of a second, and SQLite has one writer.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, select, update

from hotline.privacy.audit import note_action
from hotline.privacy.cipher import Cipher
from hotline.staff.accounts import DEMO_PREFIX
from hotline.staff.passwords import Passwords, WeakPassword, check_strength
from hotline.staff.second_factor import (
    is_recovery_code,
    make_secret,
    matching_step,
    replace_recovery_codes,
    use_recovery_code,
    use_step,
)
from hotline.staff.sessions import StaffSession, StaffSessions, Stage
from hotline.staff.throttle import Limit, Throttle
from hotline.store.database import Database
from hotline.store.tables import staff_accounts, staff_sessions

ACCOUNT_FAILURES, ACCOUNT_FORGETS = 10, timedelta(hours=1)
# Many people may share the address of an office.
ADDRESS_FAILURES, ADDRESS_FORGETS = 30, timedelta(minutes=2)
NOBODY = "unknown"


class SignInFailed(Exception):
    """Name, password or code is wrong; deliberately no word on which, or why."""


@dataclass(frozen=True)
class Visitor:
    """Who knocks: where from (None on the machine itself), with which browser, and on the way to which page."""

    address: str | None
    device: str = ""
    destination: str | None = None


class SignIn:
    """The steps of signing in, and the changes a signed-in person makes to how that goes."""

    def __init__(
        self,
        database: Database,
        cipher: Cipher,
        passwords: Passwords,
        sessions: StaffSessions,
        clock: Callable[[], datetime],
        *,
        admits_demo: bool,
    ) -> None:
        """Take what it works with.

        Args:
            database: of the accounts.
            cipher: encrypts secrets of devices; makes pseudonyms of names and addresses.
            passwords: hashes.
            sessions: opens them.
            clock: gives aware UTC.
            admits_demo: whether accounts of a newcomer's machine may sign in; not in production.
        """
        self._database = database
        self._cipher = cipher
        self._passwords = passwords
        self._sessions = sessions
        self._clock = clock
        self._admits_demo = admits_demo
        self._throttle = Throttle(database, clock)

    def give_password(self, name: str, password: str, visitor: Visitor) -> str:
        """The first step.

        Returns:
            The id of a session that leads to the next step.

        Raises:
            SignInFailed: there is no such account or the password is wrong; both take as long.
            Locked: too many failures.
        """
        name, limits = name.strip().lower(), self._limits(name.strip().lower(), visitor)
        self._throttle.admit(limits)
        with self._database.read() as connection:
            row = connection.execute(select(staff_accounts).where(staff_accounts.c.name == name)).mappings().first()
        is_right = self._passwords.is_right(row["password_hash"] if row else None, password)
        if row is None or not is_right or not self._is_open(row):
            self._note_failure(row, "fail_password")
            raise SignInFailed
        outdated = self._passwords.hash(password) if self._passwords.is_outdated(row["password_hash"]) else None
        with self._database.begin() as connection:
            # Only this attempt is taken back: the right password alone must not give new tries at the code.
            self._throttle.forgive(connection, limits)
            if outdated:
                _change(connection, row["id"], {"password_hash": outdated})
            return self._sessions.open(connection, row["id"], _stage_after_password(row), visitor.device, visitor.destination)

    def give_code(self, session: StaffSession, typed: str, visitor: Visitor) -> str:
        """The second step: a code of the app, or a recovery code.

        Returns:
            The id of the session of somebody signed in.

        Raises:
            SignInFailed: the code is wrong, old, or was used before.
            Locked: too many failures.
        """
        limits = self._limits(session.name, visitor)
        self._throttle.admit(limits)
        with self._database.begin() as connection:
            row = _account(connection, session.account_id)
            if self._takes_code(connection, row, typed):
                self._forgive_signed_in(connection, limits)
                return self._let_in(connection, session)
        self._note_failure(row, "fail_code")
        raise SignInFailed

    def check_password(self, session: StaffSession, password: str, visitor: Visitor) -> None:
        """Ask somebody signed in for the password again, before something that must not happen at an unlocked desk.

        Raises:
            SignInFailed: it is wrong.
            Locked: too many failures.
        """
        limits = self._limits(session.name, visitor)
        self._throttle.admit(limits)
        with self._database.read() as connection:
            row = _account(connection, session.account_id)
        if not self._passwords.is_right(row["password_hash"], password):
            self._note_failure(row, "fail_password")
            raise SignInFailed
        with self._database.begin() as connection:
            self._throttle.forgive(connection, limits)

    def change_password(self, session: StaffSession, password: str) -> str:
        """Take a new password. Every session of the account ends.

        Returns:
            The id of a new session, for the next step or signed in as before.

        Raises:
            WeakPassword: it cannot be taken.
        """
        check_strength(password, session.name, "hotline")
        with self._database.read() as connection:
            row = _account(connection, session.account_id)
        if self._passwords.is_right(row["password_hash"], password):
            raise WeakPassword("unchanged")
        made = self._passwords.hash(password)
        with self._database.begin() as connection:
            _change(connection, session.account_id, {"password_hash": made, "one_time_until": None})
            note_action(connection, session.name, "change_password", f"account {session.name}", self._clock())
            self._sessions.end_all(connection, session.account_id)
            if session.stage == "full":
                return self._sessions.open(connection, session.account_id, "full", session.device)
            return self._sessions.open(connection, session.account_id, "enrol", session.device, session.destination)

    def offer_device(self, session: StaffSession) -> str:
        """The secret for the device being enrolled: made once for a session, and bound to it."""
        mine = staff_sessions.c.id == session.id
        with self._database.begin() as connection:
            stored = connection.execute(select(staff_sessions.c.enrolment_encrypted).where(mine)).scalar()
            if stored:
                return self._cipher.decrypt(stored)
            secret = make_secret()
            closed = self._cipher.encrypt(secret)
            connection.execute(update(staff_sessions).where(mine).values(enrolment_encrypted=closed))
        return secret

    def enrol_device(self, session: StaffSession, typed: str, visitor: Visitor) -> tuple[str, Sequence[str]]:
        """Take the device whose code proves that it has the secret.

        Returns:
            The id of the session of somebody signed in, and ten recovery codes to be shown once.

        Raises:
            SignInFailed: the code does not fit.
            Locked: too many failures.
        """
        secret, limits = self.offer_device(session), self._limits(session.name, visitor)
        self._throttle.admit(limits)
        now = self._clock()
        step = matching_step(secret, typed, now)
        with self._database.begin() as connection:
            row = _account(connection, session.account_id)
            if step is not None and self._keep_device(connection, session.account_id, secret, step):
                codes = replace_recovery_codes(connection, session.account_id)
                note_action(connection, session.name, "enrol_device", f"account {session.name}", now)
                self._forgive_signed_in(connection, limits)
                return self._let_in(connection, session), codes
        self._note_failure(row, "fail_code")
        raise SignInFailed

    def renew_recovery_codes(self, session: StaffSession) -> Sequence[str]:
        """Ten new recovery codes, to be shown once; the earlier ones are worth nothing from now on."""
        with self._database.begin() as connection:
            note_action(connection, session.name, "renew_recovery_codes", f"account {session.name}", self._clock())
            return replace_recovery_codes(connection, session.account_id)

    def sign_out(self, session: StaffSession, *, everywhere: bool = False) -> None:
        """End this session, or all of this account."""
        with self._database.begin() as connection:
            if everywhere:
                self._sessions.end_all(connection, session.account_id)
            else:
                self._sessions.end(connection, session.account_id, session.id)
            action = "sign_out_everywhere" if everywhere else "sign_out"
            note_action(connection, session.name, action, f"account {session.name}", self._clock())

    def choose_language(self, session: StaffSession, language: str) -> None:
        """Keep the language of the screens."""
        with self._database.begin() as connection:
            _change(connection, session.account_id, {"language": language})

    def locked_until(self, connection: Connection, names: Iterable[str]) -> dict[str, datetime]:
        """Accounts nobody can sign in to now because of too many failures, and until when."""
        keys = {self._account_limit(name).key: name for name in names}
        return {keys[key]: until for key, until in self._throttle.locked(connection, keys).items()}

    def unlock(self, connection: Connection, name: str, actor: str) -> None:
        """Forget the failures for an account; those of a network address go on counting."""
        self._throttle.forgive(connection, [self._account_limit(name)], wholly=True)
        note_action(connection, actor, "unlock_account", f"account {name}", self._clock())

    def _account_limit(self, name: str) -> Limit:
        # The pseudonym of a name: what somebody typed there by mistake may be a password.
        return Limit("account:" + self._cipher.pseudonym(f"staff {name}"), ACCOUNT_FAILURES, ACCOUNT_FORGETS)

    def _limits(self, name: str, visitor: Visitor) -> list[Limit]:
        limits = [self._account_limit(name)]
        if visitor.address:
            pseudonym = self._cipher.pseudonym(f"address {visitor.address}")
            limits.append(Limit("address:" + pseudonym, ADDRESS_FAILURES, ADDRESS_FORGETS))
        return limits

    def _forgive_signed_in(self, connection: Connection, limits: Sequence[Limit]) -> None:
        self._throttle.forgive(connection, limits[:1], wholly=True)
        # Somebody's own account must not wipe out what was tried on others from the same address.
        self._throttle.forgive(connection, limits[1:])

    def _is_open(self, row: RowMapping) -> bool:
        is_over = row["one_time_until"] is not None and row["one_time_until"] <= self._clock()
        is_admitted = self._admits_demo or not row["name"].startswith(DEMO_PREFIX)
        return row["disabled_at"] is None and not is_over and is_admitted

    def _takes_code(self, connection: Connection, row: RowMapping, typed: str) -> bool:
        now = self._clock()
        if is_recovery_code(typed):
            is_right = use_recovery_code(connection, row["id"], typed, now)
            if is_right:
                note_action(connection, row["name"], "use_recovery_code", f"account {row['name']}", now)
            return is_right
        if row["totp_secret_encrypted"] is None:
            return False
        step = matching_step(self._cipher.decrypt(row["totp_secret_encrypted"]), typed, now)
        return step is not None and use_step(connection, row["id"], step)

    def _keep_device(self, connection: Connection, account_id: int, secret: str, step: int) -> bool:
        """Store a device; one that is there is replaced by an operator's reset only, never by who knows the password."""
        none_yet = (staff_accounts.c.id == account_id) & staff_accounts.c.totp_secret_encrypted.is_(None)
        values = {"totp_secret_encrypted": self._cipher.encrypt(secret), "totp_last_step": step}
        return connection.execute(update(staff_accounts).where(none_yet).values(values)).rowcount > 0

    def _let_in(self, connection: Connection, session: StaffSession) -> str:
        now = self._clock()
        _change(connection, session.account_id, {"last_sign_in_at": now})
        note_action(connection, session.name, "sign_in", f"account {session.name}", now)
        return self._sessions.rotate(connection, session, "full")

    def _note_failure(self, row: RowMapping | None, action: str) -> None:
        name = row["name"] if row else NOBODY
        with self._database.begin() as connection:
            note_action(connection, name, action, f"account {name}", self._clock())


def is_one_machine(address: str) -> bool:
    """Whether an address is that of the machine itself."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _stage_after_password(row: RowMapping) -> Stage:
    if row["totp_secret_encrypted"] is not None:
        return "second_factor"
    return "password" if row["one_time_until"] else "enrol"


def _account(connection: Connection, account_id: int) -> RowMapping:
    return connection.execute(select(staff_accounts).where(staff_accounts.c.id == account_id)).mappings().one()


def _change(connection: Connection, account_id: int, values: dict[str, object]) -> None:
    connection.execute(update(staff_accounts).where(staff_accounts.c.id == account_id).values(values))
