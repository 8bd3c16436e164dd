"""A matter goes on from another phone or channel by its code, never by a number alone."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest

from hotline.counselling.assignment import accept
from hotline.counselling.case_views import case_of
from hotline.dialogue.events import CodeGiven, CodeWanted, Heard
from hotline.dialogue.inputs import InboundCallStep, InboundText, looks_like_code, split_code
from hotline.dialogue.rendering import SMS_SEGMENTS
from hotline.dialogue.spoken import Spoken
from hotline.knowledge.measures import count_segments
from hotline.privacy.slots import open_slots
from hotline.services import Services
from hotline.store.tables import counsellors
from tests.conftest import Hotline, ScriptedUnderstander, interpreter_with
from tests.dialogue.test_person_words import SERVICES
from tests.dialogue.worlds import Talk, key, words

ANNA_PHONE, SHELTER, BORROWED = "+4915100000042", "+4915100000043", "+4915100000044"
OURS = "+4930555000"
LANGUAGES = SERVICES.live_languages


@dataclass
class Street:
    """People with phones."""

    hotline: Hotline
    ids: Any = field(default_factory=lambda: count(1))

    @property
    def services(self) -> Services:
        """Of the hotline."""
        return self.hotline.services

    def write(self, number: str, body: str, channel: Any = "sms") -> str:
        """A message; gives the reply, or "" where nothing is said."""
        self.hotline.clock.move(seconds=5)
        text = InboundText(f"SM{next(self.ids)}", channel, number, OURS, body)
        return self.services.turns.take_text(text, lambda reply: reply or "")

    def call(self, sid: str, number: str | None, digits: str | None = None, speech: str | None = None) -> list[str]:
        """A step of a call; gives what is said, sentence by sentence."""
        self.hotline.clock.move(seconds=5)
        step = InboundCallStep(f"{sid}:{next(self.ids)}", sid, number, OURS, digits, speech)
        said: list[str] = []

        def hear(spoken: Spoken, _step: int) -> str:
            said.extend(utterance.text for utterance in spoken.utterances)
            return "\n".join(said)

        self.services.turns.take_call_step(step, hear)
        return said

    def say(self, key: str, language: str = "de") -> str:
        """A text without placeholders."""
        return self.services.texts.get(language, key, (".text",))

    def talk(self, number: str) -> dict[str, Any]:
        """The newest conversation of a number, with its session readable."""
        pseudonym = self.services.cipher.pseudonym(number)
        address = next(row["id"] for row in self.hotline.rows("addresses") if row["pseudonym"] == pseudonym)
        row: dict[str, Any] = [row for row in self.hotline.rows("conversations") if row["address_id"] == address][-1]
        return {**row, "session": open_slots(row["session"], self.services.cipher)}

    def open_handoffs(self) -> list[dict[str, Any]]:
        """Those nobody has finished."""
        return [row for row in self.hotline.rows("handoffs") if row["closed_at"] is None]

    def get_code(self, number: str = ANNA_PHONE) -> str:
        """Somebody has named a country, asks for a person and takes a code."""
        self.write(number, "Kann ich aus Bayern nach Syrien zurück?")
        self.write(number, "mensch")
        return code_in(self.write(number, "5"))


def code_in(reply: str) -> str:
    """The code a message tells."""
    found = re.search(r"\b\d{6}\b", reply)
    assert found, reply
    return found[0]


def _street(hotline: Hotline) -> Street:
    hotline.understander.knows("Kann ich aus Bayern nach Syrien zurück?", "country_conditions")
    hotline.understander.knows("Ich will mich umbringen", "vr_basics")
    return Street(hotline)


@pytest.fixture
def city(hotline: Hotline) -> Street:
    """A street with a hotline on a database of each kind."""
    return _street(hotline)


@pytest.fixture
def street(quick_hotline: Hotline) -> Street:
    """One on SQLite, for what does not depend on the database."""
    return _street(quick_hotline)


def test_other_phone_goes_on_with_everything_and_says_nothing_of_it(city: Street) -> None:
    code = city.get_code()
    before = city.talk(ANNA_PHONE)
    (handoff,) = city.open_handoffs()
    reply = city.write(BORROWED, f"weiter mit code {code[:3]} {code[3:]}", "whatsapp")
    here = city.talk(BORROWED)
    assert reply.startswith(city.say("continue.found"))
    assert "Syrien" not in reply
    assert here["session"]["slots"] == {"country": "SY", "land": "DE-BY"} == before["session"]["slots"]
    assert here["session"]["topic"] == "country_conditions"
    assert here["language"] == "de"
    # The same handoff with its place, in the new conversation: one owner, and none of the old one.
    (moved,) = city.open_handoffs()
    assert (moved["id"], moved["conversation_id"], moved["channel"]) == (handoff["id"], here["id"], "whatsapp")
    assert moved["requested_at"] == handoff["requested_at"]
    left = city.talk(ANNA_PHONE)
    assert (here["status"], left["status"], left["session"]) == ("waiting", "closed", {})
    with city.services.database.read() as connection:
        assert case_of(connection, left["id"]) == case_of(connection, here["id"]) is not None
    # The code was used; the next one leads here.
    assert city.write(SHELTER, f"code {code}").startswith(city.say("continue.unknown"))
    assert city.write(SHELTER, code_in(reply)).startswith(city.say("continue.found"))
    assert [row["conversation_id"] for row in city.open_handoffs()] == [city.talk(SHELTER)["id"]]
    assert len(city.hotline.rows("case_conversations")) == 3


def test_number_alone_neither_tells_nor_continues_anything(street: Street) -> None:
    street.get_code(SHELTER)
    (handoff,) = street.open_handoffs()
    with street.services.database.begin() as connection:
        street.services.counsellor_desk.close(connection, handoff["id"], "anna", street.hotline.clock())
    street.hotline.clock.move(hours=25)
    greeted = street.write(SHELTER, "hallo")
    fresh = street.talk(SHELTER)
    assert "Syrien" not in greeted
    assert (fresh["session"]["slots"], fresh["session"]["topic"], fresh["status"]) == ({}, None, "bot")
    called = street.call("CA7", SHELTER)
    called += street.call("CA7", SHELTER, "1")
    assert not any("Syrien" in said for said in called)
    assert street.talk(SHELTER)["session"]["slots"] == {}
    assert street.hotline.rows("case_conversations") == []
    assert street.open_handoffs() == []


def test_caller_types_the_code_and_hears_the_next_one_figure_by_figure_twice(street: Street) -> None:
    code = street.get_code()
    street.call("CA1", None)
    menu = street.call("CA1", None, "1")
    assert any("Code weitermachen" in said and "8" in said for said in menu)
    asked = street.call("CA1", None, "8")
    assert street.services.texts.get("de", "continue.ask", (".voice",)) in asked
    said = street.call("CA1", None, code)
    figures = "".join(part for part in said if len(part) == 1)
    assert said[0] == street.say("continue.found")
    assert len(figures) == 12
    assert figures[:6] == figures[6:] != code
    assert not any("Syrien" in part for part in said)
    assert street.hotline.rows("conversations")[-1]["status"] == "waiting"
    assert street.write(BORROWED, figures[:6]).startswith(street.say("continue.found"))


@pytest.mark.parametrize("speech", ["{}", "code {}", "weiter mit Code {}"])
def test_caller_says_the_code(street: Street, speech: str) -> None:
    code = street.get_code()
    for digits in (None, "1", "8"):
        street.call("CA1", BORROWED, digits)
    assert street.call("CA1", BORROWED, speech=speech.format(" ".join(code)))[0] == street.say("continue.found")


def test_code_is_kept_nowhere_a_counsellor_or_thief_reads_it(street: Street) -> None:
    code = street.get_code()
    street.write(BORROWED, f"code {code}")
    kept = [street.services.cipher.decrypt(row["body_encrypted"]) for row in street.hotline.rows("messages")]  # type: ignore[arg-type]
    assert not any(code in text for text in kept)
    assert any("code ••••••" in text for text in kept)
    assert not any(code in str(row) for row in street.hotline.rows("continuation_codes") + street.hotline.rows("audit"))


def test_guessing_is_slowed_and_keeps_nobody_from_help(city: Street) -> None:
    code = city.get_code()
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for _ in range(5):
        assert city.write(BORROWED, wrong).startswith(city.say("continue.unknown"))
    assert city.write(BORROWED, code).startswith(city.say("continue.slowed"))
    assert city.say("danger.selfharm") in city.write(BORROWED, "Ich will mich umbringen")
    assert {row["is_urgent"] for row in city.open_handoffs()} == {True, False}
    city.hotline.clock.move(hours=6)
    assert city.write(BORROWED, code).startswith(city.say("continue.found"))
    # Both conversations were one: the older place, and the danger.
    (merged,) = city.open_handoffs()
    assert (merged["is_urgent"], merged["danger"], merged["id"]) == (True, "selfharm", 1)


def test_many_wrong_codes_from_everywhere_slow_all(street: Street) -> None:
    code = street.get_code()
    for number in range(66):
        street.write(f"+49151111111{number:02}", "123456" if code != "123456" else "654321")
    assert street.write(BORROWED, code).startswith(street.say("continue.slowed"))
    street.hotline.clock.move(minutes=2)
    assert street.write(BORROWED, code).startswith(street.say("continue.found"))


def test_code_ends_after_two_weeks_and_with_the_next_one(street: Street) -> None:
    first = street.get_code()
    street.write(ANNA_PHONE, "code")
    second = code_in(street.write(ANNA_PHONE, "1"))
    assert street.write(BORROWED, first).startswith(street.say("continue.unknown"))
    street.hotline.clock.move(days=14)
    assert street.write(BORROWED, second).startswith(street.say("continue.unknown"))
    with street.services.database.begin() as connection:
        assert street.services.continuation.forget(connection, street.hotline.clock()) == 1


def test_two_phones_at_once_one_goes_on(city: Street) -> None:
    code = city.get_code()
    texts = [InboundText(f"SMx{number}", "sms", number, OURS, code) for number in (BORROWED, SHELTER)]
    with ThreadPoolExecutor(2) as pool:
        replies = list(pool.map(lambda text: city.services.turns.take_text(text, lambda reply: reply or ""), texts))
    assert sorted(reply.startswith(city.say("continue.found")) for reply in replies) == [False, True]
    winner = (BORROWED, SHELTER)[replies.index(next(r for r in replies if r.startswith(city.say("continue.found"))))]
    assert [row["conversation_id"] for row in city.open_handoffs()] == [city.talk(winner)["id"]]


def test_counsellor_who_has_the_matter_keeps_it_and_the_machine_is_silent(city: Street) -> None:
    code = city.get_code()
    (handoff,) = city.open_handoffs()
    services, now = city.services, city.hotline.clock()
    with services.database.begin() as connection:
        services.staff_accounts.add(connection, "anna", ["counsellor"], "de", "test", now)
        skills: dict[str, Any] = {"languages": ["de"], "topics": [], "lands": [], "capacity": 3}
        connection.execute(counsellors.insert().values(account_id=1, presence="available", seen_at=now, **skills))
        accept(connection, handoff["id"], 1, now)
    city.write(BORROWED, code)
    (moved,) = city.open_handoffs()
    assert (moved["state"], moved["counsellor_id"]) == ("accepted", 1)
    assert city.talk(BORROWED)["status"] == "active"
    # The first word is confirmed on the new phone, too; figures are now words to the counsellor.
    assert city.write(BORROWED, "ich bin es") == city.say("person.answers")
    assert city.write(BORROWED, "123456") == ""
    assert city.hotline.rows("cases")[0]["owner_id"] == 1


def test_same_conversation_may_use_its_own_code(street: Street) -> None:
    code = street.get_code()
    before = street.talk(ANNA_PHONE)
    assert street.write(ANNA_PHONE, code).startswith(street.say("continue.found"))
    assert street.talk(ANNA_PHONE)["session"]["slots"] == before["session"]["slots"]
    assert len(street.open_handoffs()) == 1


def test_mistyped_code_is_said_to_be_unknown_and_no_postcode(street: Street) -> None:
    street.get_code()
    street.write(BORROWED, "ich habe einen code")
    assert street.write(BORROWED, "80331").startswith(street.say("continue.unknown"))
    assert street.hotline.rows("continuation_tries") == []


def test_who_erases_everything_is_given_no_new_tries(city: Street) -> None:
    code = city.get_code()
    for wrong in range(5):
        city.write(BORROWED, f"9999{wrong:02}")
    assert city.write(BORROWED, code).startswith(city.say("continue.slowed"))
    city.write(BORROWED, "meine daten löschen")
    city.write(BORROWED, "ja")
    assert all(row["pseudonym"] != city.services.cipher.pseudonym(BORROWED) for row in city.hotline.rows("addresses"))
    assert city.write(BORROWED, code).startswith(city.say("continue.slowed"))
    kept = {str(row["key"]) for row in city.hotline.rows("continuation_tries")}
    assert city.services.cipher.pseudonym(BORROWED) not in kept, "what is left leads to nobody"
    city.hotline.clock.move(hours=31)
    assert city.write(BORROWED, code).startswith(city.say("continue.found"))


# -- words ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        ("482913", ("", "482913")),
        ("482 913", ("", "482913")),
        ("٤٨٢٩١٣", ("", "482913")),
        ("4-8-2-9-1-3.", ("", "482913")),
        ("Code: 482913", ("code", "482913")),
        ("(482913)", ("", "482913")),
        ("48291", None),
        ("4829134", None),
        ("+49 151 482913", None),
        ("Ich habe 482913 Fragen", None),
        ("", None),
    ],
)
def test_code_is_read_however_it_is_written(body: str, parts: tuple[str, str] | None) -> None:
    assert split_code(body) == parts


@pytest.mark.parametrize(
    ("body", "looks"), [("48291", True), ("4829134", True), ("1", False), ("015148291311", False), ("x", False)]
)
def test_figures_that_were_meant_as_a_code(body: str, looks: bool) -> None:
    assert looks_like_code(body) is looks


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_its_words_and_the_code_fits_into_one_sms_of_three_parts(language: str) -> None:
    interpreter = interpreter_with(ScriptedUnderstander())
    label = SERVICES.texts.get(language, "option.continue")
    assert interpreter.read_code(f"{label} 482913", language) == "482913"
    talk = Talk(language)
    # Asked for, given, and gone on with: each is one message.
    for heard in (words(wish="continue"), key("1"), Heard("code", key="found"), Heard("code", key="slowed")):
        told = [
            CodeGiven("482913", event.is_next) if isinstance(event, CodeWanted) else event for event in talk.hear(heard).events
        ]
        written = SERVICES.renderer.write(told, language, None, (), SMS_SEGMENTS)  # type: ignore[arg-type]
        assert count_segments(written) <= SMS_SEGMENTS, written
