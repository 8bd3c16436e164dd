"""A file encrypted as it is written, however large: pieces of one mebibyte, each sealed, numbered, and the last one marked.

No piece that was changed, left out, swapped or cut off goes unseen (the STREAM construction of Hoang, Reyhanitabar, Rogaway and
Vizár). Fernet would need the whole file in memory.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hotline.errors import CannotStart

MAGIC = b"RHSEAL01"
PIECE_BYTES = 1 << 20
_SALT_BYTES, _PREFIX_BYTES, _TAG_BYTES = 16, 7, 16


class Unsealable(CannotStart):
    """A sealed file cannot be opened. The message says why."""


def _cipher(key: str, salt: bytes) -> ChaCha20Poly1305:
    secret = HKDF(SHA256(), 32, salt, b"return-hotline sealed file").derive(base64.urlsafe_b64decode(key))
    return ChaCha20Poly1305(secret)


def _nonce(prefix: bytes, number: int, *, is_last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([is_last])


class SealedWriter:
    """Write to it as to a file; ``close`` writes the last piece, without which the file cannot be opened."""

    def __init__(self, file: IO[bytes], key: str) -> None:
        """Write the head.

        Args:
            file: open for writing; the caller closes it.
            key: a Fernet key.
        """
        salt = os.urandom(_SALT_BYTES)
        self._prefix = os.urandom(_PREFIX_BYTES)
        self._file = file
        self._cipher = _cipher(key, salt)
        self._waiting = bytearray()
        self._number = 0
        file.write(MAGIC + salt + self._prefix)

    def write(self, data: bytes) -> int:
        """Take some more."""
        self._waiting += data
        while len(self._waiting) > PIECE_BYTES:
            piece = bytes(self._waiting[:PIECE_BYTES])
            del self._waiting[:PIECE_BYTES]
            self._seal(piece, is_last=False)
        return len(data)

    def close(self) -> None:
        """Write the last piece."""
        self._seal(bytes(self._waiting), is_last=True)

    def _seal(self, piece: bytes, *, is_last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._prefix, self._number, is_last=is_last), piece, None))
        self._number += 1


class SealedReader:
    """Read from it as from a file; nothing comes out that was not sealed with one of the keys."""

    def __init__(self, file: IO[bytes], keys: Sequence[str]) -> None:
        """Read the head.

        Args:
            file: open for reading.
            keys: Fernet keys; one of them must fit.

        Raises:
            Unsealable: it is no such file, or no key fits.
        """
        self._file = file
        if file.read(len(MAGIC)) != MAGIC:
            raise Unsealable("This is no backup of the hotline.")
        salt, self._prefix = file.read(_SALT_BYTES), file.read(_PREFIX_BYTES)
        self._next = file.read(PIECE_BYTES + _TAG_BYTES)
        self._number = 0
        self._ready = bytearray()
        self._cipher = self._fitting(keys, salt)

    def read(self, size: int = -1) -> bytes:
        """Up to so many bytes, all for a negative size.

        Raises:
            Unsealable: the file was changed or is not whole.
        """
        while self._next and (size < 0 or len(self._ready) < size):
            piece, self._next = self._next, self._file.read(PIECE_BYTES + _TAG_BYTES)
            try:
                self._ready += self._cipher.decrypt(_nonce(self._prefix, self._number, is_last=not self._next), piece, None)
            except InvalidTag:
                raise Unsealable("This backup was changed or is not whole; take another one.") from None
            self._number += 1
        taken = bytes(self._ready if size < 0 else self._ready[:size])
        del self._ready[: len(taken)]
        return taken

    def _fitting(self, keys: Sequence[str], salt: bytes) -> ChaCha20Poly1305:
        after = self._file.read(1)
        for key in keys:
            cipher = _cipher(key, salt)
            try:
                cipher.decrypt(_nonce(self._prefix, 0, is_last=not after), self._next, None)
            except InvalidTag:
                continue
            # One byte was read ahead to know whether this is the last piece.
            self._file.seek(-len(after), os.SEEK_CUR)
            return cipher
        raise Unsealable(
            "No key opens this backup: set BACKUP_KEY, or add the DATA_KEYS it was made with, or the file is damaged."
        )
