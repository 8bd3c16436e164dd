"""Building the library, with a fake espeak-ng on PATH and once with the real one."""

import io
import json
import multiprocessing
import os
import shutil
import sys
import time
import wave
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from hotline.telephony import audio_build
from hotline.telephony.audio import MANIFEST, AudioLibrary, content_hash, text_hash
from hotline.telephony.audio_build import GRACE_SECONDS, BuildReport, build_audio
from hotline.telephony.languages import Language

PERSIAN = Language("fa", "Persian", "فارسی", "Arab", "rtl", 1, None, None, "fa-IR", "fa", is_live=True)
KURDISH = replace(PERSIAN, code="ku", gather_code=None, espeak_voice="ku")
SOMALI = replace(PERSIAN, code="so", gather_code=None, espeak_voice=None)
HELLO, BYE = "سلام دنیا", "-v خداحافظ; $(rm)"

# Writes a sound made of the voice and the text, and a line on how it was called. It needs nothing but Python.
FAKE_ESPEAK = """#!{python} -SE
import json, os, pathlib, sys, time, wave
here = pathlib.Path(__file__).parent
options = sys.argv[1:]
text = sys.stdin.buffer.read().decode()
mine = here / ("running-%d" % os.getpid())
mine.touch()
time.sleep(0.05)
running = len(list(here.glob("running-*")))
with (here / "calls").open("a") as calls:
    calls.write(json.dumps([options, text, running]) + "\\n")
mine.unlink()
if "HANG" in text:
    time.sleep(60)
with wave.open(options[options.index("-w") + 1], "wb") as sound:
    sound.setparams((1, 2, 22050, 0, "NONE", ""))
    sound.writeframes(b"" if "EMPTY" in text else (options[1] + text).encode() * 2)
sys.exit("FAIL" in text)
"""


@dataclass
class Workplace:
    """A library, a folder of recordings, and a PATH with nothing on it but what the test puts there."""

    library: Path
    recordings: Path
    programs: Path

    def build(
        self, texts: Iterable[str] = (HELLO, BYE), language: Language = PERSIAN, recordings: Path | None = None
    ) -> BuildReport:
        return build_audio(self.library, language, texts, recordings, lambda done, total: None)

    def calls(self) -> list[tuple[list[str], str, int]]:
        path = self.programs / "calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def record(self, text: str, content: bytes) -> Path:
        path = self.recordings / "fa" / f"{text_hash(text)}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def files(self, language: str = "fa") -> set[str]:
        return {path.name for path in (self.library / language).iterdir()}

    def kind(self, text: str, language: str = "fa") -> str | None:
        found = AudioLibrary(self.library).find(language, text)
        return found.kind if found else None


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workplace:
    """Neither espeak-ng nor a converter is installed."""
    workplace = Workplace(tmp_path / "var" / "library", tmp_path / "recordings", tmp_path / "programs")
    workplace.programs.mkdir()
    monkeypatch.setenv("PATH", str(workplace.programs))
    return workplace


@pytest.fixture
def work(bare: Workplace) -> Workplace:
    program = bare.programs / "espeak-ng"
    program.write_text(FAKE_ESPEAK.format(python=sys.executable))
    program.chmod(0o755)
    return bare


def wav(frames: bytes = b"\1\0" * 800, channels: int = 1, rate: int = 8000) -> bytes:
    content = io.BytesIO()
    with wave.open(content, "wb") as sound:
        sound.setparams((channels, 2, rate, 0, "NONE", ""))
        sound.writeframes(frames)
    return content.getvalue()


def test_every_text_gets_a_file_named_by_its_own_bytes(work: Workplace) -> None:
    assert work.build() == BuildReport(built=2, kept=0, dropped=0, missing=(), unusable=())
    for text in (HELLO, BYE):
        found = AudioLibrary(work.library).find("fa", text)
        assert found is not None
        path = AudioLibrary(work.library).open_file("fa", found.name)
        assert path is not None
        assert path.name == f"{content_hash(path.read_bytes())}.wav"
        assert found.kind == "synthetic"


