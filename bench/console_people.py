"""Counsellors with open pages that ask for news as the pages' script does, and write; what each of them saw, and when."""

from __future__ import annotations

import http.client
import itertools
import re
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urlencode, urlsplit

# As in ``static/console.js``.
POLL_SECONDS = 1.0
WRITES_EVERY = 10.0


@dataclass
class Watch:
    """What all of them note: seconds of each fragment, and when a text was sent, seen in a page, or taken by the provider."""

    fragments: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    sent: dict[str, float] = field(default_factory=dict)
    seen: dict[str, float] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note_seen(self, page: str, at: float) -> None:
        """A page shows these texts now."""
        for text in re.findall(r"(?:Frage|Antwort) \d+-\d+", page):
            with self.lock:
                self.seen.setdefault(text, at)

    def waits(self, kind: str) -> list[float]:
        """Seconds from sending to seeing, of texts that begin with ``kind`` and that anybody had open."""
        with self.lock:
            return sorted(self.seen[text] - at for text, at in self.sent.items() if text.startswith(kind) and text in self.seen)


class Tab:
    """One open page: a kept connection, the cookie, and the tag of what it shows."""

    def __init__(self, base_url: str, cookie: str) -> None:
        """Open nothing yet."""
        self._base = base_url
        self._cookie = cookie
        self._connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=30)
        self._tag = ""
        self.poll_path = ""
        self.token = ""

    def open(self, path: str) -> str:
        """Load a page, as a click does."""
        status, page = self._ask("GET", path)
        if status != 200:
            raise RuntimeError(f"{path} answered {status}; the console must open before it can be measured.")
        poll = re.search(r'data-poll="([^"]+)"', page)
        tag = re.search(r'data-tag="([^"]+)"', page)
        token = re.search(r'name="csrf_token" value="(\w+)"', page)
        self.poll_path = unescape(poll[1]) if poll else ""
        self._tag = f'"{tag[1]}"' if tag else ""
        self.token = token[1] if token else ""
        return page

    def poll(self, *, whole: bool = False) -> tuple[int, str, float]:
        """Ask for news: status, the fragment, seconds."""
        started = time.perf_counter()
        status, page = self._ask("GET", self.poll_path, {} if whole else {"If-None-Match": self._tag})
        return status, page, time.perf_counter() - started

    def send(self, path: str, form: dict[str, str]) -> int:
        """Send a form as the script does; gives the status."""
        headers = {"Origin": self._base, "Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", path, headers, urlencode({"csrf_token": self.token, **form}))[0]

    def _ask(self, method: str, path: str, headers: dict[str, str] | None = None, body: str | None = None) -> tuple[int, str]:
        self._connection.request(method, path, body, {"Cookie": self._cookie, **(headers or {})})
        answer = self._connection.getresponse()
        content = answer.read().decode()
        if answer.status == 200 and method == "GET":
            self._tag = answer.headers.get("ETag") or self._tag
        return answer.status, content


@contextmanager
def working(watch: Watch, base_url: str, cookies: list[str], handoffs: list[int]) -> Iterator[None]:
    """Each counsellor has the overview and one conversation open, and answers every ten seconds, until the end of the block.

    Args:
        watch: keeps what they see.
        base_url: of the web server.
        cookies: one a counsellor.
        handoffs: the conversation of each.
    """
    is_over = threading.Event()
    threads = []
    for number, (cookie, handoff_id) in enumerate(zip(cookies, handoffs, strict=True)):
        for path in ("/console", f"/console/handoffs/{handoff_id}"):
            arguments = (watch, Tab(base_url, cookie), path, number, is_over)
            threads.append(threading.Thread(target=_work, args=arguments, daemon=True))
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        is_over.set()
        for thread in threads:
            thread.join()


def _work(watch: Watch, tab: Tab, path: str, number: int, is_over: threading.Event) -> None:
    try:
        # Nobody opens the pages at the same moment.
        is_over.wait(POLL_SECONDS * number / 20)
        watch.note_seen(tab.open(path), time.time())
        kind = "overview" if path == "/console" else "conversation"
        next_word, words = time.time() + WRITES_EVERY * (1 + number / 20), itertools.count()
        while not is_over.wait(POLL_SECONDS):
            _look(watch, tab, kind)
            if kind == "conversation" and time.time() >= next_word:
                next_word += WRITES_EVERY
                text = f"Antwort {number}-{next(words)}"
                watch.sent[text] = time.time()
                status = tab.send(f"{path}/reply", {"text": text, "key": f"bench-{text.replace(' ', '-')}"})
                if status != 200:
                    watch.failures.append(f"reply {status}")
                # The script looks at once after it has sent.
                _look(watch, tab, kind)
    except Exception as error:
        watch.failures.append(repr(error))


def _look(watch: Watch, tab: Tab, kind: str) -> None:
    status, page, seconds = tab.poll()
    name = f"{kind}, {'unchanged' if status == 304 else 'new'}"
    with watch.lock:
        watch.fragments[name].append(seconds)
    if status == 200:
        watch.note_seen(page, time.time())
    elif status != 304:
        watch.failures.append(f"{kind} {status}")
