"""How much anybody may ask of the hotline in a while; whoever asks for more is slowed, and never kept from help."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from limits import RateLimitItem, parse_many

from hotline.errors import CannotStart

SWITCH, SETTING = "LIMITS", "LIMIT_"


class WrongAllowance(CannotStart):
    """A limit cannot be read. The message names the setting and the remedy."""


@dataclass(frozen=True)
class Allowances:
    """Limits in the words of the ``limits`` library ("20/minute;200/day"). The setting of ``texts`` is LIMIT_TEXTS, and so on.

    texts: written messages of one sender that are answered.
    texts_busy: the same while a whole block of numbers, or everybody together, writes too much.
    texts_block: messages of numbers that differ in their last three figures only.
    texts_all: messages of everybody.
    calls: calls of one number before its calls are slowed.
    silent_calls: calls of one number in a row in which no key was pressed and nothing was said.
    calls_all: calls of everybody, and of all who withhold their number.
    call_steps: keys, words and silences of one call; nobody hears a menu and answers it so fast.
    An office of counsellors may sit behind one address, and open pages ask by themselves: those limits are wide.
    pages, pages_network, pages_all: requests for pages of staff and simulator by strangers, from one address, its network, all
    over; ``pages`` is of one session, too.
    """

    texts: str = "20/minute;200/day"
    texts_busy: str = "4/minute"
    texts_block: str = "120/minute"
    texts_all: str = "1200/minute"
    calls: str = "10/hour"
    silent_calls: str = "4/day"
    calls_all: str = "300/minute"
    call_steps: str = "40/minute"
    pages: str = "6000/minute"
    pages_network: str = "12000/minute"
    pages_all: str = "60000/minute"
    is_on: bool = True

    def items(self, name: str) -> tuple[RateLimitItem, ...]:
        """The limits of a name, ready to count."""
        return tuple(parse_many(getattr(self, name)))


def read_allowances(values: Mapping[str, str]) -> Allowances:
    """Read the limits.

    Args:
        values: settings by name; ``LIMITS=off`` switches all of them off, for measuring.

    Raises:
        WrongAllowance: a value is no limit, or a setting names none.
    """
    names = {SETTING + field.name.upper(): field.name for field in fields(Allowances) if field.name != "is_on"}
    unknown = next((name for name in values if name.startswith(SETTING) and name not in names), None)
    if unknown is not None:
        raise WrongAllowance(f"{unknown} is no setting; use one of {', '.join(sorted(names))}.")
    given = {field: values[name].strip() for name, field in names.items() if values.get(name, "").strip()}
    for field, value in given.items():
        try:
            parse_many(value)
        except ValueError:
            raise WrongAllowance(f"{SETTING}{field.upper()} must be a limit such as 20/minute;200/day.") from None
    switch = values.get(SWITCH, "").strip().lower() or "on"
    if switch not in ("on", "off"):
        raise WrongAllowance(f"{SWITCH} must be on or off.")
    return Allowances(**given, is_on=switch == "on")
