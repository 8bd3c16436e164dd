"""A telephone exchange for one call: answers an INVITE and leads the call through the webhooks, with real sound."""

from __future__ import annotations

import contextlib
import queue
import re
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from hotline.telephony.audio_build import synthesise
from hotline.telephony.languages import Language
from tests.calls.player import Player
from tests.calls.rtp import ALAW, EVENTS, Media, to_alaw

HOST = "127.0.0.1"
PATIENCE_SECONDS = 30.0
# People wait for seconds; a test need not.
SHORTEST_TIMEOUT = 2.0


@dataclass
class LivePlayer(Player):
    """A player whose sounds are really sent and whose keys are really pressed."""

    media: Media | None = None
    voices: Mapping[str, Language] = field(default_factory=dict)
    has_left: threading.Event = field(default_factory=threading.Event)
    pressed: list[str] = field(default_factory=list)
    _spoken: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def _sound(self, verb: Element, at: str) -> None:
        if self.has_left.is_set() or (self.media and not self.media.keys.empty()):
            return
        super()._sound(verb, at)
        if self.media and verb.tag == "Say":
            self.media.play(self._speak(verb.get("language", ""), verb.text or ""), self.has_left.is_set)
        elif self.media and verb.tag == "Play":
            got = self._send("GET", self.heard[-1][1], {}, {})
            self.media.play(to_alaw(got.body), self.has_left.is_set)

    def _speak(self, code: str, text: str) -> bytes:
        if (code, text) not in self._spoken:
            language = next((language for language in self.voices.values() if language.say_code == code), None)
            self._spoken[code, text] = to_alaw((language and synthesise(language, text)) or b"")
        return self._spoken[code, text]

    def _gather(self, verb: Element, at: str) -> dict[str, str] | None:
        assert self.media is not None
        self.questions.append(verb)
        for part in verb:
            self._sound(part, at)
        waits = max(SHORTEST_TIMEOUT, float(verb.get("timeout", "5")))
        digits = ""
        while len(digits) < int(verb.get("numDigits", "1")) and not self.has_left.is_set():
            key = self._next_key(waits)
            if key is None or (digits and key == verb.get("finishOnKey", "#")):
                break
            digits += key
        if self.has_left.is_set():
            self.ended = "caller"
            return None
        self.pressed += digits
        return {"Digits": digits} if digits else {} if verb.get("actionOnEmptyResult") == "true" else None

    def _next_key(self, seconds: float) -> str | None:
        assert self.media is not None
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.has_left.is_set():
            with contextlib.suppress(queue.Empty):
                return self.media.keys.get(timeout=0.05)
        return None


class Exchange:
    """Takes one call over UDP."""

    def __init__(self, lead: Callable[[Media, threading.Event], LivePlayer]) -> None:
        """Open the port.

        Args:
            lead: leads the call to its end, once it is answered.
        """
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((HOST, 0))
        self._socket.settimeout(0.2)
        self.port: int = self._socket.getsockname()[1]
        self._lead = lead
        self._media = Media(HOST)
        self._has_left = threading.Event()
        self._said_goodbye = threading.Event()
        self.player: LivePlayer | None = None
        self.failure: BaseException | None = None
        self._talk = threading.Thread(target=self._run, daemon=True)

    @property
    def packets(self) -> int:
        """Packets of sound sent to the caller."""
        return self._media.sent

    def serve(self) -> None:
        """Take one call and stay until it is over."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end and not self._said_goodbye.is_set():
            with contextlib.suppress(TimeoutError):
                message, sender = self._socket.recvfrom(8192)
                self._take(message.decode(), sender)
        self._has_left.set()
        if self._talk.is_alive():
            self._talk.join(PATIENCE_SECONDS)
        self._media.close()
        self._socket.close()

    def _take(self, message: str, sender: tuple[str, int]) -> None:
        headers = dict(re.findall(r"^([\w-]+):[ \t]*(.*?)\r?$", message.partition("\r\n\r\n")[0], re.MULTILINE))
        match message.split(" ", 1)[0]:
            case "INVITE":
                media = re.search(r"^m=audio (\d+)", message, re.MULTILINE)
                assert media is not None
                self._remote = (HOST, int(media[1]))
                self._answer(headers, sender, "100 Trying")
                self._answer(headers, sender, "200 OK", self._offer())
            case "ACK":
                if not self._talk.is_alive() and self.player is None:
                    self._media.open(self._remote)
                    self._talk.start()
            case "BYE":
                self._has_left.set()
                self._answer(headers, sender, "200 OK")
                self._said_goodbye.set()

    def _run(self) -> None:
        try:
            self.player = self._lead(self._media, self._has_left)
        except BaseException as error:
            self.failure = error

    def _offer(self) -> str:
        lines = ("v=0", f"o=- 1 1 IN IP4 {HOST}", "s=-", f"c=IN IP4 {HOST}", "t=0 0")
        sound = (f"m=audio {self._media.port} RTP/AVP {ALAW} {EVENTS}", f"a=rtpmap:{ALAW} PCMA/8000")
        keys = (f"a=rtpmap:{EVENTS} telephone-event/8000", f"a=fmtp:{EVENTS} 0-15")
        return "".join(f"{line}\r\n" for line in (*lines, *sound, *keys))

    def _answer(self, headers: Mapping[str, str], sender: tuple[str, int], status: str, body: str = "") -> None:
        to = headers["To"] + ("" if "tag=" in headers["To"] or status.startswith("100") else ";tag=hotline")
        lines = [f"SIP/2.0 {status}", *(f"{name}: {headers[name]}" for name in ("Via", "From")), f"To: {to}"]
        lines += [f"{name}: {headers[name]}" for name in ("Call-ID", "CSeq")]
        lines += [f"Contact: <sip:hotline@{HOST}:{self.port}>", *(["Content-Type: application/sdp"] if body else [])]
        message = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body])
        self._socket.sendto(message.encode(), sender)
