"""Twilio's side of a webhook: signed requests as Twilio makes them."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode
from xml.etree.ElementTree import Element, fromstring

from twilio.request_validator import RequestValidator
from werkzeug.test import TestResponse

from tests.conftest import BASE_URL, TOKEN, Hotline

PERSON, OURS = "+4915112345678", "+4930555000"


def sign(path: str, form: Mapping[str, str], token: str = TOKEN) -> str:
    """The signature Twilio sends with a form."""
    signature: str = RequestValidator(token).compute_signature(BASE_URL + path, dict(form))
    return signature


def post(hotline: Hotline, path: str, form: Mapping[str, str], token: str = TOKEN, signature: str | None = None) -> TestResponse:
    """Post a form to a webhook, signed with a token (or with whatever signature is given)."""
    return hotline.app.test_client().post(
        path,
        data=urlencode(form),
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": sign(path, form, token) if signature is None else signature},
    )


def text(hotline: Hotline, sid: str, body: str, **changed: str) -> TestResponse:
    """An inbound SMS."""
    form = {"MessageSid": sid, "From": PERSON, "To": OURS, "Body": body, "NumMedia": "0", **changed}
    return post(hotline, "/webhooks/twilio/messages", form)


def call(hotline: Hotline, sid: str, step: int | None = None, **changed: str) -> TestResponse:
    """The start of a call, or one step of it."""
    path = "/webhooks/twilio/calls" if step is None else f"/webhooks/twilio/calls/{step}"
    form = {"CallSid": sid, "From": PERSON, "To": OURS, "Direction": "inbound", "CallStatus": "in-progress", **changed}
    return post(hotline, path, form)


def xml(response: TestResponse) -> Element:
    """The TwiML of an answer."""
    assert response.status_code == 200, response.status
    assert response.mimetype == "text/xml"
    return fromstring(response.get_data(as_text=True))


def said(response: TestResponse) -> str:
    """Everything an answer says or plays."""
    return "\n".join("".join(element.itertext()) for element in xml(response).iter() if element.tag in ("Message", "Say", "Play"))
