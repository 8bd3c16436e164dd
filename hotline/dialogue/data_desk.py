"""What people wish for their data: it is counted or erased in the turn's own transaction, and said in its place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from hotline.counselling.hours import BERLIN
from hotline.dialogue.conversations import Conversation
from hotline.dialogue.events import DataErased, DataShown, DataWished, Event
from hotline.privacy.erasure import OwnData

# The step at which a yes or a no is about the person's data, whoever has the conversation.
CONFIRMED_AT = "privacy.decide"
WISHES_ABOUT_DATA = frozenset({"erase_my_data", "show_my_data"})


@dataclass(frozen=True)
class NotedData:
    """What a turn's events became. After an erasure nothing of the turn may be stored but its reply."""

    events: list[Event]
    outbox_ids: list[int] = field(default_factory=list)
    is_erased: bool = False


class DataDesk:
    """Between the flow, which only wishes, and what is stored."""

    def __init__(self, own_data: OwnData) -> None:
        self._own_data = own_data

    def note(
        self, connection: Connection, conversation: Conversation, events: Sequence[Event], also: Iterable[str], now: datetime
    ) -> NotedData:
        """Do what was wished.

        Args:
            connection: the unit of work of the turn, which has locked address and conversation.
            conversation: whose turn it is.
            events: of the flow.
            also: the provider's id of the message at hand, which is not stored yet.
            now: aware UTC.
        """
        told: list[Event] = []
        outbox_ids: list[int] = []
        is_erased = False
        for event in events:
            if not isinstance(event, DataWished):
                told.append(event)
            elif event.deed == "show":
                told.append(self._show(connection, conversation))
            else:
                erased = self._own_data.erase(connection, conversation.address_id, conversation.id, now, also)
                told.append(DataErased(erased.receipt))
                outbox_ids += erased.outbox_ids
                is_erased = True
        return NotedData(told, outbox_ids, is_erased)

    def _show(self, connection: Connection, conversation: Conversation) -> DataShown:
        stored = self._own_data.count(connection, conversation.address_id, conversation.id)
        counts = {
            "privacy.messages": stored.messages,
            # Few leave one: nobody else needs to hear of it.
            **({"privacy.voicemails": stored.voicemails} if stored.voicemails else {}),
            "privacy.calls": stored.calls,
            "privacy.requests": stored.requests,
            "privacy.callbacks": stored.callbacks,
        }
        return DataShown(counts, stored.since.astimezone(BERLIN).date(), has_case=stored.cases > 0)
