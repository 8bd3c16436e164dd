"""A link is asked for politely, for some seconds at most, and never inside our own network."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from threading import Thread
from typing import Any

import pytest

from hotline.knowledge.link_fetch import LinkFetcher, Outcome, is_public
from tests.servers import Asked, LocalServer, local_server


@pytest.fixture
def fetcher() -> LinkFetcher:
    """Asks our own machine, too, and waits for nobody."""
    return LinkFetcher(lambda address: True, sleep=lambda seconds: None)


@contextmanager
def site(**codes: Any) -> Iterator[LocalServer]:
    """A site that answers each path, as method_name or name, with a status."""

    def answer(asked: Asked) -> tuple[int, bytes]:
        name = asked.path.partition("?")[0].strip("/")
        return codes.get(f"{asked.method}_{name}", codes.get(name, 404)), b""

    with local_server(answer) as server:
        yield server


def test_link_that_answers_is_asked_once_and_by_its_head(fetcher: LinkFetcher) -> None:
    with site(page=200) as server:
        assert fetcher.check(f"{server.url}/page?a=1#part") == Outcome("ok", 200)
        assert [(asked.method, asked.path) for asked in server.asked] == [("HEAD", "/page?a=1")]


def test_site_that_knows_no_head_is_asked_again(fetcher: LinkFetcher) -> None:
    with site(HEAD_page=405, GET_page=200) as server:
        assert fetcher.check(f"{server.url}/page") == Outcome("ok", 200)
        assert [asked.method for asked in server.asked] == ["HEAD", "GET"]


@pytest.mark.parametrize(("code", "status"), [(404, "dead"), (410, "dead"), (403, "unclear"), (429, "unclear"), (503, "unclear")])
def test_page_that_is_gone_is_dead_and_one_that_turns_us_away_is_unclear(fetcher: LinkFetcher, code: int, status: str) -> None:
    with site(page=code) as server:
        assert fetcher.check(f"{server.url}/page") == Outcome(status, code)  # type: ignore[arg-type]


def test_name_nobody_knows_and_port_nobody_listens_at_are_unreachable(fetcher: LinkFetcher) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert fetcher.check(f"http://127.0.0.1:{port}/").status == "unreachable"
    assert fetcher.check("https://nobody.invalid/").status == "unreachable"


def test_certificate_of_another_name_is_no_site_of_ours(fetcher: LinkFetcher) -> None:
    with site(page=200) as server:
        assert fetcher.check(server.url.replace("http:", "https:")).status == "unclear", "it speaks no TLS at all"


@contextmanager
def _raw_server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            try:
                while True:
                    connection, _ = listening.accept()
                    with connection:
                        connection.recv(1000)
                        talk(connection)
            except OSError:
                pass  # the test is over

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def test_redirects_are_followed_and_circles_are_dead(fetcher: LinkFetcher) -> None:
    with site(page=200) as server:
        moved = f"HTTP/1.1 301 Moved\r\nLocation: {server.url}/page\r\nContent-Length: 0\r\n\r\n".encode()
        with _raw_server(lambda connection: connection.sendall(moved)) as url:
            assert fetcher.check(url) == Outcome("ok", 200)
    circle = b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n"
    with _raw_server(lambda connection: connection.sendall(circle)) as url:
        assert fetcher.check(url) == Outcome("dead", 302)


def test_site_that_trickles_holds_nobody_longer_than_the_limit() -> None:
    def trickle(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        while True:
            connection.sendall(b"x")
            time.sleep(0.05)

    fetcher = LinkFetcher(lambda address: True, limit_seconds=0.4, sleep=lambda seconds: None)
    with _raw_server(trickle) as url:
        started = time.monotonic()
        assert fetcher.check(url).status == "unclear"
        assert time.monotonic() - started < 5


def test_answer_that_is_no_http_is_unclear(fetcher: LinkFetcher) -> None:
    with _raw_server(lambda connection: connection.sendall(b"220 mail.example\r\n")) as url:
        assert fetcher.check(url).status == "unclear"


def test_site_is_asked_once_a_second_at_most_and_another_at_once() -> None:
    waited: list[float] = []
    now = [100.0]

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        now[0] += seconds

    fetcher = LinkFetcher(lambda address: True, clock=lambda: now[0], sleep=sleep)
    with site(page=404) as server:
        fetcher.check(f"{server.url}/page")
        fetcher.check(f"{server.url}/page")
        fetcher.check(server.url.replace("127.0.0.1", "localhost"))
    assert waited == [1.0, 1.0, 1.0, 1.0], "HEAD and GET twice for one site; once more for the GET of the other"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://localhost/", "http://127.1/", "http://2130706433/", "http://0.0.0.0/", "http://10.1.2.3/",
        "http://192.168.0.1/", "http://172.16.0.1/", "http://169.254.169.254/latest/meta-data", "http://100.64.0.1/", "http://[::1]/",
        "http://[::ffff:127.0.0.1]/", "http://[fd00::1]/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/",
        "http://224.0.0.1/", "file:///etc/passwd", "ftp://example.org/", "https://user@example.org/", "http://example.org:port/",
        "https://", "nonsense",
    ],
)  # fmt: skip
def test_private_addresses_and_other_schemes_are_refused(url: str) -> None:
    assert LinkFetcher(sleep=lambda seconds: None).check(url) == Outcome("refused")


def test_redirect_into_our_network_is_refused() -> None:
    with site(secret=200) as inside:
        moved = f"HTTP/1.1 302 Found\r\nLocation: http://localhost:{inside.url.rsplit(':', 1)[1]}/secret\r\n\r\n".encode()
        with _raw_server(lambda connection: connection.sendall(moved)) as url:
            # Stands for a public site: only the port of the first is allowed in this test.
            allowed = iter([True])
            fetcher = LinkFetcher(lambda address: next(allowed, False), sleep=lambda seconds: None)
            assert fetcher.check(url) == Outcome("refused")
        assert inside.asked == []


def test_name_with_one_private_address_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in ("93.184.215.14", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert LinkFetcher(sleep=lambda seconds: None).check("http://two-faced.example/") == Outcome("refused")


@pytest.mark.parametrize(("address", "is_open"), [("1.1.1.1", True), ("2606:4700::1111", True), ("::ffff:8.8.8.8", True)])
def test_public_addresses_may_be_asked(address: str, is_open: bool) -> None:
    assert is_public(ip_address(address)) is is_open
