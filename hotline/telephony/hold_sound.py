"""The sound of waiting: soft, slow chords made by this code, so that its licence is ours and no foreign server plays it."""

from __future__ import annotations

import math
import wave
from array import array
from pathlib import Path

# The telephone's own rate; more would be thrown away.
RATE = 8000
CHORD_SECONDS, FADE_SECONDS = 5.0, 1.6
# Middle notes of a telephone's band, in Hz: C, a, F, G, each with a low neighbour so that it floats a little.
CHORDS = ((261.6, 329.6, 392.0), (220.0, 329.6, 440.0), (261.6, 349.2, 440.0), (246.9, 293.7, 392.0))
SECONDS = CHORD_SECONDS * len(CHORDS)
LOUDNESS = 0.16
FILE = "hold-1.wav"


def hold_sound(folder: Path) -> Path:
    """The file, made at its first use.

    Args:
        folder: where it is kept.
    """
    path = folder / FILE
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        # Two processes may make it at once; each puts a whole one in place.
        half = path.with_name(f"{path.stem}-{id(path)}.part")
        with wave.open(str(half), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(array("h", [sample for chord in CHORDS for sample in _samples(chord)]).tobytes())
        half.replace(path)
    return path


def _samples(chord: tuple[float, ...]) -> list[int]:
    notes = [*chord, chord[0] * 1.003]
    count = int(CHORD_SECONDS * RATE)
    return [
        int(32767 * LOUDNESS * _envelope(n / RATE) * sum(math.sin(2 * math.pi * note * n / RATE) for note in notes) / len(notes))
        for n in range(count)
    ]


def _envelope(second: float) -> float:
    """Every chord comes out of silence and goes back into it, so that nothing ever clicks."""
    edge = min(1.0, second / FADE_SECONDS, (CHORD_SECONDS - second) / FADE_SECONDS)
    return math.sin(edge * math.pi / 2) ** 2
