"""Recordings for tests: spoken by nobody, made by ffmpeg where a format needs it."""

from __future__ import annotations

import io
import math
import subprocess
import wave
from array import array
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory


@cache
def tone(seconds: float = 1.0, volume: float = 0.1, rate: int = 16000) -> bytes:
    """A WAV with a tone; volume from 0 to 1."""
    samples = array("h", (int(32767 * volume * math.sin(i / 8)) for i in range(int(seconds * rate))))
    content = io.BytesIO()
    with wave.open(content, "wb") as sound:
        sound.setparams((1, 2, rate, 0, "NONE", ""))
        sound.writeframes(samples.tobytes())
    return content.getvalue()


@cache
def encoded(ending: str, *options: str, seconds: float = 1.0) -> bytes:
    """The same as MP3 or OGG, with a title that must not survive."""
    with TemporaryDirectory() as folder:
        source, target = Path(folder) / "given.wav", Path(folder) / f"made.{ending}"
        source.write_bytes(tone(seconds))
        command = ["ffmpeg", "-loglevel", "error", "-i", str(source), "-metadata", "title=Speaker", *options, str(target)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        return target.read_bytes()
