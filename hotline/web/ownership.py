"""Whose a thing is that an address names: one rule for each kind of thing, asked in front of every view that names one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from flask import abort
from werkzeug.wrappers import Response as AnyResponse

from hotline.services import Services
from hotline.staff.matrix import Scope, covers
from hotline.staff.sessions import StaffSession

# Whether a thing is the person's own; None when there is no such thing.
Finder = Callable[[Services, StaffSession, Any], bool | None]


@dataclass(frozen=True)
class OwnerRule:
    """How one kind of thing is told apart.

    Args:
        argument: the part of the address that holds its id.
        find: says whose it is.
        refuse: answers for a thing that is not there and for somebody else's alike, so that nobody learns which ids exist.
    """

    argument: str
    find: Finder
    refuse: Callable[[], AnyResponse]


OWNER_RULES: dict[str, OwnerRule] = {}


def owner_rule(kind: str, argument: str, refuse: Callable[[], AnyResponse] | None = None) -> Callable[[Finder], Finder]:
    """Make a function the rule of a kind of thing, for ``@access("staff", …, owns=kind)``.

    Args:
        kind: its name.
        argument: the part of the address that holds its id.
        refuse: what to answer instead of "there is no such page".

    Raises:
        ValueError: the kind has a rule already.
    """

    def keep(find: Finder) -> Finder:
        if kind in OWNER_RULES:
            raise ValueError(f"There is a rule for {kind} already; use it, or choose another name.")
        OWNER_RULES[kind] = OwnerRule(argument, find, refuse or _missing)
        return find

    return keep


def check_owner(
    services: Services, session: StaffSession, kind: str, named: Mapping[str, Any], scope: Scope
) -> AnyResponse | None:
    """Let through who may do it to this very thing.

    Args:
        services: of the application.
        session: who asks.
        kind: of the thing.
        named: the changing parts of the address.
        scope: what the person may do it to.

    Returns:
        What to answer instead of the view, or None.
    """
    rule = OWNER_RULES[kind]
    is_own = rule.find(services, session, named[rule.argument])
    if is_own is not None and covers(scope, is_own):
        return None
    if is_own and scope == "others":
        # That one's own is there is no news.
        abort(403)
    return rule.refuse()


def _missing() -> NoReturn:
    abort(404)
