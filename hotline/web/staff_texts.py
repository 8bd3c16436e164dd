"""The words of the staff pages, in German and English."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from flask import request

from hotline.dialogue.texts import SCREENS, STAFF_LANGUAGES, Texts
from hotline.staff.sessions import StaffSession

LANGUAGE_COOKIE = "staff_language"


def screen_key(key: str) -> str:
    """Mark a text key that stands in the code and not in a template, so that the catalogue check sees it."""
    return key


@cache
def staff_texts(folder: Path) -> Texts:
    """The catalogues of the staff pages, read once."""
    return Texts.load(folder, STAFF_LANGUAGES, SCREENS)


def language_of_request(session: StaffSession | None) -> str:
    """The language of a page: the person's own, else the one chosen in this browser, else the browser's, else German."""
    chosen = (session.language if session else None) or request.cookies.get(LANGUAGE_COOKIE)
    if chosen in STAFF_LANGUAGES:
        return chosen
    return request.accept_languages.best_match(STAFF_LANGUAGES, STAFF_LANGUAGES[0]) or STAFF_LANGUAGES[0]
