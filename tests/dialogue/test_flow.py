"""The pure engine on the real flows: whatever is heard, it goes on, stays small, and leads to a person in time."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline.dialogue.definition import Step
from hotline.dialogue.events import Answered, Asked, Ended, Heard, LanguageChosen, Meaning, PersonRequested, Told
from hotline.dialogue.flow import FlowError, advance
from hotline.dialogue.flow_files import WISHES
from hotline.dialogue.safety import CATEGORIES
from hotline.dialogue.session import Session
from tests.dialogue.worlds import (
    LANGUAGES,
    NOT_UNDERSTOOD,
    REAL,
    SECRET_TOPIC,
    SILENCE,
    START,
    TOPICS,
    WORLD,
    Talk,
    key,
    words,
)  # fmt: skip

MAX_SESSION_BYTES = 2000
QUESTIONS = sorted(name for name, step in REAL.steps.items() if step.kind == "ask")
_topics = st.sampled_from([*TOPICS, SECRET_TOPIC, "unknown_topic"])
_languages = st.sampled_from([*LANGUAGES, "ku", None])
# Kinds are few, and what is kept of each is short: see entities.
_SLOTS = {"country": "SY", "nationality": "SY", "land": "DE-BW", "city": "Frankfurt am Main", "postcode": "60311", "days": "999"}

meanings = st.builds(
    Meaning,
    danger=st.sampled_from([None] * 9 + list(CATEGORIES)),
    wish=st.sampled_from([None] * 9 + [*sorted(WISHES), "stop", "start", "nonsense"]),
    language=st.sampled_from([None] * 5 + list(LANGUAGES)),
    language_named=st.booleans(),
    language_not_live=st.sampled_from([None] * 5 + ["ku"]),
    topic=st.one_of(st.none(), _topics),
    decision=st.sampled_from(["answer", "confirm", "clarify", "handoff"]),
    alternatives=st.lists(_topics, max_size=3, unique=True).map(tuple),
    slots=st.lists(st.sampled_from(sorted(_SLOTS)), unique=True).map(lambda kinds: {kind: _SLOTS[kind] for kind in kinds}),
    is_pressing=st.booleans(),
)
inputs = st.one_of(
    st.sampled_from("0123456789*#").map(key),
    st.sampled_from(["", "x", "12", "٣"]).map(key),
    meanings.map(lambda meaning: Heard("words", meaning=meaning)),
    st.just(SILENCE),
    st.sampled_from([Heard("start", start="text"), Heard("start", start="voice")]),
)


# -- whatever is heard -----------------------------------------------------------------------------------------------------


@given(st.sampled_from(["text", "voice"]), _languages.filter(lambda code: code != "ku"), st.lists(inputs, max_size=40))
@settings(max_examples=400, deadline=None)
def test_nothing_anybody_says_stops_the_conversation_or_makes_it_grow(
    start: str, language: str | None, heard: list[Heard]
) -> None:
    talk = Talk(language)
    for one in [Heard("start", start=start), *heard]:
        talk.hear(one)
        assert isinstance(talk.events[-1], Asked | Ended)
        assert sum(isinstance(event, Asked | Ended) for event in talk.events) == 1
        stored = json.dumps(talk.session.to_dict(), ensure_ascii=False)
        assert len(stored.encode()) < MAX_SESSION_BYTES
        assert Session.from_dict(json.loads(stored)) == talk.session
        for event in talk.events:
            if isinstance(event, Answered):
                assert (event.topic, talk.session.language) in WORLD.answerable
            if isinstance(event, LanguageChosen):
                assert event.language in LANGUAGES
        if isinstance(talk.events[-1], Asked):
            keys = [choice.key for choice in talk.events[-1].choices]
            assert len(keys) == len(set(keys)), "one key, one meaning"


@given(st.lists(inputs, max_size=15), st.sampled_from(CATEGORIES), _languages.filter(lambda code: code != "ku"))
@settings(max_examples=150, deadline=None)
def test_danger_reaches_a_person_at_once_from_everywhere(heard: list[Heard], danger: str, language: str | None) -> None:
    talk = Talk(language).hear(START, *heard, words(danger=danger, wish="no", topic=TOPICS[0], decision="answer"))
    (wanted,) = [event for event in talk.events if isinstance(event, PersonRequested)]
    assert (wanted.reason, wanted.danger) == ("danger", danger)
    assert not [event for event in talk.events if isinstance(event, Answered)], "never an article alone"


@given(st.lists(inputs, max_size=15))
@settings(max_examples=150, deadline=None)
def test_engine_is_pure_the_same_input_gives_the_same_turn(heard: list[Heard]) -> None:
    first, second = Talk().hear(START, *heard), Talk().hear(START, *heard)
    assert (first.session, first.events) == (second.session, second.events)


# -- from every question ---------------------------------------------------------------------------------------------------


def _at(question: str, language: str | None = "de") -> Talk:
    """A conversation that waits at a question, however it got there."""
    talk = Talk(language)
    suggestions = TOPICS[:3] if REAL.steps[question].options_from == "suggestions" else ()
    talk.session = replace(talk.session, step=question, topic=TOPICS[0], suggestions=suggestions, back=("menu.main",))
    return talk


@pytest.mark.parametrize("language", ["de", None])
@pytest.mark.parametrize("question", QUESTIONS)
def test_key_0_reaches_a_person_from_every_question(question: str, language: str | None) -> None:
    assert _at(question, language).hear(key("0")).reasons == ["asked"]


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("wish", ["person", "callback"])
def test_who_asks_for_a_person_in_words_gets_one_from_every_question(question: str, wish: str) -> None:
    assert len(_at(question).hear(words(wish=wish)).reasons) == 1


@pytest.mark.parametrize("question", QUESTIONS)
def test_hash_asks_the_same_question_again_with_the_same_keys(question: str) -> None:
    talk = _at(question).hear(key("#"))
    first = talk.events
    assert talk.asked.step == question
    assert talk.hear(key("#")).events == first


@pytest.mark.parametrize("question", [question for question in QUESTIONS if question != "menu.main"])
def test_star_leads_back_from_every_question(question: str) -> None:
    assert _at(question).hear(key("*")).asked.step == "menu.main"


@pytest.mark.parametrize("question", [name for name in QUESTIONS if not (REAL.steps[name].waits or REAL.steps[name].silence)])
@pytest.mark.parametrize("heard", [SILENCE, key("x")], ids=["silence", "wrong key"])
def test_three_silences_or_wrong_keys_in_a_row_lead_to_a_person(question: str, heard: Heard) -> None:
    talk = _at(question)
    for _ in range(REAL.limits.no_match - 1):
        assert talk.hear(heard).reasons == []
        assert talk.asked.step == question
    assert talk.hear(heard).reasons == ["not_understood"]


def test_silences_and_wrong_keys_are_counted_together() -> None:
    assert Talk().hear(START, SILENCE, key("x"), SILENCE).reasons == ["not_understood"]


def test_count_of_silences_starts_anew_after_an_answer_was_understood() -> None:
    talk = Talk().hear(START, SILENCE, SILENCE, key("1"), SILENCE, SILENCE)
    assert talk.reasons == []
    assert talk.hear(SILENCE).reasons == ["not_understood"]


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("language", ["de", None])
def test_twice_not_understood_leads_to_a_person(question: str, language: str | None) -> None:
    talk = _at(question, language).hear(NOT_UNDERSTOOD)
    assert talk.reasons == []
    if REAL.steps[question].collects in ("country", "day"):
        # There are keys beside the words: as often as keys may be wrong.
        assert talk.hear(NOT_UNDERSTOOD).reasons == []
    assert talk.hear(NOT_UNDERSTOOD).reasons == ["not_understood"]


# -- the way back ------------------------------------------------------------------------------------------------------------


def test_star_walks_back_through_all_questions_and_stays_at_the_first() -> None:
    talk = Talk().hear(START, key("1"), key("1"), key("3"))
    assert talk.asked.step == "language.choose"
    seen = [talk.hear(key("*")).asked.step for _ in range(4)]
    assert seen == ["answer.after_more", "answer.after", "menu.main", "menu.main"]


def test_way_back_is_remembered_up_to_its_limit_only() -> None:
    talk = Talk().hear(START)
    for _ in range(100):
        talk.hear(key("1"), key("3"), key("1"))
    assert len(talk.session.back) <= REAL.limits.back_steps


def test_pages_of_the_menu_go_round_and_show_every_topic() -> None:
    talk, seen = Talk().hear(START), []
    for _ in range(3):
        seen += [choice.value for choice in talk.asked.choices if choice.kind == "topic"]
        talk.hear(key("9"))
    assert tuple(seen) == TOPICS
    assert [choice.value for choice in talk.asked.choices if choice.kind == "topic"] == list(TOPICS[:4])


# -- language and topic --------------------------------------------------------------------------------------------------------


def test_question_asked_before_the_language_is_known_is_answered_after_it_was_chosen() -> None:
    talk = Talk(None).hear(START, words(topic=TOPICS[2], decision="answer"))
    assert talk.asked.step == "language.choose"
    talk.hear(key("2"))
    assert talk.session.language == "en"
    assert Answered(TOPICS[2], "short") in talk.events


def test_topic_that_only_a_person_may_answer_goes_to_one() -> None:
    talk = Talk().hear(START, words(topic=SECRET_TOPIC, decision="answer"))
    assert talk.reasons == ["topic"]
    assert not [event for event in talk.events if isinstance(event, Answered)]


def test_topic_without_an_answer_in_this_language_is_said_to_be_missing_never_answered_in_another() -> None:
    talk = Talk("ar").hear(START, words(topic=TOPICS[-1], decision="answer"))
    assert Told("answer.elsewhere") in talk.events
    assert TOPICS[-1] not in [choice.value for choice in talk.hear(words(wish="menu")).asked.choices]


@pytest.mark.parametrize(("wish", "answered"), [("yes", TOPICS[1]), ("no", None)])
def test_did_you_mean_takes_yes_as_the_first_and_no_as_none(wish: str, answered: str | None) -> None:
    talk = Talk().hear(START, words(topic=TOPICS[1], alternatives=TOPICS[1:4], decision="confirm"))
    assert [choice.value for choice in talk.asked.choices if choice.kind == "topic"] == list(TOPICS[1:4])
    talk.hear(words(wish=wish))
    assert next((event.topic for event in talk.events if isinstance(event, Answered)), None) == answered


def test_pressing_deadline_goes_to_a_person() -> None:
    talk = Talk().hear(START, words(topic=TOPICS[0], decision="answer", is_pressing=True))
    assert talk.reasons == ["deadline"]


def test_newer_slot_replaces_an_older_one_and_others_stay() -> None:
    talk = Talk().hear(START, words(slots={"country": "SY", "city": "Köln"}), words(slots={"country": "IQ"}))
    assert talk.session.slots == {"country": "IQ", "city": "Köln"}


def test_goodbye_ends_the_conversation_and_nothing_is_asked() -> None:
    talk = Talk().hear(START, words(wish="goodbye"))
    assert talk.events[-1] == Ended()
    assert talk.session.ended


# -- flows an editor broke -------------------------------------------------------------------------------------------------------


def test_circle_and_unknown_step_stop_with_a_sentence_that_names_the_step() -> None:
    circle = replace(REAL, steps={**REAL.steps, "welcome.greeting": Step("welcome.greeting", "say", ("x",), "welcome.greeting")})
    with pytest.raises(FlowError, match=r"circle at 'welcome\.greeting'"):
        advance(circle, WORLD, Session(language="de"), START)
    unknown = replace(REAL, start={"text": "no.where"})
    with pytest.raises(FlowError, match=r"'no\.where', which is no step"):
        advance(unknown, WORLD, Session(language="de"), START)
