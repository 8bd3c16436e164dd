"""How a call begins: in the language of the number that was called, with that of an earlier call on offer, or with all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection

from hotline.dialogue.menu_order import MenuOrder
from hotline.dialogue.session import Session
from hotline.dialogue.topic_groups import grouped, most_first

LANGUAGES_AT = "language.choose"


@dataclass(frozen=True)
class CallGuide:
    """What calls have of their own.

    ``number_languages`` is our number (E.164) -> language, ``language_codes`` language -> the two figures it always has.
    """

    number_languages: Mapping[str, str]
    language_codes: Mapping[str, str]
    order: MenuOrder

    def begin(
        self, session: Session, called: str, earlier: str | None, spoken: Sequence[str], today: date
    ) -> tuple[Session, str]:
        """Where a new call begins.

        Args:
            session: of the call.
            called: our number.
            earlier: the language of an earlier call from this number, or None.
            spoken: languages a call can be held in.
            today: in Germany.

        Returns:
            The session, and the start of the flows.
        """
        session = replace(session, menu_day=today.isoformat())
        wanted = self.number_languages.get(called)
        if wanted in spoken:
            # As if it had been chosen: the way back from the first question leads to the other languages.
            return replace(session, language=wanted, step=LANGUAGES_AT), "number"
        if earlier in spoken:
            return replace(session, preset=earlier), "preset"
        return session, "voice"

    def languages(self, connection: Connection, spoken: Sequence[str], session: Session, today: date) -> tuple[str, ...]:
        """The languages of a call, those most asked for first."""
        return most_first(spoken, self.order.asked(connection, "language", _menu_day(session, today)))

    def groups(
        self, connection: Connection, topics: Sequence[str], session: Session, today: date
    ) -> Mapping[str, tuple[str, ...]]:
        """The groups of topics of a call's menu."""
        return grouped(topics, self.order.asked(connection, "topic", _menu_day(session, today)))


def _menu_day(session: Session, today: date) -> date:
    """A call over midnight keeps the menus it began with."""
    return date.fromisoformat(session.menu_day) if session.menu_day else today
