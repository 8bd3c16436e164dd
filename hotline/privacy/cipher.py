"""Encryption at rest and pseudonyms: a stolen database tells neither who wrote nor what."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from hotline.errors import CannotStart

MIN_PSEUDONYM_KEY_CHARACTERS = 32


class CipherMisconfigured(CannotStart):
    """A key cannot be used. The message says how to make one and never shows the key."""


class Unreadable(Exception):
    """Stored bytes cannot be decrypted with any of the keys at hand."""


class Cipher:
    """Encrypts numbers and texts, and turns a number into a pseudonym that finds the person again."""

    def __init__(self, data_keys: Sequence[str], pseudonym_key: str) -> None:
        """Check the keys.

        Args:
            data_keys: Fernet keys; the first encrypts, all decrypt, so keys can be rotated.
            pseudonym_key: secret of the pseudonyms, at least 32 characters; changing it makes everybody a stranger.

        Raises:
            CipherMisconfigured: a key is missing or has the wrong form.
        """
        try:
            self._keys = [Fernet(key) for key in data_keys]
            self._fernet = MultiFernet(self._keys)
        except (ValueError, TypeError):
            raise CipherMisconfigured("DATA_KEYS must be Fernet keys; make one with `flask keys new`.") from None
        if len(pseudonym_key) < MIN_PSEUDONYM_KEY_CHARACTERS:
            raise CipherMisconfigured(
                f"PSEUDONYM_KEY needs {MIN_PSEUDONYM_KEY_CHARACTERS} characters or more; `flask keys new` makes one."
            )
        self._pseudonym_key = pseudonym_key.encode()
        # Tells keys apart without telling them.
        self.key_names = tuple(hashlib.sha256(key.encode()).hexdigest()[:8] for key in data_keys)

    def encrypt(self, text: str) -> bytes:
        """Encrypt a text under the first key."""
        return self._fernet.encrypt(text.encode())

    def decrypt(self, stored: bytes) -> str:
        """Decrypt what ``encrypt`` made.

        Raises:
            Unreadable: no key fits.
        """
        try:
            return self._fernet.decrypt(stored).decode()
        except InvalidToken:
            raise Unreadable("A stored text cannot be decrypted: a key of DATA_KEYS is missing.") from None

    def key_of(self, stored: bytes) -> int | None:
        """Which key opens stored bytes, counted from 0 (the one that encrypts); None when none does."""
        for place, key in enumerate(self._keys):
            try:
                key.decrypt(stored)
            except InvalidToken:
                continue
            return place
        return None

    def renew(self, stored: bytes) -> bytes:
        """Encrypt stored bytes anew under the first key; when they were first encrypted stays in them.

        Raises:
            Unreadable: no key fits.
        """
        try:
            return self._fernet.rotate(stored)
        except InvalidToken:
            raise Unreadable("A stored text cannot be decrypted: a key of DATA_KEYS is missing.") from None

    def pseudonym(self, number: str) -> str:
        """The pseudonym of a phone number or chat id: the same for the same number, and no way back."""
        return hmac.new(self._pseudonym_key, number.encode(), hashlib.sha256).hexdigest()
