"""From one counsellor to another: the colleague is asked, and until they agree nothing changes hands."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from hotline.counselling.assignment import TakenByAnother, reassign, release
from hotline.counselling.counsellors import CannotChangeCounsellor
from hotline.counselling.handoff import get_open, write_audit
from hotline.counselling.notes import LONGEST_NOTE, add_note
from hotline.counselling.queues import read_queues
from hotline.counselling.states import ACCEPTED
from hotline.privacy.cipher import Cipher
from hotline.store.tables import counsellors, handoff_transfers, handoffs, staff_accounts

# A colleague who does not answer in this time has been asked in vain.
TRANSFER_LASTS = timedelta(minutes=5)
OPEN, ACCEPTED_BY, DECLINED, WITHDRAWN = "", "accepted", "declined", "withdrawn"


@dataclass(frozen=True)
class Transfer:
    """A question to a colleague that is open."""

    id: int
    from_name: str
    to_name: str
    expires_at: datetime
    note: str = field(repr=False)


class Transfers:
    """Every method takes the unit of work it is part of."""

    def __init__(self, cipher: Cipher) -> None:
        self._cipher = cipher

    def ask(
        self, connection: Connection, handoff_id: int, from_id: int, to_id: int, note: str, actor: str, now: datetime
    ) -> None:
        """Ask a colleague to take a conversation over; a question asked before is withdrawn.

        Args:
            connection: a unit of work.
            handoff_id: one that ``from_id`` has.
            from_id: who gives.
            to_id: who is asked.
            note: why, for the colleague.
            actor: who asks, for the audit.
            now: aware UTC.

        Raises:
            UnknownHandoff: it is not there or closed.
            TakenByAnother: somebody else has it.
            CannotChangeCounsellor: the other one takes no handoffs, or is the same.
        """
        self._expect_owner(connection, handoff_id, from_id)
        takes = select(counsellors.c.account_id).join(staff_accounts, staff_accounts.c.id == counsellors.c.account_id)
        takes = takes.where(counsellors.c.account_id == to_id, staff_accounts.c.disabled_at.is_(None))
        if to_id == from_id or connection.execute(takes).first() is None:
            raise CannotChangeCounsellor("This account takes no handoffs; choose somebody of the list.")
        self._end(connection, handoff_id, WITHDRAWN)
        row = {
            "handoff_id": handoff_id,
            "from_id": from_id,
            "to_id": to_id,
            "note_encrypted": self._cipher.encrypt(note.strip()[:LONGEST_NOTE]),
            "outcome": OPEN,
            "created_at": now,
            "expires_at": now + TRANSFER_LASTS,
        }
        connection.execute(insert(handoff_transfers).values(**row))
        write_audit(connection, actor, "ask_transfer", handoff_id, now)

    def accept(self, connection: Connection, handoff_id: int, to_id: int, actor: str, now: datetime) -> None:
        """Take over what a colleague asked to take over; their note is kept with the conversation.

        Raises:
            UnknownHandoff: it is not there or closed.
            TakenByAnother: nobody asks (any more).
        """
        handoff, row = self._asked(connection, handoff_id, to_id, now)
        reassign(connection, handoff["id"], to_id, actor, now)
        self._end(connection, handoff_id, ACCEPTED_BY)
        if note := self._cipher.decrypt(row.note_encrypted):
            add_note(connection, self._cipher, handoff_id, note, row.from_name, now)

    def decline(self, connection: Connection, handoff_id: int, to_id: int, actor: str, now: datetime) -> None:
        """Say no; the conversation stays where it is.

        Raises:
            UnknownHandoff: it is not there or closed.
            TakenByAnother: nobody asks (any more).
        """
        self._asked(connection, handoff_id, to_id, now)
        self._end(connection, handoff_id, DECLINED)
        write_audit(connection, actor, "decline_transfer", handoff_id, now)

    def withdraw(self, connection: Connection, handoff_id: int, from_id: int, actor: str, now: datetime) -> None:
        """Ask no more.

        Raises:
            UnknownHandoff: it is not there or closed.
            TakenByAnother: somebody else has it.
        """
        self._expect_owner(connection, handoff_id, from_id)
        self._end(connection, handoff_id, WITHDRAWN)
        write_audit(connection, actor, "withdraw_transfer", handoff_id, now)

    def give_to_queue(
        self, connection: Connection, handoff_id: int, from_id: int, queue: str, note: str, actor: str, now: datetime
    ) -> None:
        """Put a conversation into a queue, at the place its person had from the beginning, with a note for whoever takes it.

        Raises:
            UnknownHandoff: it is not there or closed.
            TakenByAnother: somebody else has it.
            CannotChangeCounsellor: there is no such queue.
        """
        if queue not in {known.name for known in read_queues(connection)}:
            raise CannotChangeCounsellor("There is no such queue; choose one of the list.")
        if note.strip():
            add_note(connection, self._cipher, handoff_id, note, actor, now)
        # Before the release: its timer follows the hours of the new queue.
        self._expect_owner(connection, handoff_id, from_id)
        connection.execute(update(handoffs).where(handoffs.c.id == handoff_id).values(queue=queue))
        release(connection, handoff_id, from_id, now)
        self._end(connection, handoff_id, WITHDRAWN)

    def find_open(self, connection: Connection, handoff_id: int, now: datetime) -> Transfer | None:
        """The open question about a handoff."""
        row = self._row(connection, handoff_id, now)
        if row is None:
            return None
        return Transfer(row.id, row.from_name, row.to_name, row.expires_at, self._cipher.decrypt(row.note_encrypted))

    def _asked(self, connection: Connection, handoff_id: int, to_id: int, now: datetime) -> tuple[dict[str, Any], Any]:
        handoff = get_open(connection, handoff_id)
        row = self._row(connection, handoff_id, now)
        if row is None or row.to_id != to_id or handoff["state"] != ACCEPTED or handoff["counsellor_id"] != row.from_id:
            raise TakenByAnother(f"Nobody asks you to take handoff {handoff_id} any more.")
        return handoff, row

    def _row(self, connection: Connection, handoff_id: int, now: datetime) -> Any:
        giver, taker = staff_accounts.alias(), staff_accounts.alias()
        query = (
            select(handoff_transfers, giver.c.name.label("from_name"), taker.c.name.label("to_name"))
            .join(giver, giver.c.id == handoff_transfers.c.from_id)
            .join(taker, taker.c.id == handoff_transfers.c.to_id)
            .where(
                handoff_transfers.c.handoff_id == handoff_id,
                handoff_transfers.c.outcome == OPEN,
                handoff_transfers.c.expires_at > now,
            )
        )
        return connection.execute(query).one_or_none()

    def _expect_owner(self, connection: Connection, handoff_id: int, account_id: int) -> None:
        handoff = get_open(connection, handoff_id)
        if handoff["state"] != ACCEPTED or handoff["counsellor_id"] != account_id:
            raise TakenByAnother(f"Handoff {handoff_id} is not in your hands.")

    def _end(self, connection: Connection, handoff_id: int, outcome: str) -> None:
        still_open = (handoff_transfers.c.handoff_id == handoff_id) & (handoff_transfers.c.outcome == OPEN)
        connection.execute(update(handoff_transfers).where(still_open).values(outcome=outcome))
