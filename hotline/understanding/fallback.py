"""Understands without Rasa: the closest training phrase, by RapidFuzz. Simpler and weaker, and always there."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from rapidfuzz import fuzz, process

from hotline.understanding.folding import fold
from hotline.understanding.port import UNKNOWN_LANGUAGE, Parse, Score

NEIGHBOURS = 40
TOPICS = 10
# A phrase half alike says nothing; fully alike is certain.
_WORTHLESS, _PERFECT = 50.0, 100.0


class FallbackUnderstander:
    """Compares a text with every published phrase."""

    def __init__(self, phrases: list[tuple[str, str, str]]) -> None:
        """Hold the phrases.

        Args:
            phrases: (language, intent, phrase).
        """
        self._labels = [(language, intent) for language, intent, _ in phrases]
        self._folded = [fold(phrase) for _, _, phrase in phrases]
        self._of_language: dict[str, list[int]] = defaultdict(list)
        for index, (language, _) in enumerate(self._labels):
            self._of_language[language].append(index)

    @classmethod
    def load(cls, path: Path) -> FallbackUnderstander:
        """Read ``phrases.tsv``, written beside the model; without the file there are no phrases and nothing is understood."""
        if not path.exists():
            return cls([])
        lines = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
        return cls([(parts[0], parts[1], parts[2]) for parts in lines if len(parts) == 3])

    def parse(self, text: str, language: str | None) -> Parse:
        """See ``Understander.parse``."""
        folded = fold(text)[:300]
        wanted = self._of_language.get(language) if language else None
        candidates = {index: self._folded[index] for index in wanted} if wanted else dict(enumerate(self._folded))
        found = process.extract(folded, candidates, scorer=fuzz.token_set_ratio, limit=NEIGHBOURS, score_cutoff=_WORTHLESS)
        topics, languages = defaultdict[str, float](float), defaultdict[str, float](float)
        for _, likeness, index in found:
            weight = (likeness - _WORTHLESS) / (_PERFECT - _WORTHLESS)
            code, intent = self._labels[index]
            topics[intent] = max(topics[intent], weight)
            languages[code] = max(languages[code], weight)
        if not found:
            return Parse((Score(language or UNKNOWN_LANGUAGE, 0.0),), (), "fallback")
        return Parse(_best_first(languages), _best_first(topics)[:TOPICS], "fallback")


def _best_first(scores: dict[str, float]) -> tuple[Score, ...]:
    return tuple(Score(name, score) for name, score in sorted(scores.items(), key=lambda item: -item[1]))
