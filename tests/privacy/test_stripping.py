"""What could tell who wrote a question is taken out of it, in every script; what makes it a question stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.privacy.stripping import LONGEST, BrokenPersonal, Stripper
from hotline.settings import ROOT
from hotline.understanding.entities import EntityFinder, TimeWords
from tests.conftest import stripper

NOBODY = TimeWords({}, {}, {}, {}, frozenset(), frozenset(), frozenset(), frozenset())


@pytest.mark.parametrize(
    ("text", "stripped"),
    [
        ("Ich heiße Zerevan Testmann und will zurück", "Ich heiße <name> und will zurück"),
        ("mein name ist ahmad karimi", "mein name ist <name>"),
        ("Meine Frau ist schwanger", "Meine Frau ist schwanger"),
        ("Frau Schmidtke hat angerufen", "Frau <name> hat angerufen"),
        ("mein Sohn Leonid ist krank", "mein Sohn <name> ist krank"),
        ("was ist mit der Katze", "was ist mit der Katze"),
        ("ich wohne Lindenstraße 14, 80331 München", "ich wohne <address>"),
        ("rue de la Paix 5, combien", "<address>, combien"),
        ("meine Nummer: +49 151 / 98 76-54 321", "meine Nummer: <number>"),
        ("null eins fünf eins neun acht sieben", ""),
        ("geboren am 01.02.1990 in Gießen", "geboren am <number> in <place>"),
        ("schreib an max.muster@web.de oder www.example.org/max", "schreib an <mail> oder <link>"),
        ("ich bin @maxm auf telegram", "ich bin <name> auf telegram"),
        ("رقمي ٠١٥١٢٣٤٥٦٧٨ من فضلك", "رقمي <number> من فضلك"),
        ("меня зовут Магомед Асланов, как вернуться", "меня зовут <name>, как вернуться"),
        ("მე მქვია გიორგი ბერიძე", "მე მქვია <name>"),
        ("navê min Rojda", "navê min <name>"),
        ("Can I take my dog Bello along", "Can I take my dog <name> along"),
        ("WIE VIEL GELD BEKOMME ICH", "WIE VIEL GELD BEKOMME ICH"),
        ("<number> steht da", "number steht da"),
    ],
)
def test_text_is_stripped(text: str, stripped: str) -> None:
    assert stripper().strip_text(text) == stripped


def test_text_of_which_only_marks_are_left_is_nothing() -> None:
    assert stripper().strip_text("0151 98 76 54 321") == ""


@given(st.text(max_size=400))
def test_no_figure_and_no_address_of_a_mailbox_survives(text: str) -> None:
    stripped = stripper().strip_text(text)
    assert not any(letter.isdecimal() for letter in stripped)
    assert "@" not in stripped or "." not in stripped.partition("@")[2].split(" ")[0]


@given(st.text(alphabet="0123456789 ()/+-.٠١٢٣٤٥٦٧٨٩۰۱۲۳", max_size=40))
def test_a_number_may_be_written_in_any_way(number: str) -> None:
    assert not any(letter.isdecimal() for letter in stripper().strip_text(f"ruf {number} an"))


def test_without_known_words_every_word_with_a_capital_is_a_name() -> None:
    lists = dict.fromkeys(("introductions", "titles", "streets_before", "streets_after", "first_names", "articles", "digits"), ())
    nothing = Stripper(lists, {}, EntityFinder([], NOBODY))
    assert nothing.strip_text("wo ist Bahnhof") == "wo ist <name>"


def test_long_texts_are_cut() -> None:
    assert len(stripper().strip_text("aber " * 200)) <= LONGEST


def test_missing_lists_are_named() -> None:
    with pytest.raises(BrokenPersonal, match=r"personal\.yml"):
        Stripper.load(ROOT / "nowhere" / "personal.yml", ROOT, EntityFinder([], NOBODY))
