"""The second factor: time-based codes (RFC 6238), each good once, and recovery codes for a lost device."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from datetime import datetime

import pyotp
from sqlalchemy import Connection, delete, func, select, update

from hotline.store.tables import staff_accounts, staff_recovery_codes

ISSUER = "Return hotline"
STEP_SECONDS = 30
# A clock may be a step off, and a code may be typed slowly.
STEPS_AROUND = (0, -1, 1)
RECOVERY_CODES = 10
# 32 letters and digits without look-alikes: 10 of them are 50 bits, and guesses are throttled.
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_GROUPS, _GROUP = 2, 5


def make_secret() -> str:
    """A new secret, in Base32."""
    return pyotp.random_base32()


def provisioning_uri(secret: str, name: str) -> str:
    """What the QR code tells an authenticator app."""
    return pyotp.TOTP(secret, name=name, issuer=ISSUER).provisioning_uri()


def code_at(secret: str, step: int) -> str:
    """The code of a thirty-second step."""
    return pyotp.TOTP(secret).generate_otp(step)


def step_at(now: datetime) -> int:
    """The thirty-second step of a time."""
    return int(now.timestamp()) // STEP_SECONDS


def matching_step(secret: str, typed: str, now: datetime) -> int | None:
    """The step a typed code belongs to; None when it is wrong, old or early."""
    code = re.sub(r"\s", "", typed)
    found = None
    # All of them are compared, so that the time does not tell which one fitted.
    for around in STEPS_AROUND:
        step = step_at(now) + around
        if hmac.compare_digest(code_at(secret, step).encode(), code.encode()):
            found = step
    return found


def use_step(connection: Connection, account_id: int, step: int) -> bool:
    """Take a code for an account.

    Returns:
        False when this or a newer one was taken before: somebody read it over a shoulder.
    """
    mine = (staff_accounts.c.id == account_id) & (
        staff_accounts.c.totp_last_step.is_(None) | (staff_accounts.c.totp_last_step < step)
    )
    return connection.execute(update(staff_accounts).where(mine).values(totp_last_step=step)).rowcount > 0


def replace_recovery_codes(connection: Connection, account_id: int) -> list[str]:
    """Make ten new recovery codes; the earlier ones are worth nothing from now on.

    Returns:
        The codes, to be shown once; only their hashes are kept.
    """
    codes = [
        "-".join("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS)) for _ in range(RECOVERY_CODES)
    ]
    forget_recovery_codes(connection, account_id)
    rows = [{"account_id": account_id, "code_hash": _hash_code(account_id, code)} for code in codes]
    connection.execute(staff_recovery_codes.insert(), rows)
    return codes


def forget_recovery_codes(connection: Connection, account_id: int) -> None:
    """Remove all recovery codes of an account."""
    connection.execute(delete(staff_recovery_codes).where(staff_recovery_codes.c.account_id == account_id))


def use_recovery_code(connection: Connection, account_id: int, typed: str, now: datetime) -> bool:
    """Take a recovery code; each is good once."""
    table = staff_recovery_codes.c
    unused = (table.account_id == account_id) & table.used_at.is_(None)
    wanted = _hash_code(account_id, typed)
    rows = connection.execute(select(table.id, table.code_hash).where(unused)).all()
    fitting = [row.id for row in rows if hmac.compare_digest(row.code_hash, wanted)]
    if not fitting:
        return False
    return connection.execute(update(staff_recovery_codes).where(unused, table.id.in_(fitting)).values(used_at=now)).rowcount > 0


def count_recovery_codes(connection: Connection, account_id: int) -> int:
    """How many recovery codes are left."""
    table = staff_recovery_codes.c
    query = select(func.count()).where(table.account_id == account_id, table.used_at.is_(None))
    return connection.execute(query).scalar_one()


def is_recovery_code(typed: str) -> bool:
    """Whether something typed has the length of a recovery code, not of a code of the app."""
    return len(_plain(typed)) == _GROUPS * _GROUP


def _plain(typed: Iterable[str]) -> str:
    return "".join(c for c in "".join(typed).upper() if c.isalnum())


def _hash_code(account_id: int, code: str) -> str:
    # Random enough that no slow hash is needed; the account keeps equal codes of two people apart.
    return hashlib.sha256(f"{account_id}:{_plain(code)}".encode()).hexdigest()
