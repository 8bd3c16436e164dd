"""Understands without Rasa: the closest training phrase, by RapidFuzz. Simpler and weaker, and always there."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

from rapidfuzz import fuzz, process

from hotline.understanding.folding import fold
from hotline.understanding.port import UNKNOWN_LANGUAGE, Parse, Score

NEIGHBOURS = 40
TOPICS = 10
LONGEST = 300
# A phrase half alike says nothing; fully alike is certain.
_WORTHLESS, _PERFECT = 50.0, 100.0


class FallbackUnderstander:
    """Compares a text with the published phrases: those of the conversation's language, or of every one in the text's script."""

    def __init__(self, phrases: list[tuple[str, str, str]]) -> None:
        """Hold the phrases.

        Args:
            phrases: (language, intent, phrase).
        """
        self._labels = [(language, intent) for language, intent, _ in phrases]
        self._folded = [fold(phrase) for _, _, phrase in phrases]
        self._of_language: dict[tuple[str, str], dict[int, str]] = defaultdict(dict)
        self._of_script: dict[str, dict[int, str]] = defaultdict(dict)
        for index, folded in enumerate(self._folded):
            self._of_script[_script(folded)][index] = folded
            self._of_language[self._labels[index][0], _script(folded)][index] = folded

    @classmethod
    def load(cls, path: Path) -> FallbackUnderstander:
        """Read ``phrases.tsv``, written beside the model; without the file there are no phrases and nothing is understood."""
        if not path.exists():
            return cls([])
        lines = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
        return cls([(parts[0], parts[1], parts[2]) for parts in lines if len(parts) == 3])

    def parse(self, text: str, language: str | None) -> Parse:
        """See ``Understander.parse``."""
        folded = fold(text)[:LONGEST]
        script = _script(folded)
        # Who goes on in another script goes on in another language.
        candidates = self._of_language.get((language or "", script)) or self._of_script.get(script, {})
        found = process.extract(folded, candidates, scorer=fuzz.token_set_ratio, limit=NEIGHBOURS, score_cutoff=_WORTHLESS)
        topics, languages = defaultdict[str, float](float), defaultdict[str, float](float)
        for phrase, shared, index in found:
            # Shared words alone would let the phrase "no" decide every text with a "no" in it.
            likeness = (shared + fuzz.token_sort_ratio(folded, phrase)) / 2
            weight = max(0.0, likeness - _WORTHLESS) / (_PERFECT - _WORTHLESS)
            code, intent = self._labels[index]
            topics[intent] = max(topics[intent], weight)
            languages[code] = max(languages[code], weight)
        if not found:
            return Parse((Score(language or UNKNOWN_LANGUAGE, 0.0),), (), "fallback")
        return Parse(_best_first(languages), _best_first(topics)[:TOPICS], "fallback")


def _script(text: str) -> str:
    """The script most letters of a text are in, by the first word of their Unicode names (LATIN, CYRILLIC, ARABIC …)."""
    found = Counter(unicodedata.name(letter, "UNKNOWN").split()[0] for letter in text if letter.isalpha())
    return found.most_common(1)[0][0] if found else ""


def _best_first(scores: dict[str, float]) -> tuple[Score, ...]:
    return tuple(Score(name, score) for name, score in sorted(scores.items(), key=lambda item: -item[1]))
