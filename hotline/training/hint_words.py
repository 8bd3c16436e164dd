"""The words that tell a topic: chosen from the training phrases, for the speech recognition of the phone.

They are written into small files, so that no web server reads the phrases. Nothing is taken from the development sets: whatever
is measured by them must not have helped to understand them.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from hotline.training.phrase_files import PhraseFiles, StarterPhrase
from hotline.understanding.folding import fold

# So many words a topic: with titles and groups all of them together stay below the five hundred Twilio takes.
WORDS_A_TOPIC = 8
# What few people say is a slip of the pen or a story; what is said of many topics tells none. A stem says what its endings say.
FEWEST_PHRASES, LEAST_SHARE, STEM = 3, 0.34, 5
# A word said of so many topics stands in no pair of words: "for the", "what is".
COMMON_TOPICS = 20
# Of two spellings the one with more signs is the right one, unless hardly anybody writes it so.
RARE_SPELLING = 4
SHORTEST, LONGEST = 3, 40
# The recognition writes these languages in one script; Serbian is spoken by people who write either, and our texts are in Latin.
SCRIPTS = {
    "ar": "ARABIC", "fa": "ARABIC", "ru": "CYRILLIC", "uk": "CYRILLIC", "ka": "GEORGIAN",
}  # fmt: skip

_WORD = re.compile(r"[^\W\d_]+(?:[-'’\u200c][^\W\d_]+)*")


def tell_topics(phrases: Iterable[StarterPhrase], topics: Collection[str], language: str) -> dict[str, list[str]]:
    """The telling words of each topic, the most telling first; the same for the same phrases.

    Args:
        phrases: of one language.
        topics: those wanted.
        language: code.
    """
    counted = _Counted()
    said = [(phrase.topic, _words_of(phrase.text, SCRIPTS.get(language, "LATIN"))) for phrase in phrases]
    for topic, spoken in said:
        counted.add(topic, spoken)
    spread = Counter(key for of_topic in counted.of_topic.values() for key, number in of_topic.items() if number > 1)
    common = {key for key, number in spread.items() if number >= COMMON_TOPICS}
    for topic, spoken in said:
        near = (pair for pair in pairwise(spoken) if pair[0][0] not in common and pair[1][0] not in common)
        counted.add(topic, ((f"{one[0]} {two[0]}", f"{one[1]} {two[1]}") for one, two in near))
    told = {topic: _score(counted.of_topic[topic], counted.total, common) for topic in topics}
    # A word tells the one topic it tells best.
    best: dict[str, tuple[float, str]] = {}
    for topic in sorted(told):
        for key, score in told[topic].items():
            best[key] = max(best.get(key, (0.0, "")), (score, topic))
    own = {topic: {key: score for key, score in scores.items() if best[key][1] == topic} for topic, scores in told.items()}
    return {topic: [_spelling(counted.spelled[key]) for key in _pick(own[topic])] for topic in topics}


def write_hint_words(files: PhraseFiles, folder: Path, topics: Sequence[str], languages: Iterable[str]) -> list[Path]:
    """Write ``<lang>.tsv`` for each language.

    Args:
        files: the phrases.
        folder: of the files; made where it is missing.
        topics: in the order of the lines.
        languages: codes.

    Returns:
        The files.
    """
    folder.mkdir(exist_ok=True)
    written = []
    for language in languages:
        path = folder / f"{language}.tsv"
        path.write_text(as_lines(tell_topics(files.starters(language), topics, language)), encoding="utf-8")
        written.append(path)
    return written


def as_lines(told: Mapping[str, Sequence[str]]) -> str:
    """A file: one topic a line, a tab, its words parted by bars."""
    return "".join(f"{topic}\t{'|'.join(words)}\n" for topic, words in told.items() if words)


class _Counted:
    """In how many phrases, of a topic and altogether, each word is, and how it is spelled."""

    def __init__(self) -> None:
        self.total = Counter[str]()
        self.of_topic = defaultdict[str, Counter[str]](Counter)
        self.spelled = defaultdict[str, Counter[str]](Counter)

    def add(self, topic: str, spoken: Iterable[tuple[str, str]]) -> None:
        """Count the words of one phrase: (folded, as written)."""
        for key, word in dict(spoken).items():
            self.total[key] += 1
            self.of_topic[topic][key] += 1
            self.spelled[key][word] += 1


def _words_of(text: str, script: str) -> list[tuple[str, str]]:
    found = _WORD.findall(unicodedata.normalize("NFC", text))
    return [(_fold(word), word) for word in found if _script(word) == script]


def _score(of_topic: Mapping[str, int], total: Mapping[str, int], common: Collection[str]) -> dict[str, float]:
    """How much each word tells: how many phrases of the topic have it, and how few others."""
    return {
        key: number * (number / total[key]) ** 2
        for key, number in of_topic.items()
        if number >= FEWEST_PHRASES
        and number / total[key] >= LEAST_SHARE
        and SHORTEST <= len(key) <= LONGEST
        and key not in common
    }


def _pick(scores: Mapping[str, float]) -> list[str]:
    """The best ones that are no other form, and no part, of a better one."""
    picked: list[str] = []
    for key in sorted(scores, key=lambda key: (-scores[key], key)):
        if not any(_is_alike(key, other) for other in picked):
            picked.append(key)
        if len(picked) == WORDS_A_TOPIC:
            break
    return picked


def _is_alike(one: str, other: str) -> bool:
    return one[:STEM] == other[:STEM] or bool({word[:STEM] for word in one.split()} & {word[:STEM] for word in other.split()})


def _spelling(counted: Mapping[str, int]) -> str:
    """How it is written by most who write it with its signs."""
    usual = [word for word in counted if counted[word] * RARE_SPELLING >= max(counted.values())]
    return min(usual, key=lambda word: (-sum(not letter.isascii() for letter in word), -counted[word], word))


@lru_cache(maxsize=100_000)
def _fold(word: str) -> str:
    return fold(word)


@lru_cache(maxsize=1000)
def _letter_script(letter: str) -> str:
    return unicodedata.name(letter, "UNKNOWN").partition(" ")[0]


def _script(word: str) -> str:
    return _letter_script(word[0])
