"""The pure engine asks for a place, takes it in any form, and tells centres; no input leads it astray."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline.dialogue.events import Answered, CentresShown, CountryRead, DayRead, Heard, PlaceRead, Told
from hotline.dialogue.session import World
from hotline.knowledge.centres import Centre, Directory
from hotline.knowledge.countries import CountryView
from hotline.knowledge.places import GermanPlaces
from tests.dialogue.worlds import REAL, START, TOPICS, WORLD, Talk, key, words

FINDER = "counselling_where"
DAY = date(2027, 1, 1)


def _centre(name: str, body: str = "state", land: str = "DE-BY") -> Centre:
    return Centre(name, body, "", "", "", land, "", "", "", "", (), "Source", "https://x.test/", "2025", DAY, "H", DAY)


EVERYBODY = _centre("everybody", land="DE")
CENTRES = (*(_centre(f"state {number}") for number in range(4)), _centre("free", "independent"), EVERYBODY)
PLACES = GermanPlaces([("80000", "89999", ("DE-BY",)), ("90000", "90999", ("DE-BY", "DE-BW"))], {"Köln": "DE-NW"})
ALL = replace(WORLD, topics=(*TOPICS, FINDER), answerable=WORLD.answerable | {(FINDER, code) for code in WORLD.languages})
WRITTEN = replace(ALL, places=PLACES, directory=Directory(CENTRES))
SPOKEN = replace(WRITTEN, is_call=True)
ASK_WHERE = words(topic=FINDER, decision="answer")


def _talk(world: World = WRITTEN) -> Talk:
    return Talk("de", REAL, world).hear(START, ASK_WHERE)


def _shown(talk: Talk) -> CentresShown:
    (shown,) = [event for event in talk.events if isinstance(event, CentresShown)]
    return shown


def _names(talk: Talk) -> list[str]:
    return [centre.name for centre in _shown(talk).centres]


def _keys(talk: Talk) -> dict[str, str]:
    return {choice.key: choice.value for choice in talk.asked.choices}


def postcode(text: str) -> Heard:
    """The figures of a postcode."""
    return Heard("digits", key=text)


def test_place_is_asked_for_with_five_digits_a_list_and_a_person() -> None:
    talk = _talk()
    assert (talk.asked.step, talk.asked.digits) == ("centres.ask_place", 5)
    assert _keys(talk) == {"1": "option.lands", "2": "option.menu", "0": "option.person"}


@pytest.mark.parametrize(
    ("heard", "land"),
    [
        (postcode("80331"), "DE-BY"),
        (words(slots={"city": "Köln"}, is_brief=True, decision="answer", topic=TOPICS[0]), "DE-NW"),
        (words(slots={"land": "DE-SN"}, decision="clarify"), "DE-SN"),
        (words(slots={"postcode": "80331", "city": "Köln"}, decision="confirm", alternatives=(TOPICS[0],)), "DE-BY"),
    ],
)
def test_place_is_taken_in_any_form(heard: Heard, land: str) -> None:
    place = _shown(_talk().hear(heard)).place
    assert place is not None
    assert place.lands == (land,)


def test_question_that_names_a_place_stays_a_question() -> None:
    talk = _talk().hear(words(slots={"city": "Köln"}, topic=TOPICS[1], decision="answer"))
    assert Answered(TOPICS[1], "short") in talk.events


def test_place_named_before_is_not_asked_for_again_and_a_new_one_replaces_it() -> None:
    named = words(slots={"postcode": "80331"}, topic=TOPICS[0], decision="answer")
    talk = Talk("de", REAL, WRITTEN).hear(START, named, ASK_WHERE)
    assert _names(talk)
    talk.hear(words(slots={"city": "Köln"}, is_brief=True))
    assert talk.session.slots == {"city": "Köln"}
    assert _names(talk) == []


def test_postcode_alone_leads_to_centres_from_any_question() -> None:
    assert _names(Talk("de", REAL, WRITTEN).hear(START, postcode("80331")))


def test_postcode_before_the_language_is_known_is_kept() -> None:
    talk = Talk(None, REAL, WRITTEN).hear(START, postcode("80331"))
    assert talk.asked.step == "language.choose"
    assert _names(talk.hear(key("1"), ASK_WHERE))


def test_unknown_postcode_is_said_to_be_unknown_and_asked_again() -> None:
    talk = _talk().hear(postcode("00001"))
    assert Told("centres.not_known") in talk.events
    assert talk.asked.step == "centres.ask_place"


def test_unknown_place_twice_leads_to_a_person() -> None:
    unknown = words(decision="clarify", is_brief=True)
    assert _talk().hear(unknown).reasons == []
    assert _talk().hear(unknown, unknown).reasons == ["not_understood"]


def test_deadline_and_danger_come_before_the_place() -> None:
    slots = {"city": "Köln"}
    pressing = words(slots=slots, topic=TOPICS[0], decision="confirm", alternatives=(TOPICS[0],), is_pressing=True)
    assert _talk().hear(pressing).reasons == ["deadline"]
    assert _talk().hear(words(slots=slots, danger="detention", is_brief=True)).reasons == ["danger"]


def test_caller_hears_the_place_back_and_agrees_or_corrects_by_key_or_word() -> None:
    talk = _talk(SPOKEN).hear(postcode("80331"))
    assert [event.place.lands for event in talk.events if isinstance(event, PlaceRead)] == [("DE-BY",)]
    assert talk.asked.step == "centres.is_right"
    for agreed in (key("1"), words(wish="yes")):
        assert _names(_talk(SPOKEN).hear(postcode("80331"), agreed))
    for refused in (key("2"), words(wish="no")):
        assert _talk(SPOKEN).hear(postcode("80331"), refused).asked.step == "centres.ask_place"


def test_land_is_chosen_from_pages_long_in_writing_and_short_by_ear() -> None:
    written = _talk().hear(key("1"))
    assert len([choice for choice in written.asked.choices if choice.kind == "land"]) == 8
    spoken = _talk(SPOKEN).hear(key("1"))
    assert len([choice for choice in spoken.asked.choices if choice.kind == "land"]) == 4
    # Bavaria; chosen by key, it is not read back.
    assert _names(spoken.hear(key("2"))) == ["state 0", "state 1", "state 2"]


def test_three_at_once_more_by_key_or_word_and_no_key_when_all_are_told() -> None:
    talk = _talk().hear(postcode("80331"))
    assert _names(talk) == ["state 0", "state 1", "state 2"]
    assert _keys(talk)["1"] == "option.more_centres"
    assert _names(talk.hear(words(wish="more"))) == ["state 3", "free"]
    assert "1" not in _keys(talk)


@pytest.mark.parametrize(("fitting", "told"), [(2, 2), (0, 1), (9, 3)])
def test_as_many_are_told_as_fit_but_never_none(fitting: int, told: int) -> None:
    talk = _talk(replace(WRITTEN, fitting=lambda centres, language: min(fitting, len(centres)))).hear(postcode("80331"))
    assert len(_names(talk)) == told
    assert _names(talk.hear(key("1")))[0] == f"state {told}"


def test_independent_ones_by_key_until_another_place_is_named() -> None:
    talk = _talk().hear(postcode("80331"))
    assert _keys(talk)["4"] == "option.independent"
    assert _names(talk.hear(key("4"))) == ["free"]
    assert "4" not in _keys(talk)
    assert len(_names(talk.hear(postcode("80332")))) == 3


def test_centres_that_speak_the_persons_language_by_key_and_together_with_independent_ones() -> None:
    speaking = [replace(_centre(name, body), languages=("de",)) for name, body in (("both", "independent"), ("ours", "state"))]
    talk = _talk(replace(WRITTEN, directory=Directory((*CENTRES, *speaking)))).hear(postcode("80331"))
    assert _keys(talk)["6"] == "option.own_language"
    assert _names(talk.hear(key("6"))) == ["both", "ours"]
    assert "6" not in _keys(talk)
    assert _names(talk.hear(key("4"))) == ["both"]
    assert len(_names(talk.hear(postcode("80332")))) == 3, "another place is looked at with all its centres"


def test_directory_of_the_federation_is_told_everywhere() -> None:
    for named in (postcode("80331"), words(slots={"city": "Köln"}, is_brief=True)):
        assert _shown(_talk().hear(named)).nationwide == (EVERYBODY,)


def test_country_stands_with_the_answers_that_carry_it_the_destination_before_the_nationality() -> None:
    definition = replace(REAL, country_topics={TOPICS[0]: "before", TOPICS[1]: "after"})
    slots = {"country": "SY", "nationality": "IQ"}
    talk = Talk("de", definition, WRITTEN).hear(START, words(slots=slots, topic=TOPICS[0], decision="answer"))
    assert Answered(TOPICS[0], "short", CountryView("SY"), is_country_first=True) in talk.events
    talk.hear(key("1"))
    assert Answered(TOPICS[0], "full", CountryView("SY"), is_country_first=True) in talk.events
    talk.hear(words(topic=TOPICS[1], decision="answer"))
    assert Answered(TOPICS[1], "short", CountryView("SY")) in talk.events
    talk.hear(words(topic=TOPICS[2], decision="answer"))
    assert Answered(TOPICS[2], "short") in talk.events
    other = Talk("de", definition, WRITTEN).hear(START, words(slots={"nationality": "IQ"}, topic=TOPICS[0], decision="answer"))
    assert Answered(TOPICS[0], "short", CountryView("IQ"), is_country_first=True) in other.events


SPOKEN_COUNTRIES = replace(
    SPOKEN,
    topics=(*TOPICS, "country_list_status", "departure_deadline"),
    answerable=ALL.answerable | {(topic, "de") for topic in ("country_list_status", "departure_deadline")},
    countries=lambda _: ("SY", "IQ", "TR"),
    country_asked=REAL.country_asked,
    today=date(2026, 11, 24),
)
ASK_COUNTRY = words(topic="country_list_status", decision="answer")
ASK_DEADLINE = words(topic="departure_deadline", decision="answer")


def test_country_is_remembered_only_when_the_caller_agrees() -> None:
    talk = Talk("de", REAL, SPOKEN_COUNTRIES).hear(START, ASK_COUNTRY)
    assert talk.asked.step == "country.ask"
    talk.hear(words(slots={"country": "SY"}, is_brief=True))
    assert CountryRead("SY") in talk.events
    assert "country" not in talk.session.slots
    talk.hear(words(wish="no"), words(slots={"nationality": "IQ"}, is_brief=True), words(wish="yes"))
    assert talk.session.slots["country"] == "IQ"
    assert Answered("country_list_status", "short", CountryView("IQ"), is_country_first=True) in talk.events
    # Known now, it is not asked for again; by key another one is.
    assert talk.hear(ASK_COUNTRY).asked.step == "answer.after"
    assert CountryRead("TR") in talk.hear(key("6"), key("3")).events


def test_answer_without_a_country_and_danger_at_the_question_for_one() -> None:
    talk = Talk("de", REAL, SPOKEN_COUNTRIES).hear(START, ASK_COUNTRY)
    assert Answered("country_list_status", "short", is_country_first=True) in talk.hear(key("7")).events
    assert Talk("de", REAL, SPOKEN_COUNTRIES).hear(START, ASK_COUNTRY, key("9")).reasons == ["danger"]


def test_question_at_the_question_for_a_country_takes_its_country_along() -> None:
    asked = words(slots={"country": "SY"}, topic="country_list_status", decision="answer")
    talk = Talk("de", REAL, SPOKEN_COUNTRIES).hear(START, ASK_COUNTRY, asked)
    assert Answered("country_list_status", "short", CountryView("SY"), is_country_first=True) in talk.events


@pytest.mark.parametrize("heard", [postcode("30112026"), words(slots={"days": "6"}, is_brief=True)])
def test_deadline_is_for_a_person_only_when_the_caller_agrees(heard: Heard) -> None:
    talk = Talk("de", REAL, SPOKEN_COUNTRIES).hear(START, ASK_DEADLINE, heard)
    assert DayRead(date(2026, 11, 30)) in talk.events
    assert talk.reasons == []
    assert talk.session.slots.keys() == {"heard_day"}
    assert talk.hear(key("1")).reasons == ["deadline"]
    assert talk.session.slots["deadline"] == "2026-11-30"


def test_pressing_words_at_the_question_for_the_day_go_to_a_person_at_once() -> None:
    pressing = words(slots={"days": "2"}, topic="departure_deadline", decision="confirm", is_pressing=True)
    assert Talk("de", REAL, SPOKEN_COUNTRIES).hear(START, ASK_DEADLINE, pressing).reasons == ["deadline"]


_WORDS = st.builds(
    lambda slots, topic, decision, brief, wish: words(slots=slots, topic=topic, decision=decision, is_brief=brief, wish=wish),
    st.dictionaries(st.sampled_from(["city", "land", "postcode", "country"]), st.sampled_from(["Köln", "DE-BY", "80331", "SY"])),
    st.sampled_from([FINDER, TOPICS[0]]),
    st.sampled_from(["answer", "clarify", "handoff"]),
    st.booleans(),
    st.sampled_from([None, None, "yes", "no", "more", "back", "repeat"]),
)
_HEARD = st.one_of(
    st.sampled_from("0123456789*#").map(key),
    st.from_regex(r"\A[0-9]{2,8}\Z").map(postcode),
    _WORDS,
    st.just(Heard("silence")),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(_HEARD, max_size=12), st.booleans(), st.sampled_from([[ASK_WHERE], [ASK_COUNTRY], [ASK_DEADLINE]]))
def test_no_conversation_about_places_countries_and_days_leads_nowhere(
    heard: list[Heard], is_call: bool, beginning: list[Heard]
) -> None:
    talk = Talk("de", REAL, SPOKEN_COUNTRIES if is_call else WRITTEN).hear(START, *beginning)
    for one in heard:
        if talk.session.ended:
            return
        talk.hear(one)
        assert talk.events
