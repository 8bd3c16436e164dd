"""Recordings in a real browser: found in the matrix, uploaded, listened to, approved by a second person."""

from __future__ import annotations

import shutil
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.conftest import require
from tests.telephony.sounds import tone
from tests.web.browsing import SMALL, Tabs, check_accessibility, check_fits, serve
from tests.web.staff import open_session

PROMPT = "answer:luggage:short:1"
DURATION = """sound => new Promise(resolve => {
  sound.addEventListener("loadedmetadata", () => resolve(sound.duration));
  sound.addEventListener("error", () => resolve(0));
  setTimeout(() => resolve(-1), 10000);
  sound.load();
})"""


def look(page: Page) -> None:
    check_accessibility(page)
    check_fits(page)


def test_a_recording_is_found_uploaded_heard_and_approved(tabs: Tabs, tmp_path: Path) -> None:
    require("ffmpeg", bool(shutil.which("ffmpeg")), "install it (apt-get install ffmpeg).")
    with serve(tmp_path) as hotline:
        # What she uploads first is refused.
        anna = tabs.open(hotline, open_session(hotline, "anna", ["editor"]), is_refused=True)
        ben = tabs.open(hotline, open_session(hotline, "ben", ["reviewer"]), viewport=SMALL)

        anna.goto(f"/studio/recordings?language=ar&q={PROMPT}")
        anna.locator("a.cell").first.click()
        expect(anna.locator(".prompt-words").first).to_have_attribute("dir", "rtl")
        anna.set_input_files("#file", {"name": "words.wav", "mimeType": "audio/wav", "buffer": b"no sound"})
        anna.get_by_role("checkbox").check()
        anna.fill("#note", "Ordner 3")
        anna.locator("form[enctype] button").click()
        expect(anna.get_by_role("alert")).to_contain_text("keine WAV-, MP3- oder OGG-Datei")
        expect(anna.locator("#note")).to_have_value("Ordner 3")
        expect(anna.get_by_role("checkbox")).to_be_checked()
        anna.set_input_files("#file", {"name": "words.wav", "mimeType": "audio/wav", "buffer": tone(seconds=2)})
        anna.locator("form[enctype] button").click()
        expect(anna.locator("#notices")).to_contain_text("Die Aufnahme ist da")
        look(anna)
        assert anna.locator(".take audio").evaluate(DURATION) > 1.9

        ben.goto("/studio/recordings?state=waiting")
        look(ben)
        expect(ben.locator(".slug")).to_have_text(PROMPT)
        ben.locator("a.cell .work").click()
        look(ben)
        ben.get_by_role("button", name="Angehört und freigeben").click()
        expect(ben.locator("#notices")).to_contain_text("Freigegeben")
        anna.goto("/studio/recordings")
        look(anna)
        expect(anna.locator("tr", has_text="العربية").locator("progress")).to_have_attribute("value", "1")
