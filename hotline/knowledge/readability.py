"""How hard a text is to read: an own measure in every language, and a known formula where syllables can be counted.

A tired person on a small screen reads short sentences of short words. The own measure counts words a sentence, the longest
sentence and long words, each set against what the language needs for the same words in German. German gets the Wiener
Sachtextformel (Bamberger and Vanecek 1984), English, French and Russian the Flesch reading ease with their own figures.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

from babel import Locale
from pyphen import Pyphen

Band = Literal["easy", "middle", "hard"]
BANDS: tuple[Band, ...] = ("easy", "middle", "hard")
HARDEST = 3
# Words a language takes for our 49 answers, against German: Turkish and Georgian say much in one word.
DENSITY = {
    "ar": 0.93, "en": 1.1, "fa": 1.05, "fr": 1.1, "ka": 0.77, "ku": 1.06, "ru": 0.9, "sq": 1.07, "sr": 0.93, "tr": 0.83,
    "uk": 0.9,
}  # fmt: skip
# From how many letters on a word is long: the longest twentieth of the words of our 49 answers in that language.
LONG_FROM = {
    "ar": 8, "de": 12, "en": 9, "fa": 8, "fr": 9, "ka": 12, "ku": 10, "ru": 11, "sq": 10, "sr": 10, "tr": 11, "uk": 11,
}  # fmt: skip
LONG_FROM_ELSE = 10
# Up to the first it is easy, beyond the second hard: words a sentence, words of the longest one (both as in German), per cent of
# long words. Plain-language guides ask for 10 to 15 words a sentence.
WORDS_A_SENTENCE = (11.0, 15.0)
LONGEST_SENTENCE = (25.0, 35.0)
LONG_WORDS_PERCENT = (12.0, 20.0)
# School years the Wiener Sachtextformel asks for; a paper for everybody has about 9 or 10.
WIENER = (9.0, 12.0)
# Reading ease, where more is easier: "fairly easy" begins at 70, "fairly difficult" ends at 50.
FLESCH = (70.0, 50.0)
# Language -> base, weight of words a sentence, weight of syllables a word: Flesch 1948, Kandel and Moles 1958, Oborneva 2006.
FLESCH_FIGURES = {"en": (206.835, 1.015, 84.6), "fr": (207.0, 1.015, 73.6), "ru": (206.835, 1.3, 60.1)}
SYLLABLES_OF = {"de": "de_DE", "en": "en_GB", "fr": "fr", "ru": "ru_RU"}
# Where one letter and a full stop abbreviate ("z. B."); in Kurmanji sentences end with "e.".
ABBREVIATING = frozenset({"de", "ru", "uk"})

_ADDRESS = re.compile(r"\S+@\S+|(?:https?://)?(?:[\w-]+\.)+[a-z]{2,}(?:/\S*)?")
_WORD = re.compile(r"[^\W_]+(?:['’ʼ‑\u200c-][^\W_]+)*")
_ENDS = re.compile(r"(?<=[.!?؟…:;؛])\s+")
_BULLET = re.compile(r"^\s*[-•–]\s+")
_ABBREVIATED = re.compile(r"(?:^|[\s(])[^\W\d_]\.$")
_ORDINAL = re.compile(r"(?:^|\s)\d{1,2}\.$")


@dataclass(frozen=True)
class Readability:
    """What was measured. ``formula`` is wiener, flesch or empty, ``score`` its figure; ``hardest`` are sentences, worst first."""

    words: int
    sentences: int
    words_a_sentence: float
    longest_sentence: int
    long_words_percent: float
    formula: str
    score: float | None
    band: Band
    hardest: tuple[str, ...]


@lru_cache(maxsize=2000)
def measure_readability(text: str, language: str) -> Readability:
    """Measure a text with its facts filled in.

    Args:
        text: paragraphs and bullets, one a line.
        language: code; one we have no figures for is measured like German.
    """
    sentences = split_sentences(text, language)
    words = [word for _, found in sentences for word in found]
    counts = [len(found) for _, found in sentences]
    long_words = sum(_is_long(word, language) for word in words)
    a_sentence = len(words) / len(sentences) if sentences else 0.0
    percent = 100 * long_words / len(words) if words else 0.0
    formula, score = _formula(sentences, language)
    density = DENSITY.get(language, 1.0)
    bands = [
        _band(a_sentence / density, WORDS_A_SENTENCE),
        _band(max(counts, default=0) / density, LONGEST_SENTENCE),
        _band(percent, LONG_WORDS_PERCENT),
    ]
    if score is not None:
        bands.append(_band(score, WIENER) if formula == "wiener" else _band(-score, (-FLESCH[0], -FLESCH[1])))
    ranked = sorted(sentences, key=lambda sentence: _hardness(sentence[1], language), reverse=True)
    return Readability(
        words=len(words),
        sentences=len(sentences),
        words_a_sentence=round(a_sentence, 1),
        longest_sentence=max(counts, default=0),
        long_words_percent=round(percent, 1),
        formula=formula,
        score=None if score is None else round(score, 1),
        # One long sentence loses a reader as well as many long words: the worst counts.
        band=max(bands, key=BANDS.index),
        hardest=tuple(sentence for sentence, _ in ranked[:HARDEST]),
    )


def split_sentences(text: str, language: str) -> list[tuple[str, list[str]]]:
    """The sentences of a text, each with its words; every bullet is one, and dates and abbreviations stay whole.

    Args:
        text: paragraphs and bullets, one a line.
        language: its months tell the end of a sentence from an ordinal number.
    """
    found = []
    for line in text.splitlines():
        pieces: list[str] = []
        for piece in _ENDS.split(_BULLET.sub("", line).strip()):
            if pieces and _goes_on(pieces[-1], piece, language):
                pieces[-1] += f" {piece}"
            else:
                pieces.append(piece)
        found += [(piece, words) for piece in pieces if (words := _words(piece))]
    return found


def _goes_on(before: str, after: str, language: str) -> bool:
    if language in ABBREVIATING and _ABBREVIATED.search(before):
        return True
    return _ORDINAL.search(before) is not None and (after[:1].islower() or after.startswith(_months(language)))


@cache
def _months(language: str) -> tuple[str, ...]:
    return tuple(Locale("de").months["format"]["wide"].values()) if language == "de" else ()


def _words(sentence: str) -> list[str]:
    # An address is looked at, not read: one short word.
    return _WORD.findall(_ADDRESS.sub("x", sentence))


def _letters(word: str) -> int:
    return sum(letter.isalpha() for letter in word)


def _is_long(word: str, language: str) -> bool:
    return _letters(word) >= LONG_FROM.get(language, LONG_FROM_ELSE)


def _hardness(words: Sequence[str], language: str) -> float:
    """A long word costs a reader about as much as two more short ones."""
    return len(words) + 2 * sum(_is_long(word, language) for word in words)


def _band(value: float, limits: tuple[float, float]) -> Band:
    easy, middle = limits
    return "easy" if value <= easy else "middle" if value <= middle else "hard"


@cache
def _dictionary(language: str) -> Pyphen:
    return Pyphen(lang=SYLLABLES_OF[language], left=1, right=1)


@lru_cache(maxsize=50_000)
def _syllables(word: str, language: str) -> int:
    return len(_dictionary(language).positions(word)) + 1


def _formula(sentences: Sequence[tuple[str, list[str]]], language: str) -> tuple[str, float | None]:
    words = [word for _, found in sentences for word in found]
    if language not in SYLLABLES_OF or not words:
        return "", None
    syllables = [_syllables(word.lower(), language) if _letters(word) else 1 for word in words]
    a_sentence, count = len(words) / len(sentences), len(words)
    if language in FLESCH_FIGURES:
        base, of_sentence, of_word = FLESCH_FIGURES[language]
        return "flesch", base - of_sentence * a_sentence - of_word * sum(syllables) / count
    of_three = 100 * sum(number >= 3 for number in syllables) / count
    of_one = 100 * sum(number == 1 for number in syllables) / count
    of_six_letters = 100 * sum(_letters(word) > 6 for word in words) / count
    return "wiener", 0.1935 * of_three + 0.1672 * a_sentence + 0.1297 * of_six_letters - 0.0327 * of_one - 0.875
