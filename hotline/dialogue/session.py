"""What the flow engine is given beside the input: the content there is at this turn, and where a conversation stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date

from hotline.knowledge.centres import NO_CENTRES, Centre, Directory
from hotline.knowledge.countries import CountryView
from hotline.knowledge.places import NO_PLACES, GermanPlaces


def _all_fit(centres: Sequence[Centre], _language: str | None) -> int:
    return len(centres)


def _nobody_is_there(_language: str | None) -> bool:
    return False


def _no_countries(_language: str | None) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True)
class World:
    """What the engine must know of content at this turn: live languages, answerable topics, policies, menu size.

    ``directory`` holds the centres that may be shown today, ``fitting`` tells how many of some fit into one reply in a language,
    ``groups`` are those of the topics in a call, in the order of the menu, ``language_codes`` the two figures of each language,
    ``can_text`` whether the caller's own phone takes an SMS, ``can_call_back`` whether there is a number to call and
    ``own_number`` which, ``can_wait`` whether a caller can hold the line for a person in a language, ``can_record`` whether one
    may leave a message, ``view_of`` what may be said of a country (ISO code), ``follow_ups`` the topics people ask about after
    another one. ``countries`` gives those of the content in the order of the menu for a language, ``country_asked`` are topics
    whose answer is another one for each country, ``today`` is the day in Germany.
    """

    languages: tuple[str, ...]
    topics: tuple[str, ...]
    answerable: frozenset[tuple[str, str]]
    handed_over: frozenset[str]
    page_size: int
    is_call: bool = False
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    language_codes: Mapping[str, str] = field(default_factory=dict)
    can_text: bool = False
    can_call_back: bool = False
    own_number: str | None = field(default=None, repr=False)
    can_wait: Callable[[str | None], bool] = _nobody_is_there
    can_record: Callable[[str | None], bool] = _nobody_is_there
    places: GermanPlaces = NO_PLACES
    directory: Directory = NO_CENTRES
    fitting: Callable[[Sequence[Centre], str | None], int] = _all_fit
    view_of: Callable[[str], CountryView] = CountryView
    follow_ups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    countries: Callable[[str | None], tuple[str, ...]] = _no_countries
    country_asked: frozenset[str] = frozenset()
    today: date = date.min


@dataclass(frozen=True)
class Session:
    """Where a conversation stands. Small and of bounded size: the 300th turn costs what the first does.

    ``answered`` is the topic of the last answer, ``question`` the last question (``feedback``), ``waited`` how often a caller who
    holds the line has been told how long it takes. ``group`` is the group of topics chosen last, ``preset`` the language of an
    earlier call, ``is_slow`` tells that the caller wants to hear everything slowly, ``asked`` is how often languages, topics and
    countries were asked for lately when the call began: its menus go by it to the end. ``tries`` is how often a country or a day
    was read back in vain, ``is_told_keys`` tells that the caller has heard that only keys are understood at the moment,
    ``told_place`` is the place in the queue a caller who holds the line was told last.
    """

    step: str = ""
    language: str | None = None
    back: tuple[str, ...] = ()
    page: int = 0
    topic: str | None = None
    suggestions: tuple[str, ...] = ()
    not_understood: int = 0
    no_match: int = 0
    ended: bool = False
    slots: Mapping[str, str] = field(default_factory=dict)
    likely: tuple[str, ...] = ()
    centres_from: int = 0
    centres_shown: int = 0
    only_independent: bool = False
    only_own_language: bool = False
    answered: str | None = None
    is_rated: bool = False
    in_danger: bool = False
    question: Mapping[str, object] = field(default_factory=dict)
    waited: int = 0
    group: str | None = None
    preset: str | None = None
    is_slow: bool = False
    asked: Mapping[str, int] = field(default_factory=dict)
    tries: int = 0
    is_told_keys: bool = False
    told_place: int | None = None

    def to_dict(self) -> dict[str, object]:
        """The session as JSON values."""
        return {
            "step": self.step,
            "language": self.language,
            "back": list(self.back),
            "page": self.page,
            "topic": self.topic,
            "suggestions": list(self.suggestions),
            "not_understood": self.not_understood,
            "no_match": self.no_match,
            "ended": self.ended,
            "slots": dict(self.slots),
            "likely": list(self.likely),
            "centres_from": self.centres_from,
            "centres_shown": self.centres_shown,
            "only_independent": self.only_independent,
            "only_own_language": self.only_own_language,
            "answered": self.answered,
            "is_rated": self.is_rated,
            "in_danger": self.in_danger,
            "question": dict(self.question),
            "waited": self.waited,
            "group": self.group,
            "preset": self.preset,
            "is_slow": self.is_slow,
            "asked": dict(self.asked),
            "tries": self.tries,
            "is_told_keys": self.is_told_keys,
            "told_place": self.told_place,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, object]) -> Session:
        """Read what ``to_dict`` wrote, of this version or another one: lists become tuples again, what is unknown is left out."""
        known = {one.name for one in fields(cls)}
        values = {key: tuple(value) if isinstance(value, list) else value for key, value in stored.items() if key in known}
        return cls(**values)  # type: ignore[arg-type]
