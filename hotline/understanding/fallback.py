"""Understands without Rasa: the closest training phrase, by RapidFuzz. Simpler and weaker, and always there."""

from __future__ import annotations

import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
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

    def __init__(self, phrases: Iterable[Sequence[str]]) -> None:
        """Hold the phrases.

        Args:
            phrases: (language, intent, phrase).
        """
        # Script -> language -> the phrases and, beside them, what they mean.
        self._phrases: dict[str, dict[str, tuple[list[str], list[str]]]] = defaultdict(lambda: defaultdict(lambda: ([], [])))
        for language, intent, phrase in phrases:
            folded = fold(phrase)
            said, meant = self._phrases[_script(folded)][language]
            said.append(folded)
            meant.append(sys.intern(intent))

    @classmethod
    def load(cls, path: Path) -> FallbackUnderstander:
        """Read ``phrases.tsv``, written beside the model; without the file there are no phrases and nothing is understood."""
        if not path.exists():
            return cls([])
        # Line by line: the whole file at once would cost each web process more memory than its phrases do.
        with path.open(encoding="utf-8") as lines:
            return cls(parts for line in lines if len(parts := line.rstrip("\n").split("\t")) == 3)

    def parse(self, text: str, language: str | None) -> Parse:
        """See ``Understander.parse``."""
        folded = fold(text)[:LONGEST]
        script = _script(folded)
        # Who goes on in another script goes on in another language.
        by_language = self._phrases.get(script, {})
        codes = [language] if language in by_language else list(by_language)
        topics, languages = defaultdict[str, float](float), defaultdict[str, float](float)
        for code in codes:
            said, meant = by_language[code]
            for phrase, shared, index in process.extract(
                folded, said, scorer=fuzz.token_set_ratio, limit=NEIGHBOURS, score_cutoff=_WORTHLESS
            ):
                # Shared words alone would let the phrase "no" decide every text with a "no" in it.
                likeness = (shared + fuzz.token_sort_ratio(folded, phrase)) / 2
                weight = max(0.0, likeness - _WORTHLESS) / (_PERFECT - _WORTHLESS)
                topics[meant[index]] = max(topics[meant[index]], weight)
                languages[code] = max(languages[code], weight)
        if not topics:
            return Parse((Score(language or UNKNOWN_LANGUAGE, 0.0),), (), "fallback")
        return Parse(_best_first(languages), _best_first(topics)[:TOPICS], "fallback")


def _script(text: str) -> str:
    """The script most letters of a text are in, by the first word of their Unicode names (LATIN, CYRILLIC, ARABIC …)."""
    found = Counter(map(_script_of, filter(str.isalpha, text)))
    return found.most_common(1)[0][0] if found else ""


@lru_cache(maxsize=2000)
def _script_of(letter: str) -> str:
    return unicodedata.name(letter, "UNKNOWN").split()[0]


def _best_first(scores: dict[str, float]) -> tuple[Score, ...]:
    return tuple(Score(name, score) for name, score in sorted(scores.items(), key=lambda item: -item[1]))
