"""Who speaks: a person, Twilio's voice, a synthesised file, and never the voice of another language."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hotline.telephony.audio import MANIFEST, AudioLibrary, text_hash
from hotline.telephony.languages import Language
from hotline.telephony.prompts import PromptBook, PromptMissing
from hotline.telephony.twiml import Play, Say

PERSIAN = Language("fa", "Persian", "فارسی", "Arab", "rtl", 1, None, None, "fa-IR", "fa", is_live=True)
GERMAN = replace(PERSIAN, code="de", say_code="de-DE", say_voice="Polly.Vicki-Neural", gather_code="de-DE", espeak_voice="de")
LANGUAGES = {"de": GERMAN, "fa": PERSIAN}
TEXT = "Guten Tag."
NAME = "0" * 40 + ".wav"
BASE = "https://hotline.example/line/"
PLAY = "https://hotline.example/line/audio/{}/" + NAME


def book(folder: Path, *files: tuple[str, str]) -> PromptBook:
    """A book with a library that has TEXT in these (language, kind)."""
    manifest = {language: {text_hash(TEXT): {"file": NAME, "kind": kind}} for language, kind in files}
    for language in manifest:
        (folder / language).mkdir()
        (folder / language / NAME).touch()
    (folder / MANIFEST).write_text(json.dumps(manifest))
    return PromptBook(LANGUAGES, AudioLibrary(folder), BASE)


def test_a_human_recording_comes_before_the_voice_of_twilio(tmp_path: Path) -> None:
    assert book(tmp_path, ("de", "recording")).speak("de", TEXT) == [Play(PLAY.format("de"))]


def test_the_voice_of_twilio_comes_before_a_synthesised_file(tmp_path: Path) -> None:
    assert book(tmp_path, ("de", "synthetic")).speak("de", TEXT) == [Say(TEXT, "de-DE", "Polly.Vicki-Neural")]


@pytest.mark.parametrize("kind", ["recording", "synthetic"])
def test_a_language_without_a_voice_is_spoken_from_its_files(tmp_path: Path, kind: str) -> None:
    assert book(tmp_path, ("fa", kind)).speak("fa", TEXT) == [Play(PLAY.format("fa"))]


def test_without_any_library_the_voice_of_twilio_speaks() -> None:
    assert PromptBook(LANGUAGES, None, BASE).speak("de", TEXT) == [Say(TEXT, "de-DE", "Polly.Vicki-Neural")]


def test_a_file_of_another_language_is_never_played_even_for_the_same_text(tmp_path: Path) -> None:
    with pytest.raises(PromptMissing):
        book(tmp_path, ("de", "recording")).speak("fa", TEXT)


@pytest.mark.parametrize("language", ["fa", "xx"])
def test_a_text_nobody_can_speak_is_named_by_its_hash_only(tmp_path: Path, language: str) -> None:
    with pytest.raises(PromptMissing) as missing:
        book(tmp_path).speak(language, TEXT)
    assert (missing.value.language, missing.value.text_hash) == (language, text_hash(TEXT))
    assert TEXT not in str(missing.value)


def test_a_language_outside_of_the_catalogue_is_not_spoken_even_with_a_file(tmp_path: Path) -> None:
    with pytest.raises(PromptMissing):
        book(tmp_path, ("so", "recording")).speak("so", TEXT)


def test_a_language_can_speak_only_when_every_text_can_be_spoken(tmp_path: Path) -> None:
    prompts = book(tmp_path, ("fa", "recording"))
    assert prompts.can_speak("fa", [TEXT])
    assert not prompts.can_speak("fa", [TEXT, "Noch ein Satz."])
    assert prompts.can_speak("de", [TEXT, "Noch ein Satz."])
