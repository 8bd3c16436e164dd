"""Every pitfall of twilio.md section 2, with signatures made by Twilio's own SDK."""

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]
from werkzeug.datastructures import MultiDict

from hotline.telephony.signature import FORM, SignedRequest, is_signed, public_url

TOKEN = "primary"  # no secret
OTHER_TOKEN = "secondary"
BASE = "https://hotline.example"
URL = f"{BASE}/voice/step?call=7&lang=%C3%BC+z%20y&empty="
PAIRS = (("CallSid", "CA1"), ("From", "+4915100000000"), ("SpeechResult", " grüße مرحبا "), ("Digits", ""))
JSON_BODY = '{"note": "grüße"}'.encode()


def signature_of(url: str, pairs: tuple[tuple[str, str], ...] = PAIRS, token: str = TOKEN) -> str:
    signature: str = RequestValidator(token).compute_signature(url, MultiDict(pairs))
    return signature


def form_request(url: str = URL, pairs: tuple[tuple[str, str], ...] = PAIRS, signature: str | None = None) -> SignedRequest:
    """A form as the server got it. Without `signature` it carries the right one."""
    return SignedRequest(url, pairs, b"raw form", f"{FORM}; charset=UTF-8", signature or signature_of(url, pairs))


def json_request(
    body: bytes = JSON_BODY, signed_body: bytes = JSON_BODY, content_type: str = "application/json"
) -> SignedRequest:
    url = f"{BASE}/events?bodySHA256={hashlib.sha256(signed_body).hexdigest()}"
    return SignedRequest(url, (), body, content_type, signature_of(url, ()))


def test_a_form_signed_by_twilio_is_accepted() -> None:
    assert is_signed(form_request(), [TOKEN])


def test_a_request_without_a_body_is_accepted_when_its_url_is_signed() -> None:
    assert is_signed(SignedRequest(URL, (), b"", "", signature_of(URL, ())), [TOKEN])


def test_behind_a_tls_proxy_the_public_address_is_checked_and_not_the_one_the_server_saw() -> None:
    signature = signature_of(URL)
    seen = "http://10.0.0.3:8000" + URL.removeprefix(BASE)
    assert not is_signed(form_request(seen, signature=signature), [TOKEN])
    assert is_signed(form_request(public_url(BASE, seen), signature=signature), [TOKEN])


@pytest.mark.parametrize("port", [":443", ":5000"])
def test_a_port_on_the_side_of_the_server_only_does_no_harm(port: str) -> None:
    with_port = URL.replace(BASE, BASE + port)
    assert is_signed(form_request(with_port, signature=signature_of(URL)), [TOKEN])


def test_the_default_port_on_the_side_of_twilio_only_does_no_harm() -> None:
    assert is_signed(form_request(URL, signature=signature_of(URL.replace(BASE, BASE + ":443"))), [TOKEN])


@pytest.mark.parametrize(
    "seen",
    [
        f"{BASE}/voice/step?lang=%C3%BC+z%20y&call=7&empty=",
        f"{BASE}/voice/step?call=7&lang=%C3%BC%20z%20y&empty=",
        f"{BASE}/voice/step?call=7&lang=ü z y&empty=",
        f"{BASE}/voice/step?call=7&lang=%C3%BC+z%20y",
        f"{BASE}/voice/step/?call=7&lang=%C3%BC+z%20y&empty=",
        f"https://Hotline.example{URL.removeprefix(BASE)}",
        f"{URL}#rc=2",
        f"https://user:secret@hotline.example{URL.removeprefix(BASE)}",
    ],
    ids=["order", "plus", "decoded", "blank", "slash", "host case", "fragment", "basic auth"],
)
def test_a_url_that_was_rewritten_on_the_way_is_refused(seen: str) -> None:
    assert not is_signed(form_request(seen, signature=signature_of(URL)), [TOKEN])


@pytest.mark.parametrize("path", ["/x/%C3%BC?b=2&a=%C3%BC+z%20y&e=", "/x/ü?a=ü", "/%2Fa%3Fb", "/ጤና"])
def test_escaped_and_non_ascii_urls_are_checked_as_they_were_sent(path: str) -> None:
    url = public_url(BASE, path)
    assert is_signed(form_request(url), [TOKEN])


def test_a_dropped_blank_parameter_is_refused() -> None:
    kept = tuple(pair for pair in PAIRS if pair[1])
    assert not is_signed(form_request(pairs=kept, signature=signature_of(URL)), [TOKEN])


def test_a_trimmed_value_is_refused() -> None:
    trimmed = tuple((name, value.strip()) for name, value in PAIRS)
    assert not is_signed(form_request(pairs=trimmed, signature=signature_of(URL)), [TOKEN])


def test_an_added_parameter_is_refused() -> None:
    assert not is_signed(form_request(pairs=(*PAIRS, ("OptOutType", "STOP")), signature=signature_of(URL)), [TOKEN])


def test_repeated_parameters_count_with_all_their_values() -> None:
    pairs = (("Sid", "b"), ("Sid", "a"), ("Sid", ""), *PAIRS)
    signature = signature_of(URL, pairs)
    assert is_signed(form_request(pairs=pairs, signature=signature), [TOKEN])
    assert not is_signed(form_request(pairs=pairs[1:], signature=signature), [TOKEN])


