"""An answer heard on the phone as an SMS to that phone: asked for with a key, after hearing that others may read it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import phonenumbers
from sqlalchemy import Connection

from hotline.delivery.outbox import Outbox, OutgoingMessage
from hotline.dialogue.events import Answered, CentresShown, Event, SmsWanted, Told

SENT, NOT_SENT = "sms.sent", "sms.not_sent"
SMS_TEXT_KEYS = frozenset({SENT, NOT_SENT})
_MOBILE = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)


class TextDesk:
    """Between the flow, which only wishes, and the outbox. By night too: the caller is awake and asked for it."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def can_text(self, connection: Connection, number: str | None) -> bool:
        """Whether a caller's number is a mobile one that wants messages.

        Args:
            connection: any connection.
            number: E.164, or None when it is withheld.
        """
        return number is not None and is_mobile(number) and not self._outbox.is_opted_out(connection, number, "sms")

    def note(
        self,
        connection: Connection,
        numbers: tuple[str | None, str],
        events: Sequence[Event],
        write: Callable[[Answered | CentresShown], str],
        now: datetime,
    ) -> tuple[list[Event], list[int]]:
        """Store every SMS that is wanted and say so in its place.

        Args:
            connection: the unit of work of the turn.
            numbers: the caller's, and ours that was called.
            events: of the flow.
            write: makes the text of what was told.
            now: aware UTC.

        Returns:
            What is told, and outbox ids.
        """
        told: list[Event] = []
        outbox_ids: list[int] = []
        caller, called = numbers
        for event in events:
            if not isinstance(event, SmsWanted):
                told.append(event)
            elif caller is None or event.what is None or not self.can_text(connection, caller):
                told.append(Told(NOT_SENT))
            else:
                outbox_ids.append(self._outbox.put(connection, OutgoingMessage("sms", caller, called, write(event.what)), now))
                told.append(Told(SENT))
        return told, outbox_ids


def is_mobile(number: str) -> bool:
    """Whether a number in E.164 is one of a mobile phone, or may be one where a country does not tell."""
    try:
        return phonenumbers.number_type(phonenumbers.parse(number)) in _MOBILE
    except phonenumbers.NumberParseException:
        return False
