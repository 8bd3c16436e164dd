"""How a call begins: which language it is offered, how soon there is help, and in which order the menus are."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from hotline.dialogue.menu_order import DAYS, FRESH, forget_asked
from hotline.dialogue.topic_groups import GROUPS, grouped
from hotline.settings import WrongSetting
from hotline.store.counters import read_all
from tests.conftest import Hotline, make_settings
from tests.web import twilio

# A slow voice says so many words a second; between two sentences it breathes. A network takes so long before it answers.
WORDS_A_SECOND, BREATH, ANSWERED_AFTER = 2.5, 0.3, 1.0
HELP_WITHIN = 15.0


def _texts(response: object) -> list[str]:
    root = twilio.xml(response)  # type: ignore[arg-type]
    return ["".join(element.itertext()) for element in root.iter() if element.tag == "Say"]


def _seconds_until(said: list[str], wanted: str) -> float:
    """When a sentence has been said, from the first ring."""
    last = next(place for place, text in enumerate(said) if wanted in text)
    return ANSWERED_AFTER + sum(len(text.split()) / WORDS_A_SECOND + BREATH for text in said[: last + 1])


def _mapped(hotline: Hotline, **languages: str) -> None:
    vars(hotline.services.call_guide)["number_languages"] = {twilio.OURS: languages["ours"]}


def test_help_comes_within_15_seconds_whoever_calls(quick_hotline: Hotline) -> None:
    texts = quick_hotline.services.texts
    stranger = _texts(twilio.call(quick_hotline, "CA1"))
    assert _seconds_until(stranger, "Press 9: I am in danger") < HELP_WITHIN
    assert _seconds_until(stranger, "For English") < HELP_WITHIN
    twilio.call(quick_hotline, "CA1", 1, Digits="4")
    again = _texts(twilio.call(quick_hotline, "CA2"))
    assert _seconds_until(again, texts.get("tr", "language.option", key="1")) < HELP_WITHIN
    assert _seconds_until(again, texts.get("tr", "option.in_danger")) < HELP_WITHIN
    _mapped(quick_hotline, ours="ar")
    own = _texts(twilio.call(quick_hotline, "CA3", From="+4915199999999"))
    for label in ("option.in_danger", "group.money"):
        assert _seconds_until(own, texts.get("ar", label)) < HELP_WITHIN


def test_no_greeting_reads_terms_aloud(quick_hotline: Hotline) -> None:
    for language in quick_hotline.services.live_languages:
        words = quick_hotline.services.texts.get(language, "welcome.greeting", (".voice",)).split()
        assert len(words) / WORDS_A_SECOND < 8, language


def test_number_with_a_language_of_its_own_skips_the_menu_and_star_leads_to_it(quick_hotline: Hotline) -> None:
    _mapped(quick_hotline, ours="tr")
    twilio.call(quick_hotline, "CA1")
    assert _standing(quick_hotline) == ("menu.main", "tr")
    twilio.call(quick_hotline, "CA1", 1, Digits="*")
    assert _standing(quick_hotline) == ("language.choose", "tr")
    twilio.call(quick_hotline, "CA1", 2, Digits="13")
    assert _standing(quick_hotline) == ("menu.main", "en")


def test_number_of_a_language_that_cannot_be_spoken_begins_with_all_of_them(quick_hotline: Hotline) -> None:
    _mapped(quick_hotline, ours="ku")
    twilio.call(quick_hotline, "CA1")
    assert _standing(quick_hotline) == ("language.choose", None)


@pytest.mark.parametrize(
    ("digits", "standing"),
    [
        ("1", ("menu.main", "tr")),
        ("2", ("language.choose", None)),
        ("", ("language.choose", None)),
        ("9", ("language.choose", None)),
    ],
)
def test_language_of_the_last_call_is_offered_with_a_way_out_a_stranger_understands(
    hotline: Hotline, digits: str, standing: tuple[str, str | None]
) -> None:
    twilio.call(hotline, "CA1")
    twilio.call(hotline, "CA1", 1, Digits="4")
    says = [element for element in twilio.xml(twilio.call(hotline, "CA2")).iter() if element.tag == "Say"]
    ways_out = {_language(say) for say in says if "2" in (say.text or "")}
    assert {"tr-TR", "de-DE", "en-GB"} <= ways_out
    twilio.call(hotline, "CA2", 1, **({"Digits": digits} if digits else {}))
    assert _standing(hotline) == standing
    if digits == "9":
        assert [row["reason"] for row in hotline.rows("handoffs")] == ["danger"]


def test_withheld_number_is_offered_nothing_of_anybody(quick_hotline: Hotline) -> None:
    for sid in ("CA1", "CA2"):
        twilio.call(quick_hotline, sid, From="anonymous")
        assert _standing(quick_hotline) == ("language.choose", None)
        twilio.call(quick_hotline, sid, 1, From="anonymous", Digits="4")


def test_what_is_asked_most_comes_first_the_same_day_and_a_call_keeps_its_menus(hotline: Hotline) -> None:
    services, day = hotline.services, hotline.clock().date()
    first = _texts(twilio.call(hotline, "CA1", From="anonymous"))
    assert "Für Deutsch" in first[2]
    for _ in range(3):
        services.menu_order.count("language", "uk", day)
        services.menu_order.count("topic", "entry_ban", day)
        services.menu_order.count("country", "TR", day)
    services.menu_order.count("language", "ru", day)
    services.tally.write()
    hotline.clock.move(seconds=FRESH.total_seconds())
    options = [text for text in _texts(twilio.call(hotline, "CA2", From="anonymous")) if "9" not in text]
    assert [("Українська" in options[0], "Русский" in options[1], "Deutsch" in options[2])] == [(True, True, True)]
    twilio.call(hotline, "CA2", 1, From="anonymous", Digits="3")
    assert "Asyl" in _texts(twilio.call(hotline, "CA2", 2, From="anonymous", Digits="#"))[2]
    again = _texts(twilio.call(hotline, "CA1", 1, From="anonymous", Digits="#"))
    assert "Für Deutsch" in again[2], "a menu does not change while somebody listens"
    # The topic of countries by the journey's group: the country asked for most is the first of the list, the others by name.
    twilio.call(hotline, "CA1", 2, From="anonymous", Digits="1")
    twilio.call(hotline, "CA1", 3, From="anonymous", Digits="4")
    assert "Afghanistan." in _texts(twilio.call(hotline, "CA1", 4, From="anonymous", Digits="1"))
    for step, digits in enumerate(("5", "1"), start=3):
        listed = _texts(twilio.call(hotline, "CA2", step, From="anonymous", Digits=digits))
    assert listed.index("Türkei.") < listed.index("Afghanistan.")
    with services.database.begin() as connection:
        assert forget_asked(connection, day + timedelta(days=DAYS)) == 0
        assert forget_asked(connection, day + timedelta(days=DAYS + 1)) == 4
        assert not [name for name in read_all(connection) if name.startswith("asked:") and day.isoformat() in name]


def test_every_topic_people_may_press_is_in_one_group(quick_hotline: Hotline) -> None:
    with quick_hotline.services.database.read() as connection:
        library = quick_hotline.services.library.current(connection, quick_hotline.clock().date())
    listed = [topic for topics in GROUPS.values() for topic in topics]
    assert len(listed) == len(set(listed))
    assert set(listed) <= set(library.topics)
    # What is stored has a key of its own; the last one is for the machine.
    assert set(library.topics) - set(listed) <= {"data_privacy", "out_of_scope"}
    assert list(grouped(listed, {"luggage": 1})) == ["journey", "money", "return", "counselling", "law", "family"]


def test_every_sentence_of_a_call_can_be_recorded_before(quick_hotline: Hotline) -> None:
    services = quick_hotline.services
    with services.database.read() as connection:
        library = services.library.current(connection, quick_hotline.clock().date())
    sentences = set(services.renderer.all_utterances("tr", services.definition, library))
    _mapped(quick_hotline, ours="tr")
    heard = _texts(twilio.call(quick_hotline, "CA1"))
    # Danger, a topic of each kind of list, all keys after an answer, the SMS, the languages.
    for step, digits in enumerate("9*1124#1*152*3*4*69*#", start=1):
        heard += _texts(twilio.call(quick_hotline, "CA1", step, Digits=digits))
    own = [text for text in heard if text not in services.renderer.all_utterances("de", services.definition, library)]
    others = {
        text for code in services.live_languages for text in services.renderer.all_utterances(code, services.definition, library)
    }
    assert [text for text in own if text not in sentences and text not in others] == []


def test_wrong_table_of_numbers_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match="LINE_LANGUAGES"):
        make_settings(tmp_path, LINE_LANGUAGES="030123=ar")
    good = make_settings(tmp_path, LINE_LANGUAGES="+4930123456=ar, +4930123457=tr")
    assert good.line_languages == {"+4930123456": "ar", "+4930123457": "tr"}


def _language(element: Element) -> str | None:
    return element.get("language")


def _standing(hotline: Hotline) -> tuple[str, str | None]:
    session = hotline.rows("conversations")[-1]["session"]
    assert isinstance(session, dict)
    return session["step"], session["language"]
