"""What every staff page has in common: language, navigation, messages shown once, pages for what went wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from flask import Flask, render_template
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import (
    Forbidden,
    HTTPException,
    InternalServerError,
    NotFound,
    RequestEntityTooLarge,
    TooManyRequests,
    default_exceptions,
)
from werkzeug.wrappers import Response as AnyResponse

from hotline.staff.sessions import StaffSession
from hotline.upkeep.metrics import PAGES_FAILED
from hotline.web.access import is_for_staff, services
from hotline.web.navigation import areas_of
from hotline.web.staff_session import CSRF_FIELD, ForgedRequest, csrf_token, current_staff, find_staff
from hotline.web.staff_texts import language_of_request, screen_key, staff_texts

GERMANY = ZoneInfo("Europe/Berlin")
# What a person reads when something went wrong: never what it was inside.
_ERRORS = {
    ForgedRequest: (screen_key("staff.error_forged_title"), screen_key("staff.error_forged")),
    Forbidden: (screen_key("staff.error_forbidden_title"), screen_key("staff.error_forbidden")),
    NotFound: (screen_key("staff.error_missing_title"), screen_key("staff.error_missing")),
    RequestEntityTooLarge: (screen_key("staff.error_large_title"), screen_key("staff.error_large")),
    TooManyRequests: (screen_key("staff.error_often_title"), screen_key("staff.error_often")),
    InternalServerError: (screen_key("staff.error_ours_title"), screen_key("staff.error_ours")),
}
_ANY_ERROR = (screen_key("staff.error_any_title"), screen_key("staff.error_any"))


@dataclasses.dataclass(frozen=True)
class Problem:
    """What is wrong with a form: the key of its text, the field it is about, the HTTP status, values of the text."""

    key: str
    field: str
    status: int
    values: Mapping[str, object] = dataclasses.field(default_factory=dict)


def render_staff(template: str, **values: Any) -> str:
    """Render a page that extends ``staff/base.html``.

    The template has: ``screen(key, **values)`` for texts, ``at(time)`` for German clock time, ``staff`` (the session, None for a
    stranger), ``areas`` (navigation), ``notices`` (of ``notify``), ``csrf_token`` and ``csrf_field``, ``language``, ``problem``
    (of a form, else None), ``signed_name`` (of the account, on the way to signing in too).

    Args:
        template: name of the template.
        values: what else it shows.
    """
    hotline = services()
    found = find_staff(hotline)
    session = found if found and found.stage == "full" else None
    return render_template(
        template,
        staff=session,
        areas=areas_of(session) if session else [],
        notices=_take_notices(session) if session and session.has_notices else [],
        csrf_token=csrf_token(hotline),
        csrf_field=CSRF_FIELD,
        signed_name=found.name if found else "",
        **_words(found),
        **{"problem": None, **values},
    )


def render_fragment(template: str, **values: Any) -> str:
    """Render a piece of a page that is fetched again and again: as ``render_staff``, without navigation and notices."""
    session = current_staff()
    return render_template(
        template, staff=session, csrf_field=CSRF_FIELD, csrf_token=csrf_token(services()), **_words(session), **values
    )


def _words(session: StaffSession | None) -> dict[str, Any]:
    language = language_of_request(session)
    texts = staff_texts(services().translations_folder)
    return {
        "language": language,
        "screen": partial(texts.get, language),
        "at": partial(show_time, language),
        "day": partial(show_day, language),
        "figure": partial(show_figure, language),
    }


def show_time(language: str, moment: datetime) -> str:
    """Day and German clock time, as a language writes them."""
    return format_datetime(moment, "short", tzinfo=GERMANY, locale=language if language != "en" else "en_GB")


def show_day(language: str, day: date) -> str:
    """A day, as a language writes it."""
    return format_date(day, "medium", locale=language if language != "en" else "en_GB")


def show_figure(language: str, value: float) -> str:
    """A number with one digit after the point, as a language writes it."""
    return format_decimal(value, "0.0", locale=language)


def notify(key: str, kind: str = "done", *, session: StaffSession | None = None, **values: object) -> None:
    """Show a message once, on the next page of whoever is signed in.

    Args:
        key: of its text; wrap it in ``screen_key``.
        kind: done, or problem.
        session: another one than this request's, where it has just been rotated.
        values: what its placeholders stand for; stored until shown, so nothing personal.
    """
    hotline, reader = services(), session or current_staff()
    with hotline.database.begin() as connection:
        hotline.staff_sessions.add_notice(connection, reader.id, {"key": key, "kind": kind, "values": values})


def _take_notices(session: StaffSession) -> list[dict[str, Any]]:
    hotline = services()
    with hotline.database.begin() as connection:
        return hotline.staff_sessions.take_notices(connection, session.id)


def register_error_pages(app: Flask) -> None:
    """Answer what goes wrong on a staff page with a page in the person's language, elsewhere as ever; count errors of ours."""

    @app.errorhandler(HTTPException)
    def show(error: HTTPException) -> HTTPException | AnyResponse | tuple[str, int]:
        if isinstance(error, InternalServerError):
            services().tally.add(PAGES_FAILED)
        # A redirect, or an answer made elsewhere, is no error.
        if error.code not in default_exceptions or error.response is not None or not is_for_staff(app):
            return error
        title, text = next((keys for kind, keys in _ERRORS.items() if isinstance(error, kind)), _ANY_ERROR)
        return _error_page(title, text), error.code or 500


def _error_page(title: str, text: str) -> str:
    shown = {"error_title": title, "error_text": text}
    try:
        return render_staff("staff/error.html", **shown)
    except SQLAlchemyError:
        # Without a database there is no session and no navigation; the page must come all the same.
        return render_template("staff/error.html", **_words(None), **shown)
