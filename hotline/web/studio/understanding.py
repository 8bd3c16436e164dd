"""Models in the studio: which one is live, training another one with visible progress, what it changes, going live and back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from hotline.knowledge.problems import Refused
from hotline.training.trainings import READY, Training
from hotline.understanding.port import STARTER_MODEL
from hotline.web.access import access, services
from hotline.web.staff_pages import notify, render_fragment, render_staff
from hotline.web.staff_session import current_staff
from hotline.web.staff_texts import screen_key
from hotline.web.studio.choices import topic_names

understanding = Blueprint("studio_understanding", __name__, url_prefix="/studio/understanding")

UNUSABLE = 422
SHOWN = 12
ASKED = screen_key("studio.training_asked")
LIVE_NOW = screen_key("studio.model_live_now")
LIVE_LATER = screen_key("studio.model_live_later")
# Columns of the figures, as ``evaluate.py`` names them -> text keys.
FIGURES = {
    "top-1": screen_key("studio.figure_top1"),
    "top-3": screen_key("studio.figure_top3"),
    "hard top-1": screen_key("studio.figure_hard_top1"),
    "hard top-3": screen_key("studio.figure_hard_top3"),
    "language": screen_key("studio.figure_language"),
    "danger found": screen_key("studio.figure_danger"),
    "false alarms, near": screen_key("studio.figure_near"),
    "wrong though sure": screen_key("studio.figure_wrong"),
}
DECISIONS = {
    "answer": screen_key("studio.decision_answer"),
    "confirm": screen_key("studio.decision_confirm"),
    "clarify": screen_key("studio.decision_clarify"),
    "handoff": screen_key("studio.decision_handoff"),
}


@understanding.get("")
@access("staff", permission="content.see")
def overview() -> str:
    """Which model is live, what changed since it was trained, and all trainings."""
    return _overview()


@understanding.post("/trainings")
@access("staff", permission="languages.train")
def train() -> AnyResponse | tuple[str, int]:
    """Ask for a training; the worker begins it."""
    hotline = services()
    try:
        training_id = hotline.trainings.ask(current_staff().name)
    except Refused as refused:
        return _overview(refused), UNUSABLE
    hotline.training_bell.ring()
    notify(ASKED)
    return redirect(url_for("studio_understanding.show", training_id=training_id))


@understanding.get("/trainings/<int:training_id>")
@access("staff", permission="content.see")
def show(training_id: int) -> str:
    """One training: how far it is, or what came of it."""
    return _page(training_id)


@understanding.get("/trainings/<int:training_id>/progress")
@access("staff", permission="content.see")
def progress(training_id: int) -> AnyResponse | str:
    """How far a training is; the page fetches this every two seconds."""
    training = _get(training_id)
    return render_fragment("studio/progress.html", training=training, **_timing(training))


@understanding.post("/live/<model>")
@access("staff", permission="languages.train")
def go_live(model: str) -> AnyResponse | tuple[str, int]:
    """Put a model live."""
    if model != STARTER_MODEL and not model.isdecimal():
        abort(404)
    try:
        is_taken = services().model_switch.go_live(model, current_staff().name)
    except Refused as refused:
        return _overview(refused), UNUSABLE
    return _is_live(model, is_taken)


@understanding.post("/back")
@access("staff", permission="languages.train")
def go_back() -> AnyResponse | tuple[str, int]:
    """Put the model before live again."""
    try:
        model, is_taken = services().model_switch.go_back(current_staff().name)
    except Refused as refused:
        return _overview(refused), UNUSABLE
    return _is_live(model, is_taken)


def _is_live(model: str, is_taken: bool) -> AnyResponse:
    notify(LIVE_NOW if is_taken else LIVE_LATER, "done" if is_taken else "warn", model=model)
    return redirect(url_for("studio_understanding.overview"))


def _overview(refused: Refused | None = None) -> str:
    hotline, live = services(), services().models.live()
    with hotline.database.read() as connection:
        found = hotline.trainings.all(connection)
        before = hotline.model_switch.before(connection)
        history = hotline.model_switch.history(connection)
        trained = next((training for training in found if training.model == live), None)
        changed = hotline.phrase_editing.changed_since(connection, trained.started_at if trained else None)
        waiting = hotline.danger_editing.waiting(connection)
    return render_staff(
        "studio/understanding.html",
        live=live,
        starter=STARTER_MODEL,
        before=before,
        since=history[0] if history and history[0].model == live else None,
        trainings=found[:SHOWN],
        opened=next((training for training in found if training.is_open), None),
        kept=frozenset(hotline.models.names()),
        changed=changed,
        waiting=len(waiting),
        is_set_up=hotline.rasa_project.is_set_up,
        ready=READY,
        now=datetime.now(UTC),
        refused=refused,
        form_path=request.path,
    )


def _page(training_id: int) -> str:
    hotline, training = services(), _get(training_id)
    with hotline.database.read() as connection:
        before = hotline.model_switch.before(connection)
    return render_staff(
        "studio/training.html",
        training=training,
        figures=FIGURES,
        decisions=DECISIONS,
        topics=topic_names(),
        names=hotline.languages,
        broken={(item["language"], item["name"]): item["floor"] for item in training.report.get("broken", ())},
        is_live=hotline.models.live() == training.model,
        is_kept=hotline.models.has(training.model),
        before=before,
        ready=READY,
        starter=STARTER_MODEL,
        **_timing(training),
    )


def _get(training_id: int) -> Training:
    hotline = services()
    with hotline.database.read() as connection:
        training = hotline.trainings.get(connection, training_id)
    if training is None:
        abort(404)
    return training


def _timing(training: Training) -> dict[str, Any]:
    """Seconds so far, and how long the last one took."""
    hotline, now = services(), datetime.now(UTC)
    with hotline.database.read() as connection:
        done = [item for item in hotline.trainings.all(connection) if item.id != training.id and item.report]
    return {"seconds": training.seconds(now), "usual": done[0].seconds(now) if done else 0}
