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
# Whether the person may name a thing here; the changing parts of the address stand beside it.
NameFinder = Callable[[Services, StaffSession, int, Mapping[str, Any]], bool]


@dataclass(frozen=True)
class OwnerRule:
    """How one kind of thing is told apart.

    Args:
        argument: the part of the address that holds its id.
        find: says whose it is.
        refuse: answers for a thing that is not there and for somebody else's alike, so that nobody learns which ids exist.
        shows_others: who knows of somebody else's anyway; to them it is forbidden, not missing.
    """

    argument: str
    find: Finder
    refuse: Callable[[], AnyResponse]
    shows_others: Callable[[StaffSession], bool]


@dataclass(frozen=True)
class NamingRule:
    """What may be named besides the thing itself: in a form, or further on in the address.

    Args:
        find: says whether this person may name it here.
        refuse: answers for one they may not, whether it is there or not.
    """

    find: NameFinder
    refuse: Callable[[], AnyResponse]


OWNER_RULES: dict[str, OwnerRule] = {}
NAMING_RULES: dict[str, NamingRule] = {}


def owner_rule(
    kind: str,
    argument: str,
    refuse: Callable[[], AnyResponse] | None = None,
    *,
    shows_others: Callable[[StaffSession], bool] = lambda _: False,
) -> Callable[[Finder], Finder]:
    """Make a function the rule of a kind of thing, for ``@access("staff", …, owns=kind)``.

    Args:
        kind: its name.
        argument: the part of the address that holds its id.
        refuse: what to answer instead of "there is no such page".
        shows_others: who sees those of others elsewhere, and hears that this is forbidden.

    Raises:
        ValueError: the kind has a rule already.
    """

    def keep(find: Finder) -> Finder:
        if kind in OWNER_RULES:
            raise ValueError(f"There is a rule for {kind} already; use it, or choose another name.")
        OWNER_RULES[kind] = OwnerRule(argument, find, refuse or _missing, shows_others)
        return find

    return keep


def naming_rule(kind: str, refuse: Callable[[], AnyResponse] | None = None) -> Callable[[NameFinder], NameFinder]:
    """Make a function the rule of a kind of ids, for ``@access("staff", …, names={"field": kind})``.

    Args:
        kind: its name.
        refuse: what to answer instead of "there is no such page".

    Raises:
        ValueError: the kind has a rule already.
    """

    def keep(find: NameFinder) -> NameFinder:
        if kind in NAMING_RULES:
            raise ValueError(f"There is a rule for naming {kind} already; use it, or choose another name.")
        NAMING_RULES[kind] = NamingRule(find, refuse or _missing)
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
    # That one's own is there is no news, and neither is what one sees anyway.
    if is_own and scope == "others":
        abort(403)
    if is_own is False and rule.shows_others(session):
        abort(403)
    return rule.refuse()


def check_names(
    services: Services, session: StaffSession, kinds: Mapping[str, str], named: Mapping[str, Any], form: Mapping[str, str]
) -> AnyResponse | None:
    """Let through what names only things this person may name here.

    Args:
        services: of the application.
        session: who asks.
        kinds: part of the address, or field of the form -> kind of ``naming_rule``. A field left out or empty names nothing.
        named: the changing parts of the address.
        form: what was sent.

    Returns:
        What to answer instead of the view, or None.
    """
    for field, kind in kinds.items():
        given = str(named[field]) if field in named else form.get(field, "").strip()
        if not given:
            continue
        rule = NAMING_RULES[kind]
        # No database has ids of more figures.
        is_number = given.isascii() and given.isdecimal() and len(given) <= 15
        if not is_number or not rule.find(services, session, int(given), named):
            return rule.refuse()
    return None


def _missing() -> NoReturn:
    abort(404)
