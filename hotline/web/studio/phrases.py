"""Training phrases in the studio: those of the files can be switched off, those of editors added, changed and removed."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from hotline.knowledge.problems import Refused
from hotline.web.access import access, services
from hotline.web.staff_pages import notify, render_staff
from hotline.web.staff_session import current_staff
from hotline.web.staff_texts import screen_key
from hotline.web.studio.choices import expect_language, expect_number, expect_topic, paged, topic_names, wanted_language

phrases = Blueprint("studio_phrases", __name__, url_prefix="/studio/understanding/phrases")

UNUSABLE = 422
STATES = {
    "added": screen_key("studio.phrase_added"),
    "starter": screen_key("studio.phrase_starter"),
    "muted": screen_key("studio.phrase_muted"),
}
DONE = {
    "add": screen_key("studio.phrase_done_add"),
    "change": screen_key("studio.phrase_done_change"),
    "remove": screen_key("studio.phrase_done_remove"),
    "mute": screen_key("studio.phrase_done_mute"),
    "unmute": screen_key("studio.phrase_done_unmute"),
}
FILTERS = ("language", "topic", "q", "state", "page")


@phrases.get("")
@access("staff", permission="content.see")
def show() -> str:
    """The phrases of a language, by topic, state and words."""
    return _page()


@phrases.post("")
@access("staff", permission="content.edit")
def change() -> AnyResponse | tuple[str, int]:
    """Add, change or remove a phrase of the studio; switch one of the files off or on."""
    form, author, editing = request.form, current_staff().name, services().phrase_editing
    action = form.get("action", "")
    if action not in DONE:
        abort(400)
    text = form.get("text", "")
    try:
        if action == "add":
            editing.add(expect_language(form.get("language", "")), expect_topic(form.get("topic", "")), text, author)
        elif action == "change":
            editing.change(expect_number(form.get("id", "")), expect_topic(form.get("topic", "")), text, author)
        elif action == "remove":
            editing.remove(expect_number(form.get("id", "")), author)
        else:
            switch = editing.mute if action == "mute" else editing.unmute
            switch(expect_language(form.get("language", "")), form.get("topic", ""), text, author)
    except Refused as refused:
        return _page(refused), UNUSABLE
    notify(DONE[action])
    kept = {name: request.args[name] for name in FILTERS if request.args.get(name)}
    return redirect(url_for("studio_phrases.show", **kept))  # type: ignore[arg-type]


def _page(refused: Refused | None = None) -> str:
    hotline, topics = services(), topic_names()
    language = wanted_language(request.args.get("language", ""))
    topic = request.args.get("topic", "") if request.args.get("topic") in topics else ""
    state = request.args.get("state", "") if request.args.get("state") in STATES else ""
    wanted = request.args.get("q", "").strip()
    with hotline.database.read() as connection:
        found = hotline.phrase_editing.find(connection, language, topic, wanted, state)
    return render_staff(
        "studio/phrases.html",
        page=paged(found),
        text_language=hotline.languages[language],
        languages_shown=[hotline.languages[code] for code in hotline.live_languages],
        topics=topics,
        topic=topic,
        state=state,
        wanted=wanted,
        states=STATES,
        kept={"language": language, "topic": topic, "q": wanted, "state": state},
        # What was refused stands in the form again.
        unsaved=request.form if refused and request.form.get("action") == "add" else {},
        refused=refused,
    )
