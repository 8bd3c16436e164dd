"""The facts: what is known, how sure, until when; proposed by one person, approved by another."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from hotline.dialogue.turn import today_in_germany
from hotline.knowledge.editing import CannotEdit
from hotline.knowledge.fact_editing import texts_naming, written
from hotline.knowledge.fact_rows import COLUMNS, read_facts
from hotline.knowledge.facts import CONFIDENCES, UNITS, Fact, show_value
from hotline.knowledge.problems import Refused
from hotline.knowledge.states import EXPIRES_SOON
from hotline.web.access import access, services
from hotline.web.staff_pages import notify, render_staff
from hotline.web.staff_session import current_staff
from hotline.web.staff_texts import screen_key

facts = Blueprint("studio_facts", __name__, url_prefix="/studio/facts")

UNUSABLE = 422
NEW = "new"
PROPOSED = screen_key("studio.fact_proposed")
APPROVED = screen_key("studio.fact_approved")
REJECTED = screen_key("studio.fact_rejected")
# Column -> text key of its name.
COLUMN_NAMES = {
    "key": screen_key("studio.fact_key"),
    "value": screen_key("studio.fact_value"),
    "unit": screen_key("studio.fact_unit"),
    "applies_to": screen_key("studio.fact_applies_to"),
    "source_title": screen_key("studio.fact_source_title"),
    "source_url": screen_key("studio.fact_source_url"),
    "source_date": screen_key("studio.fact_source_date"),
    "checked_on": screen_key("studio.fact_checked_on"),
    "valid_until": screen_key("studio.fact_valid_until"),
    "confidence": screen_key("studio.fact_confidence"),
    "owner": screen_key("studio.fact_owner"),
    "note": screen_key("studio.fact_note"),
}
STATES = {
    "sure": screen_key("studio.fact_sure"),
    "expiring": screen_key("studio.fact_expiring"),
    "expired": screen_key("studio.fact_expired"),
    "unsure": screen_key("studio.fact_unsure"),
}


def state_of(fact: Fact) -> str:
    """sure, expiring, expired or unsure."""
    today = today_in_germany()
    if not fact.is_said(today):
        return "expired" if fact.valid_until < today else "unsure"
    return "expiring" if fact.valid_until <= today + EXPIRES_SOON else "sure"


@facts.get("")
@access("staff", permission="content.see")
def show_all() -> str:
    """All facts, filtered by state or words."""
    wanted, state = request.args.get("q", "").strip().casefold(), request.args.get("state", "")
    with services().database.read() as connection:
        found = read_facts(connection)
        waiting = services().fact_editing.waiting(connection)
    rows = [
        (fact, show_value(fact, "de"), state_of(fact))
        for fact in found.values()
        if wanted in f"{fact.key} {fact.value} {fact.note} {fact.source_title}".casefold() and state in ("", state_of(fact))
    ]
    return render_staff(
        "studio/facts.html", rows=rows, states=STATES, wanted=wanted, state=state, waiting=waiting, total=len(found)
    )


@facts.get("/<key>")
@access("staff", permission="content.see")
def show(key: str) -> str:
    """One fact: its form, what waits, where it is used, what it was before."""
    return _page(key)


@facts.post("/<key>")
@access("staff", permission="facts.edit")
def propose(key: str) -> AnyResponse | tuple[str, int]:
    """Propose a change, or a new fact."""
    raw = {name: request.form.get(name, "") for name in COLUMNS}
    if key != NEW:
        raw["key"] = key
    try:
        change = services().fact_editing.propose(raw, current_staff().name)
    except Refused as refused:
        return _page(key, raw, refused), UNUSABLE
    notify(PROPOSED)
    return redirect(url_for("studio_facts.show", key=change.key if change.before else NEW))


@facts.post("/changes/<int:change_id>/<decision>")
@access("staff", permission="facts.edit")
def decide(change_id: int, decision: str) -> AnyResponse | tuple[str, int]:
    """Approve or reject a proposed change."""
    editing, name = services().fact_editing, current_staff().name
    if decision not in ("approve", "reject"):
        abort(404)
    try:
        change = editing.approve(change_id, name) if decision == "approve" else editing.reject(change_id, name)
    except CannotEdit as refused:
        return _page(request.form.get("key", NEW), None, refused), UNUSABLE
    notify(APPROVED if decision == "approve" else REJECTED)
    is_there = decision == "approve" or bool(change.before)
    return redirect(url_for("studio_facts.show", key=change.key) if is_there else url_for("studio_facts.show_all"))


def _page(key: str, raw: dict[str, str] | None = None, refused: Refused | None = None) -> str:
    hotline = services()
    with hotline.database.read() as connection:
        found = read_facts(connection)
        if key != NEW and key not in found:
            abort(404)
        shown: dict[str, Any] = {
            "waiting": hotline.fact_editing.waiting(connection, None if key == NEW else key),
            "history": hotline.fact_editing.history(connection, key),
            "used_in": texts_naming(connection, key),
        }
    fact = found.get(key)
    values = raw or (written(fact) if fact else dict.fromkeys(COLUMNS, ""))
    in_languages = [(hotline.languages[code], show_value(fact, code)) for code in hotline.live_languages] if fact else []
    if key == NEW:
        shown["waiting"] = [change for change in shown["waiting"] if not change.before]
    return render_staff(
        "studio/fact.html",
        key=key,
        values=values,
        column_names=COLUMN_NAMES,
        units=UNITS,
        confidences=CONFIDENCES,
        fact_state=state_of(fact) if fact else "",
        states=STATES,
        in_languages=in_languages,
        refused=refused,
        me=current_staff().name,
        **shown,
    )
