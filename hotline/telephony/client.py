"""Sending through Twilio's REST API."""

import json
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests import RequestException
from twilio.http.http_client import TwilioHttpClient  # type: ignore[import-untyped]
from twilio.http.response import Response  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

from hotline.telephony.inbound import WHATSAPP
from hotline.telephony.retry import Decision, decide

# Twilio's default keeps a message in its queue for ten hours; an answer that late may be wrong or dangerous.
SMS_VALIDITY_SECONDS = 3600


class SendFailed(Exception):
    """The provider did not do what it was asked for. Holds no number and no text, so that it may be logged.

    ``is_certain`` tells that it surely did nothing: it said no. Else it may have, and the answer got lost.
    """

    def __init__(
        self, code: int | None, decision: Decision, retry_after_seconds: int | None, *, is_certain: bool = False
    ) -> None:
        super().__init__(f"not done by the provider: code {code}, decision {decision}")
        self.is_certain = is_certain
        self.code = code
        self.decision = decision
        self.retry_after_seconds = retry_after_seconds


class _HttpClient(TwilioHttpClient):  # type: ignore[misc]
    """Twilio's HTTP client with a movable host, which turns every refusal into SendFailed.

    The SDK has no option for the host, and its own exceptions drop Retry-After and quote the phone number.
    """

    def __init__(self, base_url: str | None, timeout_seconds: float) -> None:
        # A logger of its own, outside of the logging tree: the SDK's would write URLs and headers.
        super().__init__(timeout=timeout_seconds, logger=logging.Logger("quiet", logging.CRITICAL))
        self._base = urlsplit(base_url) if base_url else None

    def fetch(self, url: str, auth: tuple[str, str]) -> bytes:
        """A file of the account; the SDK would take its bytes for a text.

        Raises:
            SendFailed: it is not there.
        """
        answer = requests.get(self._moved(url), auth=auth, timeout=self.timeout)
        if answer.status_code != requests.codes.ok:
            raise SendFailed(None, decide(answer.status_code, None), None, is_certain=400 <= answer.status_code < 500)
        return answer.content

    def _moved(self, url: str) -> str:
        if not self._base:
            return url
        # The SDK has put edge and region into the host by now; they go with it.
        path, query = urlsplit(url)[2:4]
        return urlunsplit((self._base.scheme, self._base.netloc, self._base.path.rstrip("/") + path, query, ""))

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        response = super().request(method, self._moved(url), *args, **kwargs)
        if not 200 <= response.status_code < 300:
            code = _error_code(response.text)
            retry_after = response.headers.get("Retry-After", "")
            raise SendFailed(
                code=code,
                decision=decide(response.status_code, code),
                retry_after_seconds=int(retry_after) if retry_after.isdecimal() else None,
                is_certain=400 <= response.status_code < 500,
            )
        return response


def open_client(account_sid: str, auth_token: str, base_url: str | None = None, timeout_seconds: float = 10) -> Client:
    """The SDK's client of one account; takes what ``TwilioSender`` takes."""
    return Client(account_sid, auth_token, http_client=_HttpClient(base_url, timeout_seconds))


class TwilioSender:
    """Sends messages for one Twilio account. Connections are kept open and reused; share it between jobs.

    Args:
        account_sid: the account.
        auth_token: its token.
        base_url: another host that speaks the same API (Somleng, an emulator, a test); None means Twilio, where the
            environment variables TWILIO_EDGE and TWILIO_REGION count.
        timeout_seconds: for connecting and for each wait for data; without it the SDK would wait for ever.
    Source: twilio.md section 5 (A).
    """

    def __init__(self, account_sid: str, auth_token: str, base_url: str | None = None, timeout_seconds: float = 10) -> None:
        self._client = open_client(account_sid, auth_token, base_url, timeout_seconds)

    def send_message(
        self,
        *,
        to: str,
        sender: str,
        body: str,
        status_callback: str | None,
        content_sid: str | None = None,
        content_variables: Mapping[str, str] | None = None,
    ) -> str:
        """Send one SMS or WhatsApp message.

        Args:
            to: E.164, for WhatsApp with "whatsapp:" in front.
            sender: our number, written the same way.
            body: at most 1,600 characters.
            status_callback: the absolute address for status callbacks, or None.
            content_sid: a text WhatsApp has approved, by its Sid; it is sent instead of the body.
            content_variables: what its placeholders stand for, by their numbers.
        Returns:
            The provider's Sid.
        Raises:
            SendFailed: refused, not reached, or answered with something that is not Twilio's. In the last two cases,
                "retry" may send it a second time; a helpline prefers that to silence.
        Source: https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource
        """
        # The SDK leaves None out of the request.
        validity_seconds = None if to.startswith(WHATSAPP) else SMS_VALIDITY_SECONDS
        words = {"body": body} if content_sid is None else {"content_sid": content_sid}
        if content_variables:
            words["content_variables"] = json.dumps(dict(content_variables))
        try:
            message = self._client.messages.create(
                to=to, from_=sender, **words, status_callback=status_callback, validity_period=validity_seconds
            )
            sid: str | None = message.sid
        except (RequestException, ValueError, AttributeError, TypeError):
            # No answer, or no JSON object in it.
            sid = None
        if not sid:
            # Raised out here so that the cause, which may quote the number, does not hang on it.
            raise SendFailed(code=None, decision=decide(None, None), retry_after_seconds=None)
        return sid


def _error_code(text: str) -> int | None:
    try:
        return int(json.loads(text)["code"])
    except (ValueError, OverflowError, TypeError, KeyError):
        return None
