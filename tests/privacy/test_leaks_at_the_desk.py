"""Marked numbers, names and texts go through console, cases, telephone, voice messages and translation; outputs are searched.

What people do by themselves and operators at the command line is in ``test_leaks``.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from hotline.counselling.counsellors import set_phone
from hotline.dialogue.turn import today_in_germany
from hotline.knowledge.exchange import FORMATS
from hotline.privacy.provider_copies import ProviderCopies
from hotline.services import Services
from hotline.store.tables import conversations, messages, queues
from hotline.telephony.client import TwilioSender
from hotline.translation.careful import CarefulTranslator
from hotline.translation.desk import TranslationDesk
from hotline.translation.libretranslate_service import LibreTranslateService
from hotline.web.factory import make_flask
from tests.conftest import BASE_URL, Hotline, make_hotline, make_settings
from tests.privacy.leaking import (
    LEFT,
    NAME,
    NOTED,
    NUMBER,
    OTHER_NUMBER,
    REPLY,
    SECOND,
    STAFF_NUMBER,
    TRANSLATED,
    WRITTEN,
    Provider,
    everything_logged,
    expect_clean,
    expect_clean_files,
    expect_clean_tables,
    provider,
)
from tests.security.routes import staff_routes
from tests.translation.servers import Service, libretranslate_server
from tests.web import twilio
from tests.web.counsellors import Colleague, hire, offer
from tests.web.test_calls_whole import Exchange

# Pages made for reading words: hints without names, and the cases of their counsellor with the alias.
READ = frozenset({"console_cases.show_list", "console_forms.show", "studio_questions.show"})


class _Desk:
    """Somebody at the console. Where a deed leads to, and what it left in the address, is searched at once."""

    def __init__(self, who: Colleague) -> None:
        self.who = who

    def do(self, page: str, path: str, expected: int = 302, **form: str) -> None:
        """Open a page and send a form of it."""
        self.who.open(page)
        done = self.who.post(path, **form)
        assert done.status_code == expected, (path, done.status_code)
        expect_clean(path, done.headers.get("Location", ""))


def _translate_by(services: Services, service: Service) -> None:
    service.answers = lambda text: f"{TRANSLATED} {text}"
    translator = CarefulTranslator(LibreTranslateService("", service.url, 5.0))
    vars(services)["translation_desk"] = TranslationDesk(
        services.database, services.cipher, services.counsellor_desk, translator, services.texts, services.clock
    )


def _counsel(hotline: Hotline, exchange: Exchange, anna: _Desk, bert: _Desk) -> None:
    """A whole matter: answered, translated, noted, in a case, handed on, written up and called back on another number."""
    for place, body in enumerate(("Guten Tag", "0", f"{WRITTEN}, ich heiße {NAME}")):
        twilio.text(hotline, f"SM{place}", body, From=NUMBER)
    handoff_id = hotline.rows("handoffs")[-1]["id"]
    offer(hotline)
    page = f"/console/handoffs/{handoff_id}"
    anna.do("/console", f"{page}/accept")
    assert WRITTEN in anna.who.open(page), "the counsellor must read it"
    anna.who.reply(int(str(handoff_id)), f"Guten Tag {REPLY}")
    anna.do(page, f"{page}/note", note=f"{NOTED} {NAME}")
    anna.do(page, f"{page}/number", 200, purpose="call_back")
    with hotline.services.database.begin() as connection:
        # As if it had been said in Arabic: what is in the counsellor's language is not sent out.
        connection.execute(update(conversations).values(language="ar"))
        connection.execute(update(messages).values(language="ar"))
    anna.do(page, f"{page}/translation/switch", 303, on="yes")
    for message in hotline.rows("messages"):
        anna.who.open(page)
        anna.who.post(f"{page}/translation/messages/{message['id']}")
    anna.who.open(page)
    anna.who.post(f"{page}/translation/draft", own_words=REPLY)
    anna.do(page, f"/console/cases/of-handoff/{handoff_id}")
    anna.do("/console/cases/1", "/console/cases/1/alias", alias=NAME)
    anna.do("/console/cases/1", "/console/cases/1/notes", note=NOTED)
    anna.do("/console/cases/1", "/console/cases/1/tasks", task=NOTED, due_on=today_in_germany().isoformat(), assignee="1")
    anna.do(page, f"{page}/transfer", to=str(bert.who.id), note=NOTED)
    bert.do("/console", f"{page}/transfer/accept")
    bert.who.open(page)
    wrap_up = bert.who.post(f"{page}/wrap-up").location
    bert.do(wrap_up, wrap_up, disposition="answered", hint=f"Das Amt braucht vier Monate {NOTED}")
    bert.do(page, f"{page}/call/book", safe_times="any", number=OTHER_NUMBER, alias=NAME)
    exchange.work()
    # What is refused is not told to anybody else either.
    for path in (f"{page}/note", "/console/cases/99/notes", f"{page}/call/book"):
        anna.who.post(path, text=WRITTEN, note=NOTED, number=OTHER_NUMBER, alias=NAME)


def _call(hotline: Hotline, anna: _Desk) -> None:
    """Somebody leaves a message, which is fetched and heard."""
    with hotline.services.database.begin() as connection:
        connection.execute(update(queues).values(takes_voicemail=True))
    anna.do("/console", "/console/presence", presence="away")
    twilio.call(hotline, "CA5", From=SECOND)
    for step, digits in enumerate(("1", "0", "6", "1"), 1):
        twilio.call(hotline, "CA5", step, From=SECOND, Digits=digits)
    form = {"CallSid": "CA5", "From": SECOND, "To": twilio.OURS, "CallStatus": "in-progress"}
    twilio.post(hotline, "/webhooks/twilio/calls/5", {**form, "RecordingSid": "RE5", "RecordingDuration": "7"})
    assert hotline.services.message_fetcher.run() == 1
    handoff_id = hotline.rows("voicemails")[0]["handoff_id"]
    anna.do("/console", "/console/presence", presence="available")
    anna.do("/console", f"/console/handoffs/{handoff_id}/accept")
    heard = anna.who.get(f"/console/handoffs/{handoff_id}/call/messages/1")
    assert heard.data == LEFT.encode()


def _write_for_a_callback(hotline: Hotline) -> None:
    """Somebody types another number and what they want to be called."""
    hotline.understander.knows("Hallo", "greet")
    for place, body in enumerate(("Hallo", "1", "0", "4", "4", "1", "030 / 77 88 99 001", "1", "6", NAME)):
        twilio.text(hotline, f"SM-back{place}", body, From=SECOND)
    assert hotline.rows("callbacks")[-1]["alias_encrypted"], "the name must have got there"


def _pages(hotline: Hotline, who: Colleague) -> None:
    """Every page that leads to no single matter; somebody with all roles looks."""
    looked_at = 0
    for route in staff_routes(hotline):
        if route.method == "GET" and not route.rule.arguments and route.rule.endpoint not in READ:
            answer = who.get(route.path())
            expect_clean(route.path(), answer.data)
            looked_at += answer.status_code == 200
    assert looked_at > 20
    for wanted in FORMATS:
        answer = who.client.get(f"/studio/transfer/export?format={wanted}&language=tr", base_url=BASE_URL)
        assert answer.status_code == 200, wanted
        expect_clean(f"the export as {wanted}", answer.data)


def _jobs(hotline: Hotline) -> list[bytes]:
    """What stands in the queue, as it stands there."""
    queue, found = hotline.services.queue, []
    while (task := queue.dequeue()) is not None:
        found.append(queue.serialize_task(task))
    return found


def test_nothing_of_anybody_leaves_the_desk(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with everything_logged() as logs, provider() as address, libretranslate_server() as service:
        hotline = make_hotline(make_settings(tmp_path, TWILIO_API_BASE_URL=address))
        services, exchange = hotline.services, Exchange(hotline)
        del vars(services)["doorbell"], vars(services)["timer_bell"]
        services.turns._ring = services.doorbell.ring  # type: ignore[method-assign]
        services.turns._desk.ring = services.timer_bell.ring
        _translate_by(services, service)
        anna, bert = _Desk(hire(hotline, "anna")), _Desk(hire(hotline, "bert", presence="busy"))
        with services.database.begin() as connection:
            set_phone(connection, anna.who.id, STAFF_NUMBER, services.cipher, "anna", hotline.clock())
        _counsel(hotline, exchange, anna, bert)
        _call(hotline, anna)
        _write_for_a_callback(hotline)
        expect_clean_tables(hotline)
        expect_clean_files(tmp_path)
        carla = hire(hotline, "carla", "supervisor", "editor", "reviewer", "admin", presence="busy")
        _pages(hotline, carla)
        # Nobody works it off here, so that everything a web process has put there is still there.
        payloads = _jobs(hotline)
        twilio.text(hotline, "SM-erase", "Meine Daten löschen", From=NUMBER)
        twilio.text(hotline, "SM-yes", "ja", From=NUMBER)
        assert "Auf Wunsch gelöscht" in carla.open()
        expect_clean("/console", carla.page)
        hotline.clock.move(hours=1)
        sender = TwilioSender(services.settings.twilio_account_sid, "token", address)
        assert ProviderCopies(services.database, sender, hotline.clock).run() > 0
    assert any("Recordings/RE5.json" in line for line in Provider.asked)
    assert service.texts, "something must have been translated"
    assert len(payloads) > 3
    for payload in payloads:
        expect_clean("a job", payload)
    expect_clean("an address asked at the provider", "\n".join(Provider.asked))
    addresses = [part for asked in exchange.provider.asked for part in asked if part.startswith("/") or BASE_URL in part]
    expect_clean("an address given to the provider", "\n".join(addresses))
    expect_clean("the logs", logs.getvalue())
    expect_clean("the terminal", "".join(capfd.readouterr()))
    expect_clean("/metrics", make_flask(services).test_client().get("/metrics").data)
    services.database.close()
    expect_clean_files(tmp_path)