def test_the_text_goes_over_stdin_and_never_into_the_list_of_processes(work: Workplace) -> None:
    work.build()
    assert {text for _, text, _ in work.calls()} == {HELLO, BYE}
    for options, text, _ in work.calls():
        assert options[:7] == ["-v", "fa", "-s", "140", "-b", "1", "--stdin"]
        assert not any(text in option for option in options)


def test_a_second_build_speaks_nothing_again(work: Workplace) -> None:
    work.build()
    assert work.build() == BuildReport(built=0, kept=2, dropped=0, missing=(), unusable=())
    assert len(work.calls()) == 2


def test_a_text_that_occurs_twice_is_built_once(work: Workplace) -> None:
    assert work.build([HELLO, HELLO]).built == 1
    assert len(work.calls()) == 1


def test_a_file_that_got_lost_is_made_again(work: Workplace) -> None:
    work.build([HELLO])
    for path in (work.library / "fa").iterdir():
        path.unlink()
    assert work.build([HELLO]).built == 1
    assert work.kind(HELLO) == "synthetic"


def test_another_voice_in_the_catalogue_makes_the_files_anew(work: Workplace) -> None:
    work.build([HELLO])
    assert work.build([HELLO], replace(PERSIAN, espeak_voice="fa-latn")).built == 1


def test_an_entry_of_an_older_manifest_without_a_source_is_made_anew(work: Workplace) -> None:
    work.build([HELLO])
    manifest = json.loads((work.library / MANIFEST).read_text())
    del manifest["fa"][text_hash(HELLO)]["source"]
    (work.library / MANIFEST).write_text(json.dumps(manifest))
    assert work.build([HELLO]).built == 1


def test_the_same_text_in_two_languages_is_spoken_by_two_voices(work: Workplace) -> None:
    work.build([HELLO])
    assert work.kind(HELLO, "ku") is None
    assert work.build([HELLO], KURDISH).built == 1
    assert [options[1] for options, _, _ in work.calls()] == ["fa", "ku"]
    assert work.files("fa").isdisjoint(work.files("ku"))
    assert (work.kind(HELLO, "fa"), work.kind(HELLO, "ku")) == ("synthetic", "synthetic")


def test_a_text_that_leaves_one_language_stays_in_the_other(work: Workplace) -> None:
    work.build([HELLO])
    work.build([HELLO], KURDISH)
    work.build([])
    assert (work.kind(HELLO, "fa"), work.kind(HELLO, "ku")) == (None, "synthetic")


def test_a_recording_comes_before_the_synthetic_voice(work: Workplace) -> None:
    work.record(HELLO, wav())
    assert work.build(recordings=work.recordings) == BuildReport(2, 0, 0, (), ())
    assert (work.kind(HELLO), work.kind(BYE)) == ("recording", "synthetic")


def test_a_recording_that_arrives_later_replaces_the_synthetic_voice(work: Workplace) -> None:
    work.build([HELLO])
    work.record(HELLO, wav())
    assert work.build([HELLO], recordings=work.recordings).built == 1
    assert work.kind(HELLO) == "recording"


def test_a_new_take_of_a_recording_is_seen_and_the_same_take_is_not_converted_again(work: Workplace) -> None:
    work.record(HELLO, wav())
    work.build([HELLO], recordings=work.recordings)
    assert work.build([HELLO], recordings=work.recordings).kept == 1
    work.record(HELLO, wav(b"\2\0" * 900))
    assert work.build([HELLO], recordings=work.recordings).built == 1


def test_a_recording_that_was_withdrawn_is_replaced(work: Workplace) -> None:
    recording = work.record(HELLO, wav())
    work.build([HELLO], recordings=work.recordings)
    recording.unlink()
    work.build([HELLO], recordings=work.recordings)
    assert work.kind(HELLO) == "synthetic"


def test_without_a_folder_of_recordings_those_in_the_library_are_kept(work: Workplace) -> None:
    work.record(HELLO, wav())
    work.build([HELLO], recordings=work.recordings)
    assert work.build([HELLO]).kept == 1
    assert work.kind(HELLO) == "recording"


