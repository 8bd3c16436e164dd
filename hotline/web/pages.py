"""Small public pages: the way in, prompts as sound, health."""

from __future__ import annotations

from flask import Blueprint, Response, abort, jsonify, redirect, request, send_file, url_for
from werkzeug.wrappers import Response as AnyResponse

from hotline.telephony.hold_sound import FILE as HOLD_FILE
from hotline.telephony.hold_sound import hold_sound
from hotline.upkeep.health import overall
from hotline.upkeep.metrics import CONTENT_TYPE, render_metrics
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
def ready() -> tuple[Response, int]:
    """Each part the hotline depends on: 503 when nobody can be answered; with ``?all=1`` also when something is not well."""
    services().tally.write()
    parts = services().look_at_health()
    state = overall(parts)
    is_well = state == "ok" or (state == "degraded" and not request.args.get("all"))
    found = {part.name: {"state": part.state, **({"detail": part.detail} if part.detail else {})} for part in parts}
    return jsonify({"status": state, "parts": found}), 200 if is_well else 503


@pages.get("/metrics")
@access("metrics")
def metrics() -> Response:
    """Figures for Prometheus."""
    services().tally.write()
    return Response(render_metrics(services().collector), content_type=CONTENT_TYPE)
