"""Passwords of staff: hashed with argon2, long, and none that others have too."""

from __future__ import annotations

import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_CHARACTERS, MAX_CHARACTERS = 14, 256
# zxcvbn's scale of 0 to 4, where 3 stands for more than 10^8 guesses.
MIN_STRENGTH = 3
_STRENGTH_READS = 72
# Every hash takes 64 MiB; a flood of sign-ins must not take the memory a turn needs.
AT_ONCE = 2
# Without letters and digits that look alike.
_READABLE = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class WeakPassword(ValueError):
    """A password cannot be taken; ``reason`` is too_short, too_long, too_common or unchanged."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The password cannot be taken: {reason.replace('_', ' ')}.")
        self.reason = reason


class Passwords:
    """Hashes and verifies."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """Use argon2's recommended costs unless a hasher is given."""
        self._hasher = hasher or PasswordHasher()
        self._places = threading.BoundedSemaphore(AT_ONCE)
        # Verified where there is no account, so that the time tells nothing.
        self._nobody = self._hasher.hash(secrets.token_urlsafe(16))

    def hash(self, password: str) -> str:
        """Hash a password."""
        with self._places:
            return self._hasher.hash(password)

    def is_right(self, stored: str | None, password: str) -> bool:
        """Whether a password fits a stored hash. Takes as long when there is none."""
        with self._places:
            try:
                is_match = self._hasher.verify(stored or self._nobody, password)
            except (VerificationError, InvalidHashError):
                return False
        return is_match and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether a hash was made at another cost than today's."""
        return self._hasher.check_needs_rehash(stored)


def check_strength(password: str, *known: str) -> None:
    """Refuse a weak password.

    Args:
        password: as typed.
        known: what an attacker would try first: the name of the account and the like.

    Raises:
        WeakPassword: it is too short, too long, or among those that are guessed first.
    """
    if len(password) < MIN_CHARACTERS:
        raise WeakPassword("too_short")
    if len(password) > MAX_CHARACTERS:
        raise WeakPassword("too_long")
    rest = password.lower()
    for word in known:
        rest = rest.replace(word.lower(), "") if word else rest
    # Its word lists take 12 MB, which a process that answers people need not carry for the rare new password.
    from zxcvbn import zxcvbn

    # What is known counts for nothing: without it the password must still be long.
    if len(rest) < MIN_CHARACTERS or zxcvbn(password[:_STRENGTH_READS], user_inputs=list(known))["score"] < MIN_STRENGTH:
        raise WeakPassword("too_common")


def make_one_time_password() -> str:
    """A random password to be read out or copied once: five groups of four characters."""
    return "-".join("".join(secrets.choice(_READABLE) for _ in range(4)) for _ in range(5))