@pytest.mark.parametrize("content", [b"", b"RIFF", b"no sound at all", wav(b"")], ids=["empty", "cut off", "text", "no frames"])
def test_a_recording_without_sound_is_reported_and_does_not_stop_the_others(work: Workplace, content: bytes) -> None:
    broken = work.record(HELLO, content)
    work.record(BYE, wav())
    assert work.build(recordings=work.recordings) == BuildReport(2, 0, 0, (), (broken,))
    assert (work.kind(HELLO), work.kind(BYE)) == ("synthetic", "recording")


def test_without_espeak_ng_and_recordings_every_text_is_missing_by_its_hash(bare: Workplace) -> None:
    report = bare.build()
    assert report.missing == (text_hash(HELLO), text_hash(BYE))
    assert report.built == 0


def test_a_language_without_a_synthetic_voice_never_borrows_another_one(work: Workplace) -> None:
    assert work.build([HELLO], SOMALI).missing == (text_hash(HELLO),)
    assert work.calls() == []


def test_what_is_built_stays_when_espeak_ng_is_gone(work: Workplace) -> None:
    work.build()
    (work.programs / "espeak-ng").unlink()
    assert work.build().kept == 2


@pytest.mark.parametrize("text", ["FAIL", "EMPTY"])
def test_a_text_espeak_ng_cannot_speak_is_missing_and_the_rest_is_built(work: Workplace, text: str) -> None:
    report = work.build([text, HELLO])
    assert (report.built, report.missing) == (1, (text_hash(text),))


def test_an_espeak_ng_that_hangs_is_stopped(work: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audio_build, "MAX_PROGRAM_SECONDS", 0.3)
    assert work.build(["HANG"]).missing == (text_hash("HANG"),)


def test_no_more_than_two_espeak_processes_run_at_once(work: Workplace) -> None:
    work.build([f"{HELLO} {number}" for number in range(6)])
    assert max(running for _, _, running in work.calls()) <= 2


def test_progress_counts_up_to_the_number_of_texts(work: Workplace) -> None:
    steps: list[tuple[int, int]] = []
    build_audio(work.library, PERSIAN, [HELLO, BYE, HELLO], None, lambda done, total: steps.append((done, total)))
    assert steps == [(1, 2), (2, 2)]


def test_calls_are_served_from_the_old_library_until_the_new_one_is_whole(work: Workplace) -> None:
    work.build([HELLO])
    library = AudioLibrary(work.library)
    seen: list[tuple[bool, bool]] = []

    def look(done: int, total: int) -> None:
        seen.append((library.find("fa", HELLO) is not None, library.find("fa", BYE) is not None))

    build_audio(work.library, PERSIAN, [BYE], None, look)
    assert seen == [(True, False)]
    assert (library.find("fa", HELLO) is not None, library.find("fa", BYE) is not None) == (False, True)


def test_a_replaced_file_stays_for_calls_under_way_and_goes_an_hour_later(work: Workplace) -> None:
    work.build([HELLO])
    [old] = work.files()
    # Built long ago: the hour counts from the build that stopped naming the file.
    os.utime(work.library / "fa" / old, (0, 0))
    assert work.build([BYE]).dropped == 0
    assert old in work.files()
    assert AudioLibrary(work.library).open_file("fa", old) is not None
    assert work.build([BYE]).dropped == 0
    an_hour_ago = time.time() - GRACE_SECONDS - 1
    os.utime(work.library / "fa" / old, (an_hour_ago, an_hour_ago))
    assert work.build([BYE]).dropped == 1
    assert old not in work.files()


def test_a_build_that_breaks_leaves_the_library_as_it_was_and_the_next_one_works(work: Workplace) -> None:
    work.build([HELLO])

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_audio(work.library, PERSIAN, [BYE], None, interrupt)
    assert (work.kind(HELLO), work.kind(BYE)) == ("synthetic", None)
    assert work.build([BYE]).built == 1
    assert {path.name for path in work.library.iterdir()} == {"fa", MANIFEST, ".lock"}


def test_what_a_killed_build_left_behind_is_cleared_away(work: Workplace) -> None:
    (work.library / ".workshop").mkdir(parents=True)
    (work.library / ".workshop" / "half.wav").touch()
    (work.library / ".lock").touch()
    assert work.build([HELLO]).built == 1
    assert not (work.library / ".workshop").exists()


