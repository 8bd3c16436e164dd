"""The people of the crash test: they write and call; every webhook comes three times, late, out of order, and is insisted on."""

from __future__ import annotations

import http.client
import random
import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urlencode, urlsplit

from twilio.request_validator import RequestValidator

OURS = "+4930555000"
AT_ONCE = 12
REPEATS = 3
# As long as a restart of everything may take.
INSISTS_SECONDS = 300
MESSAGES, CALLS, STATUS = "/webhooks/twilio/messages", "/webhooks/twilio/calls", "/webhooks/twilio/status"
KEYS = ("1", "1", "2")


@dataclass
class People:
    """All of them. ``answers`` holds every document an event was answered with; an apology is none, it says "try again".

    They think up to ``thinks_seconds`` before each event, so that everything is killed some times while they write.
    """

    base: str
    token: str
    apologies: Sequence[str]
    seed: int
    is_calm: bool
    thinks_seconds: float
    after_message: Callable[[str, int], None]
    answers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    apologised: int = 0
    lost_connections: int = 0
    sent: int = 0
    is_over: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def live(self, writers: int, scripts: Sequence[Sequence[str]], callers: int) -> None:
        """Let everybody write and call; returns when all have been answered and the last repetition is over."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            people = [pool.submit(self._write, number, scripts[number % len(scripts)]) for number in range(writers)]
            people += [pool.submit(self._call, number) for number in range(callers)]
            try:
                for person in as_completed(people):
                    person.result()
            except BaseException:
                self.is_over.set()
                pool.shutdown(cancel_futures=True)
                raise

    def report(self, callback: str, sid: str) -> None:
        """Tell what became of a message we sent: twice, in any order."""
        path = urlsplit(callback)
        dice = random.Random(f"{self.seed}-{sid}")
        states = ["sent", "delivered"] * (1 if self.is_calm else 2)
        dice.shuffle(states)
        for state in states if not self.is_calm else ["sent", "delivered"]:
            self._insist(f"{path.path}?{path.query}", {"MessageSid": sid, "MessageStatus": state}, None)

    def _write(self, number: int, script: Sequence[str]) -> None:
        dice, late = random.Random(f"{self.seed}-w{number}"), list[tuple[str, dict[str, str], str]]()
        sender = f"+49151{number:08}"
        for place, body in enumerate(script):
            sid = f"SM{number}x{place}"
            form = {"MessageSid": sid, "From": sender, "To": OURS, "Body": body, "NumMedia": "0"}
            self._with_repeats(dice, MESSAGES, form, sid, late)
            self.after_message(sender, number * 100 + place)
        for path, form, key in dice.sample(late, len(late)):
            self._insist(path, form, key)

    def _call(self, number: int) -> None:
        dice, late = random.Random(f"{self.seed}-c{number}"), list[tuple[str, dict[str, str], str]]()
        call, path = f"CA{number}", CALLS
        form = {"CallSid": call, "From": f"+49160{number:08}", "To": OURS, "CallStatus": "in-progress"}
        for digits in ("", *KEYS):
            document = self._with_repeats(dice, path, {**form, "Digits": digits} if digits else form, call + path, late)
            action = re.search(r'action="([^"]+)"', document)
            if action is None:
                break
            path = urlsplit(unescape(action.group(1))).path
        self._insist(STATUS, {"CallSid": call, "CallStatus": "completed"}, None)
        for late_path, late_form, key in dice.sample(late, len(late)):
            self._insist(late_path, late_form, key)

    def _with_repeats(
        self, dice: random.Random, path: str, form: dict[str, str], key: str, late: list[tuple[str, dict[str, str], str]]
    ) -> str:
        """Send an event, now and then twice at the same moment, and keep repetitions for later."""
        if self.is_calm:
            return self._insist(path, form, key)
        self.is_over.wait(dice.random() * self.thinks_seconds)
        at_once = 2 if dice.random() < 0.3 else 1
        with ThreadPoolExecutor(at_once) as pool:
            sends = [pool.submit(self._insist, path, form, key) for _ in range(at_once)]
        late += [(path, form, key)] * (REPEATS - at_once)
        document = [send.result() for send in sends][-1]
        if late and dice.random() < 0.3:
            # One from before overtakes the next.
            self._insist(*late.pop(dice.randrange(len(late))))
        return document

    def _insist(self, path: str, form: dict[str, str], key: str | None) -> str:
        """Send until there is an answer, as the provider and then the person do."""
        deadline = time.monotonic() + INSISTS_SECONDS
        while time.monotonic() < deadline and not self.is_over.is_set():
            document = self._send(path, form)
            if document is not None:
                if key is not None:
                    with self._lock:
                        self.answers[key].add(document)
                return document
            self.is_over.wait(0.25)
        raise RuntimeError("The run was ended." if self.is_over.is_set() else f"No answer within {INSISTS_SECONDS} s.")

    def _send(self, path: str, form: dict[str, str]) -> str | None:
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": RequestValidator(self.token).compute_signature(self.base + path, form),
        }
        connection = http.client.HTTPConnection(urlsplit(self.base).netloc, timeout=30)
        try:
            connection.request("POST", path, urlencode(form), headers)
            answer = connection.getresponse()
            document = answer.read().decode()
        except (OSError, http.client.HTTPException):
            with self._lock:
                self.lost_connections += 1
            return None
        finally:
            connection.close()
        with self._lock:
            self.sent += 1
        is_apology = any(words in unescape(document) for words in self.apologies)
        if is_apology or answer.status >= 500:
            with self._lock:
                self.apologised += 1
            return None
        if answer.status not in (200, 204):
            raise RuntimeError(f"{path} answered {answer.status}")
        return document
