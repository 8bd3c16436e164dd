"""Whole calls through the signed webhooks: holding the line, being put through, callbacks that say nothing, cancelling."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import insert, select, update
from werkzeug.test import TestResponse

from hotline.counselling.call_orders import OrderBell, OrderBook
from hotline.counselling.counsellors import set_phone
from hotline.dialogue.texts import Texts
from hotline.settings import ROOT
from hotline.store.database import insert_returning_id
from hotline.store.tables import call_legs, callbacks, counsellors, handoffs, queues, staff_accounts
from hotline.telephony.client import SendFailed
from tests.conftest import BASE_URL, Hotline
from tests.counselling.desks import NotedCalls
from tests.web import twilio

PHONE = "+4930111111"


class Exchange:
    """The telephone network around the hotline: carries out orders, and answers as telephones do."""

    def __init__(self, hotline: Hotline) -> None:
        self.hotline = hotline
        services = hotline.services
        self.provider = NotedCalls()
        book = OrderBook(services.database, services.cipher, self.provider, BASE_URL, services.note_call, hotline.clock)
        self.ordered: list[int] = []
        vars(services).update(order_book=book, order_bell=OrderBell(self.ordered.append))

    def hire(self, *languages: str) -> int:
        """A counsellor with a telephone, at the screen."""
        services, now = self.hotline.services, self.hotline.clock()
        with services.database.begin() as connection:
            account_id = insert_returning_id(
                connection, staff_accounts, {"name": "anna", "password_hash": "x", "created_at": now}
            )
            skills = {"languages": list(languages), "topics": [], "lands": [], "capacity": 5}
            connection.execute(insert(counsellors).values(account_id=account_id, presence="available", seen_at=now, **skills))
            set_phone(connection, account_id, PHONE, services.cipher, "anna", now)
        return account_id

    def work(self) -> None:
        """What the worker does at a tick."""
        with self.hotline.services.database.begin() as connection:
            connection.execute(update(counsellors).values(seen_at=self.hotline.clock()))
        self.hotline.services.timers.run()
        self.carry_out()

    def carry_out(self) -> None:
        """The orders that wait."""
        while self.ordered:
            self.hotline.services.order_book.carry_out(self.ordered.pop(0))

    def leg(self, role: str) -> int:
        """The newest call of a role."""
        with self.hotline.services.database.read() as connection:
            query = select(call_legs.c.id).where(call_legs.c.role == role).order_by(call_legs.c.id.desc()).limit(1)
            return int(connection.execute(query).scalar_one())

    def at(self, role: str, webhook: str, **form: str) -> TestResponse:
        """A webhook of the newest call of a role, as the provider posts it."""
        leg_id = self.leg(role)
        with self.hotline.services.database.read() as connection:
            sid = connection.execute(select(call_legs.c.call_sid).where(call_legs.c.id == leg_id)).scalar_one()
        given = {"CallSid": sid or "CA-unknown", "From": twilio.OURS, "To": PHONE, "CallStatus": "in-progress", **form}
        done = twilio.post(self.hotline, f"/webhooks/twilio/legs/{leg_id}/{webhook}", given)
        self.carry_out()
        return done

    @property
    def dialled(self) -> list[str]:
        """Numbers, in order."""
        return [asked[1] for asked in self.provider.asked if asked[0] == "dial"]

    def state(self) -> str:
        """Where the newest handoff stands."""
        return str(self.hotline.rows("handoffs")[-1]["state"])


@pytest.fixture
def exchange(quick_hotline: Hotline) -> Exchange:
    """The network, and nobody at work yet."""
    return Exchange(quick_hotline)


def _asks_for_a_person(exchange: Exchange, sid: str = "CA1") -> TestResponse:
    twilio.call(exchange.hotline, sid)
    twilio.call(exchange.hotline, sid, 1, Digits="1")
    return twilio.call(exchange.hotline, sid, 2, Digits="0")


def _text(key: str, language: str = "de") -> str:
    return Texts.load(ROOT / "translations", [language]).get(language, key, (".voice",))


def test_caller_holds_the_line_is_told_again_is_put_through_and_comes_back(exchange: Exchange) -> None:
    exchange.hire("de")
    held = _asks_for_a_person(exchange)
    assert _text("person.hold_line") in twilio.said(held)
    assert "Rückruf" in twilio.said(held)
    (music,) = twilio.xml(held).iter("Play")
    with exchange.hotline.app.test_client().get(urlsplit(music.text or "").path) as sound:
        assert sound.data[:4] == b"RIFF"
    assert _text("person.wait_5") in twilio.said(twilio.call(exchange.hotline, "CA1", 3)), "silence is no miss: it is told again"
    exchange.work()
    assert exchange.dialled == [PHONE]
    offered = exchange.at("counsellor", "answer")
    assert "Sprache: Deutsch." in twilio.said(offered)
    assert twilio.PERSON[1:] not in twilio.said(offered)
    room = twilio.xml(exchange.at("counsellor", "key", Digits="1")).find("Dial/Conference")
    assert room is not None
    assert exchange.state() == "accepted"
    assert exchange.provider.asked[-1][:2] == ("redirect", "CA1")
    joined = exchange.at("person", "join")
    assert _text("person.connected") in twilio.said(joined)
    own_room = twilio.xml(joined).find("Dial/Conference")
    assert own_room is not None
    assert own_room.text == room.text
    assert (own_room.get("endConferenceOnExit"), room.get("endConferenceOnExit")) == ("true", "false")
    # The counsellor's line drops: the caller goes back to the machine, is told so, and can go on with a person.
    exchange.at("counsellor", "status", CallStatus="completed")
    assert exchange.provider.asked[-1][2].endswith("/back")
    back = exchange.at("person", "back")
    assert _text("person.call_over") in twilio.said(back)
    assert twilio.said(exchange.at("person", "back")) == twilio.said(back), "a repeated webhook gets the same answer"
    again = twilio.post(
        exchange.hotline,
        urlsplit(str(twilio.xml(back).find("Gather").get("action"))).path,  # type: ignore[union-attr]
        {"CallSid": "CA1", "From": twilio.PERSON, "To": twilio.OURS, "CallStatus": "in-progress", "Digits": "1"},
    )
    assert _text("person.hold_line") in twilio.said(again)
    assert exchange.state() == "requested"


def test_mailbox_of_the_counsellor_accepts_nothing_and_the_key_two_declines(exchange: Exchange) -> None:
    exchange.hire("de")
    _asks_for_a_person(exchange)
    exchange.work()
    exchange.at("counsellor", "answer")
    assert twilio.xml(exchange.at("counsellor", "key")).find("Hangup") is not None
    assert exchange.state() == "declined"
    exchange.hotline.clock.move(seconds=100)
    twilio.call(exchange.hotline, "CA1", 3)
    exchange.work()
    assert exchange.dialled == [PHONE, PHONE], "after a while the only one there is asked again"
    exchange.at("counsellor", "answer")
    exchange.at("counsellor", "key", Digits="2")
    assert exchange.state() == "declined"


def test_nobody_there_queue_full_and_waited_long_lead_to_a_callback_and_never_to_silence(exchange: Exchange) -> None:
    assert _text("person.noted") in twilio.said(_asks_for_a_person(exchange, "CA-nobody"))
    exchange.hire("de")
    with exchange.hotline.services.database.begin() as connection:
        connection.exec_driver_sql("UPDATE queues SET most_waiting = 1")
    _asks_for_a_person(exchange, "CA-full")
    assert _text("person.hold_line") not in twilio.said(_asks_for_a_person(exchange, "CA-more"))
    with exchange.hotline.services.database.begin() as connection:
        connection.exec_driver_sql("UPDATE queues SET most_waiting = 10")
    said = twilio.said(_asks_for_a_person(exchange, "CA-long"))
    for step in range(3, 20):
        said = twilio.said(twilio.call(exchange.hotline, "CA-long", step))
        if _text("person.line_ends") in said:
            break
    assert _text("callback.when") in said, "whoever waited a quarter of an hour is called"


def test_callback_says_nothing_before_the_key_and_leaves_nothing(exchange: Exchange) -> None:
    _asks_for_a_person(exchange)
    twilio.call(exchange.hotline, "CA1", 3, Digits="4")
    booked = twilio.said(twilio.call(exchange.hotline, "CA1", 4, Digits="4"))
    assert _text("callback.number_is") in booked
    assert re.sub(r"\D", "", booked.split(_text("callback.number_is"))[1]).startswith("0" + twilio.PERSON[3:]), "read back"
    twilio.post(exchange.hotline, "/webhooks/twilio/status", {"CallSid": "CA1", "CallStatus": "completed"})
    exchange.hire("de")
    exchange.hotline.clock.move(minutes=1)
    exchange.work()
    exchange.work()
    exchange.at("counsellor", "answer")
    exchange.at("counsellor", "key", Digits="1")
    assert exchange.dialled == [PHONE, twilio.PERSON]
    rung = exchange.at("person", "answer")
    assert set(twilio.said(rung).split("\n")) == {_text("callback.press_one")}
    silent = exchange.at("person", "key")
    assert twilio.said(silent) == ""
    assert twilio.xml(silent).find("Hangup") is not None
    assert exchange.hotline.rows("callbacks")[-1]["state"] == "wanted", "counted as a try; the next one comes by rule"
    assert exchange.provider.asked[-1][2].endswith("/missed") or exchange.provider.asked[-2][2].endswith("/missed")


def test_confirmation_tells_how_to_cancel_is_not_sent_at_night_and_cancels_in_every_language(exchange: Exchange) -> None:
    exchange.hotline.clock.move(hours=10)
    _asks_for_a_person(exchange)
    twilio.call(exchange.hotline, "CA1", 3, Digits="4")
    twilio.call(exchange.hotline, "CA1", 4, Digits="4")
    confirmation = exchange.hotline.rows("outbox")[-1]
    assert exchange.hotline.services.cipher.decrypt(confirmation["recipient_encrypted"]) == twilio.PERSON  # type: ignore[arg-type]
    assert confirmation["due_at"] - exchange.hotline.clock() > timedelta(hours=8)  # type: ignore[operator]
    assert "99" in exchange.hotline.services.cipher.decrypt(confirmation["body_encrypted"])  # type: ignore[arg-type]
    assert exchange.state() == "callback"
    assert _text("person.withdrawn") in twilio.said(twilio.text(exchange.hotline, "SM1", "kein Anruf"))
    assert exchange.state() == "returned"
    assert exchange.hotline.rows("callbacks")[-1]["state"] == "cancelled"
    # By keypad in a call, too.
    _asks_for_a_person(exchange, "CA2")
    twilio.call(exchange.hotline, "CA2", 3, Digits="4")
    twilio.call(exchange.hotline, "CA2", 4, Digits="1")
    assert _text("person.withdrawn") in twilio.said(twilio.call(exchange.hotline, "CA2", 5, Digits="5"))
    assert exchange.state() == "returned"


def test_word_that_the_confirmation_names_is_understood_in_every_language(quick_hotline: Hotline) -> None:
    services = quick_hotline.services
    for language in services.live_languages:
        body = services.texts.get(language, "callback.confirmed.text", when="24.11. 09:00")
        word = re.split(r"99[^:«]*[:«]|veya şunu yazın:|99 an:", body)[-1].split("»")[0].strip()
        for answer in ("99", word):
            understood = services.interpreter.interpret(answer, language)
            assert understood.meaning.wish == "withdraw", (language, answer)
        assert len(body) <= 201


def test_another_number_is_typed_read_back_and_called_and_dear_ones_are_refused(exchange: Exchange) -> None:
    _asks_for_a_person(exchange)
    twilio.call(exchange.hotline, "CA1", 3, Digits="4")
    twilio.call(exchange.hotline, "CA1", 4, Digits="4")
    assert _text("callback.type_number") in twilio.said(twilio.call(exchange.hotline, "CA1", 5, Digits="1"))
    refused = twilio.said(twilio.call(exchange.hotline, "CA1", 6, Digits="0900123456"))
    assert _text("callback.number_wrong") in refused
    read = twilio.said(twilio.call(exchange.hotline, "CA1", 7, Digits="030998877"))
    assert _text("centres.is_right") in read
    twilio.call(exchange.hotline, "CA1", 8, Digits="1")
    stored = exchange.hotline.rows("callbacks")[-1]
    assert exchange.hotline.services.cipher.decrypt(stored["number_encrypted"]) == "+4930998877"  # type: ignore[arg-type]
    assert [row["state"] for row in exchange.hotline.rows("callbacks")] == ["expired", "wanted"]


def test_number_and_alias_are_typed_in_writing(exchange: Exchange) -> None:
    exchange.hotline.understander.knows("Hallo", "greet")
    for number, body in enumerate(("Hallo", "1", "0", "4", "4", "1", "030 / 99 88 77", "1", "6", "Die mit dem Hut")):
        last = twilio.said(twilio.text(exchange.hotline, f"SM{number}", body))
    stored = exchange.hotline.rows("callbacks")[-1]
    decrypt = exchange.hotline.services.cipher.decrypt
    assert decrypt(stored["number_encrypted"]) == "+4930998877"  # type: ignore[arg-type]
    assert decrypt(stored["alias_encrypted"]) == "Die mit dem Hut"  # type: ignore[arg-type]
    assert "+4930998877" in last


def test_call_goes_on_in_another_language_in_the_queue_of_that_language(exchange: Exchange) -> None:
    with exchange.hotline.services.database.begin() as connection:
        row = {"name": "english", "position": -1, "languages": ["en"], "lands": [], "holidays_of": "none", "most_waiting": 10}
        connection.execute(insert(queues).values(**row))
    _asks_for_a_person(exchange)
    assert exchange.hotline.rows("handoffs")[-1]["queue"] == "general"
    twilio.call(exchange.hotline, "CA1", 3, Digits="3")
    twilio.call(exchange.hotline, "CA1", 4, Digits="2")
    handoff = exchange.hotline.rows("handoffs")[-1]
    assert (handoff["language"], handoff["queue"]) == ("en", "english")


def test_provider_that_refuses_to_dial_passes_the_offer_on(exchange: Exchange) -> None:
    exchange.hire("de")
    _asks_for_a_person(exchange)
    exchange.provider.failure = SendFailed(21211, "fail", None, is_certain=True)
    exchange.work()
    assert exchange.state() == "expired"
    assert _text("person.wait_5") in twilio.said(twilio.call(exchange.hotline, "CA1", 3)), "and the caller is not in silence"


def test_talk_whose_webhook_fails_ends_with_an_apology_and_never_with_an_error(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange.hire("de")
    _asks_for_a_person(exchange)
    exchange.work()
    exchange.at("counsellor", "answer")
    exchange.at("counsellor", "key", Digits="1")

    def broken(*_: object) -> None:
        raise RuntimeError("the database is down")

    monkeypatch.setattr(exchange.hotline.services, "note_call", broken)
    assert _text("technical.sorry") in twilio.said(exchange.at("person", "join"))
    assert twilio.xml(exchange.at("counsellor", "after")).find("Hangup") is not None


def test_person_is_called_in_the_own_language_and_in_german_and_english_where_it_has_no_sound(exchange: Exchange) -> None:
    account_id = exchange.hire("tr")
    for language, heard in (("tr", ["tr"]), ("fa", ["de", "en"])):
        with exchange.hotline.services.database.begin() as connection:
            connection.execute(call_legs.delete())
        exchange.hotline.clock.move(minutes=20)
        sid = f"CA-{language}"
        _asks_for_a_person(exchange, sid)
        twilio.call(exchange.hotline, sid, 3, Digits="4")
        twilio.call(exchange.hotline, sid, 4, Digits="4")
        with exchange.hotline.services.database.begin() as connection:
            connection.execute(handoffs.update().values(language=language))
            connection.execute(counsellors.update().values(languages=[language]))
            connection.execute(callbacks.update().where(callbacks.c.closed_at.is_(None)).values(state="due"))
            due = connection.execute(select(callbacks.c.id).where(callbacks.c.state == "due").order_by(callbacks.c.id.desc()))
            follow = exchange.hotline.services.talks.ring_for_callback(
                connection, due.scalars().first() or 0, account_id, exchange.hotline.clock(), is_asked=True
            )
        exchange.ordered += follow.orders
        exchange.carry_out()
        exchange.at("counsellor", "answer")
        exchange.at("counsellor", "key", Digits="1")
        wanted = {_text("callback.press_one", code) for code in heard}
        assert set(twilio.said(exchange.at("person", "answer")).split("\n")) == wanted
        exchange.at("person", "key")
