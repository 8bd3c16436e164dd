"""The models there are and the one in use: the starter's beside the training files, those of the studio in the data folder.

A shelf holds one folder a model, named by a number, and the file ``live`` with the name of the one in use. What belongs to a
model lies beside it: its thresholds, and the phrases of the fallback.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import threading
from pathlib import Path

from hotline.understanding.fallback import FallbackUnderstander
from hotline.understanding.port import STARTER_MODEL, Parse
from hotline.understanding.thresholds import Thresholds

log = logging.getLogger(__name__)
MODEL, PHRASES, THRESHOLDS = "hotline.tar.gz", "phrases.tsv", "thresholds.json"
_LIVE = "live"
_NAME = re.compile(r"\d{1,9}")


class ModelShelf:
    """Finds models by their names and remembers which one is live."""

    def __init__(self, starter: Path, folder: Path) -> None:
        """Look at nothing yet.

        Args:
            starter: folder of the model that ``train.py`` makes of the files alone.
            folder: the shelf.
        """
        self._starter = starter
        self.folder = folder
        # Name -> when its file was written, and what it says; a starter may be trained anew.
        self._thresholds: dict[str, tuple[int, Thresholds]] = {}

    def folder_of(self, name: str) -> Path:
        """The folder of a model; the starter's for a name that is none."""
        return self.folder / name if _NAME.fullmatch(name) else self._starter

    def has(self, name: str) -> bool:
        """Whether a model is there."""
        return (name == STARTER_MODEL or _NAME.fullmatch(name) is not None) and (self.folder_of(name) / MODEL).is_file()

    def live(self) -> str:
        """The name of the model in use."""
        try:
            name = (self.folder / _LIVE).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return STARTER_MODEL
        return name if self.has(name) else STARTER_MODEL

    def set_live(self, name: str) -> None:
        """Name the model every process takes at its next start."""
        self.folder.mkdir(parents=True, exist_ok=True)
        made = self.folder / f"{_LIVE}.{os.getpid()}"
        made.write_text(name, encoding="utf-8")
        made.replace(self.folder / _LIVE)

    def thresholds(self, name: str) -> Thresholds:
        """How sure a model must be.

        Raises:
            BrokenThresholds: its file is damaged.
        """
        path = self.folder_of(name) / THRESHOLDS
        written_at = path.stat().st_mtime_ns if path.exists() else 0
        known = self._thresholds.get(name)
        if known is None or known[0] != written_at:
            known = self._thresholds[name] = written_at, Thresholds.load(path)
        return known[1]

    def names(self) -> list[str]:
        """The models on the shelf, oldest first."""
        found = [path.name for path in self.folder.glob("*") if _NAME.fullmatch(path.name) and (path / MODEL).is_file()]
        return sorted(found, key=int)

    def remove(self, name: str) -> None:
        """Take a model off the shelf."""
        if _NAME.fullmatch(name):
            shutil.rmtree(self.folder / name, ignore_errors=True)


class FollowingFallback:
    """The fallback with the phrases of the model in use."""

    def __init__(self, shelf: ModelShelf) -> None:
        """Read the phrases of the live model: when Rasa is down from the start, they must be there."""
        self._shelf = shelf
        self._name = shelf.live()
        self._fallback = self._read(self._name)

    def parse(self, text: str, language: str | None) -> Parse:
        """See ``Understander.parse``."""
        return self._fallback.parse(text, language)

    def follow(self, name: str) -> None:
        """Take over the phrases of a model that has just answered; costs nothing while it is the same one."""
        if name == self._name:
            return
        self._name = name
        # Reading takes seconds, and whoever asks now must not wait for what is needed only if Rasa fails.
        threading.Thread(target=self._take, args=(name,), name="fallback-phrases", daemon=True).start()

    def _take(self, name: str) -> None:
        try:
            fallback = self._read(name)
        except OSError as error:
            log.warning("the phrases of a model could not be read", extra={"model": name, "cause": type(error).__name__})
            return
        if name == self._name:
            self._fallback = fallback

    def _read(self, name: str) -> FallbackUnderstander:
        return FallbackUnderstander.load(self._shelf.folder_of(name) / PHRASES)
