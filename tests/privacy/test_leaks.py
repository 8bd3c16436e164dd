"""Marked numbers, names and texts go through every path there is; then every output is searched for them.

Beside ``quality/test_no_personal_data``, which looks at single outputs closely, this looks at all of them after everything.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from huey import Huey

from hotline.cli import register_commands
from hotline.delivery.dispatch import Dispatcher
from hotline.privacy.provider_copies import ProviderCopies
from hotline.telephony.client import TwilioSender
from hotline.understanding.port import Parse
from hotline.web.factory import make_flask
from tests.conftest import Hotline, make_hotline, make_settings
from tests.privacy.leaking import (
    NAME,
    NUMBER,
    REACHED,
    REPLY,
    SECOND,
    SPOKEN,
    WRITTEN,
    Provider,
    everything_logged,
    expect_clean,
    expect_clean_files,
    expect_clean_tables,
    provider,
)
from tests.web import twilio


@pytest.fixture
def logs() -> Iterator[io.StringIO]:
    """Everything any logger writes at any level, in the form of production."""
    with everything_logged() as written:
        yield written


def _work_off(queue: Huey) -> list[bytes]:
    """Run every job; gives what the queue held."""
    payloads = []
    while (task := queue.dequeue()) is not None:
        payloads.append(queue.serialize_task(task))
        queue.execute(task)
    return payloads


class _Broken:
    def parse(self, text: str, language: str | None) -> Parse:
        raise RuntimeError(f"cannot read {text}")


def _people(hotline: Hotline) -> list[bytes]:
    """Everything people do; gives the answers, which may hold their language but never their words."""
    whatsapp = {"From": f"whatsapp:{NUMBER}", "To": f"whatsapp:{twilio.OURS}"}
    hotline.understander.knows(f"{WRITTEN} Koffer", "luggage", 0.95)
    answers = [
        *(
            twilio.text(hotline, f"SM{place}", body, From=NUMBER)
            for place, body in enumerate(
                (f"{WRITTEN} Guten Tag", f"Ich heiße {NAME}, {WRITTEN}", f"{WRITTEN} Koffer", "8", "0", "4", "1", "Meine Daten")
            )
        ),
        twilio.text(hotline, "WA1", f"Hilfe, er will mich umbringen {WRITTEN}", **whatsapp),
        twilio.text(hotline, "WA2", "", NumMedia="1", MediaUrl0=f"https://x.test/{WRITTEN}", **whatsapp),
        twilio.call(hotline, "CA1", From=NUMBER),
        twilio.call(hotline, "CA1", 1, From=NUMBER, Digits="1"),
        twilio.call(hotline, "CA1", 2, From=NUMBER, SpeechResult=f"{SPOKEN} {NAME}", Confidence="0.9"),
        twilio.call(hotline, "CA1", 3, From=NUMBER, Digits="0"),
        twilio.post(hotline, "/webhooks/twilio/status", {"CallSid": "CA1", "CallStatus": "completed", "From": NUMBER}),
        twilio.post(hotline, "/webhooks/twilio/messages", {"From": NUMBER, "Body": WRITTEN}, signature="wrong"),
        twilio.post(hotline, "/webhooks/twilio/messages", {"From": "x", "MessageSid": "SM9", "Body": WRITTEN}),
        hotline.app.test_client().get("/nowhere"),
        hotline.app.test_client().post("/webhooks/twilio/calls/x", data={"Body": WRITTEN}),
    ]
    return [answer.data for answer in answers]


def _staff(hotline: Hotline) -> str:
    """What counsellors and operators do at the command line; what is meant for their eyes alone is not given back."""
    runner = hotline.app.test_cli_runner()

    def run(*words: str) -> str:
        result = runner.invoke(args=list(words))
        assert result.exception is None or isinstance(result.exception, SystemExit), (words, result.exception)
        return str(result.output)

    run("handoffs", "show", "1", "--number")
    run("handoffs", "reply", "1", f"Guten Tag {REPLY}")
    seen = [run("handoffs", "list"), run("callbacks", "list"), run("outbox", "list"), run("audit", "list")]
    seen += [run("retention", "show"), run("retention", "run", "--dry-run"), run("keys", "list")]
    run("handoffs", "close", "1")
    return "\n".join(seen)


def test_nothing_of_anybody_is_in_any_output(tmp_path: Path, logs: io.StringIO, capfd: pytest.CaptureFixture[str]) -> None:
    with provider() as address:
        hotline = make_hotline(make_settings(tmp_path, HANDOFF_NOTIFY=REACHED, TWILIO_API_BASE_URL=address))
        services = hotline.services
        del vars(services)["doorbell"], vars(services)["timer_bell"]
        services.turns._ring = services.doorbell.ring  # type: ignore[method-assign]
        services.turns._desk.ring = services.timer_bell.ring
        register_commands(hotline.app, services)
        answers = _people(hotline)
        seen = _staff(hotline)
        payloads = _work_off(services.queue)
        Provider.refuses = True
        twilio.text(hotline, "SM20", "0", From=SECOND)
        payloads += _work_off(services.queue)
        for row in hotline.rows("outbox"):
            form = {"MessageSid": str(row["provider_sid"]), "MessageStatus": "failed", "ErrorCode": "30003", "To": REACHED}
            twilio.post(hotline, f"/webhooks/twilio/status?outbox={row['id']}", form)
        vars(services.interpreter)["_understander"] = _Broken()
        answers += [
            twilio.text(hotline, "SM21", f"was ist mit {WRITTEN}", From=NUMBER).data,
            twilio.call(hotline, "CA2", 1, From=NUMBER, SpeechResult=SPOKEN, Confidence="0.9").data,
        ]
        vars(services.interpreter)["_understander"] = hotline.understander
        Provider.refuses = False
        expect_clean_files(tmp_path)
        twilio.text(hotline, "SM22", "Meine Daten löschen", From=NUMBER)
        answers.append(twilio.text(hotline, "SM23", "ja", From=NUMBER).data)
        hotline.clock.move(hours=1)
        sender = TwilioSender(services.settings.twilio_account_sid, "token", address)
        assert ProviderCopies(services.database, sender, hotline.clock).run() > 0
        assert isinstance(services.dispatcher, Dispatcher)
    assert payloads, "the queue must have held something"
    assert any("POST" in line for line in Provider.asked)
    assert any("DELETE" in line for line in Provider.asked)
    assert '"logger": "hotline' in logs.getvalue()
    for answer in answers:
        # The number they are called on is read back to them, and to nobody else.
        expect_clean("an answer", answer.replace(NUMBER.encode(), b""))
    for payload in payloads:
        expect_clean("a job", payload)
    expect_clean("an address asked at the provider", "\n".join(Provider.asked))
    expect_clean("the command line", seen)
    expect_clean("the logs", logs.getvalue())
    expect_clean("the terminal", "".join(capfd.readouterr()))
    expect_clean_tables(hotline)
    services.tally.write()
    for path in ("/", "/health/live", "/health/ready", "/metrics"):
        expect_clean(path, make_flask(services).test_client().get(path).data)
    services.database.close()
    expect_clean_files(tmp_path)
