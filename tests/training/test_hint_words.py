"""The words the speech recognition is told to expect: chosen from the training phrases, small, and up to date."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotline.dialogue.events import Asked, Choice
from hotline.dialogue.hints import MOST_HINTS, BrokenHints, load_hint_words
from hotline.knowledge.starter import read_policies
from hotline.settings import ROOT
from hotline.telephony.languages import load_languages
from hotline.telephony.twiml import MAX_HINT_CHARACTERS
from hotline.training.hint_words import as_lines, tell_topics
from hotline.training.phrase_files import OUT_OF_SCOPE, PhraseFiles, StarterPhrase
from hotline.understanding.folding import words
from tests.conftest import Hotline

HINTS = ROOT / "content" / "hints"
CATALOGUE = load_languages(ROOT / "translations" / "languages.csv")
LISTENING = [code for code, language in CATALOGUE.items() if language.is_live and language.gather_code]
TOPICS = [topic for topic in read_policies(ROOT / "content") if topic != OUT_OF_SCOPE]


@pytest.mark.parametrize("language", LISTENING)
def test_file_of_a_language_is_what_its_phrases_tell(language: str) -> None:
    told = tell_topics(PhraseFiles(ROOT / "nlu_data").starters(language), TOPICS, language)
    written = (HINTS / f"{language}.tsv").read_text(encoding="utf-8")
    assert written == as_lines(told), "run `flask hints build`"


def test_words_that_tell_a_topic_are_chosen_and_spelled_as_most_people_write_them() -> None:
    said = ["Wie hoch ist die Überbrückung", "gibt es Überbrückung", "eine Überbrückung bitte", "uberbruckung für mich"]
    other = ["Gibt es einen Flug", "einen Flug bitte", "wie buche ich den Flug", "Flug für mich", "REAG 2 123"]
    phrases = [StarterPhrase("de", "money", text) for text in said] + [StarterPhrase("de", "flight", text) for text in other]
    told = tell_topics(phrases, ["money", "flight"], "de")
    assert told["money"][0] == "Überbrückung"
    assert told["flight"][0] == "Flug"
    assert not {"gibt", "bitte", "für"} & {word for found in told.values() for said in found for word in words(said)}


def test_hints_of_every_question_are_within_the_limits_of_the_provider_and_hold_the_words_of_phrases(
    quick_hotline: Hotline,
) -> None:
    services = quick_hotline.services
    hints, told = services.renderer._hints, load_hint_words(HINTS, LISTENING)
    with services.database.read() as connection:
        library = services.library.current(connection, quick_hotline.clock().date())
    pages = (Choice("1", "topic", "entry_ban", ""), Choice("2", "topic", "dublin", ""))
    menu = Asked("menu.main", "menu.ask", (), listens=True)
    group = Asked("menu.group", "menu.ask", pages, listens=True)
    country = Asked("country.ask", "country.ask", (), listens=True, collects="country")
    for language in LISTENING:
        everywhere = hints.at(menu, language, library)
        assert {title for topic in TOPICS if (title := library.title(topic, language))} <= set(everywhere)
        assert all(found[0] in everywhere for found in told[language].values())
        listed = hints.at(group, language, library)
        assert listed[0] == told[language]["entry_ban"][0]
        assert set(told[language]["dublin"]) <= set(listed)
        assert len(hints.at(country, language, library)) > 200
        for found in (everywhere, listed, hints.at(country, language, library)):
            assert len(found) == len(set(found)) <= MOST_HINTS
            assert max(map(len, found)) <= MAX_HINT_CHARACTERS
            assert len(",".join(found).encode()) < 20_000, "a document has 64 kB"


def test_broken_file_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "de.tsv").write_text("entry_ban\tSperre|Verbot\nno words\n", encoding="utf-8")
    with pytest.raises(BrokenHints, match=r"de\.tsv, line 2: .*flask hints build"):
        load_hint_words(tmp_path, ["de", "tr"])
