"""Small public pages: the way in, prompts as sound, health."""

from __future__ import annotations

from flask import Blueprint, Response, abort, redirect, send_file, url_for
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response as AnyResponse

from hotline.telephony.hold_sound import FILE as HOLD_FILE
from hotline.telephony.hold_sound import hold_sound
from hotline.web.access import access, services

HOLD_SOUND_PATH = f"/sounds/{HOLD_FILE}"
pages = Blueprint("pages", __name__)
# The name of a file is the hash of its content, so what is behind it never changes.
FOREVER = "public, max-age=31536000, immutable"


@pages.get("/")
@access("public")
def index() -> AnyResponse:
    """Leads to the simulator where there is one."""
    if services().settings.has_simulator:
        return redirect(url_for("simulator.show"))
    return Response("Return hotline\n", content_type="text/plain; charset=utf-8")


@pages.get("/audio/<language>/<name>")
@access("public")
def audio(language: str, name: str) -> AnyResponse:
    """One prompt as sound, for Twilio's Play."""
    path = services().audio.open_file(language, name)
    if path is None:
        abort(404)
    response = send_file(path, mimetype="audio/wav")
    response.headers["Cache-Control"] = FOREVER
    return response


@pages.get(HOLD_SOUND_PATH)
@access("public")
def hold() -> AnyResponse:
    """What is played while somebody waits."""
    response = send_file(hold_sound(services().settings.data_dir), mimetype="audio/wav")
    response.headers["Cache-Control"] = FOREVER
    return response


@pages.get("/health/live")
@access("public")
def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@pages.get("/health/ready")
@access("public")
def ready() -> tuple[dict[str, str], int]:
    """Each part the hotline depends on; without the database it cannot work, without Rasa it works more simply."""
    try:
        with services().database.read() as connection:
            connection.execute(text("SELECT 1"))
        database = "ok"
    except SQLAlchemyError:
        database = "down"
    understanding = "fallback" if services().understander.breaker.is_open else "rasa"
    status = {"database": database, "understanding": understanding}
    return status, 200 if database == "ok" else 503
