"""Building the library of spoken prompts: from human recordings, else with espeak-ng.

Apart from audio.py: serving calls needs none of this. The file lock exists on Linux and macOS only.
"""

import fcntl
import json
import os
import shutil
import subprocess  # espeak-ng is GPL-3: called as a program, never linked
import time
import wave
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from hotline.telephony.audio import MANIFEST, Entry, content_hash, load_manifest, text_hash
from hotline.telephony.languages import Language

WORDS_PER_MINUTE = 140
MAX_PROCESSES = 2
# Both leave out the tags of a recording, which may name the speaker.
SOX_FORMAT = ("-r", "8000", "-c", "1", "-b", "16", "--comment", "")
SOX_EFFECTS = ("rate", "-h", "norm", "-3")
FFMPEG_FORMAT = ("-y", "-ar", "8000", "-ac", "1", "-c:a", "pcm_s16le", "-map_metadata", "-1", "-bitexact")
MAX_PROGRAM_SECONDS = 30
# A call under way may still ask for a file that a build has just replaced.
GRACE_SECONDS = 3600


@dataclass(frozen=True)
class BuildReport:
    """What one build did.

    Args:
        built: number of texts that got a new file.
        kept: number of texts whose file was there already.
        dropped: number of files deleted.
        missing: hashes of the texts without a file. A language with a Twilio voice can do without.
        unusable: recordings that are no sound file or are empty; espeak-ng speaks in their place where it can.
    """

    built: int
    kept: int
    dropped: int
    missing: tuple[str, ...]
    unusable: tuple[Path, ...]


@dataclass(frozen=True)
class Released:
    """Recordings that were checked and approved elsewhere and are played as they are.

    Args:
        sounds: the hash of a text -> the hash of its sound.
        read: gives a sound by its hash, or None when it was taken away meanwhile.
    """

    sounds: Mapping[str, str]
    read: Callable[[str], bytes | None]


NOTHING_RELEASED = Released({}, lambda _: None)
# Says in the manifest that a sound is one of these: it goes when it is released no more, whatever lies in a folder.
FROM_STUDIO = "studio "


def build_audio(
    library_folder: Path,
    language: Language,
    texts: Iterable[str],
    recordings: Path | None,
    progress: Callable[[int, int], None],
    released: Released = NOTHING_RELEASED,
) -> BuildReport:
    """Make a file for every text of one language; a repetition does only what is new.

    A second build of the same library, in whatever process, waits for the first one. Calls are served meanwhile.

    Args:
        library_folder: the library; made when missing. Other languages in it stay untouched.
        language: whose texts these are. The same text in two languages has a file in each.
        texts: all prompts of the language. What is not among them leaves the library, its file an hour later.
        recordings: holds <language>/<hash of the text>.wav. What is gone from there is spoken by espeak-ng again; None
            keeps the recordings of the library.
        progress: called with the number of texts done and the number of texts.
        released: comes before the folder.
    Returns:
        The report.
    Raises:
        ValueError: manifest.json is no JSON, or `recordings` is the library, where they would be deleted.
        OSError: the library cannot be written.
    Source: twilio.md section 7; 8 kHz mono 16 bit spares Twilio the conversion (section 1, Play).
    """
    if recordings is not None and recordings.resolve() == library_folder.resolve():
        raise ValueError("the recordings must not lie in the library")
    prompts = {text_hash(text): text for text in texts}
    with _only_builder(library_folder) as workshop:
        manifest = load_manifest(library_folder)
        before = manifest.get(language.code, {})
        after: dict[str, Entry] = {}
        builder = _Builder(library_folder / language.code, workshop, language, recordings, before, released)
        pool = ThreadPoolExecutor(MAX_PROCESSES)
        try:
            entries = pool.map(builder.entry, prompts, prompts.values())
            for done, (key, entry) in enumerate(zip(prompts, entries, strict=True), 1):
                if entry is not None:
                    after[key] = entry
                progress(done, len(prompts))
        finally:
            pool.shutdown(cancel_futures=True)
        manifest[language.code] = after
        draft = workshop / MANIFEST
        draft.write_text(json.dumps(manifest, indent=1, sort_keys=True), encoding="utf-8")
        draft.replace(library_folder / MANIFEST)
        kept = sum(before.get(key) is entry for key, entry in after.items())
        return BuildReport(
            built=len(after) - kept,
            kept=kept,
            dropped=_drop_unused(library_folder / language.code, before, after),
            missing=tuple(key for key in prompts if key not in after),
            unusable=tuple(sorted(builder.unusable)),
        )


def synthesise(language: Language, text: str) -> bytes | None:
    """Speak a text with espeak-ng, for somebody who wants to hear it before it is published.

    Args:
        language: whose voice.
        text: what to say.
    Returns:
        A WAV file, or None when the language has no such voice or espeak-ng is not installed.
    """
    if not language.espeak_voice:
        return None
    with TemporaryDirectory() as folder:
        spoken = Path(folder) / "spoken.wav"
        return spoken.read_bytes() if _run(_speak(language.espeak_voice, spoken), text) and _has_sound(spoken) else None


