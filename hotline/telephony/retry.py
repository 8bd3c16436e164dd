"""What to do after a message was not sent: one table of Twilio's error codes, with the waiting times."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

# "retry": certainly not sent, later it may be. "unclear": it may have been sent; the provider's list tells. "fail": no use.
Decision = Literal["retry", "unclear", "fail", "opted_out"]

# The person wrote STOP to the provider itself: nothing may be sent again.
RECIPIENT_STOPPED = 21610

# The first try comes at once. The rest covers about three hours: restarts, rate limits and most outages.
WAIT_SECONDS = (0, 5, 15, 60, 300, 900, 1800, 3600, 3600)
# Reported minutes after the message left us, and every try is paid: the phone needs time to come back.
RETRY_LATE_SECONDS = 900


@dataclass(frozen=True)
class Rule:
    """What an error code leads to.

    Args:
        decision: see ``Decision``.
        least_seconds: the shortest wait before the next try.
        tries: how many there are in all.
    """

    decision: Decision
    least_seconds: int = 0
    tries: int = len(WAIT_SECONDS)


_FAIL, _RETRY = Rule("fail"), Rule("retry")

# Source: twilio.md section 3 and https://www.twilio.com/docs/api/errors/<code>.
RULES: Mapping[int, Rule] = MappingProxyType(
    {
        11751: _FAIL,  # the media is too big and stays so
        20003: _RETRY,  # our credentials are wrong, not the message: it waits until the operator has mended them
        20429: _RETRY,  # too many requests: never processed, so it cannot arrive twice
        20500: _RETRY,  # an error inside the provider, who took nothing
        20503: _RETRY,  # the provider is not there for now
        21211: _FAIL,  # To is no valid number
        21408: _FAIL,  # the country is not enabled in our account
        21603: _FAIL,  # From is missing or wrong
        21606: _FAIL,  # From cannot send messages
        RECIPIENT_STOPPED: Rule("opted_out"),
        21611: _RETRY,  # the queue of our sender is full
        21612: _FAIL,  # no route between these two numbers
        21614: _FAIL,  # no mobile number
        21635: _FAIL,  # a landline
        21663: _FAIL,  # the number belongs to another Twilio region
        30001: _RETRY,  # queue overflow
        30003: Rule("retry", RETRY_LATE_SECONDS),  # the phone is off or has no network
        30004: _FAIL,  # blocked by the carrier or the person
        30005: _FAIL,  # the number does not exist any more
        30006: _FAIL,  # a landline or out of the carrier's reach
        30007: _FAIL,  # filtered as spam; a repetition makes it worse
        30008: Rule("retry", RETRY_LATE_SECONDS, tries=2),  # unknown reason: worth one more try
        30036: _FAIL,  # waited in Twilio's queue for too long; a late answer may be a wrong one
        63016: _FAIL,  # WhatsApp: over 24 h since the last message of the person; only a template would pass
        63017: _RETRY,  # WhatsApp: too fast
    }
)
# A gateway that gave up waiting: what stands behind it may have taken the message.
_UNCLEAR_STATUSES = frozenset({408, 502, 504})


def decide(status: int | None, code: int | None) -> Decision:
    """Say what becomes of a message that was refused.

    Args:
        status: the HTTP status; None when there was no usable answer, or for the error of a status callback.
        code: Twilio's error code; None when there was none. A code of the table counts more than the status.
    Returns:
        See ``Decision``. Without a known code: no answer is unclear, 429 and 5xx are retried, the rest fails.
    """
    if code is not None and code in RULES:
        return RULES[code].decision
    if status is None:
        return "unclear" if code is None else "fail"
    if status in _UNCLEAR_STATUSES:
        return "unclear"
    return "retry" if status == 429 or status >= 500 else "fail"


def next_attempt_seconds(attempt: int, code: int | None = None) -> int | None:
    """Say how long to wait before the next try.

    Args:
        attempt: how many tries were made already.
        code: Twilio's error code of the last try, if there was one.
    Returns:
        Seconds, growing up to one hour; None when it was the last try.
    Raises:
        ValueError: attempt is negative.
    """
    if attempt < 0:
        raise ValueError("attempt is negative")
    rule = RULES.get(code, _RETRY) if code is not None else _RETRY
    return None if attempt >= rule.tries else max(WAIT_SECONDS[attempt], rule.least_seconds)
