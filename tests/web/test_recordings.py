"""Recordings in the studio: uploaded by one, approved by another, heard on the phone, and silent when the words change."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from werkzeug.test import EnvironBuilder, TestResponse

from hotline.dialogue.prompt_coverage import Coverage
from hotline.knowledge.editing import Edit
from hotline.telephony.twiml import Play, Say
from tests.conftest import BASE_URL, NOW, Hotline, require
from tests.telephony.sounds import encoded, tone
from tests.web.staff import sign_in
from tests.web.test_studio import Person

TOPIC, PROMPT = "luggage", "answer:luggage:short:1"


@pytest.fixture
def someone(quick_hotline: Hotline) -> Callable[..., Person]:
    """Signs people in by their roles."""
    require("ffmpeg", bool(shutil.which("ffmpeg")), "install it (apt-get install ffmpeg).")
    prompts = quick_hotline.services.spoken_prompts
    # Without espeak-ng, which takes a minute; tests/dialogue/test_spoken_prompts.py has a language that needs it.
    vars(prompts)["_languages"] = (quick_hotline.services.languages["de"],)
    vars(prompts)["_today"] = NOW.date
    vars(prompts)["_start"] = lambda: list(prompts.build(lambda _code: lambda _done, _total: None))
    return lambda *roles, name="anna": Person(sign_in(quick_hotline, name, roles))


def path_of(language: str = "de", prompt: str = PROMPT) -> str:
    return f"/studio/recordings/prompts/{language}/{prompt}"


def send(person: Person, data: bytes, path: str = path_of(), name: str = "take.wav", **form: str) -> TestResponse:
    page = person.open(path)
    hidden = {key: unescape(value) for key, value in re.findall(r'name="(csrf_token|text_hash)" value="([^"]*)"', page)}
    sent = {**hidden, "speaker_consents": "yes", **form, "file": (io.BytesIO(data), name)}
    form_sent = EnvironBuilder(path, BASE_URL, method="POST", data=sent, headers={"Origin": BASE_URL})
    environ = form_sent.get_environ()
    try:
        return person.client.open(environ)
    finally:
        # A large form is a file, which the client leaves to the garbage collector, and with it to the test that runs then.
        environ["wsgi.input"].close()
        form_sent.close()


def coverage_of(hotline: Hotline) -> Coverage:
    with hotline.services.database.read() as connection:
        library = hotline.services.library.current(connection, NOW.date())
        return hotline.services.prompt_coverage.read(connection, library)


def said(hotline: Hotline, language: str = "de", prompt: str = PROMPT) -> Say | Play:
    cell = coverage_of(hotline).find(language, prompt)
    assert cell is not None
    (part,) = hotline.services.prompts.speak(language, cell.text)
    return part


def publish(hotline: Hotline, short: str, language: str = "de") -> None:
    editing = hotline.services.editing
    with hotline.services.database.read() as connection:
        live = editing.published(connection, TOPIC, language)
    assert live is not None
    draft = editing.save(Edit(TOPIC, language, live.title, short, live.full, 0, live.source_version), "cora")
    read = editing.submit(draft.id, draft.lock, "cora")
    editing.approve(read.id, read.lock, "dora", is_native=False)


def test_a_recording_is_heard_after_a_second_person_and_silent_when_the_words_change(
    quick_hotline: Hotline, someone: Callable[..., Person]
) -> None:
    anna, ben = someone("editor", "reviewer"), someone("reviewer", name="ben")
    build = quick_hotline.services.spoken_prompts.build_if_changed
    build()
    assert not quick_hotline.services.audio.kinds("de"), "whoever never built sounds is left alone"
    assert send(anna, encoded("mp3"), name="x.exe", note="Ordner 3").status_code == 302, "its name is not asked"
    (row,) = quick_hotline.rows("recordings")
    take = f"/studio/recordings/takes/{row['id']}"
    assert (row["state"], row["author"], row["note"]) == ("in_review", "anna", "Ordner 3")
    assert ben.client.get(f"{take}.wav", base_url=BASE_URL).data == row["sound"]
    assert isinstance(said(quick_hotline), Say)
    refused = anna.send(f"{take}/approve", path_of())
    assert (refused.status_code, "zwei" in refused.get_data(as_text=True)) == (409, True)

    assert ben.send(f"{take}/approve", path_of()).status_code == 302
    build()
    played = said(quick_hotline)
    assert isinstance(played, Play)
    public = quick_hotline.app.test_client().get(played.url.removeprefix(BASE_URL), buffered=True)
    assert public.data == row["sound"]
    assert coverage_of(quick_hotline).counts("de")["human"] == 1
    assert "Am Telefon spricht jetzt ein Mensch" in anna.open(path_of())
    list(quick_hotline.services.spoken_prompts.build(lambda _code: lambda _done, _total: None))
    assert isinstance(said(quick_hotline), Play), "building again replaces nobody"

    publish(quick_hotline, "Neue Worte mit einer anderen Summe: 2 Koffer.")
    build()
    now = said(quick_hotline)
    assert isinstance(now, Say), "never old words"
    assert "Neue Worte" in now.text
    found = coverage_of(quick_hotline).find("de", PROMPT)
    assert found is not None
    assert found.state == "outdated"
    assert "von einem früheren Text" in anna.open(path_of())
    deeds = [(entry["actor"], entry["action"]) for entry in quick_hotline.rows("audit") if "recording" in str(entry["object"])]
    assert deeds == [("anna", "upload_recording"), ("ben", "approve_recording")]


def test_a_voice_whose_consent_is_taken_back_is_deleted_and_no_longer_played(
    quick_hotline: Hotline, someone: Callable[..., Person]
) -> None:
    anna, ben, services = someone("editor"), someone("reviewer", name="ben"), quick_hotline.services
    send(anna, tone())
    send(anna, tone(volume=0.2, seconds=1.5))
    first, second = (f"/studio/recordings/takes/{row['id']}" for row in quick_hotline.rows("recordings"))
    for take in (first, second):
        ben.send(f"{take}/approve", path_of())
    assert [row["state"] for row in quick_hotline.rows("recordings")] == ["replaced", "live"]
    services.spoken_prompts.build_if_changed()
    assert isinstance(said(quick_hotline), Play)
    assert anna.send(f"{second}/remove", path_of()).status_code == 302
    assert quick_hotline.rows("recordings")[1]["sound"] is None
    services.spoken_prompts.build_if_changed()
    assert isinstance(said(quick_hotline), Say)
    assert anna.client.get(f"{second}.wav", base_url=BASE_URL).status_code == 404
    assert anna.send(f"{second}/remove", path_of()).status_code == 409
    quick_hotline.clock.move(days=91)
    assert services.retention.run()["recordings"] == 2, "the clock takes what nobody hears"
    assert quick_hotline.clock.now - NOW > timedelta(days=90)


@pytest.mark.parametrize(
    ("data", "form", "status", "words"),
    [
        (b"MZ this is a program", {}, 422, "keine WAV-, MP3- oder OGG-Datei"),
        (tone(volume=0.0005), {}, 422, "nichts zu hören"),
        (tone(), {"speaker_consents": ""}, 422, "Ohne Einwilligung"),
        (tone(), {"text_hash": "0" * 40}, 409, "Text hat sich inzwischen geändert"),
        (b"RIFF" + b"\0" * 20_000_000, {}, 422, "größer als 20 MB"),
    ],
    ids=["program", "silent", "no consent", "old words", "large"],
)
def test_what_is_refused_says_why_keeps_the_form_and_stores_nothing(
    quick_hotline: Hotline, someone: Callable[..., Person], data: bytes, form: dict[str, str], status: int, words: str
) -> None:
    answer = send(someone("editor"), data, note="Ordner 3, Blatt 7", **form)
    page = unescape(answer.get_data(as_text=True))
    assert (answer.status_code, quick_hotline.rows("recordings")) == (status, [])
    assert words in page
    assert "Ordner 3, Blatt 7" in page


def test_prompts_are_found_by_kind_state_language_and_words(someone: Callable[..., Person]) -> None:
    anna = someone("editor")
    for _ in range(3):
        send(anna, tone())
    assert "warten schon" in unescape(send(anna, tone()).get_data(as_text=True))
    page = anna.open("/studio/recordings?state=waiting")
    assert re.findall(r'class="slug">([^<]*)', page) == [PROMPT]
    assert set(re.findall(r'class="slug">([^<:]*):', anna.open("/studio/recordings?group=digit&language=ku"))) == {"digit"}
    assert PROMPT in anna.open("/studio/recordings?q=answer:luggage:short")
    assert "state-missing" in anna.open("/studio/recordings?language=ka&state=missing")
