"""What a step or an option may depend on, read from where a conversation stands and what there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hotline.dialogue.days import DATE, DAYS, DEADLINE, is_near
from hotline.dialogue.definition import Condition
from hotline.dialogue.offers import can_answer, can_answer_elsewhere
from hotline.dialogue.session import Session, World
from hotline.dialogue.wishes import CALLBACK_NUMBER, COUNTRY, NATIONALITY
from hotline.knowledge.centres import Centre, CentreQuery

# Whoever has held the line so many times a minute is called back instead.
MOST_WAITS = 15
# So often a country or a day is read back; whoever was never understood right comes to a person.
MOST_TRIES = 3


def centre_query(world: World, session: Session) -> CentreQuery | None:
    """What is looked for now: the place named, and what was chosen of its centres."""
    place = world.places.find(session.slots)
    language = session.language if session.only_own_language else None
    return CentreQuery(place, session.only_independent, language) if place else None


def find_centres(world: World, session: Session) -> tuple[Centre, ...]:
    """The centres of the place named, the nearest first; none while no place is known."""
    query = centre_query(world, session)
    return world.directory.find(query) if query else ()


def holds(condition: Condition | None, world: World, session: Session) -> bool:
    """Whether a condition of a flow holds; no condition always does."""
    return condition is None or _CONDITIONS[condition](world, session)


def _has_both_bodies(world: World, session: Session) -> bool:
    query = centre_query(world, session)
    return query is not None and world.directory.has_both_bodies(query)


def _has_own_language(world: World, session: Session) -> bool:
    query = centre_query(world, session)
    return query is not None and world.directory.has_some_of(query, session.language)


def _has_more_centres(world: World, session: Session) -> bool:
    return session.centres_from + session.centres_shown < len(find_centres(world, session))


_CONDITIONS: Mapping[Condition, Callable[[World, Session], bool]] = {
    "place_known": lambda world, session: centre_query(world, session) is not None,
    "is_call": lambda world, _: world.is_call,
    "is_written": lambda world, _: not world.is_call,
    "can_call_back": lambda world, session: world.can_call_back or CALLBACK_NUMBER in session.slots,
    "can_wait": lambda world, session: world.is_call and session.waited < MOST_WAITS and world.can_wait(session.language),
    "can_record": lambda world, session: world.is_call and world.can_record(session.language),
    "can_text": lambda world, session: world.can_text and can_answer(world, session, session.topic),
    "can_text_centres": lambda world, session: world.can_text and centre_query(world, session) is not None,
    "must_choose_language": lambda world, session: world.is_call and session.language is None,
    "more_centres": _has_more_centres,
    "both_bodies": _has_both_bodies,
    "own_language": _has_own_language,
    "answer_known": lambda world, session: can_answer(world, session, session.topic),
    "answer_elsewhere": can_answer_elsewhere,
    "asks_country": lambda world, session: world.is_call and not {COUNTRY, NATIONALITY} & set(session.slots),
    "asks_day": lambda world, session: world.is_call and not {DEADLINE, DATE, DAYS} & set(session.slots),
    "differs_by_country": lambda world, session: world.is_call and session.topic in world.country_asked,
    "is_near": lambda world, session: is_near(session.slots, world.today),
    "may_try": lambda _, session: session.tries < MOST_TRIES,
    "in_danger": lambda _, session: session.in_danger,
    "unrated": lambda _, session: session.answered is not None and not session.is_rated,
}
