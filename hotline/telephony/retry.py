"""What to do after a message was not sent: the table of Twilio's error codes and the waiting times."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

Decision = Literal["retry", "fail", "opted_out"]

# The person wrote STOP to the provider itself: nothing may be sent again.
RECIPIENT_STOPPED = 21610

# Source: twilio.md section 3 and https://www.twilio.com/docs/api/errors/<code>.
DECISIONS: Mapping[int, Decision] = MappingProxyType(
    {
        11751: "fail",  # the media is too big and stays so
        20003: "retry",  # our credentials are wrong, not the message: it waits until the operator has mended them
        20429: "retry",  # too many requests: never processed, so it cannot arrive twice
        21211: "fail",  # To is no valid number
        21408: "fail",  # the country is not enabled in our account
        21603: "fail",  # From is missing or wrong
        21606: "fail",  # From cannot send messages
        RECIPIENT_STOPPED: "opted_out",
        21611: "retry",  # the queue of our sender is full
        21612: "fail",  # no route between these two numbers
        21614: "fail",  # no mobile number
        21635: "fail",  # a landline
        21663: "fail",  # the number belongs to another Twilio region
        30001: "retry",  # queue overflow
        30003: "retry",  # the phone is off or has no network
        30004: "fail",  # blocked by the carrier or the person
        30005: "fail",  # the number does not exist any more
        30006: "fail",  # a landline or out of the carrier's reach
        30007: "fail",  # filtered as spam; a repetition makes it worse
        30008: "retry",  # unknown reason: worth one more try, see next_attempt_seconds
        30036: "fail",  # waited in Twilio's queue for too long; a late answer may be a wrong one
        63016: "fail",  # WhatsApp: over 24 h since the last message of the person; only a template would pass
        63017: "retry",  # WhatsApp: too fast
    }
)
RETRY_ONCE = frozenset({30008})
# Reported minutes after the message left us, and every try is paid: the phone needs time to come back.
RETRY_LATE = frozenset({30003, 30008})
RETRY_LATE_SECONDS = 900

# The first try comes at once. The rest covers about three hours: restarts, rate limits and most outages.
WAIT_SECONDS = (0, 5, 15, 60, 300, 900, 1800, 3600, 3600)


def decide(status: int | None, code: int | None) -> Decision:
    """Say what becomes of a message that was refused.

    Args:
        status: the HTTP status; None when there was no usable answer, or for the error of a status callback.
        code: Twilio's error code; None when there was none. A code of the table counts more than the status.
    Returns:
        "retry", "fail" or "opted_out". Without a known code: no answer, 429 and 5xx are retried, the rest fails.
    """
    if code is not None and code in DECISIONS:
        return DECISIONS[code]
    if status is None:
        return "retry" if code is None else "fail"
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
    if attempt >= len(WAIT_SECONDS) or (code in RETRY_ONCE and attempt > 1):
        return None
    return max(WAIT_SECONDS[attempt], RETRY_LATE_SECONDS if code in RETRY_LATE else 0)
