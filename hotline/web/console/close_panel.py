"""How a conversation is closed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hotline.services import Services
from hotline.staff.sessions import StaffSession


def close_panel(services: Services, handoff_id: int, session: StaffSession) -> Mapping[str, Any]:
    """What the panel that closes a conversation shows: see ``panels.Panel``."""
    return {}
