"""Two accounts as they are set up: the second sends while the first is down, and webhooks of both are believed."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs

from hotline.delivery.outbox import OutgoingMessage
from tests.conftest import make_hotline, make_settings
from tests.servers import local_server
from tests.web import twilio

SECOND_TOKEN, THEIRS = "token-of-the-second", "+4930777000"


def test_second_account_sends_while_the_first_is_down_and_its_report_is_believed(tmp_path: Path) -> None:
    with local_server(lambda _: (503, {})) as first, local_server(lambda _: (201, {"sid": "SM-second"})) as second:
        settings = make_settings(
            tmp_path,
            TWILIO_API_BASE_URL=first.url,
            TWILIO_SECOND_ACCOUNT_SID="AC" + "2" * 32,
            TWILIO_SECOND_AUTH_TOKEN=SECOND_TOKEN,
            TWILIO_SECOND_API_BASE_URL=second.url,
            TWILIO_SECOND_NUMBER=THEIRS,
        )
        hotline = make_hotline(settings)
        services = hotline.services
        with services.database.begin() as connection:
            message = OutgoingMessage("sms", twilio.PERSON, twilio.OURS, "Guten Tag")
            outbox_id = services.outbox.put(connection, message, services.dispatcher._clock())
        services.dispatcher.deliver(outbox_id)
        assert len(first.asked) == 1
        (asked,) = second.asked
        assert asked.path == f"/2010-04-01/Accounts/AC{'2' * 32}/Messages.json"
        assert parse_qs(asked.body.decode())["From"] == [THEIRS]
        assert SECOND_TOKEN not in repr(settings)
        assert THEIRS not in repr(settings)
    path = f"/webhooks/twilio/status?outbox={outbox_id}"
    report = {"MessageSid": "SM-second", "MessageStatus": "delivered"}
    assert twilio.post(hotline, path, report, signature=twilio.sign(path, report, token="nobody's")).status_code == 403
    assert twilio.post(hotline, path, report, signature=twilio.sign(path, report, token=SECOND_TOKEN)).status_code == 204
    (row,) = hotline.rows("outbox")
    assert (row["status"], row["provider_sid"]) == ("delivered", "SM-second")
    services.database.close()
