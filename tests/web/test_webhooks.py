"""Signed webhooks in, TwiML out: once, always, and never with an error the person would hear."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from hotline.dialogue.turn import Turns
from tests.conftest import BASE_URL, PREVIOUS_TOKEN, TOKEN, Hotline
from tests.web import twilio

WEBHOOKS = ("/webhooks/twilio/messages", "/webhooks/twilio/calls", "/webhooks/twilio/calls/3", "/webhooks/twilio/status")


@pytest.mark.parametrize("path", WEBHOOKS)
@pytest.mark.parametrize("signature", ["", "wrong", "ä"])
def test_unsigned_webhook_is_refused_counted_and_leaves_nothing(quick_hotline: Hotline, path: str, signature: str) -> None:
    form = {"MessageSid": "SM1", "CallSid": "CA1", "From": twilio.PERSON, "Body": "hello"}
    response = twilio.post(quick_hotline, path, form, signature=signature.encode().decode("latin-1"))
    assert response.status_code == 403
    assert quick_hotline.rows("messages") == quick_hotline.rows("conversations") == []
    assert {row["name"]: row["value"] for row in quick_hotline.rows("counters")}["webhooks_refused"] == 1


def test_old_token_still_counts_during_a_rotation(quick_hotline: Hotline) -> None:
    form = {"MessageSid": "SM1", "From": twilio.PERSON, "To": twilio.OURS, "Body": "Guten Tag"}
    assert twilio.post(quick_hotline, "/webhooks/twilio/messages", form, token=PREVIOUS_TOKEN).status_code == 200
    assert twilio.post(quick_hotline, "/webhooks/twilio/messages", form, token="a third one").status_code == 403


def test_signature_holds_with_escaped_and_non_ascii_addresses(quick_hotline: Hotline) -> None:
    path = "/webhooks/twilio/messages?from=B%C3%BCro%20Nord&empty="
    form = {"MessageSid": "SM1", "From": twilio.PERSON, "To": twilio.OURS, "Body": "Grüße  ", "Blank": ""}
    assert twilio.post(quick_hotline, path, form).status_code == 200


def test_signed_json_is_read_and_a_changed_one_refused(quick_hotline: Hotline) -> None:
    body = json.dumps({"MessageSid": "SM1", "From": twilio.PERSON, "To": twilio.OURS, "Body": "Guten Tag"}).encode()
    path = f"/webhooks/twilio/messages?bodySHA256={sha256(body).hexdigest()}"
    signature = RequestValidator(TOKEN).compute_signature(BASE_URL + path, {})
    client = quick_hotline.app.test_client()
    headers = {"X-Twilio-Signature": signature, "Content-Type": "application/json"}
    assert client.post(path, data=body.replace(b"Guten", b"Boesen"), headers=headers).status_code == 403
    assert "Frage" in client.post(path, data=body, headers=headers).get_data(as_text=True)


@pytest.mark.parametrize(
    "body", [b"[]", b"null", b"{", b"\xff", b"[" * 20_000, b'{"a":' * 20_000, b'{"MessageSid": 1, "From": ["x"]}']
)
def test_json_that_is_no_message_is_refused_unsigned_and_without_effect_when_signed(quick_hotline: Hotline, body: bytes) -> None:
    path = f"/webhooks/twilio/messages?bodySHA256={sha256(body).hexdigest()}"
    headers = {"Content-Type": "application/json", "X-Twilio-Signature": "wrong"}
    client = quick_hotline.app.test_client()
    assert client.post(path, data=body, headers=headers).status_code == 403
    headers["X-Twilio-Signature"] = RequestValidator(TOKEN).compute_signature(BASE_URL + path, {})
    assert len(twilio.xml(client.post(path, data=body, headers=headers))) == 0
    assert quick_hotline.rows("messages") == []


def test_parameter_that_comes_twice_counts_with_both_values(quick_hotline: Hotline) -> None:
    path = "/webhooks/twilio/messages?line=a&line=&line=b"
    pairs = [("MessageSid", "SM1"), ("From", twilio.PERSON), ("To", twilio.OURS), ("Body", ""), ("Tag", "b"), ("Tag", "a")]
    headers = {"X-Twilio-Signature": RequestValidator(TOKEN).compute_signature(BASE_URL + path, MultiDict(pairs))}
    client = quick_hotline.app.test_client()
    for sent, status in ((pairs[:-1], 403), (pairs, 200)):
        form = {"data": urlencode(sent), "content_type": "application/x-www-form-urlencoded"}
        assert client.post(path, headers=headers, **form).status_code == status


def test_text_is_answered_in_its_language_with_date_and_ways_on(hotline: Hotline) -> None:
    hotline.understander.knows("How much money do I get", "money_reag_garp", 0.97, "en")
    answer = twilio.said(twilio.text(hotline, "SM1", "How much money do I get"))
    assert "euro" in answer.lower()
    assert "As of" in answer
    assert "0 Person" in answer


def test_repeated_event_takes_effect_once_and_gets_the_identical_reply(hotline: Hotline) -> None:
    hotline.understander.knows("Wie viel Geld", "money_reag_garp")
    first = twilio.text(hotline, "SM1", "Wie viel Geld").get_data()
    for _ in range(3):
        assert twilio.text(hotline, "SM1", "Wie viel Geld").get_data() == first
    assert hotline.understander.asked == ["Wie viel Geld"]
    assert len(hotline.rows("messages")) == 2


def test_same_event_at_the_same_moment_takes_effect_once(hotline: Hotline) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(lambda _: twilio.text(hotline, "SM1", "Ich brauche einen Menschen 0").get_data(), range(16)))
    assert len(answers) == 1
    assert len([row for row in hotline.rows("messages") if row["direction"] == "in"]) == 1
    assert len(hotline.rows("conversations")) == len(hotline.rows("contacts")) == 1


def test_messages_of_one_person_at_the_same_moment_are_all_answered_in_one_conversation(hotline: Hotline) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: twilio.text(hotline, f"SM{number}", "Guten Tag"), range(16)))
    assert len(hotline.rows("conversations")) == 1
    assert hotline.rows("conversations")[0]["turns"] == 16
    assert len(hotline.rows("messages")) == 32


@pytest.mark.parametrize(
    "changed",
    [
        {"Body": "", "NumMedia": "1"},
        {"Body": ""},
        {"Body": "😀" * 1600},
        {"Body": "\x00\x07\u202e\u200f" * 50},
        {"Body": "ا" * 10_000},
        {"Body": "<script>&\"' ]]>"},
        {"NumMedia": "many"},
        {"Body": "STOP", "OptOutType": "STOP"},
        {"Body": "HELP", "OptOutType": "HELP"},
        {"From": "whatsapp:+4915112345678", "To": "whatsapp:+4930555000"},
        {"From": "messenger:123456"},
        {"From": "", "To": ""},
        {"MessageSid": ""},
        {"Body": "9999999999"},
    ],
)
def test_odd_messages_get_a_sensible_answer_and_never_an_error(quick_hotline: Hotline, changed: dict[str, str]) -> None:
    response = twilio.text(quick_hotline, "SM1", "Guten Tag", **changed)
    assert twilio.xml(response).tag == "Response"
    assert not [row for row in quick_hotline.rows("counters") if row["name"] == "turns_failed"]


def test_a_failure_of_ours_still_answers_with_a_sentence_and_is_counted(
    quick_hotline: Hotline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> str:
        raise RuntimeError("secret words")

    monkeypatch.setattr(Turns, "take_text", fail)
    monkeypatch.setattr(Turns, "take_call_step", fail)
    assert "112" in twilio.said(twilio.text(quick_hotline, "SM1", "Guten Tag"))
    assert "1 1 2" in twilio.said(twilio.call(quick_hotline, "CA1"))
    quick_hotline.services.tally.write()
    assert {row["name"]: row["value"] for row in quick_hotline.rows("counters")}["turns_failed"] == 2


def test_call_speaks_each_language_with_its_own_voice_and_goes_on_by_key(hotline: Hotline) -> None:
    menu = twilio.xml(twilio.call(hotline, "CA1"))
    gather = menu.find("Gather")
    assert gather is not None
    says = [(element.get("language"), element.text or "") for element in gather.iter("Say")]
    assert {"de-DE", "en-GB", "ar-AE", "tr-TR", "ru-RU", "fr-FR"} <= {language for language, _ in says}
    assert ("de-DE", "Für Deutsch") in [(language, text[:11]) for language, text in says]
    assert gather.get("input") == "dtmf"
    answer = twilio.xml(twilio.call(hotline, "CA1", 1, Digits="1")).find("Gather")
    assert answer is not None
    assert answer.get("input") == "dtmf speech"
    assert answer.get("language") == "de-DE"
    assert answer.get("bargeIn") == "true"
    assert answer.get("action") == f"{BASE_URL}/webhooks/twilio/calls/2"


def test_repeated_call_step_gets_the_identical_reply(hotline: Hotline) -> None:
    twilio.call(hotline, "CA1")
    first = twilio.call(hotline, "CA1", 1, Digits="1").get_data()
    assert twilio.call(hotline, "CA1", 1, Digits="1").get_data() == first
    assert twilio.call(hotline, "CA1").get_data() != first
    assert hotline.rows("conversations")[0]["turns"] == 2


def test_end_of_a_call_closes_its_conversation(hotline: Hotline) -> None:
    twilio.call(hotline, "CA1")
    form = {"CallSid": "CA1", "CallStatus": "completed"}
    assert twilio.post(hotline, "/webhooks/twilio/status", form).status_code == 204
    assert hotline.rows("conversations")[0]["status"] == "closed"


def _have_the_counsellor_told(hotline: Hotline, sid: str) -> str:
    """A notice to the counsellor that Twilio has taken; the address its status comes to."""
    twilio.text(hotline, "SM1", "0")
    twilio.text(hotline, "SM2", "Mensch")
    (waiting,) = [row["id"] for row in hotline.rows("outbox")]
    assert hotline.rung == [waiting]
    with hotline.services.database.begin() as connection:
        hotline.services.outbox.claim(connection, hotline.rung[0], hotline.clock())
        hotline.services.outbox.finish(connection, hotline.rung[0], "sent", now=hotline.clock(), provider_sid=sid)
    return f"/webhooks/twilio/status?outbox={waiting}"


def test_status_of_a_sent_message_moves_only_forward(hotline: Hotline) -> None:
    path = _have_the_counsellor_told(hotline, "SM9")
    for status in ("sent", "delivered", "sent", "queued", "failed"):
        assert twilio.post(hotline, path, {"MessageSid": "SM9", "MessageStatus": status}).status_code == 204
    assert hotline.rows("outbox")[0]["status"] == "delivered"


@pytest.mark.parametrize(("code", "status"), [("30003", "queued"), ("30005", "undelivered"), ("", "undelivered")])
def test_message_that_did_not_arrive_waits_for_another_try_when_its_reason_may_pass(
    quick_hotline: Hotline, code: str, status: str
) -> None:
    path = _have_the_counsellor_told(quick_hotline, "SM9")
    form = {"MessageSid": "SM9", "MessageStatus": "undelivered", "ErrorCode": code}
    for _ in range(2):
        assert twilio.post(quick_hotline, path, form).status_code == 204
    assert quick_hotline.rows("outbox")[0]["status"] == status


def test_unknown_status_and_unknown_message_change_nothing(quick_hotline: Hotline) -> None:
    for form in (
        {"MessageSid": "SM404", "MessageStatus": "sent"},
        {"MessageSid": "SM404", "MessageStatus": "strange"},
        {"A": "b"},
    ):
        assert twilio.post(quick_hotline, "/webhooks/twilio/status", form).status_code in (200, 204)


def test_caller_may_press_five_keys_where_a_postcode_is_asked_for_and_one_elsewhere(quick_hotline: Hotline) -> None:
    gathers = [twilio.xml(twilio.call(quick_hotline, "CA1")).find("Gather")]
    for step, digits in enumerate(("1", "3", "1", "80331"), start=1):
        gathers.append(twilio.xml(twilio.call(quick_hotline, "CA1", step, Digits=digits)).find("Gather"))
    found = [(gather.get("numDigits"), gather.get("finishOnKey")) for gather in gathers if gather is not None]
    assert found == [("2", "#"), ("1", ""), ("1", ""), ("5", "#"), ("1", "")]
    assert gathers[3] is not None
    assert "Bayern" in (gathers[3].get("hints") or "")
