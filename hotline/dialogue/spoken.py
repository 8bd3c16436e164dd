"""What a caller hears: sentences in their order, and what may be pressed or said then."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Utterance:
    """One sentence or paragraph spoken as a whole, in one language, maybe slowly."""

    language: str
    text: str
    is_slow: bool = False


@dataclass(frozen=True)
class Spoken:
    """What a caller hears.

    ``listens`` tells whether a spoken answer is understood, ``ended`` whether the call is over; ``hints`` are likely answers,
    ``digits`` is how many keys may be pressed; ``waits`` tells that the sound of waiting follows, ``records`` a message.
    Before all that it is silent for ``pause_seconds``.
    """

    utterances: tuple[Utterance, ...]
    language: str | None
    listens: bool
    ended: bool
    hints: tuple[str, ...] = ()
    digits: int = 1
    waits: bool = False
    records: bool = False
    pause_seconds: int = 0


def slowly(spoken: Spoken) -> Spoken:
    """The same, every sentence slowly."""
    return replace(spoken, utterances=tuple(replace(utterance, is_slow=True) for utterance in spoken.utterances))
