"""A text published in the studio is spoken soon, and its language comes back to the phone by itself."""

from __future__ import annotations

import shutil

from hotline.dialogue.prompt_coverage import Coverage
from hotline.knowledge.editing import Edit
from hotline.knowledge.recordings import NewRecording
from hotline.telephony.audio import content_hash, text_hash
from tests.conftest import NOW, Hotline, require
from tests.telephony.sounds import tone

TOPIC, PROMPT = "luggage", "answer:luggage:short:1"


def spoken(hotline: Hotline) -> tuple[str, ...]:
    """The languages a call can be held in now."""
    with hotline.services.database.read() as connection:
        library = hotline.services.library.current(connection, NOW.date())
    return hotline.services.speakable.among(library)


def coverage_of(hotline: Hotline) -> Coverage:
    """Who speaks what now."""
    with hotline.services.database.read() as connection:
        library = hotline.services.library.current(connection, NOW.date())
        return hotline.services.prompt_coverage.read(connection, library)


def record(hotline: Hotline) -> None:
    """Somebody speaks the short answer in Kurdish, and somebody else approves it."""
    cell = coverage_of(hotline).find("ku", PROMPT)
    assert cell is not None
    sound, key = tone(rate=8000), text_hash(cell.text)
    new = NewRecording("ku", PROMPT, cell.text, key, sound, content_hash(sound), 1000, "", speaker_consents=True)
    hotline.services.recordings.approve(hotline.services.recordings.add(new, "anna"), key, "ben")


def test_a_published_sentence_gets_its_sound_and_the_language_is_spoken_again(quick_hotline: Hotline) -> None:
    require("espeak-ng", bool(shutil.which("espeak-ng")), "install it (apt-get install espeak-ng).")
    services = quick_hotline.services
    # One language is enough, and takes seconds instead of a minute.
    prompts = services.spoken_prompts
    vars(prompts)["_languages"] = tuple(language for language in vars(prompts)["_languages"] if language.code == "ku")
    vars(prompts)["_today"] = NOW.date

    def build() -> None:
        list(prompts.build(lambda _code: lambda _done, _total: None))

    vars(prompts)["_start"] = build
    prompts.build_if_changed()
    assert "ku" not in spoken(quick_hotline), "whoever never built sounds is left alone"
    record(quick_hotline)
    prompts.build_if_changed()
    assert "ku" in spoken(quick_hotline)
    counts = coverage_of(quick_hotline).counts("ku")
    total = len(coverage_of(quick_hotline).cells("ku"))
    assert counts == {"human": 1, "outdated": 0, "voice": 0, "synthetic": total - 1, "missing": 0}

    editing = services.editing
    with services.database.read() as connection:
        live = editing.published(connection, TOPIC, "ku")
    assert live is not None
    draft = editing.save(Edit(TOPIC, "ku", live.title, "Ji firokxaneyê bipirsin.", live.full, 0, live.source_version), "anna")
    read = editing.submit(draft.id, draft.lock, "anna")
    editing.approve(read.id, read.lock, "ben", is_native=False)
    assert "ku" not in spoken(quick_hotline), "never half a language, and never the old words of the recording"
    assert coverage_of(quick_hotline).counts("ku")["missing"] > 0
    prompts.build_if_changed()
    assert "ku" in spoken(quick_hotline)
    cell = coverage_of(quick_hotline).find("ku", PROMPT)
    assert cell is not None
    assert (cell.state, cell.machine) == ("outdated", "synthetic")
