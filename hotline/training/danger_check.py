"""What a change of the danger rules would do to known texts: cries for help must still be found, calm texts must not rise."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from hotline.dialogue.safety import DangerNet
from hotline.training.danger_watch import Overlay, RuleChange
from hotline.training.phrase_files import PhraseFiles

CALM = frozenset({"near", "none"})
# Everyday questions on these topics may be cries for help.
MIXED_TOPICS = frozenset({"crisis_selfharm_violence", "vulnerable_trafficking", "detention_deportation", "unaccompanied_minor"})
SHOWN = 8


@dataclass(frozen=True)
class Figures:
    """How many texts an alarm goes off for, before and after; and the texts that made the difference, at most a few."""

    dangers: int
    found_before: int
    found_after: int
    calm: int
    raised_before: int
    raised_after: int
    lost: tuple[str, ...] = field(default=())
    raised: tuple[str, ...] = field(default=())

    @property
    def is_harmless(self) -> bool:
        """Whether no cry for help is lost and no calm text raises a new alarm."""
        return not self.lost and not self.raised

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {**vars(self), "lost": list(self.lost), "raised": list(self.raised)}


class DangerCheck:
    """Counts. The texts are read at the first check and the state before it kept: ten thousand texts take two seconds."""

    def __init__(self, base: DangerNet, files: PhraseFiles) -> None:
        """Read nothing yet.

        Args:
            base: the rules of the files.
            files: where the known examples are.
        """
        self._base = base
        self._files = files
        self._lock = threading.Lock()
        self._samples: list[tuple[bool, str]] = []
        # What held when the state before was counted, and for which texts an alarm went off.
        self._changes: list[RuleChange] | None = None
        self._alarms: list[bool] = []

    def count(self, holding: list[RuleChange], change: RuleChange) -> Figures:
        """What one more change would do.

        Args:
            holding: the changes that hold now.
            change: the one to check.

        Raises:
            BrokenDangerRule: the rule cannot be used.
        """
        touching = DangerNet([(change.language, {change.category: [change.rule]})])
        with self._lock:
            self._prepare(holding)
            after = Overlay(self._base, [*holding, change])
            # Only texts the rule itself finds can come out otherwise.
            moved = [
                (is_danger, text, before, now)
                for (is_danger, text), before in zip(self._samples, self._alarms, strict=True)
                if touching.find(text) and (now := after.find(text) is not None) != before
            ]
            dangers = sum(is_danger for is_danger, _ in self._samples)
            found = sum(is_danger and alarm for (is_danger, _), alarm in zip(self._samples, self._alarms, strict=True))
            raised = sum(self._alarms) - found
            calm = len(self._samples) - dangers
        gained = {
            is_danger: sum((now - before) for of, _, before, now in moved if of is is_danger) for is_danger in (True, False)
        }
        return Figures(
            dangers, found, found + gained[True], calm, raised, raised + gained[False],
            tuple(text for is_danger, text, _, now in moved if is_danger and not now)[:SHOWN],
            tuple(text for is_danger, text, _, now in moved if not is_danger and now)[:SHOWN],
        )  # fmt: skip

    def _prepare(self, holding: list[RuleChange]) -> None:
        if not self._samples:
            known = [(label not in CALM, text) for label, text in self._files.dangers()]
            everyday = [(False, text) for topic, text in self._files.everyday() if topic not in MIXED_TOPICS]
            self._samples = [*known, *everyday]
        if holding != self._changes:
            overlay = Overlay(self._base, holding)
            self._alarms = [overlay.find(text) is not None for _, text in self._samples]
            self._changes = list(holding)
