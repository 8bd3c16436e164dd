"""Takes in a recording somebody has sent: checked, turned into what a telephone plays, and as loud as all the others.

The file is a stranger's. It is read by ffmpeg (or sox) in a process with little memory, time and disk, without network and other
files (``limited_run``), with only the one format it was found to be; what is kept is nothing but the sound that came out.
"""

from __future__ import annotations

import re
import shutil
import subprocess  # ffmpeg is called as a program: it is the one part that may fail badly on a hostile file
import sys
import wave
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import BoundedSemaphore

from hotline.telephony.sound_shape import NotSound, Shape, find_shape

MAX_BYTES = 20_000_000
MAX_SECONDS = 90
LEAST_SECONDS = 0.15
RATE = 8000
# Of 32768. Below, there is nothing but the noise of a microphone.
SILENT_PEAK = 250
# EBU R128. Twilio's and espeak-ng's voices are about as loud on the line; nobody must turn the phone up and down.
LOUDNESS_LUFS = -18.0
TRUE_PEAK_DB = -2.0
MOST_GAIN_DB = 30.0
MEMORY_MEGABYTES, CPU_SECONDS, WALL_SECONDS = 800, 20, 30
DECODERS: Mapping[Shape, str] = {
    "wav": "pcm_s16le,pcm_s24le,pcm_s32le,pcm_u8,pcm_f32le,pcm_f64le,pcm_alaw,pcm_mulaw",
    "mp3": "mp3float,mp3",
    "ogg": "vorbis,opus,libvorbis,libopus",
}
MAX_OUTPUT_BYTES = (MAX_SECONDS + 2) * RATE * 2
_QUIETLY = ("-nostdin", "-hide_banner", "-nostats", "-loglevel", "error", "-y", "-threads", "1", "-filter_threads", "1")
# Without the tags, which may name the speaker.
_PLAIN = ("-ar", str(RATE), "-ac", "1", "-c:a", "pcm_s16le", "-map_metadata", "-1", "-bitexact", "-f", "wav")
_LIMITED = Path(__file__).with_name("limited_run.py")
_INTEGRATED = re.compile(r'"input_i" : "(-?[\d.]+|-inf)"')
# However many send files at once, callers come first.
_places = BoundedSemaphore(2)


class UnusableSound(Exception):
    """A file is no recording that can be used.

    Args:
        code: of ``knowledge.problems.SENTENCES``, which says it in words.
        values: what its placeholders stand for.
    """

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


@dataclass(frozen=True)
class Sound:
    """A recording as it is played: WAV, 8 kHz, mono, 16 bit, without a word about who spoke."""

    data: bytes
    milliseconds: int
    shape: Shape


