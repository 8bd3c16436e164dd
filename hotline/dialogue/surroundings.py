"""The world of one turn: what there is today for this conversation, as the flow engine is given it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from hotline.counselling.hours import BERLIN
from hotline.counselling.ringing import can_hold_the_line
from hotline.counselling.voicemail import takes_voicemail
from hotline.dialogue.call_guide import countries_of, groups_of, languages_of
from hotline.dialogue.conversations import Conversation
from hotline.dialogue.definition import options_after_centres
from hotline.dialogue.rendering import SMS_SEGMENTS, Renderer
from hotline.dialogue.session import Session, World
from hotline.dialogue.turn_rules import TurnRules
from hotline.knowledge.library import Library, menu_topics

# What a topic menu holds at once: by ear, and in one text of three segments.
SPOKEN_PAGE, WRITTEN_PAGE = 4, 5


@dataclass(frozen=True)
class Standpoint:
    """Whose turn it is, and what is known of them: where the session stands, their number and Land, if an SMS can reach them."""

    conversation: Conversation
    session: Session
    library: Library
    own_number: str | None = field(repr=False)
    land: str | None
    can_text: bool


def spoken_to(rules: TurnRules, conversation: Conversation, library: Library) -> tuple[str, ...]:
    """The languages a conversation can be held in."""
    return rules.spoken_languages(library) if conversation.channel == "voice" else rules.languages


def make_world(connection: Connection, rules: TurnRules, renderer: Renderer, at: Standpoint, now: datetime) -> World:
    """Everything the engine must know at this turn.

    Args:
        connection: the unit of work of the turn.
        rules: flows and languages.
        renderer: knows how much fits into a message.
        at: whose turn it is.
        now: aware UTC.
    """
    today = now.astimezone(BERLIN).date()
    conversation, library = at.conversation, at.library
    is_call = conversation.channel == "voice"
    directory = library.directory.on(today)
    world = World(
        languages=spoken_to(rules, conversation, library),
        topics=menu_topics(library, rules.menu),
        answerable=library.answerable(today),
        handed_over=library.handed_over,
        page_size=SPOKEN_PAGE if is_call else WRITTEN_PAGE,
        is_call=is_call,
        can_text=at.can_text,
        can_call_back=conversation.address_id is not None and conversation.channel != "webchat",
        own_number=at.own_number,
        can_wait=lambda language: can_hold_the_line(connection, language, at.land, conversation.id, now),
        can_record=lambda language: takes_voicemail(connection, language, at.land),
        places=rules.places,
        directory=directory,
        view_of=lambda country: library.countries.on(country, today),
        follow_ups=library.follow_ups,
        countries=lambda language: countries_of(at.session, library.countries.outside_eu(today), language),
        country_asked=rules.definition.country_asked,
        today=today,
    )
    if is_call:
        return replace(
            world,
            languages=languages_of(at.session, world.languages),
            groups=groups_of(at.session, world.topics),
            language_codes=rules.calls.language_codes,
        )
    if conversation.channel != "sms":
        return world
    options = options_after_centres(rules.definition)
    return replace(
        world,
        fitting=lambda centres, language: renderer.fitting_centres(
            centres, directory.nationwide, options, language, SMS_SEGMENTS
        ),
    )
