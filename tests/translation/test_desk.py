"""Translations of a conversation: off until switched on, only for who has it, kept once, and marked for the person."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import delete, insert, select, update

from hotline.breaker import CircuitBreaker
from hotline.counselling.assignment import accept, reassign
from hotline.counselling.desk import CounsellorDesk
from hotline.counselling.handoff import UnknownHandoff
from hotline.dialogue.texts import Texts
from hotline.store.database import Database, insert_returning_id
from hotline.store.tables import conversations, message_translations, messages, topics
from hotline.translation.careful import CarefulTranslator
from hotline.translation.desk import Draft, NotTranslated, TranslationDesk, View, Worker
from hotline.translation.libretranslate_service import LibreTranslateService
from hotline.translation.port import CannotTranslate
from tests.conftest import NOW
from tests.counselling.desks import Office
from tests.translation.servers import Service, libretranslate_server

SAID, MARK = "أين المستشار؟ رقمي 0151 2345678", "ترجمة آلية."


class Case:
    """A conversation in Arabic that Anna has, and a service."""

    def __init__(self, database: Database, service: Service) -> None:
        self.office, self.service = Office(database), service
        office = self.office
        self.anna, self.bert = Worker(office.anna, "anna"), Worker(office.bert, "bert")
        self.conversation = office.open()
        self.handoff = office.ask(self.conversation, language="ar")
        with database.begin() as connection:
            connection.execute(update(conversations).values(language="ar"))
            accept(connection, self.handoff, office.anna, office.clock())
        self.said = self.say(SAID)
        translator = CarefulTranslator(LibreTranslateService("", service.url, 2.0), CircuitBreaker())
        desk = CounsellorDesk(office.outbox, office.cipher)
        texts = Texts({"ar": {"translation.mark.text": MARK}})
        self.desk = TranslationDesk(database, office.cipher, desk, translator, texts, office.clock)

    def say(self, text: str, **changed: object) -> int:
        """A message of the person."""
        row = {"conversation_id": self.conversation, "direction": "in", "author": "contact", "created_at": NOW, "language": "ar"}
        row |= {"body_encrypted": self.office.cipher.encrypt(text), **changed}
        with self.office.database.begin() as connection:
            return insert_returning_id(connection, messages, row)

    def view(self) -> View:
        """What Anna sees."""
        with self.office.database.read() as connection:
            found = self.desk.view(connection, self.handoff, self.anna, "de")
            assert self.desk.view(connection, self.handoff, self.bert, "de") is None
        assert found is not None
        return found

    def actions(self) -> list[str]:
        """The audit of the conversation."""
        return [row["action"] for row in self.office.rows("audit") if row["object"] == f"handoff {self.handoff}"]


@pytest.fixture
def case(database: Database) -> Iterator[Case]:
    """On a database of each kind."""
    with libretranslate_server() as service:
        yield Case(database, service)


def test_nothing_is_sent_before_it_is_switched_on_and_each_text_once_after(case: Case) -> None:
    with pytest.raises(NotTranslated):
        case.desk.translate_message(case.handoff, case.said, case.anna, "de")
    case.desk.switch(case.handoff, case.anna, is_on=True)
    case.desk.switch(case.handoff, case.anna, is_on=True)
    for _ in range(3):
        made = case.desk.translate_message(case.handoff, case.said, case.anna, "de")
        assert (made.text, made.engine, made.is_whole) == (f"«{SAID}»".replace("0151", "\u200e0151"), "libretranslate", True)
    assert case.service.texts == ["أين المستشار؟ رقمي [1]"]
    (stored,) = case.office.rows("message_translations")
    assert SAID.encode() not in bytes(stored["text_encrypted"])
    assert case.view().kept[case.said] == made
    case.desk.switch(case.handoff, case.anna, is_on=False)
    assert case.view().kept == {}
    assert case.actions()[1:] == ["translation_on", "translation_on", "translate_message", "translation_off"]


def test_nobody_but_the_counsellor_who_has_it_reads_or_writes(case: Case) -> None:
    case.desk.switch(case.handoff, case.anna, is_on=True)
    other = case.office.ask(case.office.open("+4915100000099"))
    for attempt in (
        lambda: case.desk.translate_message(case.handoff, case.said, case.bert, "de"),
        lambda: case.desk.switch(case.handoff, case.bert, is_on=False),
        lambda: case.desk.confirm_warning(case.handoff, case.bert),
        lambda: case.desk.draft(case.handoff, "Guten Tag", case.bert, "de"),
        lambda: case.desk.send(case.handoff, Draft("Guten Tag", "مرحبا", "de", "key-1234"), case.bert),
        lambda: case.desk.translate_message(other, case.said, case.anna, "de"),
    ):
        with pytest.raises(UnknownHandoff):
            attempt()
    # A message of another conversation is not shown by way of one's own.
    strange = case.say("anderswo", conversation_id=case.office.open("+4915100000098"))
    with pytest.raises(UnknownHandoff):
        case.desk.translate_message(case.handoff, strange, case.anna, "de")
    assert case.service.texts == []


@pytest.mark.parametrize("how", ["topic of a message", "danger of a message"])
def test_what_no_machine_may_answer_is_translated_only_after_each_counsellor_read_the_warning(case: Case, how: str) -> None:
    with case.office.database.begin() as connection:
        connection.execute(insert(topics).values(slug="dublin", position=0, policy="C"))
    case.say("Dublin", **({"topic": "dublin"} if "topic" in how else {"danger": "medical"}))
    case.desk.switch(case.handoff, case.anna, is_on=True)
    assert case.view().standing.needs_warning
    with pytest.raises(NotTranslated):
        case.desk.translate_message(case.handoff, case.said, case.anna, "de")
    with pytest.raises(NotTranslated):
        case.desk.draft(case.handoff, "Guten Tag", case.anna, "de")
    case.desk.confirm_warning(case.handoff, case.anna)
    case.desk.translate_message(case.handoff, case.said, case.anna, "de")
    with case.office.database.begin() as connection:
        reassign(connection, case.handoff, case.office.bert, "eva", NOW)
    with case.office.database.read() as connection:
        seen = case.desk.view(connection, case.handoff, case.bert, "de")
    assert seen is not None
    assert seen.standing.needs_warning


def test_draft_is_sent_knowingly_with_the_mark_and_the_own_words_stay_beside_it(case: Case) -> None:
    case.desk.switch(case.handoff, case.anna, is_on=True)
    draft = case.desk.draft(case.handoff, "Rufen Sie 0800 1234567 an.", case.anna, "de")
    assert case.service.texts == ["Rufen Sie [1] an."]
    assert case.office.rows("outbox") == []
    for _ in range(2):
        case.desk.send(case.handoff, Draft("Rufen Sie 0800 1234567 an.", draft.text, "de", "key-1234"), case.anna)
    (sent,) = case.office.rows("outbox")
    assert case.office.cipher.decrypt(sent["body_encrypted"]) == f"«Rufen Sie 0800 1234567 an.»\n\n{MARK}"
    own = case.view().kept[sent["message_id"]]
    assert (own.text, own.engine) == ("Rufen Sie 0800 1234567 an.", "counsellor")
    # It is known already what it says.
    case.desk.translate_message(case.handoff, sent["message_id"], case.anna, "de")
    assert len(case.service.texts) == 1


def test_language_the_service_does_not_know_is_said_and_the_message_can_go_while_it_works(case: Case) -> None:
    case.desk.switch(case.handoff, case.anna, is_on=True)
    with pytest.raises(CannotTranslate, match="unknown_language"):
        case.desk.translate_message(case.handoff, case.say("Roj baş", language="ku"), case.anna, "de")

    def erase(text: str) -> str:
        with case.office.database.begin() as connection:
            connection.execute(delete(messages).where(messages.c.id == case.said))
        return text

    case.service.answers = erase
    case.desk.translate_message(case.handoff, case.said, case.anna, "de")
    assert case.office.rows("message_translations") == []


def test_translation_goes_with_its_message(case: Case) -> None:
    case.desk.switch(case.handoff, case.anna, is_on=True)
    case.desk.translate_message(case.handoff, case.said, case.anna, "de")
    with case.office.database.begin() as connection:
        connection.execute(delete(conversations).where(conversations.c.id == case.conversation))
        assert connection.execute(select(message_translations)).all() == []
    assert case.office.rows("translation_switches") == []
