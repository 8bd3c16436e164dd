"""The second account takes over while the first fails, gives back when it is well, and nothing goes out by both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from hotline.telephony.client import ListedMessage, ListUnavailable, SendFailed
from hotline.telephony.failover import FAILURES, SLOW_SECONDS, FailoverSender
from hotline.telephony.retry import Decision

OURS, THEIRS, PERSON = "+4930111", "+4930222", "+4915100000000"


@dataclass
class Account:
    """An account that does what the test says."""

    name: str
    now: list[float]
    decision: Decision | None = None
    takes_seconds: float = 0
    senders: list[str] = field(default_factory=list)
    listed: Sequence[ListedMessage] | None = ()

    def send_message(self, *, to: str, sender: str, body: str, status_callback: str | None) -> str:
        """See ``TwilioSender``."""
        self.senders.append(sender)
        self.now[0] += self.takes_seconds
        if self.decision:
            raise SendFailed(None, self.decision, None)
        return self.name

    def list_messages(self, *, to: str, sender: str) -> Sequence[ListedMessage]:
        """See ``TwilioSender``."""
        if self.listed is None:
            raise ListUnavailable
        return self.listed


class Pair:
    """Two accounts behind one sender, and the time."""

    def __init__(self) -> None:
        self.now = [0.0]
        self.first, self.second = Account("first", self.now), Account("second", self.now)
        self.sender = FailoverSender(self.first, self.second, THEIRS, lambda: self.now[0])

    def send(self, sender: str = OURS) -> str:
        """Send one message; says who took it, or what became of it."""
        try:
            return self.sender.send_message(to=PERSON, sender=sender, body="x", status_callback=None)
        except SendFailed as failure:
            return f"{failure.decision} by {failure.provider}"


@pytest.fixture
def pair() -> Pair:
    """Two accounts that are well."""
    return Pair()


def test_first_account_sends_while_it_is_well(pair: Pair) -> None:
    assert [pair.send() for _ in range(3)] == ["first"] * 3
    assert pair.second.senders == []


def test_message_the_first_certainly_did_not_take_goes_out_by_the_second_with_our_number_there(pair: Pair) -> None:
    pair.first.decision = "retry"
    assert pair.send() == "second"
    assert pair.second.senders == [THEIRS]


def test_message_the_first_may_have_taken_is_never_given_to_the_second(pair: Pair) -> None:
    pair.first.decision = "unclear"
    assert pair.send() == "unclear by first"
    assert pair.second.senders == []


@pytest.mark.parametrize("decision", ["fail", "opted_out"])
def test_refused_number_is_not_tried_by_the_second(pair: Pair, decision: Decision) -> None:
    pair.first.decision = decision
    assert pair.send() == f"{decision} by first"
    assert pair.second.senders == []


@pytest.mark.parametrize(("decision", "wanted"), [("retry", "retry by first"), ("fail", "retry by first")])
def test_what_the_first_says_counts_when_both_refuse(pair: Pair, decision: Decision, wanted: str) -> None:
    pair.first.decision, pair.second.decision = "retry", decision
    assert pair.send() == wanted


def test_doubt_at_the_second_names_the_second(pair: Pair) -> None:
    pair.first.decision, pair.second.decision = "retry", "unclear"
    assert pair.send() == "unclear by second"


def test_failing_first_is_left_alone_and_asked_again_after_a_while(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    pair.first.decision = "retry"
    monkeypatch.setattr(pair.sender.providers[0].breaker, "_clock", lambda: pair.now[0])
    for _ in range(FAILURES + 3):
        assert pair.send() == "second"
    assert len(pair.first.senders) == FAILURES
    pair.first.decision = None
    pair.now[0] += 60
    assert [pair.send() for _ in range(2)] == ["first", "first"]


def test_slow_first_counts_as_failing_though_its_messages_are_sent(pair: Pair) -> None:
    pair.first.takes_seconds = SLOW_SECONDS
    assert [pair.send() for _ in range(FAILURES + 1)] == ["first"] * FAILURES + ["second"]


def test_first_is_asked_in_need_while_it_rests_and_the_second_fails(pair: Pair) -> None:
    pair.first.takes_seconds = SLOW_SECONDS
    for _ in range(FAILURES):
        pair.send()
    pair.second.decision = "retry"
    assert pair.send() == "first"


def test_whatsapp_stays_with_the_account_its_number_is_registered_with(pair: Pair) -> None:
    pair.first.decision = "retry"
    assert pair.send(f"whatsapp:{OURS}") == "retry by first"
    assert pair.second.senders == []


def test_list_is_asked_of_who_was_tried_and_of_both_when_nobody_knows(pair: Pair) -> None:
    pair.first.listed, pair.second.listed = [ListedMessage("SM1", "x", None)], [ListedMessage("SM2", "x", None)]

    def sids(provider: str | None) -> list[str]:
        return [one.sid for one in pair.sender.list_messages(to=PERSON, sender=OURS, provider=provider)]

    assert (sids("first"), sids("second"), sids(None)) == (["SM1"], ["SM2"], ["SM1", "SM2"])
    pair.second.listed = None
    assert sids("first") == ["SM1"]
    with pytest.raises(ListUnavailable):
        sids(None)
