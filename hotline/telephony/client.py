"""Sending through Twilio's REST API."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests import ConnectTimeout, RequestException
from requests.exceptions import ProxyError, SSLError
from twilio.base.exceptions import TwilioException  # type: ignore[import-untyped]
from twilio.http.http_client import TwilioHttpClient  # type: ignore[import-untyped]
from twilio.http.response import Response  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]
from urllib3.exceptions import MaxRetryError, NewConnectionError

from hotline.telephony.inbound import WHATSAPP
from hotline.telephony.retry import Decision, decide

# Twilio's default keeps a message in its queue for ten hours; an answer that late may be wrong or dangerous.
SMS_VALIDITY_SECONDS = 3600
# Twilio's code for something that is not there (any more), and how the ids of calls and recordings begin.
NOT_FOUND, CALL, RECORDING = 20404, "CA", "RE"
# More messages than this to one person while one of them is in doubt there are not.
LISTED = 50


class SendFailed(Exception):
    """The provider did not do what it was asked for, or nobody knows. Holds no number and no text, so that it may be logged."""

    def __init__(
        self,
        code: int | None,
        decision: Decision,
        retry_after_seconds: int | None,
        provider: str | None = None,
        *,
        is_certain: bool = False,
    ) -> None:
        """Hold what is known.

        Args:
            code: the provider's error code.
            decision: see ``retry.Decision``.
            retry_after_seconds: the patience the provider asks for.
            provider: name of the account that was asked, where there are several.
            is_certain: it surely did nothing: it said no. Else it may have, and the answer got lost.
        """
        super().__init__(f"not done by the provider: code {code}, decision {decision}")
        self.is_certain = is_certain
        self.code = code
        self.decision = decision
        self.retry_after_seconds = retry_after_seconds
        self.provider = provider


class ListUnavailable(Exception):
    """A provider did not tell which messages it has."""


@dataclass(frozen=True)
class ListedMessage:
    """A message as the provider has it."""

    sid: str
    body: str = field(repr=False)
    created_at: datetime | None


class NotDeleted(Exception):
    """The provider has not deleted its copy of a message, a call or a recording."""

    def __init__(self, code: int | None) -> None:
        super().__init__(f"copy not deleted: code {code}")
        self.code = code


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
            SendFailed: refused, not reached, or left without an answer that tells; then the decision is "unclear".
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
            was_asked = True
        except (RequestException, ValueError, AttributeError, TypeError) as error:
            # No answer, or no JSON object in it.
            sid, was_asked = None, not _was_never_reached(error)
        if not sid:
            # Raised out here so that the cause, which may quote the number, does not hang on it.
            raise SendFailed(code=None, decision=decide(None, None) if was_asked else "retry", retry_after_seconds=None)
        return sid

    def delete_copy(self, sid: str) -> None:
        """Delete what the provider keeps of a message (its text included), of a call, or of a message a caller left.

        Args:
            sid: of the message, of a call (CA...), or of a recording (RE...).
        Raises:
            NotDeleted: refused, as for a message still on its way, or not reached. What is gone already counts as deleted.
        Source: https://www.twilio.com/docs/messaging/api/message-resource#delete-a-message-resource
        """
        try:
            kinds = {CALL: self._client.calls, RECORDING: self._client.recordings}
            kinds.get(sid[:2], self._client.messages)(sid).delete()
            return
        except SendFailed as failure:
            code = failure.code
        except RequestException:
            code = None
        if code != NOT_FOUND:
            # Raised out here so that the cause, which may quote an address, does not hang on it.
            raise NotDeleted(code)

    def list_messages(self, *, to: str, sender: str) -> Sequence[ListedMessage]:
        """What the provider has of our messages to one person, for finding out whether one got there.

        The number stands in the address of this request, as the API wants it: encrypted on the way, and in no log of ours.

        Args:
            to: as in ``send_message``.
            sender: as in ``send_message``.
        Raises:
            ListUnavailable: it did not tell.
        Source: https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources
        """
        try:
            found = self._client.messages.list(to=to, from_=sender, limit=LISTED, page_size=LISTED)
            # Replies to a webhook are listed too; they were never in doubt.
            ours = [one for one in found if one.direction in (None, "outbound-api")]
            return [ListedMessage(str(one.sid), str(one.body or ""), _aware(one.date_created)) for one in ours]
        except (SendFailed, RequestException, TwilioException, ValueError, AttributeError, TypeError, KeyError):
            pass
        raise ListUnavailable


def _was_never_reached(error: Exception) -> bool:
    """Whether the request certainly did not get to the provider: no connection was made."""
    if isinstance(error, ConnectTimeout | ProxyError | SSLError):
        return True
    inner = error.args[0] if isinstance(error, RequestException) and error.args else None
    return isinstance(inner, MaxRetryError) and isinstance(inner.reason, NewConnectionError)


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _error_code(text: str) -> int | None:
    try:
        return int(json.loads(text)["code"])
    except (ValueError, OverflowError, TypeError, KeyError):
        return None
