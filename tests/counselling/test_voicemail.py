"""A message is recorded only where a queue says so, after a notice and a key; it comes here encrypted and leaves the provider."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from hotline.counselling.voicemail import MessageFetcher, hear_message
from hotline.settings import ROOT
from hotline.telephony.client import SendFailed
from tests.conftest import Hotline
from tests.web import twilio

SOUND = b"ID3 somebody speaks"


class Recordings:
    """A provider with one message."""

    def __init__(self) -> None:
        self.is_ready = False
        self.deleted: list[str] = []

    def fetch_recording(self, sid: str) -> bytes:
        """See ``telephony.call_client``."""
        if not self.is_ready:
            raise SendFailed(20404, "fail", None, is_certain=True)
        return SOUND

    def delete_recording(self, sid: str) -> None:
        """See ``telephony.call_client``."""
        self.deleted.append(sid)


def _takes(hotline: Hotline) -> None:
    with hotline.services.database.begin() as connection:
        connection.exec_driver_sql("UPDATE queues SET takes_voicemail = true")


def test_message_is_taken_after_notice_and_key_fetched_encrypted_and_deleted_at_the_provider(hotline: Hotline) -> None:
    _takes(hotline)
    twilio.call(hotline, "CA1")
    twilio.call(hotline, "CA1", 1, Digits="1")
    assert "Nachricht sprechen" in twilio.said(twilio.call(hotline, "CA1", 2, Digits="0"))
    notice = twilio.call(hotline, "CA1", 3, Digits="6")
    assert "wird aufgenommen" in twilio.said(notice)
    assert twilio.xml(notice).find("Record") is None, "nothing is recorded before the key"
    assert twilio.xml(twilio.call(hotline, "CA1", 4, Digits="1")).find("Record").get("maxLength") == "120"  # type: ignore[union-attr]
    form = {"CallSid": "CA1", "From": twilio.PERSON, "To": twilio.OURS, "CallStatus": "in-progress"}
    recorded = {**form, "RecordingSid": "RE1", "RecordingUrl": "https://evil.test/x", "RecordingDuration": "17"}
    for _ in range(2):
        assert "gespeichert" in twilio.said(twilio.post(hotline, "/webhooks/twilio/calls/5", recorded))
    (row,) = hotline.rows("voicemails")
    assert (row["state"], row["seconds"]) == ("new", 17)
    services, provider = hotline.services, Recordings()
    fetcher = MessageFetcher(services.database, services.cipher, lambda: provider)
    assert fetcher.run() == 0, "the provider has not made a file of it yet"
    provider.is_ready = True
    assert fetcher.run() == 1
    (row,) = hotline.rows("voicemails")
    assert (row["state"], provider.deleted) == ("kept", ["RE1"])
    assert SOUND not in bytes(row["sound_encrypted"])  # type: ignore[call-overload]
    with services.database.begin() as connection:
        handoff_id, message_id = int(str(row["handoff_id"])), int(str(row["id"]))
        assert hear_message(connection, handoff_id + 1, message_id, services.cipher, "anna", hotline.clock()) is None
        assert hear_message(connection, handoff_id, message_id, services.cipher, "anna", hotline.clock()) == SOUND
    assert "hear_voicemail" in [audit["action"] for audit in hotline.rows("audit")]


def test_without_the_setting_nobody_is_offered_a_message_and_a_word_left_out_is_no_silence(quick_hotline: Hotline) -> None:
    twilio.call(quick_hotline, "CA1")
    twilio.call(quick_hotline, "CA1", 1, Digits="1")
    assert "Nachricht sprechen" not in twilio.said(twilio.call(quick_hotline, "CA1", 2, Digits="0"))
    _takes(quick_hotline)
    for step, digits in enumerate(("0", "6", "1"), start=3):
        document = twilio.call(quick_hotline, "CA1", step, Digits=digits)
    # Nobody spoke: the document goes on by itself, and the caller hears something.
    onward = urlsplit(twilio.xml(document).find("Redirect").text or "").path  # type: ignore[union-attr]
    assert twilio.said(twilio.call(quick_hotline, "CA1", int(onward.rsplit("/", 1)[1])))
    assert quick_hotline.rows("voicemails") == []


def test_nothing_else_in_the_code_records() -> None:
    files = {path: path.read_text(encoding="utf-8") for path in Path(ROOT / "hotline").rglob("*.py")}
    verbs = [path.name for path, text in files.items() for _ in re.findall(r"\.record\(", text)]
    attributes = [
        path.name for path, text in files.items() if re.search(r"\brecord(ing_channels|ing_status_callback)?\s*=\s*[\"'T]", text)
    ]
    assert verbs == ["twiml.py"], "one verb, in message_recording"
    assert attributes == []
    uses = [path.name for path, text in files.items() if "message_recording(" in text]
    assert sorted(uses) == ["twiml.py", "webhooks.py"]
