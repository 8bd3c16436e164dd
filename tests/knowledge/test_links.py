"""Links of the content are checked once a week, sooner when asked for, and nothing is said of them while no network is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from hotline.delivery.jobs import open_queue
from hotline.knowledge.link_fetch import Outcome
from hotline.knowledge.link_jobs import register_link_job
from hotline.knowledge.links import CLAIM_LASTS, LinkChecks, LinkState, read_last_run, read_links
from hotline.knowledge.loading import load_content
from hotline.store.database import Database
from tests.conftest import Clock
from tests.databases import starter_content

BAMF = "https://bamf.de"


@dataclass
class ScriptedWeb:
    """Answers well for every link but those the test named; notes what was asked."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    is_there: bool = True
    asked: list[str] = field(default_factory=list)
    on_ask: Callable[[], object] = lambda: None

    def check(self, url: str) -> Outcome:
        """See ``Fetcher.check``."""
        self.asked.append(url)
        self.on_ask()
        return self.outcomes.get(url, Outcome("ok", 200)) if self.is_there else Outcome("unreachable")


@dataclass
class Desk:
    """The checks of one test with what is around them."""

    database: Database
    web: ScriptedWeb
    clock: Clock
    checks: LinkChecks

    def links(self) -> dict[str, LinkState]:
        """What is known."""
        with self.database.read() as connection:
            return read_links(connection)

    def outcome(self) -> str | None:
        """How the last run ended."""
        with self.database.read() as connection:
            last = read_last_run(connection)
        return last.outcome if last else None


@pytest.fixture
def desk(database: Database) -> Desk:
    """Our own content on a database of each kind."""
    load_content(database, starter_content())
    web, clock = ScriptedWeb(), Clock()
    return Desk(database, web, clock, LinkChecks(database, web, clock))


def test_every_link_of_facts_and_articles_is_checked_once_a_week(desk: Desk) -> None:
    content = starter_content()
    last = desk.checks.run()
    wanted = {fact.source_url for fact in content.facts.values()}
    wanted |= {f"https://{fact.value}" for fact in content.facts.values() if fact.unit == "url"}
    wanted |= {source["url"] for article in content.articles.values() for source in article["sources"]}
    assert set(desk.web.asked) == wanted
    assert len(desk.web.asked) == len(wanted), "each once, however many name it"
    assert last is not None
    assert (last.outcome, last.done) == ("done", len(wanted))
    desk.clock.move(days=6)
    assert desk.checks.run() is None, "nothing is due"
    desk.clock.move(days=1, minutes=1)
    desk.checks.run()
    assert len(desk.web.asked) == 2 * len(wanted)


def test_broken_link_keeps_its_first_day_and_is_looked_at_again_the_next(desk: Desk) -> None:
    desk.web.outcomes[BAMF] = Outcome("dead", 404)
    desk.checks.run()
    first, began = desk.links()[BAMF], desk.clock.now
    assert (first.status, first.code, first.broken_since) == ("dead", 404, began)
    desk.web.asked.clear()
    desk.clock.move(days=1, minutes=1)
    desk.checks.run()
    assert desk.web.asked == [BAMF]
    assert (desk.links()[BAMF].broken_since, desk.links()[BAMF].checked_at) == (began, desk.clock.now)
    del desk.web.outcomes[BAMF]
    desk.clock.move(days=1, minutes=1)
    desk.checks.run()
    assert (desk.links()[BAMF].status, desk.links()[BAMF].broken_since) == ("ok", None)


def test_without_a_network_nothing_is_said_of_any_link(desk: Desk) -> None:
    desk.web.is_there = False
    desk.checks.ask(BAMF)
    desk.checks.run()
    assert desk.outcome() == "no_network"
    assert len(desk.web.asked) == 3, "three silent sites are enough"
    assert {link.status for link in desk.links().values()} == {""}
    assert desk.links()[BAMF].asked_at is not None, "the wish stays"
    desk.web.is_there = True
    desk.checks.run()
    assert desk.outcome() == "done"
    assert desk.links()[BAMF].status == "ok"


def test_network_that_goes_away_later_makes_no_link_dead(desk: Desk) -> None:
    desk.checks.run()
    desk.web.is_there = False
    desk.checks.ask(BAMF)
    desk.checks.run()
    assert desk.outcome() == "no_network"
    assert desk.links()[BAMF].status == "ok"


def test_site_that_is_gone_is_dead_when_others_answer(desk: Desk) -> None:
    desk.checks.run()
    desk.web.outcomes[BAMF] = Outcome("unreachable")
    desk.checks.ask(BAMF)
    desk.checks.run()
    assert (desk.links()[BAMF].status, desk.links()[BAMF].asked_at) == ("dead", None)


def test_only_links_of_our_content_are_ever_asked(desk: Desk) -> None:
    assert not desk.checks.ask("http://169.254.169.254/")
    assert "http://169.254.169.254/" not in desk.links()


def test_run_ends_soon_and_the_next_one_goes_on(desk: Desk) -> None:
    desk.web.on_ask = lambda: desk.clock.move(seconds=9)
    desk.checks.run()
    assert len(desk.web.asked) == 4
    desk.checks.run()
    assert len(set(desk.web.asked)) == 8


def test_two_runs_never_ask_at_once_and_a_dead_one_is_taken_over(desk: Desk) -> None:
    inner = []
    desk.web.on_ask = lambda: inner.append(desk.checks.run())
    desk.checks.run()
    assert set(inner) == {None}

    def die() -> None:
        raise KeyboardInterrupt

    desk.clock.move(days=8)
    desk.web.on_ask = die
    with pytest.raises(KeyboardInterrupt):
        desk.checks.run()
    desk.web.on_ask = lambda: None
    desk.clock.move(seconds=(CLAIM_LASTS + timedelta(seconds=1)).total_seconds())
    assert desk.checks.run() is not None


def test_job_comes_by_itself_and_when_an_editor_asks(desk: Desk, tmp_path: Path) -> None:
    queue = open_queue(None, tmp_path)
    bell = register_link_job(queue, lambda: desk.checks)
    on_time = desk.clock.now.replace(minute=20)
    assert [task.name for task in queue.read_periodic(on_time)] == ["check_links"]
    desk.checks.ask(BAMF)
    bell.ring()
    task = queue.dequeue()
    assert (task.name, task.args) == ("check_links", ())
    queue.execute(task)
    assert desk.web.asked[0] == BAMF, "what somebody waits for comes first"
    queue.storage.close()
