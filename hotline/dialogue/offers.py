"""What a list of choices holds: languages, topics, suggestions, Laender, and the topics people ask about afterwards, by page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from hotline.dialogue.definition import OptionSource
from hotline.dialogue.events import Choice
from hotline.dialogue.session import Session, World
from hotline.knowledge.places import LANDS

# The target that asks the same question again, here with the next page.
STAY = "stay"
NEXT_PAGE_KEY = "9"
NEXT_PAGE_LABELS = {
    "topic": "option.next_page", "language": "option.more_languages", "land": "option.more_lands", "country": "option.more_lands",
}  # fmt: skip
# By ear 9 is the key for danger where names are listed; languages have two figures each besides.
SPOKEN_NAMES_PAGE_KEY = "8"
# The key after these says that no country is to be named.
COUNTRY_KEYS = "123456"
FIRST_OPTION_KEYS = "12345678"
# The other keys have a meaning of their own after an answer.
FOLLOW_UP_KEYS, SPOKEN_FOLLOW_UP_KEYS = "456", "16"
# How many figures the code of a language has.
LANGUAGE_DIGITS = 2
PRESET_KEY = "1"
KIND_OF_SOURCE: Mapping[OptionSource, Literal["language", "topic", "land", "country"]] = {
    "languages": "language", "topics": "topic", "suggestions": "topic", "lands": "land", "follow_ups": "topic",
    "group_topics": "topic", "preset": "language", "countries": "country",
}  # fmt: skip


def can_answer(world: World, session: Session, topic: str | None) -> bool:
    """Whether there is an answer to a topic in the conversation's language today."""
    return (topic, session.language) in world.answerable


def can_answer_elsewhere(world: World, session: Session) -> bool:
    """Whether the topic asked about has an answer in another language only."""
    elsewhere = any((session.topic, code) in world.answerable for code in world.languages)
    return elsewhere and not can_answer(world, session, session.topic)


def list_choices(source: OptionSource, world: World, session: Session, go: str = "") -> tuple[Choice, ...]:
    """The choices of one page, with the key to the next one.

    Args:
        source: what is listed.
        world: what there is.
        session: the page it stands at, its language and topic.
        go: the step each choice leads to.
    """
    kind = KIND_OF_SOURCE[source]
    if source == "follow_ups":
        following = _answerable(world.follow_ups.get(session.topic or "", ()), world, session)
        keys = SPOKEN_FOLLOW_UP_KEYS if world.is_call else FOLLOW_UP_KEYS
        return tuple(Choice(key, kind, topic, go) for key, topic in zip(keys, following, strict=False))
    if source == "preset":
        return (Choice(PRESET_KEY, kind, session.preset, go),) if session.preset in world.languages and session.preset else ()
    if source == "topics" and world.groups:
        open_groups = (name for name, topics in world.groups.items() if _answerable(topics, world, session))
        return tuple(Choice(key, "group", name, go) for key, name in zip(FIRST_OPTION_KEYS, open_groups, strict=False))
    values = _values(source, world, session)
    # Names are short: many fit into a message, and languages and countries are short by ear too.
    is_long = source == "languages" or (source == "lands" and not world.is_call)
    size = len(COUNTRY_KEYS) if source == "countries" else len(FIRST_OPTION_KEYS) if is_long else world.page_size
    is_spoken = source == "languages" and world.is_call
    next_key = SPOKEN_NAMES_PAGE_KEY if is_spoken or source == "countries" else NEXT_PAGE_KEY
    if is_spoken:
        size = FIRST_OPTION_KEYS.index(SPOKEN_NAMES_PAGE_KEY)
    pages = max(1, -(-len(values) // size))
    first = session.page % pages * size
    goes = go if kind in ("land", "country") else ""
    shown = tuple(
        Choice(key, kind, value, goes) for key, value in zip(FIRST_OPTION_KEYS, values[first : first + size], strict=False)
    )
    return (*shown, Choice(next_key, "text", NEXT_PAGE_LABELS[kind], STAY)) if pages > 1 else shown


def _values(source: OptionSource, world: World, session: Session) -> tuple[str, ...]:
    """Everything there is to choose from, on all pages."""
    if source == "languages":
        # The likely ones first; the order of the rest stays.
        return tuple(sorted(world.languages, key=lambda code: code not in session.likely))
    if source == "lands":
        return LANDS
    if source == "countries":
        return world.countries(session.language)
    topics = {
        "topics": world.topics,
        "group_topics": world.groups.get(session.group or "", world.topics),
        "suggestions": session.suggestions,
    }[source]
    return _answerable(topics, world, session)


def _answerable(topics: tuple[str, ...], world: World, session: Session) -> tuple[str, ...]:
    return tuple(topic for topic in topics if can_answer(world, session, topic))
