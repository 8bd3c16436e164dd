"""The library of spoken prompts: finding the file of a text. audio_build.py makes the files."""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["recording", "synthetic"]
Entry = dict[str, str]  # "file", "kind", and "source" for the builder
Manifest = dict[str, dict[str, Entry]]  # by language, then by the hash of the text

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class AudioFile:
    """One prompt as sound; `name` is the file name inside the folder of the language."""

    language: str
    name: str
    kind: Kind


def text_hash(text: str) -> str:
    """Name a prompt without showing it: the first 40 hex digits of SHA-256 over its UTF-8 bytes."""
    return content_hash(text.encode())


def content_hash(content: bytes) -> str:
    """Name a file by its bytes, so that a changed prompt gets a new address and no cache serves the old one."""
    return hashlib.sha256(content).hexdigest()[:40]


class AudioLibrary:
    """Reads a folder of content-hashed WAV files and its manifest.json.

    Args:
        folder: the library. It may be missing: then nothing is found.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._manifest: Manifest = {}
        self._read_at: tuple[int, int] | None = None

    def version(self) -> tuple[int, int] | None:
        """Something that is another after every build; None while there is no library."""
        try:
            stat = (self._folder / MANIFEST).stat()
        except FileNotFoundError:
            return None
        return stat.st_mtime_ns, stat.st_ino

    def find(self, language: str, text: str) -> AudioFile | None:
        """Find the file that speaks a text.

        Args:
            language: code of the catalogue.
            text: the exact text.
        Returns:
            The file, or None when there is none.
        Raises:
            ValueError: manifest.json is no JSON.
        """
        entry = self._read_manifest().get(language, {}).get(text_hash(text))
        # A manifest without its file (a half copied library) must not end in a silent call.
        if entry is None or self.open_file(language, entry["file"]) is None:
            return None
        return AudioFile(language, entry["file"], "recording" if entry["kind"] == "recording" else "synthetic")

    def kinds(self, language: str) -> dict[str, Kind]:
        """Every text of a language there is a file of: its hash -> who speaks it."""
        entries = self._read_manifest().get(language, {})
        there = {path.name for path in (self._folder / language).glob("*.wav")}
        return {
            key: "recording" if entry["kind"] == "recording" else "synthetic"
            for key, entry in entries.items()
            if entry["file"] in there
        }

    def open_file(self, language: str, name: str) -> Path | None:
        """Find a file for the web server.

        Args:
            language: folder, as it stands in the URL.
            name: file name, as it stands in the URL. Both come from outside and are not trusted.
        Returns:
            The path, or None when this is no name of the library or the file is not there.
        """
        # Letters, digits and one fixed ending: nothing that could leave the folder.
        if not re.fullmatch("[a-z]{2,3}", language) or not re.fullmatch(r"[0-9a-f]{40}\.wav", name):
            return None
        path = self._folder / language / name
        return path if path.is_file() else None

    def read(self, language: str, text: str) -> bytes | None:
        """The sound of a text, or None when there is none. Takes what ``find`` takes."""
        found = self.find(language, text)
        path = self.open_file(language, found.name) if found else None
        return path.read_bytes() if path else None

    def _read_manifest(self) -> Manifest:
        """Read the manifest again when a build has replaced it, so that no restart is needed."""
        version = self.version()
        if version is None:
            return {}
        if self._read_at != version:
            self._manifest = load_manifest(self._folder)
            self._read_at = version
        return self._manifest


def load_manifest(folder: Path) -> Manifest:
    """Read manifest.json of a library; a missing one is empty.

    Raises:
        ValueError: it is no JSON.
    """
    try:
        manifest: Manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return manifest
