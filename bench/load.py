"""Sends webhooks over kept connections and notes how long each took."""

from __future__ import annotations

import http.client
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from urllib.parse import urlencode, urlsplit

from twilio.request_validator import RequestValidator


@dataclass(frozen=True)
class Hook:
    """One webhook, ready to send: path, body and signature are made before the clock runs."""

    path: str
    body: str
    signature: str


@dataclass(frozen=True)
class Timing:
    """What a run took: requests a second, and milliseconds of the median and the 95th of 100."""

    per_second: float
    p50: float
    p95: float


def middle(timings: Sequence[Timing]) -> Timing:
    """The middle value of each figure of several runs."""
    per_second, p50, p95 = (statistics.median(figures) for figures in zip(*map(astuple, timings), strict=True))
    return Timing(per_second, p50, p95)


def sign(base_url: str, path: str, form: dict[str, str], token: str) -> Hook:
    """Make a webhook as Twilio would."""
    return Hook(path, urlencode(form), RequestValidator(token).compute_signature(base_url + path, form))


def run(base_url: str, hooks: Sequence[Hook], connections: int) -> Timing:
    """Send all hooks over some connections, each one after the other.

    Raises:
        RuntimeError: an answer was no TwiML; then the figures would mean nothing.
    """
    shares = [hooks[index::connections] for index in range(connections)]
    taken: list[list[float]] = [[] for _ in shares]
    failures: list[str] = []
    threads = [
        threading.Thread(target=_send, args=(base_url, share, times, failures))
        for share, times in zip(shares, taken, strict=True)
    ]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - started
    if failures:
        raise RuntimeError(f"{len(failures)} of {len(hooks)} webhooks failed, the first with: {failures[0]}")
    each = sorted(1000 * value for times in taken for value in times)
    return Timing(len(each) / seconds, statistics.median(each), each[int(0.95 * (len(each) - 1))])


def _send(base_url: str, hooks: Sequence[Hook], times: list[float], failures: list[str]) -> None:
    connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=30)
    for hook in hooks:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": hook.signature}
        started = time.perf_counter()
        connection.request("POST", hook.path, hook.body, headers)
        answer = connection.getresponse()
        content = answer.read()
        times.append(time.perf_counter() - started)
        if answer.status != 200 or b"<Response" not in content:
            failures.append(f"{answer.status} {content[:80]!r}")
    connection.close()
