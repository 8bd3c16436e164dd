"""What the console says in words: languages, topics, places, days. Everything in the language of whoever works there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from babel import Locale

from hotline.counselling.thread import mask_number
from hotline.dialogue.country_words import country_name
from hotline.dialogue.turn import today_in_germany
from hotline.web.access import services
from hotline.web.staff_pages import show_day
from hotline.web.staff_session import current_staff
from hotline.web.staff_texts import language_of_request, screen_key, staff_texts

REASON = screen_key("console.reason_")
SHOWN_SLOTS = ("country", "nationality", "land", "city", "postcode", "date", "days", "deadline", "phone")


@lru_cache(maxsize=500)
def language_name(code: str | None, shown_in: str) -> str:
    """The name of a language; a dash while it is not known."""
    return "–" if code is None else str(Locale.parse(shown_in).languages.get(code, code))


def words_of_page() -> dict[str, Any]:
    """What the templates of the console call: ``language_of``, ``topic_of``, ``reason_of``, ``land_of``, ``direction_of``."""
    hotline, shown_in = services(), language_of_request(current_staff())
    with hotline.database.read() as connection:
        library = hotline.library.current(connection, today_in_germany())
    known, screens = hotline.languages, staff_texts(hotline.translations_folder)

    def topic_of(topic: str | None) -> str:
        return "–" if topic is None else library.title(topic, shown_in) or topic

    return {
        "language_of": lambda code: language_name(code, shown_in),
        "topic_of": topic_of,
        # Flows may name reasons of their own.
        "reason_of": lambda reason: screens.find(shown_in, REASON + reason) or reason,
        "land_of": lambda land: hotline.texts.find(shown_in, f"land.{land}") or land,
        "direction_of": lambda code: known[code].direction if code in known else "auto",
    }


def slots_in_words(slots: Mapping[str, str], shown_in: str, land_of: Callable[[str], str]) -> dict[str, str]:
    """What the person's texts named, readable; a number shows its last two digits only."""
    said: dict[str, Callable[[str], str]] = {
        "country": lambda value: country_name(value, shown_in),
        "nationality": lambda value: country_name(value, shown_in),
        "land": land_of,
        "phone": mask_number,
        "date": lambda value: show_day(shown_in, date.fromisoformat(value)),
        "deadline": lambda value: show_day(shown_in, date.fromisoformat(value)),
    }
    # What was heard and not agreed to is no fact of anybody; a callback has its own place on the page.
    return {kind: said.get(kind, str)(value) for kind, value in slots.items() if kind in SHOWN_SLOTS}
