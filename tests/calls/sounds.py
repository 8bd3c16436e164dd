"""A library of sounds in which every text is the same second of silence: whole calls need files, not voices."""

from __future__ import annotations

import json
import wave
from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path

from hotline.services import Services
from hotline.telephony.audio import MANIFEST, content_hash, text_hash
from tests.conftest import NOW


def silence(seconds: float = 0.1) -> bytes:
    """A WAV file as the library holds them."""
    made = BytesIO()
    with wave.open(made, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(int(8000 * seconds) * 2))
    return made.getvalue()


def write_sounds(folder: Path, texts: Mapping[str, Iterable[str]]) -> None:
    """Write a library for the texts of some languages; what it held before stays."""
    content = silence()
    name = f"{content_hash(content)}.wav"
    known = json.loads((folder / MANIFEST).read_text()) if (folder / MANIFEST).exists() else {}
    for language, said in texts.items():
        (folder / language).mkdir(parents=True, exist_ok=True)
        (folder / language / name).write_bytes(content)
        known[language] = {text_hash(text): {"file": name, "kind": "synthetic"} for text in said}
    (folder / MANIFEST).write_text(json.dumps(known), encoding="utf-8")


def make_speakable(services: Services) -> None:
    """Give every language without a voice the sounds of all its sentences."""
    with services.database.read() as connection:
        library = services.library.current(connection, NOW.date())
    mute = [code for code in services.live_languages if not services.languages[code].say_voice]
    said = {code: services.renderer.all_utterances(code, services.definition, library) for code in mute}
    write_sounds(services.settings.data_dir / "audio", said)
