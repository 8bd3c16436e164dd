"""Show and erase my data, in every language, by SMS, chat and keypad: asked once more, done whole, with a receipt."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from tempfile import gettempdir

import pytest
from sqlalchemy import update

from hotline.counselling.assignment import accept
from hotline.counselling.counsellors import Skills, set_presence, set_skills
from hotline.dialogue.data_words import COUNTED
from hotline.dialogue.events import DataErased, DataShown, Told
from hotline.dialogue.rendering import SMS_SEGMENTS
from hotline.dialogue.word_lists import WordLists
from hotline.knowledge.library import Library
from hotline.knowledge.measures import count_segments
from hotline.privacy.clocks import read_days
from hotline.privacy.erasure import ErasedMatter, find_erased_matters
from hotline.services import Services
from hotline.store.tables import outbox
from tests.conftest import NOW, Hotline, make_hotline, make_settings
from tests.databases import starter_content
from tests.dialogue.worlds import Talk, key, words
from tests.web import twilio

SERVICES = Services(make_settings(Path(gettempdir())))
WORDS = WordLists.load(SERVICES.content_folder / "words", SERVICES.autonyms)
LANGUAGES = SERVICES.live_languages
OTHER = "+4915112345679"
OF_PEOPLE = ("contacts", "addresses", "conversations", "messages", "handoffs", "handoff_offers", "callbacks")
# What the long text on data tells people to write, after the last word of that line.
QUOTED = re.compile(
    r"(?:chreiben Sie|rite|اكتب|yazın|апишите|crivez|بنویسید|hkruani|i[šs]ite|დაწერეთ|inivîsin|апишіть) ?:? ([^.؟?]+)\."
)


def _say(hotline: Hotline, sid: str, body: str, **changed: str) -> str:
    return twilio.said(twilio.text(hotline, sid, body, **changed))


def _text(hotline: Hotline, key_: str, language: str = "de") -> str:
    return hotline.services.texts.get(language, key_, (".text",))


def _talk(hotline: Hotline, **changed: str) -> None:
    """A person writes, calls, asks for a person and to be called back."""
    number = changed.get("From", twilio.PERSON)[-1]
    for place, body in enumerate(("Guten Tag, ich komme aus Kosovo", "0", "4", "1")):
        _say(hotline, f"SM{number}{place}", body, **changed)
    twilio.call(hotline, f"CA{number}", **changed)
    twilio.call(hotline, f"CA{number}", 1, Digits="1", **changed)


def _erase(hotline: Hotline) -> str:
    assert _text(hotline, "privacy.confirm") in _say(hotline, "SM-ask", "Meine Daten löschen")
    return _say(hotline, "SM-yes", "Ja")


# -- erase -----------------------------------------------------------------------------------------------------------------


def test_everything_of_this_number_is_erased_on_every_channel_and_nothing_of_others(hotline: Hotline) -> None:
    _talk(hotline)
    _talk(hotline, From=OTHER)
    others = {name: len(hotline.rows(name)) / 2 for name in OF_PEOPLE}
    reply = _erase(hotline)
    assert {name: len(hotline.rows(name)) for name in OF_PEOPLE} == others
    pseudonyms = [row["pseudonym"] for row in hotline.rows("addresses")]
    assert pseudonyms == [hotline.services.cipher.pseudonym(OTHER)]
    receipt = re.search(r"\d{4} \d{4}", reply)
    assert receipt, reply
    log = [row for row in hotline.rows("deletions") if row["receipt"] == receipt[0].replace(" ", "")]
    assert {row["reason"] for row in log} == {"erasure"}
    assert {row["kind"]: row["amount"] for row in log}["handoffs"] == 1
    keys = {row["key"] for row in hotline.rows("inbound_events")}
    assert {key_ for key_ in keys if key_.startswith(("SM8", "CA8"))} == set(), "8 is how this number ends"
    assert "SM-yes" in keys, "a webhook that comes twice gets its receipt again"
    assert _say(hotline, "SM-yes", "Ja") == reply
    assert len(hotline.rows("deletions")) == len(log)


def test_afterwards_the_person_is_a_stranger_and_may_write_again(hotline: Hotline) -> None:
    _talk(hotline)
    _erase(hotline)
    assert "1 Nachrichten" not in _say(hotline, "SM92", "Guten Tag")
    assert _text(hotline, "welcome.greeting") in _say(hotline, "SM93", "Hallo")
    assert len(hotline.rows("conversations")) == 1


def test_who_says_no_or_something_else_keeps_everything(hotline: Hotline) -> None:
    _talk(hotline)
    before = len(hotline.rows("handoffs"))
    _say(hotline, "SM90", "Meine Daten löschen")
    assert _text(hotline, "privacy.left") in _say(hotline, "SM91", "2")
    _say(hotline, "SM92", "Meine Daten löschen")
    hotline.understander.knows("Was ist mit dem Pass", "documents_travel")
    _say(hotline, "SM93", "Was ist mit dem Pass")
    _say(hotline, "SM94", "ja")
    assert hotline.rows("deletions") == []
    assert len(hotline.rows("handoffs")) == before


def test_counsellors_are_told_that_the_matter_is_gone_and_nothing_of_the_person(hotline: Hotline) -> None:
    _talk(hotline)
    with hotline.services.database.begin() as connection:
        connection.execute(update(outbox).values(status="sent"))
    _erase(hotline)
    bodies = [hotline.services.cipher.decrypt(bytes(row["body_encrypted"])) for row in hotline.rows("outbox")]  # type: ignore[call-overload]
    assert "Handoff 1 is gone: the person had everything erased. Nothing is left to do." in bodies
    with hotline.services.database.read() as connection:
        assert find_erased_matters(connection, NOW - timedelta(days=1), 9) == (ErasedMatter("handoff", "1", NOW),)
    assert ("person", "erased_matter", "handoff 1") in [(r["actor"], r["action"], r["object"]) for r in hotline.rows("audit")]


def test_a_message_that_waits_to_be_sent_is_gone_and_an_opt_out_stays(hotline: Hotline) -> None:
    _talk(hotline)
    _say(hotline, "SM-stop", "STOPP")
    _erase(hotline)
    assert [row["pseudonym"] for row in hotline.rows("opt_outs")] == [hotline.services.cipher.pseudonym(twilio.PERSON)]
    with hotline.services.database.read() as connection:
        assert hotline.services.outbox.is_opted_out(connection, twilio.PERSON, "sms")


def test_provider_is_told_to_delete_its_copies_of_all_messages_and_calls(hotline: Hotline) -> None:
    _talk(hotline)
    _erase(hotline)
    assert {row["sid"] for row in hotline.rows("provider_deletions")} == {
        "SM80",
        "SM81",
        "SM82",
        "SM83",
        "SM-ask",
        "SM-yes",
        "CA8",
    }


def test_danger_is_answered_also_at_that_question_and_the_person_is_warned_before(hotline: Hotline) -> None:
    _say(hotline, "SM1", "Ich will nicht mehr leben")
    asked = _say(hotline, "SM2", "Meine Daten löschen")
    assert _text(hotline, "privacy.danger") in asked
    assert "112" in asked
    assert "112" in _say(hotline, "SM3", "Er will mich umbringen")
    assert hotline.rows("deletions") == []
    (handoff,) = hotline.rows("handoffs")
    assert handoff["is_urgent"]


def test_caller_hears_the_receipt_figure_by_figure_and_is_erased(hotline: Hotline) -> None:
    _talk(hotline)
    twilio.call(hotline, "CA9")
    twilio.call(hotline, "CA9", 1, Digits="1")
    hotline.understander.knows("Daten löschen bitte jetzt", "erase_my_data")
    asked = twilio.said(twilio.call(hotline, "CA9", 2, SpeechResult="Daten löschen bitte jetzt", Confidence="0.9"))
    assert hotline.services.texts.get("de", "privacy.confirm") in asked
    answer = twilio.call(hotline, "CA9", 3, Digits="1")
    figures = re.findall(r"^\d$", twilio.said(answer), re.MULTILINE)
    assert len(figures) == 16
    assert figures[:8] == figures[8:]
    assert "".join(figures[:8]) in {row["receipt"] for row in hotline.rows("deletions")}
    assert [hotline.rows(name) for name in OF_PEOPLE] == [[]] * len(OF_PEOPLE)
    assert twilio.xml(answer).find("Hangup") is not None


def test_keypad_alone_leads_there_from_the_topic(quick_hotline: Hotline) -> None:
    twilio.call(quick_hotline, "CA9")
    heard = ""
    # German, what is stored, erase, yes.
    for step, digits in enumerate("1771", 1):
        heard = twilio.said(twilio.call(quick_hotline, "CA9", step, Digits=digits))
    assert quick_hotline.rows("conversations") == [], heard


def test_withheld_number_shows_and_erases_this_call_alone(quick_hotline: Hotline) -> None:
    _talk(quick_hotline)
    hidden = {"From": "anonymous"}
    twilio.call(quick_hotline, "CA9", **hidden)
    twilio.call(quick_hotline, "CA9", 1, Digits="1", **hidden)
    quick_hotline.understander.knows("bitte löschen", "erase_my_data")
    twilio.call(quick_hotline, "CA9", 2, SpeechResult="bitte löschen", Confidence="0.9", **hidden)
    twilio.call(quick_hotline, "CA9", 3, Digits="1", **hidden)
    assert {row["provider_sid"] for row in quick_hotline.rows("conversations")} == {None, "CA8"}


def test_it_works_while_a_counsellor_has_the_conversation_and_nothing_else_is_taken_for_a_yes(quick_hotline: Hotline) -> None:
    hotline = quick_hotline
    with hotline.services.database.begin() as connection:
        hotline.services.staff_accounts.add(connection, "anna", ["counsellor"], None, "root", NOW)
        set_skills(connection, "anna", Skills(("de",)), ("de",), "root", NOW)
        set_presence(connection, 1, "available", NOW)
    _say(hotline, "SM0", "Guten Tag")
    _say(hotline, "SM1", "0")
    with hotline.services.database.begin() as connection:
        accept(connection, 1, 1, NOW)
    assert _text(hotline, "privacy.confirm") in _say(hotline, "SM2", "Meine Daten löschen")
    _say(hotline, "SM3", "Oder doch später?")
    assert _say(hotline, "SM4", "ja") == ""
    assert hotline.rows("deletions") == []
    _say(hotline, "SM5", "Meine Daten löschen")
    assert re.search(r"\d{4} \d{4}", _say(hotline, "SM6", "ja"))
    assert hotline.rows("handoffs") == hotline.rows("conversations") == []


# -- show ------------------------------------------------------------------------------------------------------------------


def test_show_tells_kinds_and_counts_and_never_what_was_written(hotline: Hotline) -> None:
    _talk(hotline)
    shown = _say(hotline, "SM90", "Meine Daten")
    for part in ("24.11.2026", "Anrufe 1", "Bitten um einen Menschen 1", "Rückrufe 1", "30 Tage"):
        assert part in shown, shown
    assert "Kosovo" not in shown
    assert twilio.PERSON not in shown
    assert count_segments(shown) <= SMS_SEGMENTS


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_fit_into_an_sms_and_can_be_spoken_in_every_language(language: str) -> None:
    counts = dict.fromkeys(COUNTED, 12)
    renderer, library = SERVICES.renderer, Library({}, (), {}, {})
    talk = Talk(language)
    ways = {
        "show": ([words(wish="show_my_data")], DataShown(counts, NOW.date(), has_case=True)),
        "erase": ([words(wish="erase_my_data"), key("1")], DataErased("12345678")),
        "ask": ([words(wish="erase_my_data")], None),
        "warn": ([words(danger="selfharm"), words(wish="erase_my_data")], None),
        "leave": ([words(wish="erase_my_data"), key("2")], None),
    }
    for way, (heard, outcome) in ways.items():
        talk = Talk(language).hear(*heard)
        events = [outcome if type(event).__name__ == "DataWished" and outcome else event for event in talk.events]
        written = renderer.write(events, language, library)
        assert count_segments(written) <= SMS_SEGMENTS, f"{way}: {written}"
        assert "{" not in written
        for utterance in renderer.speak(events, language, library).utterances:
            assert "{" not in utterance.text
    still = renderer.write([Told("danger.selfharm"), Told("stop.still"), Told("person.stay_here")], language, library)
    assert count_segments(still) <= SMS_SEGMENTS, still


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_text_on_data_tells_people_to_write_is_understood(language: str) -> None:
    text = starter_content().translations["data_privacy", language]
    quoted = [found.strip() for part in ("short", "full") for found in QUOTED.findall(text[part])]
    wishes = {WORDS.find(words_, language) for words_ in quoted}
    assert {command.wish for command in wishes if command} == {"erase_my_data", "show_my_data"}, quoted
    assert None not in wishes, quoted


# -- the clocks people are told ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_days_people_read_are_those_of_the_clocks(language: str, tmp_path: Path) -> None:
    changed = {"RETENTION_MESSAGES": "41", "RETENTION_CALLS": "43", "RETENTION_CALLBACKS": "47", "RETENTION_HANDOFFS": "53"}
    changed |= {"RETENTION_VOICEMAIL": "37", "RETENTION_CASES": "61"}
    hotline = make_hotline(make_settings(tmp_path, RETENTION_QUESTIONS="59", **changed))
    services = hotline.services
    assert services.retention._days == read_days({**changed, "RETENTION_QUESTIONS": "59"})
    with services.database.read() as connection:
        library = services.library.current(connection, NOW.date())
    talk = Talk(language)
    talk.session = talk.session.from_dict({**talk.session.to_dict(), "topic": "data_privacy", "step": "privacy.after"})
    talk.hear(key("1"))
    told = [event for event in talk.events if isinstance(event, Told) and event.text_key == "privacy.kept"]
    written = services.renderer.write(told, language, library)
    spoken = " ".join(utterance.text for utterance in services.renderer.speak(told, language, library).utterances)
    for text in (written, spoken):
        assert re.findall(r"\d+", text) == ["41", "43", "37", "47", "61", "53", "59"], text
    until = services.texts.get(language, "privacy.until")
    assert re.findall(r"\d+", until) == ["47"]
    assert spoken in services.renderer.all_utterances(language, services.definition, library), "it must be recorded too"
    services.database.close()
