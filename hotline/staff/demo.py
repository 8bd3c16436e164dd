"""Accounts of a newcomer's machine: one for each role, with password and device ready, so that the staff pages open at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from hotline.privacy.cipher import Cipher
from hotline.staff.accounts import DEMO_PREFIX, CannotChangeAccount, StaffAccounts, get_account
from hotline.staff.roles import ROLES
from hotline.staff.second_factor import code_at, make_secret, provisioning_uri, step_at
from hotline.store.tables import staff_accounts

DEMO_NAMES = tuple(DEMO_PREFIX + role for role in ROLES)


@dataclass(frozen=True)
class DemoAccount:
    """What opens a demo account."""

    name: str
    password: str
    secret: str


def are_demo_accounts_there(connection: Connection) -> bool:
    """Whether every one of them has been made."""
    names = connection.execute(select(staff_accounts.c.name).where(staff_accounts.c.name.in_(DEMO_NAMES))).scalars()
    return set(names) == set(DEMO_NAMES)


def make_demo_accounts(
    connection: Connection, accounts: StaffAccounts, cipher: Cipher, actor: str, now: datetime
) -> list[DemoAccount]:
    """Make the demo accounts, or renew the ones that are there."""
    made = []
    for role in ROLES:
        name, secret = DEMO_PREFIX + role, make_secret()
        try:
            get_account(connection, name)
        except CannotChangeAccount:
            password = accounts.add(connection, name, [role], None, actor, now, is_demo=True)
        else:
            password = accounts.reset(connection, name, actor, now)
        ready = {"one_time_until": None, "totp_secret_encrypted": cipher.encrypt(secret)}
        connection.execute(update(staff_accounts).where(staff_accounts.c.name == name).values(ready))
        made.append(DemoAccount(name, password, secret))
    return made


def write_demo_accounts(made: Iterable[DemoAccount], address: str) -> str:
    """The text of the file a newcomer reads.

    Args:
        made: the accounts.
        address: of the sign-in page.
    """
    lines = [
        "Accounts for trying out the staff pages. In production none of them can sign in.",
        f"Sign in at {address}",
        "The code of the second step: FLASK_APP=app .venv/bin/flask staff code NAME, or an authenticator app with the key.",
    ]
    for account in made:
        uri = provisioning_uri(account.secret, account.name)
        lines += ["", account.name, f"  password  {account.password}", f"  key       {account.secret}", f"  address   {uri}"]
    return "\n".join(lines) + "\n"


def current_code(connection: Connection, name: str, decrypt: Callable[[bytes], str], now: datetime) -> str | None:
    """The code the sign-in takes next for an account.

    Returns:
        None while the codes of this minute have been used.

    Raises:
        CannotChangeAccount: there is no such account, or it has no device yet.
    """
    account = get_account(connection, name)
    query = select(staff_accounts.c.totp_secret_encrypted, staff_accounts.c.totp_last_step)
    row = connection.execute(query.where(staff_accounts.c.id == account.id)).one()
    if row.totp_secret_encrypted is None:
        raise CannotChangeAccount("no_device", f"The account {name} has no device yet; sign in with its one-time password first.")
    step = max(step_at(now), (row.totp_last_step or 0) + 1)
    # The sign-in takes the code of the next half minute too.
    return code_at(decrypt(row.totp_secret_encrypted), step) if step <= step_at(now) + 1 else None
