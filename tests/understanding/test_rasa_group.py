"""Several understanding processes: the least busy one is asked, and one that fails is left alone without anybody noticing."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hotline.breaker import CircuitBreaker
from hotline.understanding.rasa import RasaClient, RasaUnavailable
from hotline.understanding.rasa_group import RasaGroup
from tests.servers import Asked, LocalServer, local_server, rasa_answer

PAUSE_SECONDS = 5.0


@pytest.fixture
def servers() -> Iterator[list[LocalServer]]:
    with local_server(lambda _: (200, rasa_answer())) as one, local_server(lambda _: (200, rasa_answer())) as other:
        yield [one, other]


@pytest.fixture
def now() -> list[float]:
    return [100.0]


@pytest.fixture
def group(servers: list[LocalServer], now: list[float]) -> Iterator[RasaGroup]:
    clients = [RasaClient(server.url, "token", 2.0) for server in servers]
    yield RasaGroup(clients, lambda: CircuitBreaker(3, PAUSE_SECONDS, lambda: now[0]))
    for client in clients:
        client._pool.close()


def test_all_have_their_turn(group: RasaGroup, servers: list[LocalServer]) -> None:
    for _ in range(10):
        group.parse("text")
    assert [len(server.asked) for server in servers] == [5, 5]


def test_one_that_fails_is_noticed_by_nobody_and_asked_again_later(
    group: RasaGroup, servers: list[LocalServer], now: list[float]
) -> None:
    good = servers[0].answer
    servers[0].answer = lambda _: (500, {})
    assert all(group.parse("text").engine == "rasa" for _ in range(20))
    assert len(servers[0].asked) == 3, "then it is left alone"
    servers[0].answer = good
    now[0] += PAUSE_SECONDS + 1
    for _ in range(4):
        group.parse("text")
    assert len(servers[0].asked) > 3


def test_slow_one_gets_less(group: RasaGroup, servers: list[LocalServer]) -> None:
    goes_on = threading.Event()

    def wait(_: Asked) -> tuple[int, Any]:
        goes_on.wait(5)
        return 200, rasa_answer()

    servers[0].answer = wait
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(lambda: [group.parse("text"), group.parse("text")])
        for _ in range(100):
            if servers[0].asked:
                break
            time.sleep(0.02)
        for _ in range(6):
            group.parse("text")
        goes_on.set()
        waiting.result()
    assert len(servers[0].asked) <= 2
    assert len(servers[1].asked) >= 6


def test_when_all_fail_it_says_so(group: RasaGroup, servers: list[LocalServer]) -> None:
    for server in servers:
        server.answer = lambda _: (500, {})
    for _ in range(8):
        with pytest.raises(RasaUnavailable):
            group.parse("text")
    assert [len(server.asked) for server in servers] == [3, 3]
