"""Placing and changing calls through Twilio's REST API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from requests import RequestException
from twilio.rest import Client  # type: ignore[import-untyped]

from hotline.telephony.client import SendFailed, open_client
from hotline.telephony.retry import decide

# The caller's carrier plays a mailbox after half a minute or so; a counsellor's must not come first.
RING_SECONDS = 25
STATUS_EVENTS = ("initiated", "ringing", "answered", "completed")


class TwilioCalls:
    """Calls of one Twilio account, and the messages callers left. Takes what ``client.TwilioSender`` takes."""

    def __init__(self, account_sid: str, auth_token: str, base_url: str | None = None, timeout_seconds: float = 10) -> None:
        self._client: Client = open_client(account_sid, auth_token, base_url, timeout_seconds)

    def place_call(self, *, to: str, sender: str, url: str, status_callback: str) -> str:
        """Call a telephone.

        Args:
            to: E.164.
            sender: our number, which the telephone shows.
            url: of the document for whoever answers.
            status_callback: address for what becomes of the call.

        Returns:
            The provider's Sid.

        Raises:
            SendFailed: see there; unless it ``is_certain`` the telephone may be ringing, so never call again by yourself.
        Source: https://www.twilio.com/docs/voice/api/call-resource#create-a-call-resource
        """
        call = _ask(
            lambda: self._client.calls.create(
                to=to,
                from_=sender,
                url=url,
                status_callback=status_callback,
                status_callback_event=list(STATUS_EVENTS),
                timeout=RING_SECONDS,
            )
        )
        sid: str | None = getattr(call, "sid", None)
        if not sid:
            raise SendFailed(code=None, decision=decide(None, None), retry_after_seconds=None)
        return sid

    def redirect_call(self, call_sid: str, url: str) -> None:
        """Have a running call go on with another document.

        Raises:
            SendFailed: see there; with ``is_certain`` the call is over.
        """
        _ask(lambda: self._client.calls(call_sid).update(url=url, method="POST"))

    def end_call(self, call_sid: str) -> None:
        """Hang up, also while it rings.

        Raises:
            SendFailed: see there; with ``is_certain`` the call is over already.
        """
        _ask(lambda: self._client.calls(call_sid).update(status="completed"))

    def set_participant(
        self,
        conference_sid: str,
        call_sid: str,
        *,
        held: bool | None = None,
        muted: bool | None = None,
        hold_url: str | None = None,
    ) -> None:
        """Hold or mute a call in a conference; what is None stays as it is. Whoever is held hears ``hold_url``.

        Raises:
            SendFailed: see there; with ``is_certain`` the call is not in the conference any more.
        Source: https://www.twilio.com/docs/voice/api/conference-participant-resource#update-a-participant-resource
        """
        wanted: dict[str, Any] = {"hold": held, "muted": muted, "hold_url": hold_url if held else None}
        participant = self._client.conferences(conference_sid).participants(call_sid)
        # The SDK leaves nothing out here by itself.
        _ask(lambda: participant.update(**{name: value for name, value in wanted.items() if value is not None}))

    def fetch_recording(self, sid: str) -> bytes:
        """The sound of a message as MP3.

        Raises:
            SendFailed: it is not there (yet), or was not reached.
        Source: https://www.twilio.com/docs/voice/api/recording#fetch-a-recording-media-file
        """
        address = f"{self._client.api.base_url}/2010-04-01/Accounts/{self._client.account_sid}/Recordings/{sid}.mp3"
        return bytes(_ask(lambda: self._client.http_client.fetch(address, self._client.auth)))

    def delete_recording(self, sid: str) -> None:
        """Delete a message for ever; one that is gone already is no failure.

        Raises:
            SendFailed: it was not reached.
        """
        try:
            _ask(lambda: self._client.recordings(sid).delete())
        except SendFailed as failure:
            if not failure.is_certain:
                raise


def _ask(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except (RequestException, ValueError, AttributeError, TypeError):
        pass
    # Raised out here so that the cause, which may quote the number, does not hang on it.
    raise SendFailed(code=None, decision=decide(None, None), retry_after_seconds=None)
