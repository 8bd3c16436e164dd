"""Folding: spelling, marks and tricks of writing do not decide, and both environments fold exactly alike."""

from __future__ import annotations

import importlib.util
import time
from types import ModuleType

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hotline.settings import ROOT
from hotline.understanding import folding
from hotline.understanding.folding import MAX_CHARACTERS, fold, words


def _rasa_side() -> ModuleType:
    spec = importlib.util.spec_from_file_location("rasa_fold", ROOT / "nlu_data" / "components" / "fold.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


RASA_SIDE = _rasa_side()
LETTERS = (
    "aäßİıIłøœəđ áéêğşçñ ˈʼ'’‘`´\"“”«» أإآٱىیېئؤةۀك ـًٌٍَُِّْ ‌‍ ٠١٢۳۴۵ "
    "русскийЁё ქართული አማርኛ 中文 हिन्दी 😀👨‍👩‍👧 \u202e\u200f\u2066\x00\x07\n\t 0123456789.,!?؟"
)


@given(st.one_of(st.text(max_size=300), st.text(alphabet=LETTERS, max_size=80)))
@example("\ud800")
@example("İstanbul")
@example("ﷺ ﻻ ﬁ ½ Ⅷ ⑤")
@settings(max_examples=500, deadline=None)
def test_both_environments_fold_every_text_alike(text: str) -> None:
    assert RASA_SIDE.fold(text) == fold(text)


def test_both_environments_cut_at_the_same_length() -> None:
    assert RASA_SIDE.MAX_CHARACTERS == MAX_CHARACTERS
    assert RASA_SIDE._LETTERS == folding._LETTERS
    text = "أهلا ß " * 3000
    assert RASA_SIDE.fold(text) == fold(text)
    assert RASA_SIDE.fold(text, 50) == fold(text, 50)


def test_both_environments_fold_every_word_of_our_own_content_alike() -> None:
    for path in sorted((ROOT / "content" / "words").glob("*.yml")):
        content = path.read_text(encoding="utf-8")
        assert yaml.safe_load(content)
        for line in content.splitlines():
            assert RASA_SIDE.fold(line) == fold(line)


@given(st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_folded_text_has_no_marks_no_capitals_and_single_spaces(text: str) -> None:
    folded = fold(text)
    assert folded == folded.strip()
    assert "  " not in folded
    assert not {"\u202e", "\u200f", "\u200e", "\u2066", "\x00", "\x1b", "\n", "\t", "\u0640"} & set(folded)


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Rückkehr", "ruckkehr"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("İSTANBUL", "istanbul"),
        ("ısı", "isi"),
        ("Çfarë", "cfare"),
        ("đak", "dak"),
        ("l’argent", "largent"),
        ("l'argent", "largent"),
        ("ﬁn", "fin"),
        ("Ёлка", "елка"),
        ("й", "и"),
        ("  viele \n\t Zeilen  ", "viele zeilen"),
    ],
)
def test_case_diacritics_apostrophes_and_spaces_do_not_matter(written: str, folded: str) -> None:
    assert fold(written) == folded


@pytest.mark.parametrize(
    "variants",
    [
        ("أهلا", "إهلا", "آهلا", "ٱهلا", "اهلا"),
        ("علي", "على", "علی", "علئ"),
        ("مدرسة", "مدرسه"),
        ("كم", "کم"),
        ("مُحَمَّدٌ", "محمد", "محـــمد"),
        ("می‌خواهم", "می خواهم"),
        ("٢٠٢٦", "۲۰۲۶", "2026", "２０２６"),
    ],
)
def test_arabic_and_persian_ways_to_write_one_word_are_one(variants: tuple[str, ...]) -> None:
    assert len({fold(variant) for variant in variants}) == 1


@pytest.mark.parametrize("hidden", ["\u202e", "\u202d", "\u200f", "\u200e", "\u2066", "\u2069", "\u200b", "\ufeff", "\u00ad"])
def test_invisible_marks_inside_a_word_cannot_hide_it(hidden: str) -> None:
    assert fold(f"Hil{hidden}fe") == "hilfe"
    assert words(f"{hidden}Hil{hidden}fe{hidden} bitte") == ["hilfe", "bitte"]


@pytest.mark.parametrize("control", ["\x00", "\x07", "\x1b", "\x7f", "\r\n", "\x85"])
def test_control_characters_part_words_like_spaces(control: str) -> None:
    assert words(f"eins{control}zwei") == ["eins", "zwei"]


@pytest.mark.parametrize(
    "text", ["ا" * 10_000, "a\u0301" * 5_000, "👨‍👩‍👧" * 2_000, "ﷺ" * 10_000, "\u202e" * 10_000, " " * 10_000]
)
def test_ten_thousand_characters_are_folded_at_once_and_cut(text: str) -> None:
    started = time.perf_counter()
    folded = fold(text)
    assert time.perf_counter() - started < 0.5
    assert len(folded) <= MAX_CHARACTERS * 20


def test_who_needs_the_end_of_a_long_text_can_have_it() -> None:
    text = "bla " * 1000 + "Hilfe"
    assert words(text)[-1] == "bla"
    assert words(text, 10_000)[-1] == "hilfe"


def test_words_are_letters_and_numbers_of_any_script_without_punctuation() -> None:
    spoken = words("Wie viel? 1.000 €, bitte… كم؟ сколько_денег")
    assert spoken == [
        "wie",
        "viel",
        "1",
        "000",
        "bitte",
        "كم".replace("ك", "ک"),
        "сколько",
        "денег",
    ]
