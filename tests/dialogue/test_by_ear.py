"""What is made for the ear: sentences, sums and dates in words, emergency numbers figure by figure."""

from __future__ import annotations

import pytest

from hotline.dialogue.by_ear import emergency_aloud, say_as_of, say_figures, split_sentences
from hotline.settings import ROOT
from hotline.telephony.languages import load_languages

LIVE = [code for code, one in load_languages(ROOT / "translations" / "languages.csv").items() if one.is_live]


def test_sentences_end_where_people_breathe_and_not_after_a_date_or_an_abbreviation() -> None:
    text = "Bis zum 3. Juni z. B. in Berlin. Danach nicht mehr. Neu?\n- das Ticket\n- 100 Euro"
    assert split_sentences(text) == ["Bis zum 3. Juni z. B. in Berlin.", "Danach nicht mehr.", "Neu?", "das Ticket", "100 Euro"]
    assert split_sentences("هل هذا صحيح؟ نعم.") == ["هل هذا صحيح؟", "نعم."]


@pytest.mark.parametrize(
    ("language", "written", "said"),
    [
        ("de", "bis zu 1.000 € am 03.11.2026", "bis zu 1000 Euro am 3. November 2026"),
        ("en", "up to €1,000 (02.2026)", "up to 1000 euros (February 2026)"),
        ("sr", "do 1.000 €, 31.12.2026", "do 1000 evra, 31. decembar 2026."),
        ("ru", "до 200 €", "до 200 евро"),
        ("ru", "до 03.11.2026", "до 3 ноября 2026 года"),
        ("uk", "з 03.11.2026", "з 3 листопада 2026 року"),
        ("de", "Telefon 0800 111 0 111, Paragraf 60.5, 99.99.2026", "Telefon 0800 111 0 111, Paragraf 60.5, 99.99.2026"),
    ],
)
def test_sums_and_dates_are_said_in_words_of_the_language(language: str, written: str, said: str) -> None:
    assert say_figures(written, language) == said


@pytest.mark.parametrize("language", LIVE)
def test_every_language_has_months_and_the_currency_in_words(language: str) -> None:
    said = say_figures("1.000 € 03.11.2026", language)
    assert "€" not in said
    assert "11." not in said
    assert "2026" in said


@pytest.mark.parametrize("language", LIVE)
def test_date_of_an_answer_is_said_with_its_month_by_name_and_no_short_word(language: str) -> None:
    assert say_as_of("2026", language) == "2026"
    for as_of in ("2026-01", "2026-01-05"):
        said = say_as_of(as_of, language)
        assert "2026" in said
        assert "/" not in said
        assert "01" not in said
        assert not said.endswith(("г.", "р."))


def test_emergency_numbers_come_figure_by_figure_and_twice() -> None:
    once = ["Jetzt 1 1 2.", "Hilfe: 0 8 0 0, 1 1 1, 0, 1 1 1."]
    assert emergency_aloud("Jetzt 112. Hilfe: 0800 111 0 111.") == once * 2
