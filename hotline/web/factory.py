"""Makes the Flask application of the hotline."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from flask import Flask, Response
from werkzeug.middleware.proxy_fix import ProxyFix

from hotline.dialogue.turn import today_in_germany
from hotline.services import Services
from hotline.settings import Settings
from hotline.store.revision import check_revision
from hotline.web.access import guard
from hotline.web.console.board import board
from hotline.web.console.call_panel import calls
from hotline.web.console.callbacks import callbacks
from hotline.web.console.cases import cases
from hotline.web.console.conversation import conversation
from hotline.web.console.deeds import deeds
from hotline.web.console.delivery import delivery
from hotline.web.console.forms import forms
from hotline.web.console.queue import console
from hotline.web.console.snippets import snippets
from hotline.web.console.translation import translation
from hotline.web.console.wrap_ups import wrap_ups
from hotline.web.legs import legs
from hotline.web.limits import limit_pages
from hotline.web.numbers import RowNumber, refuse_unstorable
from hotline.web.pages import pages
from hotline.web.simulator import simulator
from hotline.web.simulator_calls import simulator_calls
from hotline.web.staff import staff
from hotline.web.staff_account import account
from hotline.web.staff_admin import accounts
from hotline.web.staff_audit import audit
from hotline.web.staff_counsellors import counsellors
from hotline.web.staff_pages import register_error_pages
from hotline.web.staff_texts import staff_texts
from hotline.web.studio.canned import canned
from hotline.web.studio.danger import danger
from hotline.web.studio.facts import facts
from hotline.web.studio.health import health
from hotline.web.studio.matrix import matrix
from hotline.web.studio.phrases import phrases
from hotline.web.studio.questions import questions
from hotline.web.studio.recordings import recordings
from hotline.web.studio.regressions import regressions
from hotline.web.studio.texts import texts
from hotline.web.studio.topics import topics
from hotline.web.studio.transfer import transfer
from hotline.web.studio.understanding import understanding
from hotline.web.webhooks import webhooks

STAFF = (staff, account, accounts, counsellors, audit)
STUDIO = (
    matrix,
    texts,
    topics,
    facts,
    understanding,
    phrases,
    danger,
    regressions,
    questions,
    health,
    transfer,
    canned,
    recordings,
)
CONSOLE = (
    console, board, conversation, deeds, translation, snippets, callbacks, delivery, cases, wrap_ups, forms, calls,
)  # fmt: skip
# Twilio's largest webhook is far smaller; nobody may send us more to hold in memory.
MAX_REQUEST_BYTES = 128_000
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# A browser that has been here once comes by HTTPS for a year, whatever a link says.
HTTPS_ONLY = "max-age=31536000"


def create_app(settings: Settings) -> Flask:
    """Make the application and everything a turn needs, so that no caller waits for it.

    Args:
        settings: of this process.

    Raises:
        CannotStart: something given to the hotline cannot be used; the message names it and the remedy.
    """
    app = make_flask(Services(settings))
    services: Services = app.extensions["services"]
    check_revision(services.database)
    services.check_ground()
    services.turns  # noqa: B018 - made now, with all it needs
    staff_texts(services.translations_folder)
    with services.database.read() as connection:
        library = services.library.current(connection, today_in_germany())
    services.speakable.check_texts(library)
    services.speakable.among(library)
    # The web server forks after this; a connection must not be used by two processes.
    services.close_connections()
    return app


def make_flask(services: Services) -> Flask:
    """The application around given services; nothing is checked or opened yet (the commands start here)."""
    app = Flask("hotline", root_path=str(services.settings.root / "hotline" / "web"))
    app.config["MAX_CONTENT_LENGTH"] = MAX_REQUEST_BYTES
    # Else "//" is answered with a redirect that names whatever host the request named.
    app.url_map.merge_slashes = False
    app.url_map.converters["int"] = RowNumber
    app.extensions["services"] = services
    if services.settings.trusted_proxies:
        # Only who asks is taken from a proxy; our own address is PUBLIC_BASE_URL, and Twilio's signature is over the raw one.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=services.settings.trusted_proxies, x_proto=0)  # type: ignore[method-assign]
    for blueprint in (webhooks, legs, pages, simulator, simulator_calls, *STAFF, *CONSOLE, *STUDIO):
        app.register_blueprint(blueprint)
    limit_pages(app, services)
    guard(app)
    register_error_pages(app)
    refuse_unstorable(app)
    is_https = services.settings.public_base_url.startswith("https://")
    app.after_request(partial(_harden, {**HEADERS, **({"Strict-Transport-Security": HTTPS_ONLY} if is_https else {})}))
    return app


def _harden(headers: Mapping[str, str], response: Response) -> Response:
    for name, value in headers.items():
        response.headers.setdefault(name, value)
    return response
