"""The hotline's own side: it builds the file in time, and hands people on when it cannot answer."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from hotline.dialogue.turn import Turns
from hotline.errors import CannotStart
from hotline.fallback.builder import BookBuilder
from hotline.fallback.server import FallbackServer
from hotline.knowledge.editing import Edit
from hotline.store.database import Database
from tests.calls.player import Numbers, Player, wsgi
from tests.conftest import BASE_URL, NOW, TOKEN, Hotline, make_settings
from tests.fallback.conftest import BASE, TURKISH_LINE
from tests.web import twilio


@pytest.fixture
def broken(built: Hotline, monkeypatch: pytest.MonkeyPatch) -> Hotline:
    """A hotline whose database is gone."""

    def fail(*_: object, **__: object) -> None:
        raise OperationalError("statement", {}, Exception("connection refused"))

    monkeypatch.setattr(Database, "read", fail)
    monkeypatch.setattr(Database, "begin", fail)
    return built


def test_without_the_database_a_call_hears_the_emergency_numbers_and_goes_on_at_the_fallback(
    broken: Hotline, server: FallbackServer
) -> None:
    numbers = Numbers(f"{BASE_URL}/webhooks/twilio/calls", f"{BASE}/voice")
    servers = {BASE_URL: wsgi(broken.app), BASE: wsgi(server)}
    player = Player(servers, numbers, TOKEN, ["1", "1"]).run()
    assert player.errors == []
    assert player.heard[:2] == [
        ("de-DE", "Bei uns ist eine Störung. In Gefahr: Polizei 1 1 0, Notarzt 1 1 2."),
        ("en-GB", "We have a technical problem. In danger: police 1 1 0, ambulance 1 1 2."),
    ]
    assert "Reisegeld" in player.said
    turkish = Player(servers, numbers, TOKEN, ["1"], to=TURKISH_LINE).run()
    assert {language for language, _ in turkish.heard} == {"tr-TR"}


def test_call_that_fails_at_a_later_step_goes_on_at_the_fallback_and_its_key_is_no_choice_there(
    broken: Hotline, server: FallbackServer
) -> None:
    form = {"CallSid": "CA9", "From": twilio.PERSON, "To": twilio.OURS, "CallStatus": "in-progress", "Digits": "3"}
    response = twilio.post(broken, "/webhooks/twilio/calls/4", form)
    assert response.status_code == 200
    assert f"{BASE}/voice/start?enter=1</Redirect>" in response.get_data(as_text=True)
    assert "Für Deutsch" in server.answer_call("start", {"enter": "1", "Digits": "3"})


def test_without_the_database_a_message_is_answered_in_the_language_of_its_line(broken: Hotline) -> None:
    assert "112" in twilio.said(twilio.text(broken, "SM1", "Hallo"))
    assert twilio.said(twilio.text(broken, "SM2", "Hallo", To=TURKISH_LINE)).startswith("Bizde bir hata var")


def test_without_a_fallback_the_call_ends_with_a_sentence(quick_hotline: Hotline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Turns, "take_call_step", None)
    document = twilio.xml(twilio.call(quick_hotline, "CA1"))
    assert document[-1].tag == "Hangup"
    with pytest.raises(CannotStart, match="FALLBACK_KEY is not set"):
        quick_hotline.services.fallback_books.build()


def test_worker_builds_at_night_and_after_each_publish_and_not_otherwise(built: Hotline) -> None:
    books, started = built.services.fallback_books, list[int]()
    vars(books)["_start"] = lambda: started.append(1)
    books.build_if_changed()
    assert started == []
    live = _published(built)
    edit = Edit("luggage", "de", live.title, "Fragen Sie die Fluggesellschaft.", live.full, 0, live.source_version)
    draft = built.services.editing.save(edit, "anna")
    read = built.services.editing.submit(draft.id, draft.lock, "anna")
    built.services.editing.approve(read.id, read.lock, "ben", is_native=False)
    books.build_if_changed()
    assert len(started) == 1
    vars(books)["_today"] = lambda: NOW.date().replace(day=25)
    books.build_if_changed()
    assert len(started) == 2
    vars(books)["_today"] = NOW.date


def _published(built: Hotline) -> Edit:
    with built.services.database.read() as connection:
        live = built.services.editing.published(connection, "luggage", "de")
    assert live is not None
    return live  # type: ignore[return-value]


def test_what_is_asked_most_comes_first(built: Hotline) -> None:
    books: BookBuilder = built.services.fallback_books
    built.understander.knows("Wie lange dauert es", "processing_time")
    for number in range(3):
        twilio.text(built, f"SM-most-{number}", "Wie lange dauert es")
    with built.services.database.read() as connection:
        library = built.services.library.current(connection, NOW.date())
        vars(books)["_clock"] = built.clock
        assert books._most_asked(connection, library)[0] == "processing_time"


@pytest.mark.parametrize(
    "changed",
    [
        {"FALLBACK_KEY": "k" * 40},
        {"FALLBACK_KEY": "short", "FALLBACK_BASE_URL": BASE},
        {"FALLBACK_KEY": "k" * 40, "FALLBACK_BASE_URL": "http://fallback.test"},
        {"LINE_LANGUAGES": "+4930555001"},
        {"LINE_LANGUAGES": "030=tr"},
    ],
)
def test_wrong_setting_stops_the_start(tmp_path: Path, changed: dict[str, str]) -> None:
    with pytest.raises(CannotStart):
        make_settings(tmp_path, **changed)
