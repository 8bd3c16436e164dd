"""The answer to the topic at hand with what is known of the country, and the same as a text message. Pure."""

from __future__ import annotations

from hotline.dialogue.centre_steps import show_centres
from hotline.dialogue.definition import Definition, Sent
from hotline.dialogue.events import Answered, AnswerPart, SmsWanted
from hotline.dialogue.offers import can_answer
from hotline.dialogue.session import Session, World
from hotline.dialogue.wishes import COUNTRY, NATIONALITY


def answer_at_hand(definition: Definition, world: World, session: Session, part: AnswerPart) -> Answered | None:
    """The answer to the topic a conversation is at; None where there is none in its language today.

    Args:
        definition: tells which topics name the country.
        world: what there is.
        session: the topic, the language and the country.
        part: of the answer.
    """
    topic = session.topic
    # Checked again: "more" may come when the answer has expired or the language has changed since.
    if topic is None or not can_answer(world, session, topic):
        return None
    place = definition.country_topics.get(topic)
    country = session.slots.get(COUNTRY) or session.slots.get(NATIONALITY)
    view = world.view_of(country) if place and country else None
    return Answered(topic, part, view, is_country_first=place == "before")


def text_wanted(definition: Definition, world: World, session: Session, sent: Sent) -> SmsWanted:
    """What the caller wants as a text message: the short answer as it was heard, or the centres told last."""
    if sent == "centres":
        return SmsWanted(show_centres(world, session, "again")[1])
    return SmsWanted(answer_at_hand(definition, world, session, "short"))
