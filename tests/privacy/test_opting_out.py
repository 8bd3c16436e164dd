"""STOP in every language, per channel: said once, no message after it, whatever was queued before; START undoes it."""

from __future__ import annotations

from pathlib import Path
from tempfile import gettempdir

import pytest
import yaml

from hotline.counselling.desk import CannotReply, CounsellorDesk, Reply
from hotline.delivery.dispatch import Dispatcher
from hotline.delivery.outbox import OutgoingMessage
from hotline.dialogue.word_lists import WordLists
from hotline.services import Services
from hotline.settings import ROOT
from tests.conftest import Hotline, make_settings
from tests.delivery.conftest import FakeProvider
from tests.web import twilio

SERVICES = Services(make_settings(Path(gettempdir())))
WORDS = WordLists.load(SERVICES.content_folder / "words", SERVICES.autonyms)
# As people of each language write it first.
STOPS = {
    "de": "STOPP", "en": "Stop", "ar": "توقف", "tr": "DUR", "ru": "СТОП", "fr": "Arrêt", "fa": "توقف", "sq": "Ndal",
    "sr": "Prestani", "ka": "სტოპ", "ku": "Raweste", "uk": "СТОП",
}  # fmt: skip


def _say(hotline: Hotline, sid: str, body: str, **changed: str) -> str:
    return twilio.said(twilio.text(hotline, sid, body, **changed))


def _text(hotline: Hotline, key: str, language: str = "de") -> str:
    return hotline.services.texts.get(language, key, (".text",))


def _whatsapp(number: str = twilio.PERSON) -> dict[str, str]:
    return {"From": f"whatsapp:{number}", "To": f"whatsapp:{twilio.OURS}"}


def _send(hotline: Hotline, provider: FakeProvider, outbox_id: int) -> None:
    made = Dispatcher(hotline.services.database, hotline.services.outbox, provider, "https://hotline.test/s", hotline.clock)
    made.deliver(outbox_id)


def _queue(hotline: Hotline, channel: str = "sms") -> int:
    with hotline.services.database.begin() as connection:
        message = OutgoingMessage(channel, twilio.PERSON, twilio.OURS, "Guten Tag")
        return hotline.services.outbox.put(connection, message, hotline.clock())


@pytest.mark.parametrize("language", SERVICES.live_languages)
def test_words_for_stop_and_start_are_understood_in_every_language(language: str) -> None:
    lists = yaml.safe_load((ROOT / "content" / "words" / f"{language}.yml").read_text(encoding="utf-8"))
    assert STOPS[language].lower() in {word.lower() for word in lists["stop"]}
    for wish in ("stop", "start", "erase", "show"):
        for word in lists[wish]:
            command = WORDS.find(word, language)
            assert command is not None, word
            assert command.wish == {"erase": "erase_my_data", "show": "show_my_data"}.get(wish, wish), word


def test_every_language_stops_and_starts_its_own_number(quick_hotline: Hotline) -> None:
    for place, (language, word) in enumerate(STOPS.items(), 1):
        number = {"From": f"+4915100000{place:03}"}
        hello = yaml.safe_load((ROOT / "content" / "words" / f"{language}.yml").read_text(encoding="utf-8"))
        quick_hotline.understander.knows("x", "greet", language=language)
        _say(quick_hotline, f"SM{place}a", "x", **number)
        assert _say(quick_hotline, f"SM{place}b", word, **number) == _text(quick_hotline, "stop.done", language)
        assert len(quick_hotline.rows("opt_outs")) == 1, language
        said = _say(quick_hotline, f"SM{place}c", hello["start"][0], **number)
        assert said.startswith(_text(quick_hotline, "start.done", language)), said
        assert quick_hotline.rows("opt_outs") == [], language


def test_stop_holds_for_its_channel_and_is_confirmed_once(hotline: Hotline) -> None:
    _say(hotline, "SM1", "Guten Tag")
    assert _say(hotline, "SM2", "STOPP") == _text(hotline, "stop.done")
    assert _say(hotline, "SM3", "STOPP") == ""
    provider = FakeProvider()
    _send(hotline, provider, _queue(hotline))
    assert provider.sent == []
    _send(hotline, provider, _queue(hotline, "whatsapp"))
    assert len(provider.sent) == 1
    assert _say(hotline, "WA1", "STOPP", **_whatsapp()) == _text(hotline, "stop.done")
    _send(hotline, provider, _queue(hotline, "whatsapp"))
    assert len(provider.sent) == 1


def test_nothing_goes_out_after_stop_not_even_what_was_queued_or_waits_for_a_new_try(hotline: Hotline) -> None:
    _say(hotline, "SM1", "Guten Tag")
    queued, failed, provider = _queue(hotline), _queue(hotline), FakeProvider([20429])
    _send(hotline, provider, failed)
    assert hotline.rows("outbox")[-1]["status"] == "queued", "it waits for its second try"
    _say(hotline, "SM2", "STOPP")
    hotline.clock.move(hours=1)
    for outbox_id in (queued, failed):
        _send(hotline, provider, outbox_id)
    assert provider.sent == []
    assert {row["status"] for row in hotline.rows("outbox")} == {"opted_out"}