def test_a_wrong_token_is_refused() -> None:
    assert not is_signed(form_request(), ["wrong"])


def test_during_a_rotation_both_tokens_are_accepted_and_no_third_one() -> None:
    old, new, foreign = (form_request(signature=signature_of(URL, token=t)) for t in (TOKEN, OTHER_TOKEN, "third"))
    assert is_signed(old, [TOKEN, OTHER_TOKEN])
    assert is_signed(new, [TOKEN, OTHER_TOKEN])
    assert not is_signed(foreign, [TOKEN, OTHER_TOKEN])


@pytest.mark.parametrize("tokens", [[], [""], [TOKEN, ""], TOKEN], ids=["none", "empty", "one empty", "a bare string"])
def test_without_a_usable_token_the_check_is_an_error_and_never_passes(tokens: list[str]) -> None:
    with pytest.raises(ValueError, match="auth_tokens"):
        is_signed(form_request(), tokens)


@pytest.mark.parametrize("signature", [None, "", "ü", "x" * 28])
def test_a_missing_or_made_up_signature_is_refused(signature: str | None) -> None:
    assert not is_signed(replace(form_request(), signature=signature), [TOKEN])


def test_a_json_body_with_its_hash_in_the_signed_url_is_accepted() -> None:
    assert is_signed(json_request(), [TOKEN])


def test_a_tampered_json_body_is_refused() -> None:
    assert not is_signed(json_request(body=b'{"note": "forged"}'), [TOKEN])


@pytest.mark.parametrize("content_type", [FORM, "", "text/plain"])
def test_a_tampered_body_is_refused_whatever_it_calls_itself(content_type: str) -> None:
    assert not is_signed(json_request(body=b"forged", content_type=content_type), [TOKEN])


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "multipart/form-data", ""])
def test_a_body_that_no_hash_covers_is_refused_although_its_url_is_signed(content_type: str) -> None:
    assert not is_signed(SignedRequest(URL, (), JSON_BODY, content_type, signature_of(URL, ())), [TOKEN])


def test_a_form_that_brings_a_body_hash_must_match_it() -> None:
    def request(body: bytes) -> SignedRequest:
        url = f"{BASE}/sms?bodySHA256={hashlib.sha256(b'raw form').hexdigest()}"
        return replace(form_request(url), body=body)

    assert is_signed(request(b"raw form"), [TOKEN])
    assert not is_signed(request(b"another form"), [TOKEN])


@pytest.mark.parametrize("extra", ["", "0" * 64, "ü"])
def test_a_second_body_hash_in_the_url_does_not_overrule_the_first(extra: str) -> None:
    url = f"{json_request().url}&bodySHA256={extra}"
    assert not is_signed(replace(json_request(), url=url, signature=signature_of(url, ())), [TOKEN])


anything = st.text(st.characters())  # with lone surrogates


@given(anything, st.lists(st.tuples(anything, anything)), st.binary(), st.sampled_from([FORM, "application/json", ""]), anything)
def test_no_request_whatsoever_makes_the_check_raise(
    tail: str, form: list[tuple[str, str]], body: bytes, content_type: str, signature: str
) -> None:
    for url in (tail, BASE + tail, f"{BASE}:{tail}", f"{BASE}/?bodySHA256={tail}"):
        assert not is_signed(SignedRequest(url, form, body, content_type, signature), [TOKEN])


@pytest.mark.parametrize(
    ("base", "raw_uri", "url"),
    [
        (BASE, "/sms?a=%C3%BC+z", f"{BASE}/sms?a=%C3%BC+z"),
        (f"{BASE}/", "/sms", f"{BASE}/sms"),
        (BASE, "http://127.0.0.1:5000/sms?a=1", f"{BASE}/sms?a=1"),
        (BASE, "HTTP://LOCALHOST/sms", f"{BASE}/sms"),
        (BASE, "/sms?", f"{BASE}/sms?"),
        (BASE, "/sms#rc=2", f"{BASE}/sms"),
        (BASE, "//evil.example/sms", f"{BASE}//evil.example/sms"),
        (BASE, "/sms?to=http://other.example/x", f"{BASE}/sms?to=http://other.example/x"),
        (f"{BASE}/line", "/sms", f"{BASE}/line/sms"),
        (f"{BASE}/line", "/line/sms", f"{BASE}/line/sms"),
        (f"{BASE}/line", "/line?a=1", f"{BASE}/line?a=1"),
        (f"{BASE}/line", "/linesman", f"{BASE}/line/linesman"),
        ("https://Hotline.example:8443", "/sms", "https://Hotline.example:8443/sms"),
    ],
)
def test_the_public_url_is_the_configured_base_and_the_undecoded_path(base: str, raw_uri: str, url: str) -> None:
    assert public_url(base, raw_uri) == url


def test_numbers_and_texts_stay_out_of_the_repr() -> None:
    shown = repr(form_request())
    assert "+49151" not in shown
    assert "raw form" not in shown
