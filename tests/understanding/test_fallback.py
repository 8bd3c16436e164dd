"""Understanding without Rasa: the nearest known phrase, in the text's own script, and silence rather than a wild guess."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.understanding.fallback import LONGEST, TOPICS, FallbackUnderstander
from hotline.understanding.thresholds import FALLBACK

PHRASES = [
    ("de", "money_reag_garp", "Wie viel Geld bekomme ich für die Rückkehr?"),
    ("de", "entry_ban", "Darf ich später wieder nach Deutschland kommen?"),
    ("de", "no", "nein"),
    ("en", "money_reag_garp", "How much money do I get?"),
    ("en", "entry_ban", "Can I come back to Germany later?"),
    ("fr", "money_reag_garp", "Combien d'argent vais-je recevoir ?"),
    ("ar", "money_reag_garp", "كم من المال سأحصل عليه؟"),
    ("ru", "money_reag_garp", "Сколько денег я получу?"),
]
UNDERSTANDER = FallbackUnderstander(PHRASES)


@pytest.mark.parametrize(("language", "topic", "phrase"), PHRASES)
def test_known_phrase_is_certain_in_its_language_whether_the_language_is_known_or_not(
    language: str, topic: str, phrase: str
) -> None:
    for known in (language, None):
        parse = UNDERSTANDER.parse(phrase, known)
        assert (parse.topics[0].name, parse.topics[0].score) == (topic, 1.0)
        assert (parse.languages[0].name, parse.engine) == (language, "fallback")


@pytest.mark.parametrize(
    ("text", "language", "topic"),
    [
        ("wieviel geld bekomme ich fuer rückkehr", "de", "money_reag_garp"),
        ("WIE VIEL GELD BEKOMME ICH", "de", "money_reag_garp"),
        ("how much mony do i get", "en", "money_reag_garp"),
        ("كم من المال ساحصل علية", "ar", "money_reag_garp"),
    ],
)
def test_typing_errors_and_missing_diacritics_do_not_decide(text: str, language: str, topic: str) -> None:
    assert UNDERSTANDER.parse(text, language).topics[0].name == topic


def test_who_goes_on_in_another_script_is_understood_in_it() -> None:
    parse = UNDERSTANDER.parse("Сколько денег я получу", "de")
    assert (parse.languages[0].name, parse.topics[0].name) == ("ru", "money_reag_garp")


def test_one_short_word_in_common_decides_nothing() -> None:
    parse = UNDERSTANDER.parse("nein ich frage nach etwas ganz anderem und zwar nach Schuhen", "de")
    assert all(score.score < FALLBACK.answer for score in parse.topics)


@pytest.mark.parametrize("text", ["", " ", "zzzz qqqq xxxx", "12345", "🙏🙏", "ႠႡႢ", "?!", "\u202e\x00"])
def test_unknown_text_is_not_understood_and_keeps_the_language(text: str) -> None:
    parse = UNDERSTANDER.parse(text, "fr")
    assert all(score.score < FALLBACK.confirm for score in parse.topics)


@given(st.text(max_size=400), st.sampled_from(["de", "ar", "xx", None]))
def test_any_text_gives_scores_between_nought_and_one_best_first(text: str, language: str | None) -> None:
    parse = UNDERSTANDER.parse(text, language)
    assert len(parse.topics) <= TOPICS
    for scores in (parse.topics, parse.languages):
        values = [score.score for score in scores]
        assert values == sorted(values, reverse=True)
        assert all(0 <= value <= 1 for value in values)


def test_very_long_text_costs_no_more_than_a_long_one() -> None:
    understander = FallbackUnderstander(PHRASES * 500)
    started = time.perf_counter()
    understander.parse("wie viel geld " * 100_000, "de")
    assert time.perf_counter() - started < 1
    assert LONGEST < 1000


def test_without_phrases_nothing_is_understood_and_nothing_breaks(tmp_path: Path) -> None:
    parse = FallbackUnderstander.load(tmp_path / "missing.tsv").parse("Wie viel Geld", None)
    assert parse.topics == ()
    assert parse.languages[0].name == "und"


def test_phrases_are_read_from_the_file_beside_the_model_and_odd_lines_skipped(tmp_path: Path) -> None:
    path = tmp_path / "phrases.tsv"
    path.write_text("de\tentry_ban\tDarf ich wieder kommen\nbroken line\n\nen\tgreet\thello\n", encoding="utf-8")
    understander = FallbackUnderstander.load(path)
    assert understander.parse("darf ich wieder kommen", "de").topics[0].name == "entry_ban"
    assert understander.parse("hello", None).topics[0].name == "greet"