def _speak(voice: str, target: Path) -> list[str]:
    # -b 1: the text is UTF-8, whatever the locale of this machine.
    return ["espeak-ng", "-v", voice, "-s", str(WORDS_PER_MINUTE), "-b", "1", "--stdin", "-w", str(target)]


class _Builder:
    """Makes the files of one language; `entry` may run in several threads."""

    def __init__(
        self,
        folder: Path,
        workshop: Path,
        language: Language,
        recordings: Path | None,
        before: Mapping[str, Entry],
        released: Released,
    ) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self._workshop = workshop
        self._voice = language.espeak_voice
        self._recordings = recordings / language.code if recordings else None
        self._before = before
        self._released = released
        self.unusable: list[Path] = []

    def entry(self, key: str, text: str) -> Entry | None:
        """Make what the manifest says about a text: the old entry when it still holds, None without a file.

        "source" is what the file was made of, so that another recording or voice makes another file.
        """
        old = self._before.get(key)
        if old and not (self._folder / old["file"]).is_file():
            old = None
        if key in self._released.sounds and (entry := self._from_studio(self._released.sounds[key], old)):
            return entry
        if self._recordings is None:
            if old and old["kind"] == "recording" and not old.get("source", "").startswith(FROM_STUDIO):
                return old
        elif (recording := self._recordings / f"{key}.wav").is_file():
            source = content_hash(recording.read_bytes())
            if old and old.get("source") == source:
                return old
            if name := self._publish(recording, key):
                return {"file": name, "kind": "recording", "source": source}
            self.unusable.append(recording)
        return self._synthetic(key, text, old)

    def _from_studio(self, sound_hash: str, old: Entry | None) -> Entry | None:
        source = FROM_STUDIO + sound_hash
        if old and old.get("source") == source:
            return old
        sound = self._released.read(sound_hash)
        if sound is None:
            return None
        draft = self._workshop / f"{sound_hash}.wav"
        draft.write_bytes(sound)
        name = f"{content_hash(sound)}.wav"
        draft.replace(self._folder / name)
        return {"file": name, "kind": "recording", "source": source}

    def _synthetic(self, key: str, text: str, old: Entry | None) -> Entry | None:
        if not self._voice:
            return None
        source = f"espeak-ng {self._voice} {WORDS_PER_MINUTE}"
        if old and old.get("source") == source:
            return old
        spoken = self._workshop / f"{key}.espeak.wav"
        name = self._publish(spoken, key) if _run(_speak(self._voice, spoken), text) else None
        return {"file": name, "kind": "synthetic", "source": source} if name else None

    def _publish(self, sound: Path, key: str) -> str | None:
        """Convert a file and move it into the library under the hash of its bytes; None when it is no sound."""
        target = self._workshop / f"{key}.wav"
        converters = (
            ["sox", "-t", "wav", str(sound), *SOX_FORMAT, str(target), *SOX_EFFECTS],
            ["ffmpeg", "-f", "wav", "-i", str(sound), *FFMPEG_FORMAT, str(target)],
        )
        installed = [command for command in converters if shutil.which(command[0])]
        if not installed:
            # Twilio plays other PCM files too, it only has to convert them.
            shutil.copyfile(sound, target)
        elif not any(_run(command) for command in installed):
            return None
        if not _has_sound(target):
            return None
        name = f"{content_hash(target.read_bytes())}.wav"
        target.replace(self._folder / name)
        return name


@contextmanager
def _only_builder(library_folder: Path) -> Iterator[Path]:
    """Wait until nobody else builds this library, and lend an empty folder on the same disk.

    The system gives the lock back also when a process is killed. The file stays: deleting it would let in a second one.
    """
    library_folder.mkdir(parents=True, exist_ok=True)
    with (library_folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        workshop = library_folder / ".workshop"
        shutil.rmtree(workshop, ignore_errors=True)  # left by a build that was killed
        workshop.mkdir()
        try:
            yield workshop
        finally:
            shutil.rmtree(workshop)


def _drop_unused(folder: Path, before: Mapping[str, Entry], after: Mapping[str, Entry]) -> int:
    """Delete what no entry names, GRACE_SECONDS after the build that stopped naming it; returns how many files."""
    named = {entry["file"] for entry in after.values()}
    released = {entry["file"] for entry in before.values()} - named
    dropped = 0
    for path in folder.glob("*.wav"):
        if path.name in released:
            os.utime(path)  # the grace starts now
        elif path.name not in named and time.time() - path.stat().st_mtime > GRACE_SECONDS:
            path.unlink()
            dropped += 1
    return dropped


def _run(command: list[str], text: str = "") -> bool:
    """Run a program without a shell. False when it is not installed, fails, or takes over 30 s."""
    try:
        # The text goes over stdin, so that no list of processes shows it. What the program says is not kept: it may quote it.
        subprocess.run(  # noqa: S603
            command,
            input=text.encode(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=MAX_PROGRAM_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def _has_sound(path: Path) -> bool:
    try:
        with wave.open(str(path), "rb") as sound:
            return sound.getnframes() > 0
    except (OSError, wave.Error, EOFError):
        return False
