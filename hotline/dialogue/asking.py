"""The keys on offer at a question. Pure."""

from __future__ import annotations

from hotline.dialogue.conditions import holds
from hotline.dialogue.definition import Step
from hotline.dialogue.events import Choice
from hotline.dialogue.offers import list_choices
from hotline.dialogue.session import Session, World


def choices_at(step: Step, world: World, session: Session) -> tuple[Choice, ...]:
    """The options that hold now, around the list if there is one.

    Args:
        step: the question.
        world: what there is.
        session: where the conversation stands.
    """
    offered = [option for option in step.options if holds(option.when, world, session)]
    first, fixed = (
        tuple(Choice(one.key, "text", one.label, one.go, one.if_fits) for one in offered if one.first is is_first)
        for is_first in (True, False)
    )
    listed = list_choices(step.options_from, world, session, step.go or "") if step.options_from is not None else ()
    return first + listed + fixed
