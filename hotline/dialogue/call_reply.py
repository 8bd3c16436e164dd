"""What a caller hears: slowly on request, after a pause who calls too much, asked for keys alone while understanding is down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hotline.dialogue.events import Asked, Event, Told
from hotline.dialogue.pace import slow_down
from hotline.dialogue.rendering import KEYS_ONLY, Renderer
from hotline.dialogue.session import Session
from hotline.dialogue.spoken import Spoken, slowly
from hotline.knowledge.library import Library


def speak_turn(
    renderer: Renderer, events: Sequence[Event], session: Session, library: Library, *, is_deaf: bool, is_slowed: bool
) -> tuple[Session, Spoken]:
    """Say what came of a turn.

    Args:
        renderer: words of every language.
        events: of the turn.
        session: after it.
        library: the answers.
        is_deaf: whether the understanding process is known to be down.
        is_slowed: whether the caller has to wait first.

    Returns:
        The session that knows what was said of the keys, and what the caller hears.
    """
    if renderer.hears(events, session.language):
        if is_deaf and not session.is_told_keys:
            # Right before the question: emergency numbers and answers come first.
            place = next(place for place, event in enumerate(events) if isinstance(event, Asked))
            events = [*events[:place], Told(KEYS_ONLY), *events[place:]]
        session = replace(session, is_told_keys=is_deaf)
    spoken = renderer.speak(events, session.language, library, keys_only=is_deaf)
    if session.is_slow:
        spoken = slowly(spoken)
    return session, slow_down(spoken) if is_slowed else spoken
