"""What people who ask for a person read: in every language within three parts of an SMS, and never a promise nobody keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import gettempdir

import pytest

from hotline.counselling.hours import Opening
from hotline.counselling.routing import WAIT_BANDS
from hotline.counselling.standing import Standing
from hotline.dialogue.events import CallbackWanted, Event, PersonRequested, Told
from hotline.dialogue.person import what_is_told
from hotline.dialogue.rendering import SMS_SEGMENTS
from hotline.dialogue.safety import CATEGORIES
from hotline.knowledge.measures import count_segments
from hotline.services import Services
from tests.conftest import NOW, make_settings
from tests.dialogue.worlds import SECRET_TOPIC, WORLD, Talk, key, words

SERVICES = Services(make_settings(Path(gettempdir())))
LANGUAGES = SERVICES.live_languages
HERE = replace(WORLD, languages=LANGUAGES, can_call_back=True)
OPEN, SHUT = Opening(True, "open"), Opening(False, "closed_now", None, NOW)
STANDINGS = {
    "nobody at a screen": Standing(OPEN),
    **{f"{minutes} minutes": Standing(OPEN, 1, minutes) for minutes in (*WAIT_BANDS, 0)},
    "closed": Standing(SHUT),
    "no hours": Standing(Opening(False, "no_hours")),
}
WAYS = {
    "asked": [key("0")],
    "topic": [words(decision="answer", topic=SECRET_TOPIC)],
    "not understood": [words(decision="clarify")] * 2,
}


def _written(events: Sequence[Event], language: str) -> str:
    return SERVICES.renderer.write(events, language, None, (), SMS_SEGMENTS)  # type: ignore[arg-type] - no answer is among them


def _with(talk: Talk, said: Sequence[Event]) -> list[Event]:
    """The events of a turn, with what the desk says in place of the request."""
    return [one for event in talk.events for one in (said if isinstance(event, PersonRequested) else [event])]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("standing", STANDINGS)
def test_what_happens_next_fits_into_one_sms_of_three_parts(language: str, standing: str) -> None:
    said = list(what_is_told(STANDINGS[standing], is_call=False))
    for way, heard in WAYS.items():
        written = _written(_with(Talk(language, world=HERE).hear(*heard), said), language)
        assert count_segments(written) <= SMS_SEGMENTS, f"{way}: {written}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_emergency_numbers_while_nobody_works_fit_into_one_sms_of_three_parts(language: str) -> None:
    for category in CATEGORIES:
        said = [Told(f"danger.{category}"), Told("person.urgent_closed")]
        written = _written(_with(Talk(language, world=HERE).hear(words(danger=category)), said), language)
        assert count_segments(written) <= SMS_SEGMENTS, f"{category}: {written}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_way_to_a_callback_fits_too_and_every_text_of_the_desk_is_speakable_where_it_is_spoken(language: str) -> None:
    talk = Talk(language, world=HERE).hear(key("0"), key("4"))
    assert count_segments(_written(talk.events, language)) <= SMS_SEGMENTS
    talk.hear(key("2"))
    assert CallbackWanted("afternoon") in talk.events
    written = [event for event in talk.events if not isinstance(event, CallbackWanted)]
    assert count_segments(_written(written, language)) <= SMS_SEGMENTS
    for standing in STANDINGS.values():
        for told in what_is_told(standing, is_call=True):
            assert "{" not in SERVICES.texts.get(language, told.text_key, (".voice",))


def test_time_is_told_only_when_it_is_known() -> None:
    keys = {name: [told.text_key for told in what_is_told(one, is_call=False)] for name, one in STANDINGS.items()}
    assert keys["nobody at a screen"] == ["person.noted"]
    assert keys["15 minutes"] == ["person.passed_on", "person.wait_15"]
    assert keys["0 minutes"] == ["person.passed_on", "person.wait_long"]
    assert keys["closed"] == ["person.closed", "person.opens_at"]
    assert keys["no hours"] == ["person.closed"]
    assert next(told for told in what_is_told(STANDINGS["closed"], is_call=False) if told.values).values == {
        "when": "24.11. 13:00"
    }


def test_choice_is_to_wait_to_be_called_back_or_to_go_on_with_the_machine() -> None:
    asked = Talk("de", world=HERE).hear(key("0")).asked
    assert [(choice.key, choice.value) for choice in asked.choices] == [
        ("1", "option.wait"), ("2", "option.menu"), ("3", "option.language"), ("4", "option.callback"),
        ("5", "option.code"),
    ]  # fmt: skip


def test_who_cannot_be_called_is_asked_for_a_number() -> None:
    hidden = Talk("de", world=replace(HERE, is_call=True, can_call_back=False)).hear(words(wish="callback"))
    assert hidden.asked.step == "callback.ask_number", "another number can be called"
    called = Talk("de", world=replace(HERE, is_call=True)).hear(words(wish="callback"))
    assert called.asked.step == "callback.times"
    assert called.reasons == ["callback"]
