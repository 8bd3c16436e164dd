"""Takes out of a text what could tell who wrote it: numbers, addresses, names. Rather a word too many than one too few.

It cannot be perfect: a name nobody introduces, in small letters or in a script without capitals, is found only when it is a
common first name. So what is stripped is still encrypted at rest and forgotten after some weeks.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from hotline.errors import CannotStart
from hotline.understanding.entities import EntityFinder
from hotline.understanding.folding import words
from hotline.yaml_file import read_yaml

LONGEST = 300
NUMBER, NAME, ADDRESS, PLACE, LINK, MAIL = "<number>", "<name>", "<address>", "<place>", "<link>", "<mail>"
MARKS = (NUMBER, NAME, ADDRESS, PLACE, LINK, MAIL)
# A word so often in the phrases is a word of the language, not somebody's name.
KNOWN_FROM = 2
# After a name only a word that is very common is no part of it.
COMMON_FROM = 40
# A compound with a known part this long is a word ("Rückflugkosten"), a shorter part proves nothing ("Bergmann").
KNOWN_PART = 5
# A name rarely has more words, and digits spoken one by one are many.
NAME_WORDS, STREET_WORDS, SPOKEN_DIGITS = 3, 4, 3
# Letters of a text that is all capitals, in percent.
SHOUTED = 70
_ANY_DAY = date(2000, 1, 1)
MAIL_PATTERN = re.compile(r"[^\s<>]+\s?(?:@|\(at\)|\[at\])\s?[^\s<>]+\.[^\s<>]+", re.IGNORECASE)
LINK_PATTERN = re.compile(
    r"(?:https?://|www\.)\S+|\b[\w-]+(?:\.[\w-]+)*\.(?:de|com|org|net|info|eu|me|io|ru|ua|tr|ir|rs|al|ge)\b\S*", re.I
)
HANDLE_PATTERN = re.compile(r"@\w+")
# Every word with a figure of any script in it, and what stands between such words in a number.
FIGURES_PATTERN = re.compile(r"[+(]?\w*\d\w*(?:[\s/().,:;'-]{0,3}\w*\d\w*)*")
_GERMAN_STREET = re.compile(r"\w{3,}(?:stra(?:ß|ss)e|str|allee|gasse|chaussee)\.?$", re.IGNORECASE)
_MAYBE_STREET = re.compile(r"\w{3,}(?:weg|platz|ring|ufer|damm|steig|markt|promenade|hof)$", re.IGNORECASE)
_TOKEN = re.compile(r"<\w+>|[\w'’ʼ-]+|[^\w\s]+|\s+")
_DOUBLED = re.compile(r"(<\w+>)(?:[\s.,/-]*\1)+")
_BEFORE_POINT = re.compile(r"\s+([.,;:!?])")
_ADDRESS = re.compile(r"(?:<number>\s*)?<address>(?:[\s,.]*(?:<number>|<address>|<place>))*")


class BrokenPersonal(CannotStart):
    """``content/personal.yml`` cannot be used. The message names the remedy."""


@dataclass
class _Word:
    """A token that is a word: where it stands, as it is written and folded."""

    place: int
    written: str
    folded: str

    @property
    def is_capital(self) -> bool:
        return self.written[:1].isupper()


class Stripper:
    """Strips texts in every language."""

    def __init__(self, personal: Mapping[str, Iterable[str]], used: Mapping[str, int], entities: EntityFinder) -> None:
        """Hold what is needed.

        Args:
            personal: the lists of ``content/personal.yml``.
            used: folded words and how often they are used; without any, every word with a capital is a name.
            entities: finds German towns.
        """
        self._introductions = {tuple(words(phrase)) for phrase in personal["introductions"]}
        self._longest_introduction = max(map(len, self._introductions), default=0)
        self._titles = _folded(personal["titles"])
        self._streets_before = _folded(personal["streets_before"])
        self._streets_after = _folded(personal["streets_after"])
        self._first_names = _folded(personal["first_names"])
        self._articles = _folded(personal["articles"])
        self._digits = _folded(personal["digits"])
        self._known = frozenset(word for word, times in used.items() if times >= KNOWN_FROM)
        self._common = frozenset(word for word, times in used.items() if times >= COMMON_FROM)
        self._parts = frozenset(word for word in self._known if len(word) >= KNOWN_PART)
        self._entities = entities

    @classmethod
    def load(cls, path: Path, phrases: Path, entities: EntityFinder) -> Stripper:
        """Read the lists, and the words of the training phrases.

        Args:
            path: ``content/personal.yml``.
            phrases: ``phrases.tsv`` beside the model; it may be missing.
            entities: finds German towns.

        Raises:
            BrokenPersonal: the file is missing or of another form.
        """
        try:
            content: dict[str, Any] = read_yaml(path)
            return cls({name: [str(item) for item in items] for name, items in content.items()}, _count_words(phrases), entities)
        except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
            problem = type(error).__name__
            raise BrokenPersonal(f"{path} cannot be used ({problem}). Restore it from the repository.") from None

    def strip_text(self, text: str) -> str:
        """The text with marks for what was taken out; empty when nothing but marks is left."""
        shown = unicodedata.normalize("NFKC", text)[:LONGEST]
        # What people could type themselves would look like a mark of ours.
        shown = "".join(" " if letter in "<>" or unicodedata.category(letter) in ("Cc", "Cf") else letter for letter in shown)
        for pattern, mark in ((MAIL_PATTERN, MAIL), (LINK_PATTERN, LINK), (HANDLE_PATTERN, NAME), (FIGURES_PATTERN, NUMBER)):
            shown = pattern.sub(f" {mark} ", shown)
        tokens = _TOKEN.findall(shown)
        said = [
            _Word(place, token, " ".join(words(token))) for place, token in enumerate(tokens) if token[0] != "<" and words(token)
        ]
        for found, mark in (
            (self._spoken_digits(said), NUMBER),
            (self._streets(said, tokens), ADDRESS),
            (self._places(said), PLACE),
            (self._names(said, tokens), NAME),
        ):
            for word in found:
                if tokens[word.place] not in MARKS:
                    tokens[word.place] = mark
        marked = _ADDRESS.sub(ADDRESS, _DOUBLED.sub(r"\1", " ".join("".join(tokens).split())))
        marked = _BEFORE_POINT.sub(r"\1", _DOUBLED.sub(r"\1", marked))
        left = marked
        for mark in MARKS:
            left = left.replace(mark, "")
        return marked if any(letter.isalpha() for letter in left) else ""

    def _spoken_digits(self, said: list[_Word]) -> list[_Word]:
        found, row = list[_Word](), list[_Word]()
        for word in [*said, _Word(0, "", "")]:
            if word.folded in self._digits:
                row.append(word)
                continue
            found += row if len(row) >= SPOKEN_DIGITS else []
            row = []
        return found

    def _streets(self, said: list[_Word], tokens: list[str]) -> list[_Word]:
        found = list[_Word]()
        for index, word in enumerate(said):
            has_number = _following_mark(tokens, word.place) == NUMBER
            if _GERMAN_STREET.match(word.written) or (_MAYBE_STREET.match(word.written) and has_number):
                found.append(word)
            elif word.folded in self._streets_before:
                found += [word, *self._street_at(said[index + 1 : index + 1 + STREET_WORDS])]
            elif word.folded in self._streets_after and index:
                before = said[index - 1]
                if has_number or before.is_capital or before.folded not in self._known:
                    found += [before, word]
        return found

    def _street_at(self, following: list[_Word]) -> list[_Word]:
        """The words of a street's name that begins here: up to the first that is more than "of the"."""
        last = next((place for place, word in enumerate(following) if word.is_capital or word.folded not in self._common), 0)
        return following[: last + 1]

    def _places(self, said: list[_Word]) -> list[_Word]:
        found = list[_Word]()
        # Most texts name no town at all; only of those that do, each piece is looked at.
        if not self._names_kind(" ".join(word.folded for word in said), "city"):
            return found
        for size in (1, 2, 3):
            for index in range(len(said) - size + 1):
                window = said[index : index + size]
                together = " ".join(word.folded for word in window)
                if self._names_kind(together, "city") and not any(word in found for word in window):
                    found += window
        return found

    def _names(self, said: list[_Word], tokens: list[str]) -> list[_Word]:
        has_case = not _is_shouted("".join(word.written for word in said))
        found = self._introduced(said, tokens)
        for index, word in enumerate(said):
            before = said[index - 1] if index else None
            is_unknown = not self._is_known(word.folded)
            is_after_name = (
                before is not None
                and before in found
                and _are_neighbours(tokens, before, word)
                # Who writes names in small letters writes all of a name so.
                and (is_unknown or (before.is_capital == word.is_capital and word.folded not in self._common))
            )
            is_noun = before is not None and before.folded in self._articles
            is_name = (
                word.folded in self._first_names
                or is_after_name
                or (is_unknown and before is not None and before.folded in self._titles)
                or (
                    is_unknown and has_case and word.is_capital and not is_noun and not self._begins_sentence(said, tokens, index)
                )
            )
            if is_name and word not in found:
                found.append(word)
        return found

    def _introduced(self, said: list[_Word], tokens: list[str]) -> list[_Word]:
        found = list[_Word]()
        for index in range(len(said)):
            for size in range(self._longest_introduction, 0, -1):
                if tuple(" ".join(word.folded for word in said[index : index + size]).split()) in self._introductions:
                    found += self._name_at(said[index + size : index + size + NAME_WORDS], tokens)
                    break
        return found

    def _name_at(self, following: list[_Word], tokens: list[str]) -> list[_Word]:
        """The words of a name that begins here: the first one, and those after it that no sentence goes on with."""
        name = following[:1]
        for word in following[1:]:
            if word.folded in self._common or not _are_neighbours(tokens, name[-1], word):
                break
            name.append(word)
        return name

    def _begins_sentence(self, said: list[_Word], tokens: list[str], index: int) -> bool:
        """Whether a capital stands there for the grammar's sake; two unknown words with capitals are a name all the same."""
        following = said[index + 1] if index + 1 < len(said) else None
        if following is not None and following.is_capital and not self._is_known(following.folded):
            return False
        return index == 0 or any(letter in ".!?…:\n" for letter in "".join(tokens[said[index - 1].place + 1 : said[index].place]))

    def _names_kind(self, folded: str, *kinds: str) -> bool:
        return any(entity.kind in kinds for entity in self._entities.find(folded, _ANY_DAY))

    def _is_known(self, folded: str) -> bool:
        if folded in self._known or not folded:
            return True
        if self._names_kind(folded, "country", "nationality", "land"):
            return True
        pieces = {folded[:size] for size in range(KNOWN_PART, len(folded))} | {
            folded[-size:] for size in range(KNOWN_PART, len(folded))
        }
        return not pieces.isdisjoint(self._parts)


def _folded(listed: Iterable[str]) -> frozenset[str]:
    return frozenset(" ".join(words(item)) for item in listed)


def _count_words(phrases: Path) -> Mapping[str, int]:
    """How often the words of the training phrases are used, in all languages together."""
    written, counted = Counter[str](), Counter[str]()
    if phrases.exists():
        with phrases.open(encoding="utf-8") as lines:
            for line in lines:
                written.update(line.rpartition("\t")[2].casefold().split())
    # Folding takes time: each spelling once.
    for word, times in written.items():
        for folded in words(word):
            counted[folded] += times
    return counted


def _following_mark(tokens: list[str], place: int) -> str:
    return next((token for token in tokens[place + 1 :] if not token.isspace() and token not in (".", ",")), "")


def _are_neighbours(tokens: list[str], one: _Word, other: _Word) -> bool:
    return not "".join(tokens[one.place + 1 : other.place]).strip(" -'.")


def _is_shouted(letters: str) -> bool:
    cased = [letter for letter in letters if letter.isupper() or letter.islower()]
    return bool(cased) and sum(letter.isupper() for letter in cased) * 100 >= SHOUTED * len(cased)
