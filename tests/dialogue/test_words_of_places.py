"""Centres and countries in words: within three segments in every language, and by ear nothing that has no sound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from hotline.dialogue.definition import Definition, options_after_centres
from hotline.dialogue.events import Answered, Asked, CentresShown, Choice, Event, PlaceRead
from hotline.dialogue.rendering import Renderer
from hotline.knowledge.centres import CentreQuery, Directory
from hotline.knowledge.library import Library
from hotline.knowledge.measures import count_segments
from hotline.knowledge.places import LANDS, Place
from hotline.services import Services
from tests.conftest import NOW, Hotline, make_hotline, make_settings

TODAY = date(2026, 11, 24)
LANGUAGES = ("de", "en", "ar", "tr", "ru", "fa", "fr", "sq", "sr", "ka", "ku", "uk")
TOPICS = {"country_list_status": True, "money_reag_garp": False}
BRAZIL, FRANCE = "BR", "FR"


@pytest.fixture(scope="module")
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    """A hotline with the shipped centres and countries."""
    made = make_hotline(make_settings(tmp_path_factory.mktemp("words")))
    yield made
    made.services.database.close()


@pytest.fixture(scope="module")
def library(hotline: Hotline) -> Library:
    """Its library."""
    with hotline.services.database.read() as connection:
        return hotline.services.library.current(connection, NOW.date())


def _asked(definition: Definition, step: str, *, listens: bool = True) -> Asked:
    options = definition.steps[step].options
    choices = tuple(Choice(option.key, "text", option.label, option.go) for option in options)
    return Asked(step, definition.steps[step].say[0], choices, listens)


def _countries(library: Library) -> list[str]:
    return [*library.countries.countries(), BRAZIL]


def _shown(
    directory: Directory, place: Place, renderer: Renderer, definition: Definition, language: str
) -> Iterator[CentresShown]:
    """The messages a person gets about a place, one after the other."""
    found = directory.find(CentreQuery(place))
    while True:
        options = options_after_centres(definition)
        count = max(1, renderer.fitting_centres(found[:3], directory.nationwide, options, language, 3))
        yield CentresShown(found[:count], directory.nationwide, place)
        found = found[count:]
        if not found:
            return


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_list_of_centres_fits_into_three_segments(hotline: Hotline, library: Library, language: str) -> None:
    services, directory = hotline.services, library.directory.on(TODAY)
    asked = _asked(services.definition, "centres.after")
    for land in LANDS:
        for shown in _shown(directory, Place((land,)), services.renderer, services.definition, language):
            message = services.renderer.write([shown, asked], language, library, (), 3)
            assert count_segments(message) <= 3, message
            assert "returningfromgermany.de/en/centres" in message


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_answer_with_its_country_fits_into_three_segments_and_says_of_when_it_is(
    hotline: Hotline, library: Library, language: str
) -> None:
    services = hotline.services
    asked = _asked(services.definition, "answer.after")
    for country in _countries(library):
        view = library.countries.on(country, TODAY)
        for topic, is_first in TOPICS.items():
            message = services.renderer.write([Answered(topic, "short", view, is_first), asked], language, library, (), 3)
            assert count_segments(message) <= 3, message
            if is_first and view.facts:
                assert "20" in message.split("\n")[0], message


def test_where_both_fit_country_and_answer_are_told_in_the_order_of_the_topic(hotline: Hotline, library: Library) -> None:
    view = library.countries.on("IQ", TODAY)
    for topic, is_first in TOPICS.items():
        short = library.articles[topic, "de"].short
        message = hotline.services.renderer.write([Answered(topic, "short", view, is_first)], "de", library, (), 3)
        assert (message.index("Irak:") < message.index(short)) == is_first


def test_country_whose_facts_have_passed_their_date_says_that_a_counsellor_has_the_current_state(
    hotline: Hotline, library: Library
) -> None:
    check = hotline.services.texts.get("de", "country.check")
    view = library.countries.on("SY", date(2030, 1, 1))
    message = hotline.services.renderer.write([Answered("country_list_status", "short", view, True)], "de", library)
    assert message.startswith(f"Syrien: {check}")
    eu = library.countries.on(FRANCE, date(2030, 1, 1))
    assert check in hotline.services.renderer.write([Answered("country_list_status", "short", eu, True)], "de", library)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_about_places_is_among_those_that_get_a_sound(hotline: Hotline, library: Library, language: str) -> None:
    services = hotline.services
    known = set(services.renderer.all_utterances(language, services.definition, library))
    definition = services.definition
    for day in (TODAY, date(2025, 1, 1), date(2030, 1, 1)):
        for event in _spoken_events(library, day):
            spoken = services.renderer.speak([event], language, library)
            unknown = {utterance.text for utterance in spoken.utterances} - known
            assert not unknown, unknown
    for step in ("centres.ask_place", "centres.is_right", "centres.after"):
        spoken = services.renderer.speak([_asked(definition, step)], language, library)
        assert {utterance.text for utterance in spoken.utterances} <= known
    lands = tuple(Choice(str(number % 4 + 1), "land", land, "") for number, land in enumerate(LANDS))
    spoken = services.renderer.speak([Asked("centres.choose_land", "centres.choose_land", lands, True)], language, library)
    assert {utterance.text for utterance in spoken.utterances} <= known


def _spoken_events(library: Library, day: date) -> Iterator[Event]:
    directory = library.directory.on(day)
    for land in LANDS:
        place = Place((land, LANDS[0]), None, "0123456789"[:5])
        yield PlaceRead(place)
        yield CentresShown(directory.find(CentreQuery(place)), directory.nationwide, place)
    yield PlaceRead(Place((LANDS[0],), "Köln", "56789"))
    for country in _countries(library):
        for part in ("short", "full"):
            yield Answered("country_list_status", part, library.countries.on(country, day), True)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("", 1), ("a" * 160, 1), ("a" * 161, 2), ("a" * 459, 3), ("€" * 80, 1), ("€" * 81, 2), ("ü" * 160, 1), ("ş" * 70, 1),
        ("ş" * 71, 2), ("س" * 201, 3), ("س" * 202, 4), ("😀" * 35, 1), ("😀" * 36, 2),
    ],
)  # fmt: skip
def test_segments_are_counted_as_networks_count_them(text: str, segments: int) -> None:
    assert count_segments(text) == segments


def test_centre_without_body_phone_or_town_is_told_with_what_is_known(hotline: Hotline, library: Library, tmp_path: Path) -> None:
    bare = replace(library.directory.centres[1], body="", city="")
    message = Services(make_settings(tmp_path)).renderer.write([CentresShown((bare,), (), None)], "de", library)
    assert message == "Flüchtlingszentrum Hamburg (AWO, Caritas, DRK) (Stand 16.12.2016)"
