"""Figures for Prometheus, read from the database: all web processes and workers write there, so one address tells of all of them.

What is counted stands in the table ``counters`` under ``m:<figure>:<label>:…`` and outlives restarts and the deletion of
conversations; what is measured now (queue, outbox, health) is read when it is asked for. Channels, languages, outcomes and codes
only: nothing leads to anybody.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection, func, select

from hotline.delivery.handover import read_waiting
from hotline.delivery.jobs import JOBS_FAILED
from hotline.store.counters import Tally, read_all
from hotline.store.database import Database
from hotline.store.tables import handoffs, outbox
from hotline.upkeep.health import Part

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_MARK = "m"
TURNS, DANGER, WEBHOOKS, SECONDS, SLOWED = "turns", "danger", "webhooks", "seconds", "slowed"
PAGES_FAILED = "pages_failed"
# Without labels; operators know them by these names.
_PLAIN = {
    "webhooks_refused": "Webhooks without a true signature.",
    "webhooks_unusable": "Webhooks nothing could be done with.",
    "turns_failed": "Inbound events answered with an apology.",
    PAGES_FAILED: "Other requests answered with an error of ours.",
    JOBS_FAILED: "Jobs of the worker that ended with an error.",
}
_COUNTED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    TURNS: ("Inbound events answered.", ("channel", "language", "outcome")),
    DANGER: ("Cries for help heard.", ("channel", "category")),
    SLOWED: ("Texts and calls slowed, and requests for pages refused, by the limit that was reached.", ("kind", "limit")),
}


class Meter:
    """Counts what happens in this process; written to the database at most once a second."""

    def __init__(self, tally: Tally) -> None:
        """Hold where it is counted."""
        self._tally = tally

    def count(self, figure: str, *labels: str | None) -> None:
        """Count one more of a figure."""
        self._tally.add(":".join((_MARK, figure, *(label or "none" for label in labels))))

    def count_turn(self, channel: str, language: str | None, outcome: str, danger: str | None) -> None:
        """Count a turn."""
        self.count(TURNS, channel, language, outcome)
        if danger is not None:
            self.count(DANGER, channel, danger)

    def count_slowed(self, kind: str, limit: str) -> None:
        """Count what came too fast."""
        self.count(SLOWED, kind, limit)

    def time_webhook(self, kind: str, seconds: float) -> None:
        """Count a webhook and how long its answer took."""
        place = bisect_left(BUCKETS, seconds)
        self.count(WEBHOOKS, kind, str(BUCKETS[place]) if place < len(BUCKETS) else "inf")
        self._tally.add(f"{_MARK}:{SECONDS}:{kind}", max(1, round(seconds * 1000)))


class HotlineCollector(Collector):
    """Reads all figures at once."""

    def __init__(self, database: Database, health: Callable[[], list[Part]], clock: Callable[[], datetime]) -> None:
        """Hold what is needed.

        Args:
            database: where they are.
            health: looks at each part the hotline depends on.
            clock: gives aware UTC.
        """
        self._database = database
        self._health = health
        self._clock = clock

    def collect(self) -> Iterable[Metric]:
        """See ``prometheus_client.registry.Collector``."""
        yield _health_figures(self._health())
        with self._database.read() as connection:
            counters = read_all(connection)
            yield from _counted(counters)
            yield _latency(counters)
            yield from self._now(connection)

    def _now(self, connection: Connection) -> Iterator[Metric]:
        now = self._clock()
        waiting = read_waiting(connection, now)
        age = (now - waiting.oldest_at).total_seconds() if waiting.oldest_at else 0
        yield GaugeMetricFamily("hotline_outbox_due", "Messages that should have gone out.", value=waiting.messages)
        yield GaugeMetricFamily("hotline_outbox_age_seconds", "How long the oldest of them is due.", value=age)
        states = GaugeMetricFamily("hotline_outbox_messages", "Messages in the outbox by status.", labels=["status"])
        for status, number in connection.execute(select(outbox.c.status, func.count()).group_by(outbox.c.status)):
            states.add_metric([status], number)
        yield states
        oldest = GaugeMetricFamily("hotline_queue_age_seconds", "How long the first person waits for a counsellor.")
        people = GaugeMetricFamily("hotline_queue_people", "People who wait for a counsellor.")
        is_waiting = handoffs.c.state.in_(("requested", "offered"))
        number, since = connection.execute(select(func.count(), func.min(handoffs.c.requested_at)).where(is_waiting)).one()
        people.add_metric([], number)
        oldest.add_metric([], (now - since).total_seconds() if since else 0)
        yield people
        yield oldest


def render_metrics(collector: Collector) -> bytes:
    """The figures as Prometheus reads them."""
    registry = CollectorRegistry()
    registry.register(collector)
    return generate_latest(registry)


def _health_figures(parts: Iterable[Part]) -> Metric:
    found = GaugeMetricFamily("hotline_health", "1 ok, 0.5 degraded, 0 down.", labels=["part"])
    for part in parts:
        found.add_metric([part.name], {"ok": 1.0, "degraded": 0.5, "down": 0.0}[part.state])
    return found


def _counted(counters: Mapping[str, int]) -> Iterator[Metric]:
    for name, text in _PLAIN.items():
        yield CounterMetricFamily(f"hotline_{name}", text, value=counters.get(name, 0))
    for figure, (text, labels) in _COUNTED.items():
        found = CounterMetricFamily(f"hotline_{figure}", text, labels=labels)
        for values, number in _under(counters, figure, len(labels)):
            found.add_metric(values, number)
        yield found


def _latency(counters: Mapping[str, int]) -> Metric:
    found = HistogramMetricFamily("hotline_webhook_seconds", "Time of an answer to a webhook.", labels=["kind"])
    counted = {(kind, bucket): number for (kind, bucket), number in _under(counters, WEBHOOKS, 2)}
    for (kind,), milliseconds in _under(counters, SECONDS, 1):
        total, buckets = 0, []
        for bound in (*map(str, BUCKETS), "inf"):
            total += counted.get((kind, bound), 0)
            buckets.append((bound if bound != "inf" else "+Inf", total))
        found.add_metric([kind], buckets, milliseconds / 1000)
    return found


def _under(counters: Mapping[str, int], figure: str, labels: int) -> Iterator[tuple[tuple[str, ...], int]]:
    for name, number in sorted(counters.items()):
        mark, _, rest = name.partition(":")
        kind, *values = rest.split(":")
        if mark == _MARK and kind == figure and len(values) == labels:
            yield tuple(values), number
