"""The sound of a call: a-law over RTP (RFC 3551) one way, key presses (RFC 4733, formerly 2833) the other."""

from __future__ import annotations

import contextlib
import queue
import socket
import struct
import threading
import time
import wave
from collections.abc import Callable
from io import BytesIO

RATE, PACKET_SAMPLES, PACKET_SECONDS = 8000, 160, 0.02
ALAW, EVENTS = 8, 101
KEY_PAUSE_SECONDS = 0.5
KEYS = "0123456789*#"
_SEGMENTS = (0xFF, 0x1FF, 0x3FF, 0x7FF, 0xFFF, 0x1FFF, 0x3FFF, 0x7FFF)


def _encode(sample: int) -> int:
    """One 16-bit sample in G.711 a-law."""
    mask = 0xD5 if sample >= 0 else 0x55
    size = min(sample if sample >= 0 else -sample - 1, 0x7FFF)
    segment = next(number for number, end in enumerate(_SEGMENTS) if size <= end)
    value = segment << 4 | (size >> (4 if segment < 2 else segment + 3)) & 0x0F
    return value ^ mask


# The four lowest bits of a sample are lost anyway.
_TABLE = bytes(_encode(sample - 0x8000) for sample in range(0, 0x10000, 16))
SILENCE = _encode(0)


def to_alaw(content: bytes) -> bytes:
    """A mono WAV file of 16 bit and any rate as a-law of 8 kHz."""
    with wave.open(BytesIO(content)) as sound:
        frames, rate = sound.readframes(sound.getnframes()), sound.getframerate()
    samples = struct.unpack(f"<{len(frames) // 2}h", frames)
    count = len(samples) * RATE // rate
    return bytes(_TABLE[(samples[at * rate // RATE] + 0x8000) >> 4] for at in range(count))


class Media:
    """One RTP socket: sends sounds in real time and puts the keys it hears into ``keys``."""

    def __init__(self, host: str) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, 0))
        self._socket.settimeout(0.2)
        self.port: int = self._socket.getsockname()[1]
        self.keys: queue.Queue[str] = queue.Queue()
        self.sent = 0
        self._remote: tuple[str, int] | None = None
        self._number, self._at = 0, 0
        self._is_open = True
        self._listener = threading.Thread(target=self._listen, daemon=True)

    def open(self, remote: tuple[str, int]) -> None:
        """Begin to listen, and send there from now on."""
        self._remote = remote
        self._listener.start()

    def close(self) -> None:
        """Stop."""
        self._is_open = False
        if self._listener.is_alive():
            self._listener.join()
        self._socket.close()

    def play(self, sound: bytes, is_over: Callable[[], bool]) -> None:
        """Send a sound at the speed it is heard; stops early when somebody presses a key or leaves."""
        begun = time.monotonic()
        for number, start in enumerate(range(0, len(sound), PACKET_SAMPLES)):
            if is_over() or not self.keys.empty():
                return
            self._send(sound[start : start + PACKET_SAMPLES].ljust(PACKET_SAMPLES, bytes([SILENCE])))
            time.sleep(max(0.0, begun + (number + 1) * PACKET_SECONDS - time.monotonic()))

    def _send(self, payload: bytes) -> None:
        assert self._remote is not None
        header = struct.pack("!BBHII", 0x80, ALAW, self._number & 0xFFFF, self._at & 0xFFFFFFFF, 0x5EED)
        with contextlib.suppress(ConnectionError):
            self._socket.sendto(header + payload, self._remote)
        self._number, self._at, self.sent = self._number + 1, self._at + PACKET_SAMPLES, self.sent + 1

    def _listen(self) -> None:
        # A key is many packets with one time stamp. A recorded key has the same one whenever it is played: then the pause tells.
        heard: int | None = None
        last = 0.0
        while self._is_open:
            with contextlib.suppress(TimeoutError, ConnectionError):
                packet = self._socket.recv(2048)
                if len(packet) >= 16 and packet[1] & 0x7F == EVENTS:
                    stamp = struct.unpack("!I", packet[4:8])[0]
                    if (stamp != heard or time.monotonic() - last > KEY_PAUSE_SECONDS) and packet[12] < len(KEYS):
                        self.keys.put(KEYS[packet[12]])
                    heard, last = stamp, time.monotonic()