def test_recordings_inside_the_library_would_be_deleted_and_are_refused(work: Workplace) -> None:
    with pytest.raises(ValueError, match="recordings"):
        work.build(recordings=work.library / ".." / work.library.name)


def build_on_signal(folder: Path, number: int, language: Language, texts: list[str]) -> BuildReport:
    """One of two processes: says that it is ready and starts when the test says so."""
    (folder / f"ready-{number}").touch()
    while not (folder / "go").exists():
        time.sleep(0.002)
    return build_audio(folder / "library", language, texts, None, lambda done, total: None)


def build_in_two_processes(folder: Path, first: Language, second: Language, texts: list[str]) -> tuple[BuildReport, BuildReport]:
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        reports = [pool.submit(build_on_signal, folder, n, language, texts) for n, language in enumerate((first, second))]
        deadline = time.monotonic() + 30
        while not all((folder / f"ready-{number}").exists() for number in (0, 1)) and time.monotonic() < deadline:
            time.sleep(0.002)
        (folder / "go").touch()
        return reports[0].result(30), reports[1].result(30)


TEXTS = [f"{HELLO} {number}" for number in range(4)]


def test_two_processes_that_start_at_once_build_every_text_once(work: Workplace, tmp_path: Path) -> None:
    reports = build_in_two_processes(tmp_path, PERSIAN, PERSIAN, TEXTS)
    assert sorted((report.built, report.kept) for report in reports) == [(0, 4), (4, 0)]
    assert sorted(text for _, text, _ in work.calls()) == sorted(TEXTS)
    library = AudioLibrary(tmp_path / "library")
    assert all(library.find("fa", text) for text in TEXTS)


def test_two_processes_that_build_two_languages_at_once_lose_neither(work: Workplace, tmp_path: Path) -> None:
    build_in_two_processes(tmp_path, PERSIAN, KURDISH, TEXTS)
    library = AudioLibrary(tmp_path / "library")
    assert all(library.find(language, text) for language in ("fa", "ku") for text in TEXTS)


def parameters(folder: Path) -> tuple[int, int, int]:
    """Channels, bytes a sample, and samples a second of the only file in a folder."""
    [path] = folder.iterdir()
    with wave.open(str(path), "rb") as sound:
        assert sound.getnframes() > 400
        return sound.getnchannels(), sound.getsampwidth(), sound.getframerate()


@pytest.mark.parametrize("converter", ["sox", "ffmpeg"])
def test_a_recording_becomes_8_khz_mono_16_bit_and_loses_the_tags_that_may_name_the_speaker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, converter: str
) -> None:
    program = shutil.which(converter)
    if program is None:
        pytest.skip(f"{converter} is not installed")
    workplace = Workplace(tmp_path / "library", tmp_path / "recordings", tmp_path / "programs")
    workplace.programs.mkdir()
    (workplace.programs / converter).symlink_to(program)
    monkeypatch.setenv("PATH", str(workplace.programs))
    tags = b"LIST" + (26).to_bytes(4, "little") + b"INFOIART" + (14).to_bytes(4, "little") + b"Speaker's name"
    sound = wav(b"\1\0\2\0" * 8820, channels=2, rate=44100) + tags
    # The size in the header covers the tags as well.
    workplace.record(HELLO, sound[:4] + (len(sound) - 8).to_bytes(4, "little") + sound[8:])
    assert workplace.build([HELLO], recordings=workplace.recordings).built == 1
    assert parameters(workplace.library / "fa") == (1, 2, 8000)
    [path] = (workplace.library / "fa").iterdir()
    assert b"Speaker" not in path.read_bytes()


def test_the_real_espeak_ng_speaks_persian(tmp_path: Path) -> None:
    if shutil.which("espeak-ng") is None:
        reason = "espeak-ng is not installed (Debian: apt install espeak-ng)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    assert build_audio(tmp_path, PERSIAN, [HELLO], None, lambda done, total: None).built == 1
    has_converter = any(shutil.which(program) for program in ("sox", "ffmpeg"))
    assert parameters(tmp_path / "fa") == (1, 2, 8000 if has_converter else 22050)
