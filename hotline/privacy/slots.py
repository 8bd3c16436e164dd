"""What a conversation remembers, at rest: where somebody comes from and must go to is as personal as the words themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hotline.privacy.cipher import Cipher

SLOTS = "slots"
# What of a session is personal.
SECRETS = (SLOTS, "question")


def close_slots(session: Mapping[str, Any], cipher: Cipher) -> dict[str, Any]:
    """A session as it is stored: its slots and its question encrypted, the rest as it is."""
    # Nothing named, nothing to hide: most turns are spared the work.
    closed = {
        name: cipher.encrypt(json.dumps(session[name])).decode() if session[name] else "" for name in SECRETS if name in session
    }
    return {**session, **closed}


def open_slots(session: Mapping[str, Any], cipher: Cipher) -> dict[str, Any]:
    """A stored session with slots and question readable; an empty one stays empty.

    Raises:
        Unreadable: no key fits.
    """
    opened = {
        name: json.loads(cipher.decrypt(session[name].encode())) if session[name] else {} for name in SECRETS if name in session
    }
    return {**session, **opened}
