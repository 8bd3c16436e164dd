"""A stranger's file becomes a telephone's sound, or is refused with a reason; never anything in between."""

from __future__ import annotations

import ctypes
import io
import shutil
import socket
import sys
import time
import wave
from array import array
from collections.abc import Callable
from pathlib import Path

import pytest

from hotline.knowledge.problems import SENTENCES
from hotline.telephony import sound_intake
from hotline.telephony.limited_run import _CREATE_RULESET
from hotline.telephony.sound_intake import MAX_BYTES, MAX_SECONDS, RATE, Sound, UnusableSound, take_in
from tests.conftest import require
from tests.telephony.sounds import encoded, tone


@pytest.fixture(autouse=True)
def _programs() -> None:
    require("ffmpeg", bool(shutil.which("ffmpeg")), "install it (apt-get install ffmpeg).")


def read(sound: Sound) -> tuple[wave._wave_params, array[int]]:
    with wave.open(io.BytesIO(sound.data), "rb") as opened:
        return opened.getparams(), array("h", opened.readframes(opened.getnframes()))


def refused(data: bytes) -> str:
    with pytest.raises(UnusableSound) as error:
        take_in(data)
    assert SENTENCES[error.value.code].format(**error.value.values)
    return error.value.code


@pytest.mark.parametrize(
    ("shape", "make"),
    [
        ("wav", tone),
        ("wav", lambda: encoded("wav", "-ac", "2", "-ar", "44100", "-c:a", "pcm_s24le")),
        ("mp3", lambda: encoded("mp3")),
        ("mp3", lambda: encoded("mp3", "-ar", "22050", "-id3v2_version", "3", "-write_id3v1", "1")),
        ("ogg", lambda: encoded("ogg", "-c:a", "libvorbis")),
        ("ogg", lambda: encoded("ogg", "-c:a", "libopus")),
    ],
    ids=["wav", "stereo wav", "mp3", "mp3 with tags", "vorbis", "opus"],
)
def test_every_format_becomes_what_a_telephone_plays(shape: str, make: Callable[[], bytes]) -> None:
    sound = take_in(make())
    parameters, samples = read(sound)
    assert (parameters.nchannels, parameters.sampwidth, parameters.framerate) == (1, 2, RATE)
    assert sound.shape == shape
    assert 950 <= sound.milliseconds <= 1200
    assert len(samples) >= RATE * 0.95
    assert b"Speaker" not in sound.data


def test_what_is_quiet_and_what_is_loud_come_out_alike() -> None:
    peaks = [max(read(take_in(tone(volume=volume)))[1]) for volume in (0.02, 0.1, 0.9)]
    assert max(peaks) / min(peaks) < 1.1
    assert max(peaks) < 32767 * 0.8, "nothing is at its limit"


@pytest.mark.parametrize(
    ("code", "make"),
    [
        ("sound_kind", lambda: b""),
        ("sound_kind", lambda: b"<html><script>alert(1)</script>"),
        ("sound_kind", lambda: b"\x00\x00\x00\x18ftypM4A " + b"\0" * 500),
        ("sound_kind", lambda: b"#EXTM3U\nfile:///etc/passwd\n"),
        ("sound_kind", lambda: b"\xff\xfb\x90\x00" + b"\0" * 30),
        ("sound_mixed", lambda: tone() + b"PK\x03\x04 an archive behind it"),
        ("sound_mixed", lambda: encoded("mp3") + b"%PDF-1.7"),
        ("sound_mixed", lambda: encoded("ogg", "-c:a", "libvorbis") + b"PK\x03\x04"),
        ("sound_broken", lambda: tone()[:5000]),
        ("sound_broken", lambda: encoded("ogg", "-c:a", "libvorbis")[:4000]),
        ("sound_short", lambda: tone(0.1)),
        ("sound_silent", lambda: tone(volume=0.001)),
        ("sound_long", lambda: tone(MAX_SECONDS + 0.5, rate=8000)),
        ("sound_large", lambda: b"RIFF" + b"\0" * MAX_BYTES),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_reason(code: str, make: Callable[[], bytes]) -> None:
    assert refused(make()) == code


def test_a_small_file_that_grows_to_hours_is_stopped_soon() -> None:
    second = encoded("mp3", "-ar", "8000", "-b:a", "8k", "-id3v2_version", "0", "-write_xing", "0")
    hours = second * (MAX_BYTES // len(second))
    assert len(hours) < MAX_BYTES
    began = time.monotonic()
    assert refused(hours) == "sound_long"
    assert time.monotonic() - began < 10


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing on it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_without_a_converter_the_remedy_is_said(programs: Path) -> None:
    data = tone()
    assert refused(data) == "sound_no_converter"


def test_sox_does_where_ffmpeg_is_missing(programs: Path) -> None:
    sox = shutil.which("sox", path="/usr/bin:/bin")
    require("sox", bool(sox), "install it (apt-get install sox).")
    (programs / "sox").symlink_to(str(sox))
    assert read(take_in(tone()))[0].framerate == RATE


@pytest.mark.parametrize(
    "deed", ["import time; time.sleep(60)", "x = bytearray(3_000_000_000)", "print('x', file=open(out, 'w'))"]
)
def test_a_converter_that_hangs_eats_memory_or_writes_nonsense_ends(
    programs: Path, monkeypatch: pytest.MonkeyPatch, deed: str
) -> None:
    monkeypatch.setattr(sound_intake, "WALL_SECONDS", 2)
    fake = programs / "ffmpeg"
    fake.write_text(f"#!{sys.executable} -SE\nimport os, sys\nout = sys.argv[-1].removeprefix('file:')\n{deed}\n")
    fake.chmod(0o755)
    assert refused(tone()) == "sound_broken"


def test_a_converter_that_was_taken_over_reads_writes_and_reaches_nothing_but_its_files(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_wall = sys.platform == "linux" and ctypes.CDLL(None).syscall(_CREATE_RULESET, None, 0, 1) > 0
    require("Landlock", has_wall, "use Linux 5.13 or newer; elsewhere a converter has its limits alone.")
    monkeypatch.setenv("DATA_KEYS", "x")
    secret, elsewhere = programs.parent / f"{programs.name}-keys.env", programs / "left-behind"
    secret.write_text("DATA_KEYS=x")
    deeds = f"""
import os, shutil, socket, sys
def works(deed):
    try:
        deed()
    except OSError:
        return False
    return True
found = [
    "DATA_KEYS" in os.environ,
    works(lambda: open({str(secret)!r}).read()),
    works(lambda: open("/etc/passwd").read()),
    works(lambda: open(f"/proc/{{os.getppid()}}/environ").read()),
    works(lambda: open({str(elsewhere)!r}, "w")),
    works(lambda: socket.create_connection(("127.0.0.1", PORT), 2)),
]
given, out = (part.removeprefix("file:") for part in (sys.argv[sys.argv.index("-i") + 1], sys.argv[-1]))
if not any(found) and out != "-":
    shutil.copy(given, out)
"""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        fake = programs / "ffmpeg"
        fake.write_text(f"#!{sys.executable} -SE" + deeds.replace("PORT", str(listening.getsockname()[1])))
        fake.chmod(0o755)
        assert take_in(tone(rate=8000)).data
    assert not elsewhere.exists()
