"""How hard a text is: the same figures every time, the worst sentences first, in every language."""

from __future__ import annotations

import pytest

from hotline.knowledge.readability import measure_readability, split_sentences

EASY = "Sie sind nicht allein. Wir helfen Ihnen gern.\n\nRufen Sie an:\n- am Morgen\n- am Abend"
OFFICE = (
    "Die Inanspruchnahme der Rückkehrförderung setzt die Vorlage sämtlicher aufenthaltsrechtlicher Unterlagen sowie die "
    "Verpflichtungserklärung gegenüber der zuständigen Ausländerbehörde voraus, deren Bearbeitungszeit unterschiedlich ausfällt."
)


def test_plain_words_are_easy_and_the_language_of_offices_is_hard() -> None:
    easy, office = measure_readability(EASY, "de"), measure_readability(OFFICE, "de")
    assert (easy.band, office.band) == ("easy", "hard")
    assert easy.formula == office.formula == "wiener"
    assert easy.score is not None
    assert office.score is not None
    assert easy.score < 4 < 15 < office.score, "school years"


def test_figures_stay_the_same() -> None:
    found = measure_readability(f"{EASY}\n{OFFICE}", "de")
    assert (found.words, found.sentences, found.longest_sentence) == (37, 6, 22)
    assert (found.words_a_sentence, found.long_words_percent) == (6.2, 18.9)
    assert found.hardest[0] == OFFICE
    assert len(found.hardest) == 3


def test_one_sentence_without_end_makes_an_easy_text_hard() -> None:
    endless = " und ".join(["er geht nach Haus"] * 9) + "."
    assert measure_readability(f"{EASY} {endless}", "de").band == "hard"


@pytest.mark.parametrize(
    ("text", "language", "sentences"),
    [
        ("Bis zum 31. Dezember 2026. Dann nicht mehr.", "de", 2),
        ("Das gilt z. B. für Kinder. Fragen Sie.", "de", 2),
        ("Ev ne rast e. Tenê gef têrê nake.", "ku", 2),
        ("Sie sind unter 18. Wir helfen.", "de", 2),
        ("هل تحتاج إلى مساعدة؟ اتصل بنا.", "ar", 2),
        ("Schreiben Sie an hilfe@example.org oder www.bamf.de. Danke.", "de", 2),
        ("- eins\n- zwei\n\n", "de", 2),
        ("", "de", 0),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, language: str, sentences: int) -> None:
    assert len(split_sentences(text, language)) == sentences


@pytest.mark.parametrize(
    ("language", "formula"), [("de", "wiener"), ("en", "flesch"), ("fr", "flesch"), ("ru", "flesch"), ("ka", ""), ("xx", "")]
)
def test_every_language_has_a_band_and_four_a_formula(language: str, formula: str) -> None:
    found = measure_readability("Go home. We help you.", language)
    assert found.formula == formula
    assert (found.score is None) == (not formula)
    assert found.band in ("easy", "middle", "hard")


def test_text_without_words_is_easy() -> None:
    assert measure_readability("…", "de").band == "easy"
