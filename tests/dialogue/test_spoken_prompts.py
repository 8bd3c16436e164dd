"""A text published in the studio is spoken soon, and its language comes back to the phone by itself."""

from __future__ import annotations

import shutil

from hotline.knowledge.editing import Edit
from tests.conftest import NOW, Hotline, require

TOPIC = "luggage"


def spoken(hotline: Hotline) -> tuple[str, ...]:
    """The languages a call can be held in now."""
    with hotline.services.database.read() as connection:
        library = hotline.services.library.current(connection, NOW.date())
    return hotline.services.speakable.among(library)


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
    build()
    assert "ku" in spoken(quick_hotline)

    editing = services.editing
    with services.database.read() as connection:
        live = editing.published(connection, TOPIC, "ku")
    assert live is not None
    draft = editing.save(Edit(TOPIC, "ku", live.title, "Ji firokxaneyê bipirsin.", live.full, 0, live.source_version), "anna")
    read = editing.submit(draft.id, draft.lock, "anna")
    editing.approve(read.id, read.lock, "ben", is_native=False)
    assert "ku" not in spoken(quick_hotline), "never half a language"
    prompts.build_if_changed()
    assert "ku" in spoken(quick_hotline)
