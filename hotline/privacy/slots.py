"""The slots of a conversation at rest: where somebody comes from and must go to is as personal as the words themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hotline.privacy.cipher import Cipher

SLOTS = "slots"


def close_slots(session: Mapping[str, Any], cipher: Cipher) -> dict[str, Any]:
    """A session as it is stored: its slots encrypted if anything was named, the rest as it is."""
    slots = session[SLOTS]
    return {**session, SLOTS: cipher.encrypt(json.dumps(slots)).decode() if slots else ""}


def open_slots(session: Mapping[str, Any], cipher: Cipher) -> dict[str, Any]:
    """A stored session with its slots readable; an empty one stays empty.

    Raises:
        Unreadable: no key fits.
    """
    if SLOTS not in session:
        return dict(session)
    closed = session[SLOTS]
    return {**session, SLOTS: json.loads(cipher.decrypt(closed.encode())) if closed else {}}
