"""One real telephone call: SIP and RTP from sipp, key presses in the sound channel, the hotline's own documents."""

from __future__ import annotations

import shutil
import subprocess
import threading
from pathlib import Path

from tests.calls.player import wsgi
from tests.calls.rtp import Media, to_alaw
from tests.calls.sip import HOST, Exchange, LivePlayer
from tests.calls.sounds import silence
from tests.calls.test_calls import CATALOGUE, NUMBERS
from tests.conftest import BASE_URL, TOKEN, Hotline, require

SCENARIO = Path(__file__).with_name("keys.xml")
# Debian keeps the recorded keys here; the scenario names them without it.
RECORDINGS = Path("/usr/share/sip-tester")


def test_alaw_keeps_silence_and_length() -> None:
    assert to_alaw(silence(0.5)) == bytes([0xD5]) * 4000


def test_real_call_by_key_from_language_to_a_person(quick_hotline: Hotline, tmp_path: Path) -> None:
    require("sipp", bool(shutil.which("sipp")) and RECORDINGS.is_dir(), "install it (apt-get install sip-tester).")
    require("espeak-ng", bool(shutil.which("espeak-ng")), "install it (apt-get install espeak-ng).")
    server = wsgi(quick_hotline.app)

    def lead(media: Media, has_left: threading.Event) -> LivePlayer:
        player = LivePlayer({BASE_URL: server}, NUMBERS, TOKEN, media=media, voices=CATALOGUE, has_left=has_left)
        player.run()
        return player

    exchange = Exchange(lead)
    (tmp_path / "pcap").symlink_to(RECORDINGS)
    taking = threading.Thread(target=exchange.serve)
    taking.start()
    command = ["sipp", f"{HOST}:{exchange.port}", "-sf", str(SCENARIO), "-m", "1", "-i", HOST, "-nostdin", "-timeout", "25s"]
    called = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=40, check=False)
    taking.join()
    assert exchange.failure is None, exchange.failure
    assert called.returncode == 0, called.stdout[-800:] + called.stderr[-800:]
    player = exchange.player
    assert player is not None
    assert player.pressed == ["1", "1", "1", "1", "0"]
    assert player.ended == "caller"
    assert exchange.packets > 200, "four seconds of sound at least"
    conversation = quick_hotline.rows("conversations")[-1]
    assert conversation["language"] == "de"
    assert [row["reason"] for row in quick_hotline.rows("handoffs")] == ["asked"]
    # The answer was spoken until the next key cut it short.
    assert "Ticket" in player.said
