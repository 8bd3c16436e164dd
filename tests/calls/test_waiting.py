"""Whole calls of people who hold the line: the place they are told, a counsellor nobody can reach, hanging up while waiting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count

import pytest

from hotline.counselling.handoff import HandoffRequest, close_handoff, request_handoff
from hotline.counselling.routing import TOLD_PLACES
from hotline.dialogue.events import Told
from hotline.dialogue.person import FIRST_PLACE, MANY_BEFORE
from hotline.dialogue.spoken_parts import PLACE
from hotline.store.database import insert_returning_id
from hotline.store.tables import conversations
from tests.calls.player import SILENCE, Got, Input, Leaves, Player, Server, wsgi
from tests.calls.sounds import make_speakable
from tests.calls.test_calls import LANGUAGES, NUMBERS, choose, is_heard
from tests.conftest import BASE_URL, NOW, TOKEN, Hotline, make_hotline, make_settings
from tests.web.test_calls_whole import PHONE, Exchange

_CALLS = "/webhooks/twilio/calls/"
_callers = count(1)


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """A hotline that speaks all languages, with one counsellor whose telephone nobody answers."""
    made = make_hotline(make_settings(tmp_path_factory.mktemp("waiting")))
    make_speakable(made.services)
    network = Exchange(made)
    network.hire(*LANGUAGES)
    yield network
    made.services.database.close()


def ringing_in_vain(exchange: Exchange) -> Server:
    """The hotline; before each document a minute goes by, the worker does its work, and the counsellor does not answer."""
    server = wsgi(exchange.hotline.app)

    def answer(method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Got:
        if path.startswith(_CALLS):
            exchange.hotline.clock.move(minutes=1)
            exchange.work()
            if any(row["role"] == "counsellor" and row["state"] == "ordered" for row in exchange.hotline.rows("call_legs")):
                exchange.at("counsellor", "status", CallStatus="no-answer")
        return server(method, path, body, headers)

    return answer


def lead(exchange: Exchange, server: Server, *inputs: Input) -> Player:
    """One call to its end, from a telephone that never called before."""
    number = next(_callers)
    return Player({BASE_URL: server}, NUMBERS, TOKEN, inputs, sid=f"CA-{number}", caller=f"+49151{number:08}").run()


def cancel(exchange: Exchange, player: Player) -> None:
    """Who was to be called back wants no call any more, and is in nobody's way."""
    services = exchange.hotline.services
    with services.database.begin() as connection:
        assert services.callbacks.cancel_all(connection, player.caller, exchange.hotline.clock()) == 1


@pytest.mark.parametrize("language", ["de", "ku"])
def test_counsellor_who_cannot_be_reached_leads_to_a_callback_and_never_to_silence(exchange: Exchange, language: str) -> None:
    hotline = exchange.hotline
    dialled = len(exchange.dialled)
    player = lead(exchange, ringing_in_vain(exchange), *choose(language), "0", *[SILENCE] * 15, "4")
    assert player.ended == "caller"
    assert len(exchange.dialled) > dialled + 1
    assert set(exchange.dialled) == {PHONE}, "tried again and again, and nobody else was rung"
    for key in ("person.hold_line", FIRST_PLACE, "person.line_ends", "callback.when", "callback.noted"):
        assert is_heard(hotline, player, language, key), key
    assert all(len(question) for question in player.questions), "something is heard in every document"
    callback = hotline.rows("callbacks")[-1]
    assert callback["state"] == "wanted"
    handoff = next(row for row in hotline.rows("handoffs") if row["id"] == callback["handoff_id"])
    assert handoff["state"] == "callback"
    assert callback["place_at"] == handoff["requested_at"], "at the place they had"
    assert hotline.rows("conversations")[-1]["closed_at"] is not None
    cancel(exchange, player)


def test_hanging_up_while_holding_the_line_is_a_callback_in_every_language(exchange: Exchange) -> None:
    hotline = exchange.hotline
    for language in LANGUAGES:
        for waited in (0, 2):
            player = lead(exchange, ringing_in_vain(exchange), *choose(language), "0", *[SILENCE] * waited, Leaves())
            assert [hotline.rows(table)[-1]["state"] for table in ("handoffs", "callbacks")] == ["callback", "wanted"]
            assert hotline.rows("conversations")[-1]["closed_at"] is not None
            cancel(exchange, player)
    assert {row["state"] for row in hotline.rows("call_legs")} == {"gone"}, "no telephone rings on"


def test_place_is_told_at_entry_and_when_it_changes_and_danger_goes_before(exchange: Exchange) -> None:
    hotline = exchange.hotline
    ahead = [_ask(hotline), _ask(hotline)]
    server, steps = wsgi(hotline.app), count(1)

    def answer(method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Got:
        # The language, the wish for a person, and then every minute.
        step = next(steps) if path.startswith(_CALLS) else 0
        if step == 4:
            _close(hotline, ahead[0])
        if step == 6:
            for _ in range(2):
                _ask(hotline, danger="violence")
        return server(method, path, body, headers)

    held = lead(exchange, answer, *choose("en"), "0", *[SILENCE] * 5, Leaves())
    told = [text for _, text in held.heard if "in the queue" in text]
    assert told == [f"You are about number {place} in the queue." for place in (3, 2, 4)]


def _ask(hotline: Hotline, danger: str | None = None) -> int:
    """Somebody else who waits, in writing."""
    row = {"channel": "webchat", "status": "bot", "session": {}, "turns": 0, "language": "en"}
    with hotline.services.database.begin() as connection:
        now = hotline.clock()
        new_id = insert_returning_id(connection, conversations, {**row, "opened_at": now, "last_inbound_at": now})
        return request_handoff(connection, HandoffRequest(new_id, "asked", danger, "en", None, "webchat"), now).id


def _close(hotline: Hotline, handoff_id: int) -> None:
    with hotline.services.database.begin() as connection:
        close_handoff(connection, handoff_id, "anna", hotline.clock())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_place_can_be_spoken_in_every_language(exchange: Exchange, language: str) -> None:
    services = exchange.hotline.services
    with services.database.read() as connection:
        library = services.library.current(connection, NOW.date())
    known = set(services.renderer.all_utterances(language, services.definition, library))
    places = [Told(PLACE, {"place": str(place)}) for place in TOLD_PLACES]
    spoken = services.renderer.speak([*places, Told(FIRST_PLACE), Told(MANY_BEFORE)], language, library).utterances
    assert {one.text for one in spoken} <= known
    assert len({one.text for one in spoken}) == len(TOLD_PLACES) + 2
    assert all(str(place) in spoken[number].text for number, place in enumerate(TOLD_PLACES))
    assert services.prompts.can_speak(language, [one.text for one in spoken])
