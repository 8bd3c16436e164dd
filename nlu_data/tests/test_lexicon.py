"""Concepts are found by words, words in a row and open words, in whatever spelling, and never inside another word."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.lexicon import ARABIC_PREFIXES, BrokenLexicon, Lexicon
from components.words import words

FILE = Path(__file__).resolve().parents[1] / "lexicon.tsv"


def _find(pattern: str, text: str, language: str = "de") -> bool:
    return Lexicon([("it", {language: pattern})]).find(words(text)) == ["it"]


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("pass", "Mein Pass ist weg"),
        ("pass", "PASS!"),
        ("läuft ab", "er lauft  ab."),
        ("reisepass*", "Reisepasses"),
        ("*pass", "Reisepass"),
        ("*pass*", "Reisepasses"),
        ("nicht mehr gültig", "ist nicht mehr gültig"),
        ("закордонн* паспорт*", "у мене закордонного паспорта немає"),
        ("un*bar", "unlesbar"),
        ("الى", "إلى"),
        ("پاس", "پاس"),
        ("*პასპორტ*", "უპასპორტოდ"),
    ],
)
def test_pattern_is_found_in_every_spelling(pattern: str, text: str) -> None:
    assert _find(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("pass", "Reisepass"),
        ("pass", "passen"),
        ("reisepass*", "Kinderreisepass"),
        ("*pass", "passen"),
        ("nicht mehr gültig", "nicht gültig"),
        ("nicht mehr gültig", "gültig mehr nicht"),
        ("закордонн* паспорт*", "паспорт закордонний"),
        ("закордонн* паспорт*", "закордонний дім і паспорт"),
        ("un*bar", "un jour au bar"),
        ("pass", ""),
    ],
)
def test_pattern_is_not_found_inside_another_word_or_in_another_order(pattern: str, text: str) -> None:
    assert not _find(pattern, text)


@pytest.mark.parametrize("prefix", ARABIC_PREFIXES)
def test_arabic_word_is_found_with_what_is_written_together_with_it(prefix: str) -> None:
    assert _find("جواز", f"{prefix}جواز", "ar")


def test_other_languages_of_arabic_letters_and_short_words_get_no_prefixes() -> None:
    assert not _find("جواز", "الجواز", "fa")
    assert not _find("حكم", "وحكم", "ar")


@pytest.mark.parametrize("pattern", ["", " | ", "*", "a", "a*"])
def test_pattern_of_which_nothing_is_left_finds_nothing(pattern: str) -> None:
    assert not _find(f"{pattern}|pass", "a b c")
    assert _find(f"{pattern}|pass", "pass")


def test_concepts_come_once_and_in_order_whatever_the_text_repeats() -> None:
    lexicon = Lexicon([("passport", {"de": "pass|reisepass", "tr": "pasaport"}), ("lost", {"de": "weg|verloren"})])
    assert lexicon.find(words("Pass weg, Reisepass verloren, pasaport, Pass")) == ["lost", "passport"]


def test_one_pattern_may_mean_several_concepts() -> None:
    lexicon = Lexicon([("b", {"de": "pass"}), ("a", {"en": "pass"})])
    assert lexicon.find(["pass"]) == ["a", "b"]


@pytest.mark.parametrize("line", ["passport\tpass", "passport\tpass\tpassport\tmore", ""])
def test_line_with_another_number_of_cells_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "lexicon.tsv"
    path.write_text(f"concept\tde\ten\nlost\tweg\tlost\n{line}\n", encoding="utf-8")
    with pytest.raises(BrokenLexicon, match=r"lexicon\.tsv, line 3: .* instead of 3"):
        Lexicon.load(path)


def test_our_lexicon_knows_a_passport_in_every_language() -> None:
    lexicon = Lexicon.load(FILE)
    texts = ["Reisepass", "passport", "جواز سفر", "pasaport", "паспорт", "پاسپورت", "passeport", "pasaportë", "pasoš", "პასპორტი"]
    for text in texts:
        assert "passport" in lexicon.find(words(text)), text


def test_our_lexicon_names_every_concept_once() -> None:
    concepts = [line.split("\t")[0] for line in FILE.read_text(encoding="utf-8").splitlines()]
    assert sorted(concepts) == sorted(set(concepts))
