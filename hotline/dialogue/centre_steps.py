"""Which centres a step tells: the first ones of a place, the next ones, the same again, or one kind of them. Pure."""

from __future__ import annotations

from dataclasses import replace

from hotline.dialogue.conditions import find_centres
from hotline.dialogue.definition import CentresPart
from hotline.dialogue.events import CentresShown
from hotline.dialogue.session import Session, World

# More centres at once are no choice but a list.
CENTRES_AT_ONCE = 3


def show_centres(world: World, session: Session, part: CentresPart) -> tuple[Session, CentresShown]:
    """Tell some centres of the place that was named.

    Args:
        world: holds them.
        session: the place, and what was told already.
        part: which of them.

    Returns:
        The session that remembers what was told, and the event.
    """
    already = {"more": session.centres_from + session.centres_shown, "again": session.centres_from}
    first = already.get(part, 0)
    if part == "first":
        session = replace(session, only_independent=False, only_own_language=False)
    elif part == "independent":
        session = replace(session, only_independent=True)
    elif part == "own_language":
        session = replace(session, only_own_language=True)
    session = replace(session, centres_from=first)
    following = find_centres(world, session)[first : first + CENTRES_AT_ONCE]
    # One is always told: a person without any would have asked for nothing.
    fitting = max(1, world.fitting(following, session.language))
    session = replace(session, centres_shown=min(len(following), fitting))
    return session, CentresShown(following[:fitting], world.directory.nationwide, world.places.find(session.slots))