def test_stop_that_comes_while_a_message_is_being_sent_holds_for_its_next_try(hotline: Hotline) -> None:
    _say(hotline, "SM1", "Guten Tag")
    outbox_id = _queue(hotline)

    class _Slow(FakeProvider):
        def send_message(self, **message: object) -> str:
            _say(hotline, "SM2", "STOPP")
            return super().send_message(**message)

    provider = _Slow([20429])
    _send(hotline, provider, outbox_id)
    hotline.clock.move(hours=1)
    _send(hotline, provider, outbox_id)
    assert provider.sent == []
    assert hotline.rows("outbox")[-1]["status"] == "opted_out"


def test_message_in_doubt_is_not_sent_a_second_time_after_stop(hotline: Hotline) -> None:
    _say(hotline, "SM1", "Guten Tag")
    outbox_id, provider = _queue(hotline), FakeProvider([None])
    _send(hotline, provider, outbox_id)
    assert hotline.rows("outbox")[-1]["status"] == "checking"
    _say(hotline, "SM2", "STOPP")
    for _ in range(4):
        hotline.clock.move(minutes=5)
        _send(hotline, provider, outbox_id)
    assert hotline.rows("outbox")[-1]["status"] == "opted_out"
    assert provider.sent == []


def test_nothing_is_sent_but_by_the_dispatcher_which_asks_whether_it_may_be() -> None:
    senders = {path.name for path in (ROOT / "hotline").rglob("*.py") if ".send_message(" in path.read_text(encoding="utf-8")}
    # The second one only chooses the account.
    assert senders == {"dispatch.py", "failover.py"}


@pytest.mark.parametrize("way", ["answer", "report"])
def test_stop_told_to_the_provider_is_learnt_from_its_refusal(hotline: Hotline, way: str) -> None:
    _say(hotline, "SM1", "Guten Tag")
    outbox_id = _queue(hotline)
    provider = FakeProvider([21610] if way == "answer" else [])
    _send(hotline, provider, outbox_id)
    if way == "report":
        form = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "21610", "To": twilio.PERSON}
        twilio.post(hotline, "/webhooks/twilio/status", form)
    assert [row["pseudonym"] for row in hotline.rows("opt_outs")] == [hotline.services.cipher.pseudonym(twilio.PERSON)]
    sent = len(provider.sent)
    _send(hotline, provider, _queue(hotline))
    assert len(provider.sent) == sent


def test_cry_for_help_after_stop_gets_its_numbers_as_a_reply_and_no_promise_to_write(hotline: Hotline) -> None:
    _say(hotline, "SM1", "Guten Tag")
    _say(hotline, "SM2", "STOPP")
    said = _say(hotline, "SM3", "Ich will nicht mehr leben")
    assert "112" in said
    assert _text(hotline, "stop.still") in said
    assert _text(hotline, "person.urgent") not in said
    (handoff,) = hotline.rows("handoffs")
    assert handoff["is_urgent"], "counsellors are told all the same"
    assert len(hotline.rows("opt_outs")) == 1
    with hotline.services.database.begin() as connection, pytest.raises(CannotReply, match="stopped messages"):
        CounsellorDesk(hotline.services.outbox, hotline.services.cipher).reply(
            connection, handoff["id"], Reply("Guten Tag"), "anna", hotline.clock()
        )


def test_a_question_after_stop_is_answered_and_only_who_asks_for_a_person_is_written_to_again(hotline: Hotline) -> None:
    _say(hotline, "SM1", "Guten Tag")
    _say(hotline, "SM2", "STOPP")
    hotline.understander.knows("Wie viel Geld", "money_reag_garp")
    assert "Menü" in _say(hotline, "SM3", "Wie viel Geld")
    assert len(hotline.rows("opt_outs")) == 1
    _say(hotline, "SM4", "0")
    assert hotline.rows("opt_outs") == []


def test_a_cry_for_help_is_never_taken_for_a_mere_stop(hotline: Hotline) -> None:
    _say(hotline, "SM1", "Guten Tag")
    hotline.understander.knows("Stopp, er will mich umbringen", "stop", 0.99)
    assert "112" in _say(hotline, "SM2", "Stopp, er will mich umbringen")
    assert hotline.rows("opt_outs") == []


def test_erased_while_it_is_sent_is_deleted_at_the_provider_too(hotline: Hotline) -> None:
    _say(hotline, "SM1", "Guten Tag")
    outbox_id = _queue(hotline)

    class _Slow(FakeProvider):
        def send_message(self, **message: object) -> str:
            _say(hotline, "SM2", "Meine Daten löschen")
            _say(hotline, "SM3", "ja")
            return "SM-late"

    _send(hotline, _Slow(), outbox_id)
    assert hotline.rows("outbox") == []
    assert "SM-late" in {row["sid"] for row in hotline.rows("provider_deletions")}