def take_in(data: bytes) -> Sound:
    """Check and convert a file.

    Args:
        data: the file as it was sent.

    Raises:
        UnusableSound: it is too large, no sound, broken, too short, too long or silent, or no converter is installed.
    """
    if len(data) > MAX_BYTES:
        raise UnusableSound("sound_large", megabytes=MAX_BYTES // 1_000_000)
    try:
        shape = find_shape(data)
    except NotSound as error:
        raise UnusableSound(f"sound_{error.reason}") from None
    ffmpeg, sox = shutil.which("ffmpeg"), shutil.which("sox")
    if not (ffmpeg or sox):
        raise UnusableSound("sound_no_converter")
    with TemporaryDirectory() as name, _places:
        folder = Path(name)
        given, plain, level = folder / f"given.{shape}", folder / "plain.wav", folder / "level.wav"
        given.write_bytes(data)
        if ffmpeg:
            _convert(folder, _decode_with_ffmpeg(ffmpeg, shape, given, plain))
        else:
            # Many a sox reads no MP3 and no Opus; whether it is that or the file, ffmpeg helps.
            _convert(folder, _decode_with_sox(sox or "", shape, given, plain), "sound_needs_ffmpeg")
        milliseconds = _check(plain)
        by_sox = [sox or "", "--temp", name, str(plain), str(level), "norm", "-3"]
        _convert(folder, _level_with_ffmpeg(ffmpeg, plain, level) if ffmpeg else by_sox)
        return Sound(level.read_bytes(), milliseconds, shape)


def _decode_with_ffmpeg(program: str, shape: Shape, given: Path, plain: Path) -> list[str]:
    """One format, its own decoders, files only; and no more than what tells that it is too long."""
    allowed = ["-protocol_whitelist", "file", "-format_whitelist", shape, "-codec_whitelist", DECODERS[shape]]
    first_sound = ["-map", "0:a:0", "-vn", "-sn", "-dn"]
    source = ["-f", shape, "-t", str(MAX_SECONDS + 1), "-i", f"file:{given}"]
    return [program, *_QUIETLY, *allowed, *source, *first_sound, *_PLAIN, f"file:{plain}"]


def _decode_with_sox(program: str, shape: Shape, given: Path, plain: Path) -> list[str]:
    target = ["-r", str(RATE), "-c", "1", "-b", "16", "-e", "signed-integer", "--comment", "", "-t", "wav", str(plain)]
    return [program, "-V0", "-t", shape, str(given), *target, "trim", "0", str(MAX_SECONDS + 1), "rate", "-h"]


def _level_with_ffmpeg(program: str, plain: Path, level: Path) -> list[str]:
    """The same gain from beginning to end, so that nothing breathes; only single peaks are held down."""
    # A word of half a second is measured with silence after it, which the standard leaves out again.
    measure = "apad=pad_dur=1,loudnorm=print_format=json"
    said = _convert(plain.parent, [program, *_QUIETLY, "-loglevel", "info", *_source(plain), "-af", measure, "-f", "null", "-"])
    found = _INTEGRATED.search(said)
    loudness = float(found[1]) if found else float("-inf")
    gain = min(LOUDNESS_LUFS - loudness, MOST_GAIN_DB)
    effects = f"volume={gain:.2f}dB,alimiter=limit={10 ** (TRUE_PEAK_DB / 20):.3f}:level=disabled"
    return [program, *_QUIETLY, *_source(plain), "-af", effects, *_PLAIN, f"file:{level}"]


def _source(path: Path) -> list[str]:
    return ["-protocol_whitelist", "file,pipe", "-f", "wav", "-i", f"file:{path}"]


def _convert(folder: Path, command: list[str], refused: str = "sound_broken") -> str:
    """Run a converter within its limits, on the files of one folder; gives what it said, which is read and never shown.

    Raises:
        UnusableSound: it failed, or needed more than it may; with the code ``refused``.
    """
    limits = [str(MEMORY_MEGABYTES), str(CPU_SECONDS), str(MAX_OUTPUT_BYTES), str(folder)]
    try:
        done = subprocess.run(  # noqa: S603 - programs found on PATH, files of our own names
            [sys.executable, "-I", "-S", str(_LIMITED), *limits, *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            # Nothing of our settings, which hold the keys.
            env={"LC_ALL": "C"},
            timeout=WALL_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        raise UnusableSound(refused) from None
    return done.stderr.decode("utf-8", "replace")


def _check(path: Path) -> int:
    """How long the sound is.

    Raises:
        UnusableSound: it is broken, too short, too long or silent.
    """
    try:
        with wave.open(str(path), "rb") as sound:
            samples = array("h", sound.readframes(sound.getnframes()))
    except (OSError, wave.Error, EOFError):
        raise UnusableSound("sound_broken") from None
    if sys.byteorder == "big":
        samples.byteswap()
    if len(samples) < LEAST_SECONDS * RATE:
        raise UnusableSound("sound_short")
    if len(samples) > MAX_SECONDS * RATE:
        raise UnusableSound("sound_long", seconds=MAX_SECONDS)
    if max(max(samples), -min(samples)) < SILENT_PEAK:
        raise UnusableSound("sound_silent")
    return len(samples) * 1000 // RATE
