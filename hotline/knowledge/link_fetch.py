"""Asks for one address on the web, politely and never inside our own network.

Editors write the addresses, so each is resolved first and refused unless every address it leads to is public; the connection then
goes to that very address, so that a second answer of the name server changes nothing. Redirects are judged in the same way.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Literal
from urllib.parse import SplitResult, urljoin, urlsplit

import certifi
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

# ok answers; dead is gone or wrong; unclear may be a passing fault or a site that turns programs away; unreachable cannot be told
# from a missing network of our own; refused leads into a private network or is no address at all.
Status = Literal["ok", "dead", "unclear", "unreachable", "refused"]
Address = IPv4Address | IPv6Address
LIMIT_SECONDS = 10.0
SECONDS_BETWEEN = 1.0
MOST_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
GONE = frozenset({404, 410})
HEADERS = {"User-Agent": "return-hotline link check", "Accept": "*/*"}
_NAT64 = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True)
class Outcome:
    """How a link is; ``code`` is the HTTP status where a server answered."""

    status: Status
    code: int | None = None


class _Refused(Exception):
    """The address must not be asked."""


class _Unreachable(Exception):
    """No server could be talked to."""


def is_public(address: Address) -> bool:
    """Whether an address is on the open internet: not private, loopback, link-local, multicast or a way around that."""
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
        inside = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inside is not None:
            return is_public(inside)
    return address.is_global and not address.is_multicast


class LinkFetcher:
    """Checks links: HEAD, then GET where HEAD is not answered well; at most one request a second to a site."""

    def __init__(
        self,
        may_ask: Callable[[Address], bool] = is_public,
        *,
        limit_seconds: float = LIMIT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Hold what is needed.

        Args:
            may_ask: judges every address a name leads to.
            limit_seconds: for HEAD and again for GET, with their redirects and the waits between them.
            clock: seconds of a clock that only goes on.
            sleep: waits some seconds.
        """
        self._may_ask = may_ask
        self._limit_seconds = limit_seconds
        self._clock = clock
        self._sleep = sleep
        self._next_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def check(self, url: str) -> Outcome:
        """How a link is now. Never raises for what a site does."""
        try:
            found = self._follow("HEAD", url)
            return found if found.status == "ok" else self._follow("GET", url)
        except _Refused:
            return Outcome("refused")
        except (_Unreachable, NewConnectionError, ConnectTimeoutError):
            return Outcome("unreachable")
        except ssl.SSLCertVerificationError:
            return Outcome("dead")
        except (HTTPError, http.client.HTTPException, OSError):
            return Outcome("unclear")

    def _follow(self, method: str, url: str) -> Outcome:
        ends_at = self._clock() + self._limit_seconds
        for _ in range(MOST_REDIRECTS + 1):
            code, location = self._ask(method, url, ends_at)
            if code not in REDIRECTS or not location:
                return _judge(code)
            url = urljoin(url, location)
        return Outcome("dead", code)

    def _ask(self, method: str, url: str, ends_at: float) -> tuple[int, str | None]:
        parts = _split(url)
        address = self._resolve(parts)
        self._wait_for_turn(str(parts.hostname))
        seconds = ends_at - self._clock()
        if seconds <= 0:
            raise TimeoutError
        with _connected(parts, address, seconds) as connection:
            target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
            connection.request(method, target, headers={**HEADERS, "Host": parts.netloc}, preload_content=False)
            response = connection.getresponse()
            # A connection that was cut looks like the end of the headers.
            if self._clock() >= ends_at:
                raise TimeoutError
            # The body is never read: however long it is, the answer is known.
            return response.status, response.headers.get("Location")

    def _resolve(self, parts: SplitResult) -> str:
        try:
            found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise _Unreachable from None
        addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
        # One private address among public ones is enough: it is how one gets past a check.
        if not all(self._may_ask(ip_address(address)) for address in addresses):
            raise _Refused
        return min(addresses, key=lambda address: ":" in address)

    def _wait_for_turn(self, host: str) -> None:
        site = host.lower().removeprefix("www.")
        with self._lock:
            now = self._clock()
            at = max(now, self._next_at.get(site, now))
            self._next_at[site] = at + SECONDS_BETWEEN
        if at > now:
            self._sleep(at - now)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises where it is no number
    except ValueError:
        raise _Refused from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise _Refused
    return parts


def _judge(code: int) -> Outcome:
    if code < 400:
        return Outcome("ok", code)
    return Outcome("dead" if code in GONE else "unclear", code)


@contextmanager
def _connected(parts: SplitResult, address: str, seconds: float) -> Iterator[HTTPConnection]:
    """A connection to an address, which ends after some seconds whatever the other side does."""
    host = str(parts.hostname)
    if parts.scheme == "https":
        # The certificate must be that of the name, though we connect to the address.
        connection: HTTPConnection = HTTPSConnection(
            address, parts.port or 443, timeout=seconds, server_hostname=host, assert_hostname=host, ca_certs=certifi.where()
        )
    else:
        connection = HTTPConnection(address, parts.port or 80, timeout=seconds)
    # The time limit of a socket begins anew with every byte; a site that trickles would hold a worker for ever.
    alarm = threading.Timer(seconds, _cut, (connection,))
    alarm.daemon = True
    alarm.start()
    try:
        yield connection
    finally:
        alarm.cancel()
        connection.close()


def _cut(connection: HTTPConnection) -> None:
    if connection.sock is not None:
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)
