"""One conversation: what was said, how the person can be written to, and what stands beside it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, abort, request
from sqlalchemy import Connection, select

from hotline.counselling.handoff import write_audit
from hotline.counselling.sight import Seen
from hotline.counselling.thread import Message, mask_number, read_messages, read_number, read_states
from hotline.counselling.transfers import Transfer
from hotline.counselling.writing import LONGEST_REPLY, Writing, find_writing
from hotline.store.tables import audit
from hotline.web.access import access, services
from hotline.web.console.doors import expect_sight
from hotline.web.console.fresh import answer_poll, tag_of
from hotline.web.console.owners import CONVERSATION
from hotline.web.console.panels import load_panels
from hotline.web.console.queue import note_screen
from hotline.web.console.translation_panel import news_of_translations, translation_values
from hotline.web.console.words import words_of_page
from hotline.web.staff_pages import Problem, render_fragment, render_staff
from hotline.web.staff_session import current_staff

conversation = Blueprint("console_conversation", __name__, url_prefix="/console/handoffs/<int:handoff_id>")

READ = "read_conversation"


@dataclass(frozen=True)
class Now:
    """A conversation as it stands, without its words: what a poll compares."""

    seen: Seen
    states: tuple[Any, ...]
    writing: Writing
    transfer: Transfer | None
    masked: str | None
    translated: object

    @property
    def compared(self) -> object:
        """What changes the page; not the session, which holds more than is shown."""
        shown = ("state", "owner", "owner_name", "danger", "is_urgent", "language", "topic", "queue", "awaits", "timer_at")
        row = tuple(self.seen.row[name] for name in shown)
        asked = self.transfer and (self.transfer.id, self.transfer.outcome)
        return (self.seen.sight, row, self.seen.language, self.states, self.writing, asked, self.translated)


@conversation.get("")
@access("staff", permission="console.use", owns=CONVERSATION)
def show(handoff_id: int) -> str:
    """The page; opening it leaves an audit row."""
    return show_conversation(handoff_id)


@conversation.get("/live")
@access("staff", permission="console.use", is_poll=True, owns=CONVERSATION)
def poll(handoff_id: int) -> Response:
    """What of it changes, for the page whose opening is in the audit."""
    note_screen()
    hotline = services()
    with hotline.database.read() as connection:
        _expect_opened(connection, handoff_id)
        found = _read(connection, handoff_id)

    def render() -> str:
        with hotline.database.read() as connection:
            messages = read_messages(connection, hotline.cipher, found.seen.conversation_id)
            beside = translation_values(connection, found.seen)
        return render_fragment("console/conversation_live.html", **_context(found, messages), **beside)

    return answer_poll(found.compared, render)


def show_conversation(handoff_id: int, *, number: str | None = None, problem: Problem | None = None, text: str = "") -> str:
    """The page, opened anew.

    Args:
        handoff_id: of the handoff.
        number: of the person, where it was just revealed.
        problem: what is wrong with the form that was sent.
        text: what stood in it.
    """
    note_screen()
    hotline, staff = services(), current_staff()
    with hotline.database.begin() as connection:
        found = _read(connection, handoff_id)
        opening = write_audit(connection, staff.name, READ, handoff_id, hotline.clock())
        messages = read_messages(connection, hotline.cipher, found.seen.conversation_id)
        beside = translation_values(connection, found.seen)
    return render_staff(
        "console/conversation.html",
        opening=opening,
        tag=tag_of(found.compared),
        panels=list(load_panels(hotline, handoff_id, staff)),
        number=number,
        problem=problem,
        text=text,
        reply_key=secrets.token_urlsafe(16),
        longest=LONGEST_REPLY,
        approved=hotline.whatsapp_templates.get(found.seen.language or ""),
        **_context(found, messages),
        **beside,
    )


def _read(connection: Connection, handoff_id: int) -> Now:
    hotline = services()
    seen = expect_sight(connection, handoff_id)
    number = read_number(connection, hotline.cipher, seen.row["address_id"])
    writing = find_writing(connection, dict(seen.row), number, hotline.clock())
    transfer = hotline.transfers.find_newest(connection, handoff_id, hotline.clock())
    states = tuple(tuple(row) for row in read_states(connection, seen.conversation_id))
    masked = mask_number(number) if number and seen.row["channel"] != "webchat" else None
    return Now(seen, states, writing, transfer, masked, news_of_translations(connection, handoff_id))


def _expect_opened(connection: Connection, handoff_id: int) -> None:
    """Nobody reads on without having opened the page: the audit knows it by its number, its reader and its conversation."""
    opening = request.args.get("opening", 0, type=int)
    query = select(audit.c.actor, audit.c.action, audit.c.object).where(audit.c.id == opening)
    row = connection.execute(query).one_or_none()
    if row is None or tuple(row) != (current_staff().name, READ, f"handoff {handoff_id}"):
        abort(404)


def _context(found: Now, messages: list[Message]) -> dict[str, Any]:
    return {
        "seen": found.seen,
        "handoff": found.seen.row,
        "writing": found.writing,
        "transfer": found.transfer,
        "masked": found.masked,
        "messages": messages,
        "now": services().clock(),
        **words_of_page(),
    }
