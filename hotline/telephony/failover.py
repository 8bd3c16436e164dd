"""A second account that takes over while the first one is slow or failing, and never sends what the first one may have sent."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from hotline.breaker import CircuitBreaker
from hotline.telephony.client import ListedMessage, ListUnavailable, SendFailed
from hotline.telephony.inbound import WHATSAPP

log = logging.getLogger(__name__)

# A provider that takes this long for a message counts as failing, though the message is sent.
SLOW_SECONDS = 5.0
FAILURES, PAUSE_SECONDS = 3, 30.0
FIRST, SECOND = "first", "second"


class Account(Protocol):
    """One account of a provider; see ``client.TwilioSender``."""

    def send_message(
        self, *, to: str, sender: str, body: str, status_callback: str | None, content_sid: str | None = None
    ) -> str:
        """Send one message."""
        ...

    def list_messages(self, *, to: str, sender: str) -> Sequence[ListedMessage]:
        """What it has of our messages to one person."""
        ...


def _new_breaker() -> CircuitBreaker:
    return CircuitBreaker(FAILURES, PAUSE_SECONDS)


@dataclass
class Provider:
    """One account and how it fares.

    Args:
        name: of the row in doubt and of the log.
        account: sends.
        number: our number there, where it is another one; None means the number the message names.
        breaker: opens after several failures in a row.
    """

    name: str
    account: Account
    number: str | None = field(default=None, repr=False)
    breaker: CircuitBreaker = field(default_factory=_new_breaker)

    def takes(self, sender: str) -> bool:
        """Whether it can send in the name of this number; a WhatsApp number belongs to the one account it is registered with."""
        return self.name == FIRST or not sender.startswith(WHATSAPP)

    def sender(self, sender: str) -> str:
        """Our number there."""
        return self.number or sender


class FailoverSender:
    """Sends by the first provider, or by the second one while the first fails."""

    def __init__(
        self, first: Account, second: Account | None, second_number: str | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Hold the accounts.

        Args:
            first: the account all numbers belong to.
            second: another account, or another host that speaks the same API; None when there is none.
            second_number: our number there (E.164), where it is another one.
            clock: seconds, for telling slow answers.
        """
        self._clock = clock
        self.providers = [Provider(FIRST, first)]
        if second is not None:
            self.providers.append(Provider(SECOND, second, second_number))

    def send_message(
        self, *, to: str, sender: str, body: str, status_callback: str | None, content_sid: str | None = None
    ) -> str:
        """Send one message by one of the providers.

        A second one is asked only when the one before certainly has not taken the message.

        Args:
            to: see ``client.TwilioSender``.
            sender: our number at the first provider.
            body: see ``client.TwilioSender``.
            status_callback: see ``client.TwilioSender``.
            content_sid: see ``client.TwilioSender``.

        Raises:
            SendFailed: none has taken it; what the first one said counts. Or one may have: then it is "unclear" and named.
        """
        refusals: dict[str, SendFailed] = {}
        for provider in self._order(sender):
            try:
                message: dict[str, Any] = {
                    "to": to,
                    "sender": provider.sender(sender),
                    "body": body,
                    "status_callback": status_callback,
                }
                if content_sid is not None:
                    message["content_sid"] = content_sid
                return self._send(provider, message)
            except SendFailed as failure:
                failure.provider = provider.name
                # What the first one says about the person holds; the second one may only lack a setting.
                if failure.decision == "unclear" or (provider.name == FIRST and failure.decision != "retry"):
                    raise
                refusals[provider.name] = failure
        raise refusals.get(FIRST) or next(iter(refusals.values()))

    def list_messages(self, *, to: str, sender: str, provider: str | None) -> Sequence[ListedMessage]:
        """What one provider, or all when none is named, have of our messages to one person.

        Raises:
            ListUnavailable: one of them did not tell.
        """
        asked = [one for one in self.providers if provider in (None, one.name) and one.takes(sender)]
        if not asked:
            raise ListUnavailable
        return [found for one in asked for found in one.account.list_messages(to=to, sender=one.sender(sender))]

    def _order(self, sender: str) -> Iterable[Provider]:
        able = [provider for provider in self.providers if provider.takes(sender)]
        if len(able) > 1 and not able[0].breaker.may_call():
            able.reverse()
        return able

    def _send(self, provider: Provider, message: dict[str, Any]) -> str:
        started = self._clock()
        has_failed = True
        try:
            sid = provider.account.send_message(**message)
            has_failed = self._clock() - started >= SLOW_SECONDS
        except SendFailed as failure:
            # A refused number says nothing against the provider.
            has_failed = failure.decision in ("retry", "unclear")
            raise
        finally:
            was_open = provider.breaker.is_open
            provider.breaker.report(succeeded=not has_failed)
            if provider.breaker.is_open != was_open:
                log.warning("provider changed", extra={"provider": provider.name, "is_failing": provider.breaker.is_open})
        return sid
