"""How a call begins: in the language of the number that was called, with that of an earlier call on offer, or with all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from hotline.dialogue.country_words import country_name
from hotline.dialogue.menu_order import MenuOrder
from hotline.dialogue.session import Session
from hotline.dialogue.topic_groups import grouped, most_first
from hotline.understanding.folding import fold

LANGUAGES_AT = "language.choose"
OPENING_LANGUAGE = "de"


@dataclass(frozen=True)
class CallGuide:
    """What calls have of their own.

    ``number_languages`` is our number (E.164) -> language, ``language_codes`` language -> the two figures it always has.
    """

    number_languages: Mapping[str, str]
    language_codes: Mapping[str, str]
    order: MenuOrder

    def begin(
        self, connection: Connection, session: Session, called: str, earlier: str | None, spoken: Sequence[str], now: datetime
    ) -> tuple[Session, str]:
        """Where a new call begins.

        Args:
            connection: the unit of work of the turn.
            session: of the call.
            called: our number.
            earlier: the language of an earlier call from this number, or None.
            spoken: languages a call can be held in.
            now: in Germany.

        Returns:
            The session, and the start of the flows.
        """
        session = replace(session, asked=self.order.asked(connection, now))
        wanted = self.number_languages.get(called)
        if wanted in spoken:
            # As if it had been chosen: the way back from the first question leads to the other languages.
            return replace(session, language=wanted, step=LANGUAGES_AT), "number"
        if earlier in spoken:
            return replace(session, preset=earlier), "preset"
        return session, "voice"


def languages_of(session: Session, spoken: Sequence[str]) -> tuple[str, ...]:
    """The languages of a call, those most asked for first."""
    return most_first(spoken, session.asked)


def groups_of(session: Session, topics: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """The groups of topics of a call's menu."""
    return grouped(topics, session.asked)


def countries_of(session: Session, countries: Iterable[str], language: str | None) -> tuple[str, ...]:
    """The countries of a menu, those most asked for first, the others by name: whoever listens knows how long to wait."""
    by_name = sorted(countries, key=lambda code: fold(country_name(code, language or OPENING_LANGUAGE)))
    return most_first(by_name, session.asked)
