"""What the starter content promises: every topic in every language, short enough, neutral, dated, and sure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from hotline.dialogue.preview import preview_answer
from hotline.knowledge.facts import SAID
from hotline.knowledge.library import Library
from hotline.knowledge.measures import count_segments
from hotline.knowledge.starter import LIMITS, SOURCE_LANGUAGE
from hotline.knowledge.wording import facts_named, fill
from tests.conftest import NOW, Hotline, make_hotline, make_settings
from tests.databases import starter_content

LANGUAGES = ("de", "en", "ar", "tr", "ru", "fr", "fa", "sq", "sr", "ka", "ku", "uk")
TODAY = NOW.date()
# Words by which a German full text offers somebody to talk to, where the policy asks for it.
SOMEBODY = ("Mensch", "Beratungsstelle", "Rechtsberatung", "Anwalt")


@pytest.fixture(scope="module")
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    """The hotline with its starter content."""
    made = make_hotline(make_settings(tmp_path_factory.mktemp("content")))
    yield made
    made.services.database.close()


@pytest.fixture(scope="module")
def library(hotline: Hotline) -> Library:
    """The answers of the day."""
    with hotline.services.database.read() as connection:
        return hotline.services.library.current(connection, TODAY)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_topic_has_an_answer(library: Library, language: str) -> None:
    assert [topic for topic in library.topics if (topic, language) not in library.articles] == []
    assert len(library.topics) == 49


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_short_answer_is_one_sms_of_three_segments_with_its_date_and_keys(
    hotline: Hotline, library: Library, language: str
) -> None:
    services = hotline.services
    for topic in library.topics:
        made = preview_answer(topic, language, library, services.renderer, services.definition)
        assert count_segments(made.short) <= 3, (topic, made.short)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_advises_judges_or_promises(hotline: Hotline, library: Library, language: str) -> None:
    for topic in library.topics:
        article = library.articles[topic, language]
        found = hotline.services.neutrality.find({"title": article.title, "short": article.short, "full": article.full}, language)
        assert [str(problem) for problem in found] == [], topic


@pytest.mark.parametrize("language", LANGUAGES)
def test_forbidden_wordings_are_known_in_every_language(hotline: Hotline, language: str) -> None:
    rules = hotline.services.neutrality.rules(language)
    assert all(rules[rule] for rule in ("advice", "safety", "promise"))


def test_neutrality_finds_what_it_is_for(hotline: Hotline) -> None:
    bad = {"full": "Wir empfehlen die Rückkehr. Ihr Land ist wieder sicher. Das Geld ist garantiert."}
    assert {problem.code for problem in hotline.services.neutrality.find(bad, "de")} == {"advice", "safety", "promise"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_state_the_facts_of_their_source(language: str) -> None:
    texts = starter_content().translations
    for topic, code in texts:
        if code == language:
            for part in ("short", "full"):
                named = set(facts_named(texts[topic, language][part]))
                assert named == set(facts_named(texts[topic, SOURCE_LANGUAGE][part])), (topic, part)


def test_nothing_unsure_is_said_anywhere() -> None:
    content = starter_content()
    unsure = {key for key, fact in content.facts.items() if fact.confidence not in SAID}
    assert unsure, "the gaps stand in the data, so that an editor can fill them"
    for key, text in content.translations.items():
        assert not unsure & {*facts_named(text["short"]), *facts_named(text["full"])}, key


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_still_read_and_fit_when_every_fact_has_expired(hotline: Hotline, language: str) -> None:
    content = starter_content()
    past = {key: replace(fact, valid_until=date(2020, 1, 1)) for key, fact in content.facts.items()}
    instead = hotline.services.texts.get(language, "answer.figure_from_counsellor")
    for (topic, code), text in content.translations.items():
        if code != language:
            continue
        for part in ("short", "full"):
            filled = fill(text[part].strip(), language, past, TODAY, instead)
            assert len(filled.text) <= LIMITS[part] + len(instead) + 2, (topic, part)
            assert (instead in filled.text) == bool(facts_named(text[part])), (topic, part)
            assert "{" not in filled.text


def test_where_policy_asks_for_it_somebody_is_named_to_talk_to(library: Library) -> None:
    for topic, policy in library.policies.items():
        if policy in "BC":
            full = library.articles[topic, "de"].full
            assert any(word in full for word in SOMEBODY), topic


def test_every_answer_shows_of_when_it_is_and_where_it_comes_from(hotline: Hotline, library: Library) -> None:
    for topic in library.topics:
        made = preview_answer(topic, "de", library, hotline.services.renderer, hotline.services.definition)
        assert "(Stand " in made.short, topic
        assert library.articles[topic, "de"].source in made.full, topic
