"""Webhooks become plain values; what cannot be used says which parameter, never its value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.telephony.inbound import (
    FINAL_MESSAGE_STATUSES,
    MESSAGE_STATUS_RANK,
    InboundCall,
    InboundMessage,
    StatusUpdate,
    UnusableWebhook,
    is_forward,
    parse_call,
    parse_message,
    parse_status,
)

PERSON = "+4915100000000"
SMS = {"MessageSid": "SM1", "From": PERSON, "To": "+4930000000", "Body": " Grüße ", "NumMedia": "0"}
CALL = {"CallSid": "CA1", "From": PERSON, "To": "+4930000000", "Direction": "inbound", "CallStatus": "ringing"}


def test_an_sms_is_read_as_typed() -> None:
    assert parse_message(SMS) == InboundMessage("SM1", "sms", PERSON, "+4930000000", " Grüße ", 0, None)


def test_a_whatsapp_message_loses_its_prefix_and_keeps_its_channel() -> None:
    form = {"MessageSid": "SM2", "From": f"whatsapp:{PERSON}", "To": "whatsapp:+4930000000", "NumMedia": "2"}
    assert parse_message(form) == InboundMessage("SM2", "whatsapp", PERSON, "+4930000000", "", 2, None)


def test_parameters_we_do_not_know_change_nothing() -> None:
    assert parse_message({**SMS, "NewIn2027": "x"}) == parse_message(SMS)


@pytest.mark.parametrize(("value", "word"), [("STOP", "stop"), ("START", "start"), ("Help", "help"), ("", None), ("OTHER", None)])
def test_the_opt_out_type_is_one_of_three_words_or_nothing(value: str, word: str | None) -> None:
    assert parse_message({**SMS, "OptOutType": value}).opt_out == word


@pytest.mark.parametrize("value", ["", "-1", "many", "1.5"])
def test_a_media_count_that_is_no_count_is_zero(value: str) -> None:
    assert parse_message({**SMS, "NumMedia": value}).media_count == 0


@pytest.mark.parametrize(
    "sender",
    [
        f"messenger:{PERSON}",
        f"rcs:{PERSON}",
        f"WhatsApp:{PERSON}",
        f"whatsapp:whatsapp:{PERSON}",
        "82823",
        "AMAZON",
        "+0151234567",
        "",
    ],
)
def test_a_sender_that_is_no_person_with_a_number_is_refused_without_quoting_it(sender: str) -> None:
    with pytest.raises(UnusableWebhook, match="From") as refusal:
        parse_message({**SMS, "From": sender})
    assert not sender or sender not in str(refusal.value)


@pytest.mark.parametrize("sid", [{}, {"MessageSid": ""}])
def test_a_message_without_its_sid_is_refused(sid: dict[str, str]) -> None:
    with pytest.raises(UnusableWebhook, match="MessageSid"):
        parse_message({"From": PERSON, **sid})


def test_the_first_request_of_a_call_has_neither_keys_nor_speech() -> None:
    assert parse_call(CALL) == InboundCall("CA1", PERSON, "+4930000000", "inbound", None, None, None, "ringing")


def test_a_pressed_key_is_read_also_when_it_is_star_or_hash() -> None:
    for key in ("0", "*", "#"):
        assert parse_call({**CALL, "Digits": key}).digits == key


def test_speech_is_read_with_its_confidence() -> None:
    call = parse_call({**CALL, "SpeechResult": " Ich möchte zurück. ", "Confidence": "0.87"})
    assert (call.speech, call.speech_confidence) == ("Ich möchte zurück.", 0.87)


def test_a_silent_gather_has_neither_keys_nor_speech() -> None:
    call = parse_call({**CALL, "Digits": "", "SpeechResult": " "})
    assert (call.digits, call.speech) == (None, None)


@pytest.mark.parametrize("value", ["", "high", "nan", "inf"])
def test_a_confidence_that_is_no_number_is_none(value: str) -> None:
    assert parse_call({**CALL, "SpeechResult": "ja", "Confidence": value}).speech_confidence is None


@pytest.mark.parametrize(
    "caller",
    [
        "anonymous",
        "Anonymous",
        "restricted",
        "unavailable",
        "+266696687",
        "+7378742833",
        "",
        "client:agent_7",
        "sip:a@b.example",
        "110",
    ],
)
def test_a_withheld_number_is_none(caller: str) -> None:
    assert parse_call({**CALL, "From": caller}).caller is None


def test_a_call_without_any_caller_parameter_still_works() -> None:
    assert parse_call({"CallSid": "CA1"}).caller is None


def test_a_call_without_its_sid_is_refused() -> None:
    with pytest.raises(UnusableWebhook, match="CallSid"):
        parse_call({"From": PERSON})


def test_the_status_of_a_message_and_its_error_code_are_read() -> None:
    form = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30003"}
    assert parse_status(form) == StatusUpdate("message", "SM1", "undelivered", "30003")


def test_the_status_of_a_call_is_read() -> None:
    assert parse_status({"CallSid": "CA1", "CallStatus": "no-answer"}) == StatusUpdate("call", "CA1", "no-answer", None)


@pytest.mark.parametrize(
    ("form", "name"),
    [
        ({}, "CallSid"),
        ({"MessageSid": "", "MessageStatus": "sent"}, "MessageSid"),
        ({"MessageSid": "SM1"}, "MessageStatus"),
        ({"CallSid": "CA1"}, "CallStatus"),
    ],
)
def test_a_status_without_sid_or_status_is_refused(form: dict[str, str], name: str) -> None:
    with pytest.raises(UnusableWebhook, match=name):
        parse_status(form)


def test_numbers_and_words_of_people_stay_out_of_the_repr() -> None:
    shown = repr(parse_message(SMS)) + repr(parse_call({**CALL, "SpeechResult": "Grüße", "Digits": "4711"}))
    assert not any(secret in shown for secret in (PERSON, "Grüße", "4711"))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (None, "queued", True),
        ("queued", "sending", True),
        ("sent", "delivered", True),
        ("sent", "failed", True),
        ("sent", "undelivered", True),
        ("delivered", "read", True),
        ("accepted", "queued", True),
        ("delivered", "sent", False),
        ("delivered", "failed", False),
        ("delivered", "undelivered", False),
        ("failed", "delivered", False),
        ("undelivered", "read", False),
        ("read", "delivered", False),
        ("sent", "sent", False),
        (None, "scheduled", False),
    ],
)
def test_a_status_moves_only_forward(old: str | None, new: str, expected: bool) -> None:
    assert is_forward(old, new) is expected


@given(st.lists(st.sampled_from([*MESSAGE_STATUS_RANK, "accepted", "made up"])))
def test_no_order_of_arrival_moves_a_message_backwards_or_out_of_an_end(arrivals: list[str]) -> None:
    status: str | None = None
    for arrival in arrivals:
        if is_forward(status, arrival):
            assert status not in FINAL_MESSAGE_STATUSES
            assert status is None or MESSAGE_STATUS_RANK[arrival] > MESSAGE_STATUS_RANK[status]
            status = arrival
    known = [arrival for arrival in arrivals if arrival in MESSAGE_STATUS_RANK]
    assert (status is None) == (not known)


@given(st.permutations(["queued", "sending", "sent", "delivered", "read"]))
def test_a_delivered_and_read_message_ends_as_read_in_every_order_of_arrival(arrivals: list[str]) -> None:
    status: str | None = None
    for arrival in arrivals:
        status = arrival if is_forward(status, arrival) else status
    assert status == "read"
