"""Whether the keys at hand are those of the stored data: a wrong one makes everybody a stranger and every text unreadable."""

from __future__ import annotations

from sqlalchemy import Connection, select

from hotline.errors import CannotStart
from hotline.privacy.cipher import Cipher, Unreadable
from hotline.store.tables import addresses


class WrongKeys(CannotStart):
    """The keys do not fit what is stored. The message names the setting and the remedy."""


def check_keys(connection: Connection, cipher: Cipher) -> None:
    """Try the keys on the oldest and the newest stored number.

    Args:
        connection: to read with.
        cipher: with the keys of the settings.

    Raises:
        WrongKeys: a key is missing or is another one.
    """
    for order in (addresses.c.id, addresses.c.id.desc()):
        row = connection.execute(select(addresses).order_by(order).limit(1)).one_or_none()
        if row is None:
            return
        try:
            number = cipher.decrypt(row.number_encrypted)
        except Unreadable:
            raise WrongKeys(
                "DATA_KEYS cannot read what is stored: a key is missing. Add the key it was stored with, behind the new one."
            ) from None
        if cipher.pseudonym(number) != row.pseudonym:
            raise WrongKeys("PSEUDONYM_KEY is not the one of the stored data: nobody would be found again. Set the former one.")
