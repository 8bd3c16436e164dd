"""What the panels beside a conversation show. Each is called only for who may see the conversation: see ``panels.Panel``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hotline.counselling.canned import read_replies
from hotline.counselling.counsellors import read_counsellors
from hotline.counselling.notes import LONGEST_NOTE, read_notes
from hotline.counselling.queues import read_queues
from hotline.counselling.sight import Seen
from hotline.counselling.thread import read_packet
from hotline.services import Services
from hotline.staff.sessions import StaffSession
from hotline.web.console.doors import expect_sight
from hotline.web.console.snippets import find_snippets
from hotline.web.console.words import slots_in_words, words_of_page
from hotline.web.staff_texts import language_of_request


def packet_panel(services: Services, handoff_id: int, session: StaffSession) -> Mapping[str, Any]:
    """What is handed over."""
    with services.database.read() as connection:
        seen = expect_sight(connection, handoff_id)
        packet = read_packet(connection, services.cipher, handoff_id, seen.conversation_id, seen.row["session"])
    land_of = words_of_page()["land_of"]
    return {"packet": packet, "slots": slots_in_words(packet.slots, language_of_request(session), land_of)}


def notes_panel(services: Services, handoff_id: int, session: StaffSession) -> Mapping[str, Any]:
    """Notes of counsellors for each other."""
    with services.database.read() as connection:
        seen = expect_sight(connection, handoff_id)
        notes = read_notes(connection, services.cipher, seen.conversation_id)
    return {"notes": notes, "longest": LONGEST_NOTE}


def canned_panel(services: Services, handoff_id: int, session: StaffSession) -> Mapping[str, Any]:
    """What is said again and again, in the person's language, and what it means in one's own."""
    shown_in = language_of_request(session)
    with services.database.read() as connection:
        seen = expect_sight(connection, handoff_id)
        found = read_replies(connection, [seen.language or shown_in, shown_in])
    replies = [
        (texts.get(seen.language or shown_in, ""), texts.get(shown_in, "") if shown_in != seen.language else "")
        for texts in found.values()
    ]
    return {"replies": [(text, meaning) for text, meaning in replies if text], "own_language": shown_in}


def knowledge_panel(services: Services, handoff_id: int, session: StaffSession) -> Mapping[str, Any]:
    """Answers of the hotline, those about what the person asked first."""
    with services.database.read() as connection:
        seen = expect_sight(connection, handoff_id)
        packet = read_packet(connection, services.cipher, handoff_id, seen.conversation_id, seen.row["session"])
    asked = tuple(topic.topic for topic in packet.topics)
    return {"snippets": find_snippets(services, "", seen.language, language_of_request(session), asked)}


def hand_on_panel(services: Services, handoff_id: int, session: StaffSession) -> Mapping[str, Any]:
    """To whom it can be given: a colleague, a queue, the machine."""
    with services.database.read() as connection:
        seen = expect_sight(connection, handoff_id)
        people = read_counsellors(connection)
        queues = [queue.name for queue in read_queues(connection)]
    colleagues = [known for known in people if known.counsellor.id != seen.row["counsellor_id"]]
    # Who is there and speaks the language first.
    colleagues.sort(key=lambda known: (known.counsellor.presence == "away", not _speaks(known, seen), known.name))
    return {
        "colleagues": colleagues,
        "queues": queues,
        "is_counsellor": any(k.counsellor.id == session.account_id for k in people),
    }


def _speaks(known: Any, seen: Seen) -> bool:
    return seen.language is None or seen.language in known.counsellor.languages
