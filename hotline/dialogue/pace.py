"""Who writes or calls too fast. Counted by pseudonym; what a slowed person may still do is decided here too."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from limits import RateLimitItemPerHour
from limits.storage import Storage
from limits.strategies import SlidingWindowCounterRateLimiter

from hotline.allowance import Allowances
from hotline.breaker import CircuitBreaker
from hotline.dialogue.events import Meaning
from hotline.dialogue.inputs import InboundCallStep
from hotline.dialogue.spoken import Spoken

log = logging.getLogger(__name__)
# Numbers that differ in so many figures at their end may belong to one sender.
BLOCK_DIGITS = 3
PAUSE_SECONDS = 4
PERSON_KEY = "0"
# To be told once in an hour is enough; a call lasts no longer.
_ONCE = RateLimitItemPerHour(1)
# Wishes that are nobody's to refuse: a person, the own data, to hear no more of us.
_ALWAYS = frozenset({"person", "callback", "withdraw", "erase_my_data", "show_my_data", "stop", "start"})
# Flows in which somebody is on the way to a person, or to the end of their data.
_ON_THE_WAY = ("person", "callback", "voicemail", "privacy")
Limit = Literal["sender", "busy", "silent", "calls", "steps"]


@dataclass(frozen=True)
class Pace:
    """What to do with an event: ``is_slowed`` is whether it is one too many, ``is_first`` whether the sender is to be told so."""

    is_slowed: bool = False
    is_first: bool = False


FREE = Pace()


class Pacer:
    """Counts texts and calls. Where nothing can be counted, everybody is free."""

    def __init__(
        self,
        allowances: Allowances,
        storage: Storage,
        pseudonym: Callable[[str], str],
        slowed: Callable[[str, Limit], None] = lambda *_: None,
    ) -> None:
        """Hold what is needed.

        Args:
            allowances: how much is free.
            storage: of the ``limits`` library: Redis, or the memory of this process.
            pseudonym: of a number, so that none is stored here.
            slowed: told the kind of event (text, call) and the limit, for the figures.
        """
        self._allowances = allowances
        self._limiter = SlidingWindowCounterRateLimiter(storage)
        self._errors = storage.base_exceptions
        self._pseudonym = pseudonym
        self._slowed = slowed
        # Nobody shall wait for a Redis that does not answer.
        self._breaker = CircuitBreaker()

    def of_text(self, sender: str) -> Pace:
        """Count a text.

        Args:
            sender: the number or chat id.
        """
        return self._guarded(lambda: self._judge_text(sender))

    def of_call(self, step: InboundCallStep) -> Pace:
        """Count a step of a call; of those who withhold their number only all calls together are counted."""
        return self._guarded(lambda: self._judge_call(step))

    def _judge_text(self, sender: str) -> Pace:
        who = self._pseudonym(sender)
        own, few = self._hit("texts", who), self._hit("texts_busy", who)
        # What is not answered anyway must not count against others.
        block = own and self._hit("texts_block", self._pseudonym(sender[:-BLOCK_DIGITS]))
        is_calm = own and self._hit("texts_all", "everybody") and block
        if own and (few or is_calm):
            return FREE
        self._slowed("text", "busy" if own else "sender")
        return Pace(is_slowed=True, is_first=self._limiter.hit(_ONCE, "told", who))

    def _judge_call(self, step: InboundCallStep) -> Pace:
        who, call = self._pseudonym(step.caller) if step.caller else None, self._pseudonym(step.call_sid)
        if not step.is_first:
            if step.digits or step.speech:
                # Whoever presses keys is nobody's robot: the rest of the call has its usual pace.
                self._limiter.clear(_ONCE, "silent", call)
                for item in self._allowances.items("silent_calls") if who else ():
                    self._limiter.clear(item, "silent_calls", who or "")
            is_hurried = not self._hit("call_steps", call)
            if is_hurried:
                self._slowed("call", "steps")
            return Pace(is_slowed=is_hurried or not all(self._limiter.test(_ONCE, why, call) for why in ("calls", "silent")))
        is_few = self._hit("calls_all", "everybody") and (who is None or self._hit("calls", who))
        has_spoken = who is None or self._hit("silent_calls", who)
        if is_few and has_spoken:
            return FREE
        reason: Limit = "silent" if is_few else "calls"
        self._limiter.hit(_ONCE, reason, call)
        self._slowed("call", reason)
        return Pace(is_slowed=True)

    def _hit(self, name: str, who: str) -> bool:
        # Each window is counted, whichever is full.
        counted = [self._limiter.hit(item, name, who) for item in self._allowances.items(name)]
        return all(counted)

    def _guarded(self, judge: Callable[[], Pace]) -> Pace:
        if not self._allowances.is_on or not self._breaker.may_call():
            return FREE
        try:
            pace = judge()
        except self._errors as error:
            self._breaker.report(succeeded=False)
            log.warning("the limits could not be counted; everybody is free", extra={"cause": type(error).__name__})
            return FREE
        self._breaker.report(succeeded=True)
        return pace


def is_always_answered(meaning: Meaning, key: str | None, opt_out: str | None, step: str) -> bool:
    """Whether a text is answered however many came before it.

    Args:
        meaning: by the rules alone; a slowed text is not given to the model.
        key: what the text is when it is nothing but a key.
        opt_out: what the provider read in it.
        step: where the conversation stands.
    """
    is_wanted = meaning.danger is not None or meaning.wish in _ALWAYS or opt_out is not None or key == PERSON_KEY
    return is_wanted or step.partition(".")[0] in _ON_THE_WAY


def slow_down(spoken: Spoken) -> Spoken:
    """The same for a slowed caller, after a silence. It goes on listening: a cry for help may be all somebody can do."""
    if spoken.waits or spoken.records:
        return spoken
    return replace(spoken, pause_seconds=PAUSE_SECONDS)
