"""What of translations stands beside a conversation: the switch, and what was translated already. No service is asked here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from hotline.counselling.sight import Seen
from hotline.counselling.writing import LONGEST_REPLY
from hotline.services import Services
from hotline.staff.sessions import StaffSession
from hotline.translation.desk import OWN_WORDS, View, Worker
from hotline.web.access import services
from hotline.web.staff_session import current_staff
from hotline.web.staff_texts import language_of_request

# Names are not translated.
ENGINES = {"deepl": "DeepL", "libretranslate": "LibreTranslate"}


def worker_of(session: StaffSession) -> Worker:
    """Who asks for a translation."""
    return Worker(session.account_id, session.name)


def translation_panel(services: Services, handoff_id: int, session: StaffSession) -> Mapping[str, Any] | None:
    """The switch and the field for a draft; None where there is no service, or the conversation is somebody else's."""
    desk = services.translation_desk
    if desk is None:
        return None
    with services.database.read() as connection:
        found = desk.view(connection, handoff_id, worker_of(session), language_of_request(session))
    return None if found is None else {"standing": found.standing, "service": ENGINES[desk.engine], "longest": LONGEST_REPLY}


def translation_values(connection: Connection, seen: Seen) -> Mapping[str, Any]:
    """What the messages of a conversation show besides: ``translations`` (None where nothing is translated), names."""
    desk, staff = services().translation_desk, current_staff()
    reads = language_of_request(staff)
    found: View | None = None
    if desk is not None and seen.is_own:
        found = desk.view(connection, seen.id, worker_of(staff), reads)
    is_on = found is not None and found.standing.is_on
    return {"translations": found if is_on else None, "reads": reads, "engines": ENGINES, "own_words": OWN_WORDS}


def news_of_translations(connection: Connection, handoff_id: int) -> object:
    """What an open page compares."""
    desk = services().translation_desk
    return None if desk is None else desk.news(connection, handoff_id)
