"""The editor of one text: source beside translation, draft, review, preview, history."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from hotline.dialogue.preview import preview_answer
from hotline.dialogue.turn import today_in_germany
from hotline.knowledge.differences import difference
from hotline.knowledge.editing import IN_REVIEW, PARTS, CannotEdit, Edit, Revision, SavedByAnother
from hotline.knowledge.fact_rows import read_facts
from hotline.knowledge.facts import show_value
from hotline.knowledge.measures import measure
from hotline.knowledge.starter import LIMITS, SOURCE_LANGUAGE
from hotline.knowledge.wording import fill
from hotline.telephony.audio_build import synthesise
from hotline.web.access import access, services
from hotline.web.staff_pages import notify, render_staff
from hotline.web.staff_session import current_staff
from hotline.web.staff_texts import screen_key
from hotline.web.studio.matrix import STATE_NAMES, WORK_NAMES, load_matrix

texts = Blueprint("studio_texts", __name__, url_prefix="/studio/texts/<topic>/<language>")

UNUSABLE, CONFLICT = 422, 409
LONGEST_FORM_TEXT = 5000
SAVED = screen_key("studio.saved")
SUBMITTED = screen_key("studio.submitted")
PUBLISHED = screen_key("studio.published")
RETURNED = screen_key("studio.returned")
DISCARDED = screen_key("studio.discarded")
RESTORED = screen_key("studio.restored")


@texts.get("")
@access("staff", permission="content.see")
def edit(topic: str, language: str) -> str:
    """The editor."""
    return _editor(topic, language)


@texts.post("")
@access("staff", permission="content.edit")
def save(topic: str, language: str) -> AnyResponse | tuple[str, int]:
    """Save the draft; with ``action`` submit also ask for the review."""
    wanted = _edit_of_form(topic, language)
    _expect_known(topic, language)
    editing, author = services().editing, current_staff().name
    try:
        draft = editing.save(wanted, author)
    except SavedByAnother as refused:
        return _editor(topic, language, wanted, refused=refused, theirs=refused.theirs), CONFLICT
    except CannotEdit as refused:
        return _editor(topic, language, wanted, refused=refused), CONFLICT
    if request.form.get("action") != "submit":
        notify(SAVED)
        return _back(topic, language)
    try:
        editing.submit(draft.id, draft.lock, author)
    except CannotEdit as refused:
        return _editor(topic, language, refused=refused), UNUSABLE
    notify(SUBMITTED)
    return _back(topic, language)


@texts.post("/approve")
@access("staff", permission="content.approve")
def approve(topic: str, language: str) -> AnyResponse | tuple[str, int]:
    """Publish what was reviewed."""
    is_native = request.form.get("is_native") == "yes"
    return _decide(topic, language, PUBLISHED, lambda e, i, lock: e.approve(i, lock, current_staff().name, is_native=is_native))


@texts.post("/return")
@access("staff", permission="content.approve")
def give_back(topic: str, language: str) -> AnyResponse | tuple[str, int]:
    """Return a text to its author, with a note."""
    note = request.form.get("note", "")
    return _decide(topic, language, RETURNED, lambda e, i, lock: e.take_back(i, lock, current_staff().name, note))


@texts.post("/take-back")
@access("staff", permission="content.edit")
def take_back(topic: str, language: str) -> AnyResponse | tuple[str, int]:
    """Make a text in review a draft again."""
    return _decide(topic, language, RETURNED, lambda e, i, lock: e.take_back(i, lock, current_staff().name))


@texts.post("/discard")
@access("staff", permission="content.edit")
def discard(topic: str, language: str) -> AnyResponse | tuple[str, int]:
    """Give a draft up."""
    return _decide(topic, language, DISCARDED, lambda e, i, lock: e.discard(i, lock, current_staff().name))


@texts.post("/restore")
@access("staff", permission="content.edit")
def restore(topic: str, language: str) -> AnyResponse | tuple[str, int]:
    """Begin a draft with an earlier wording."""
    return _decide(topic, language, RESTORED, lambda e, i, _lock: e.restore(i, current_staff().name))


@texts.get("/history")
@access("staff", permission="content.see")
def history(topic: str, language: str) -> str:
    """Every state of the text, and the difference of two of them."""
    _expect_known(topic, language)
    with services().database.read() as connection:
        found = services().editing.history(connection, topic, language)
    newer = _numbered(found, request.args.get("newer"), 0)
    older = _numbered(found, request.args.get("older"), 1)
    pieces = {part: difference(getattr(older, part), getattr(newer, part)) for part in PARTS} if newer and older else {}
    return render_staff(
        "studio/history.html", revisions=found, newer=newer, older=older, pieces=pieces, **_about(topic, language)
    )


@texts.get("/preview")
@access("staff", permission="content.see")
def preview(topic: str, language: str) -> str:
    """What people would get: as SMS, as chat, and spoken."""
    _expect_known(topic, language)
    shown = _shown(topic, language)
    if shown is None:
        abort(404)
    hotline, today = services(), today_in_germany()
    with hotline.database.read() as connection:
        library = hotline.library.with_draft(connection, today, (topic, language), shown.texts)
    made = preview_answer(topic, language, library, hotline.renderer, hotline.definition)
    return render_staff(
        "studio/preview.html",
        made=made,
        sms=measure(made.short),
        chat=measure(made.full),
        left_out=library.articles[topic, language].left_out,
        shown=shown,
        **_about(topic, language),
    )


@texts.get("/speech/<part>/<int:number>.wav")
@access("staff", permission="content.see")
def speech(topic: str, language: str, part: str, number: int) -> Response:
    """One sentence of the preview as sound; where Twilio has a voice, it sounds better on the phone."""
    _expect_known(topic, language)
    shown = _shown(topic, language)
    hotline = services()
    if shown is None or part not in ("short", "full"):
        abort(404)
    with hotline.database.read() as connection:
        library = hotline.library.with_draft(connection, today_in_germany(), (topic, language), shown.texts)
    made = preview_answer(topic, language, library, hotline.renderer, hotline.definition)
    sentences = made.spoken_short if part == "short" else made.spoken_full
    if number >= len(sentences):
        abort(404)
    utterance = sentences[number]
    sound = hotline.audio.read(utterance.language, utterance.text) or synthesise(
        hotline.languages[utterance.language], utterance.text
    )
    if sound is None:
        abort(404)
    return Response(sound, content_type="audio/wav")


def _decide(topic: str, language: str, done: str, decide: Any) -> AnyResponse | tuple[str, int]:
    _expect_known(topic, language)
    try:
        revision_id, lock = int(request.form["revision"]), int(request.form.get("lock", "0"))
    except (KeyError, ValueError):
        abort(400)
    try:
        decide(services().editing, revision_id, lock)
    except CannotEdit as refused:
        return _editor(topic, language, refused=refused), CONFLICT
    notify(done)
    return _back(topic, language)


def _back(topic: str, language: str) -> AnyResponse:
    return redirect(url_for("studio_texts.edit", topic=topic, language=language))


def _expect_known(topic: str, language: str) -> None:
    hotline = services()
    with hotline.database.read() as connection:
        known = hotline.library.current(connection, today_in_germany()).policies
    if topic not in known or language not in hotline.live_languages:
        abort(404)


def _edit_of_form(topic: str, language: str) -> Edit:
    form = request.form
    try:
        lock, source_version = int(form.get("lock", "0")), int(form.get("source_version", "0"))
    except ValueError:
        abort(400)
    # A browser sends line ends of its own.
    words = {part: form.get(part, "")[:LONGEST_FORM_TEXT].replace("\r\n", "\n") for part in PARTS}
    return Edit(
        topic, language, **words, lock=lock, source_version=source_version,
        is_minor=form.get("is_minor") == "yes", note=form.get("note", "")[:LONGEST_FORM_TEXT],
    )  # fmt: skip


def _shown(topic: str, language: str) -> Revision | None:
    """What an editor looks at: the open draft, else what people get."""
    with services().database.read() as connection:
        editing = services().editing
        return editing.opened(connection, topic, language) or editing.published(connection, topic, language)


def _numbered(found: list[Revision], number: str | None, fallback: int) -> Revision | None:
    named = [revision for revision in found if str(revision.number) == number]
    return named[0] if named else found[fallback] if len(found) > fallback else None


def _about(topic: str, language: str) -> dict[str, Any]:
    """What every page of a text shows."""
    hotline = services()
    cell = load_matrix().cells[topic, language]
    return {
        "topic": topic,
        "text_language": hotline.languages[language],
        "source_language": hotline.languages[SOURCE_LANGUAGE],
        "cell": cell,
        "state_names": STATE_NAMES,
        "work_names": WORK_NAMES,
        "is_source": language == SOURCE_LANGUAGE,
    }


def _editor(
    topic: str,
    language: str,
    unsaved: Edit | None = None,
    *,
    refused: CannotEdit | None = None,
    theirs: Revision | None = None,
) -> str:
    _expect_known(topic, language)
    hotline, today = services(), today_in_germany()
    with hotline.database.read() as connection:
        editing = hotline.editing
        opened = editing.opened(connection, topic, language)
        live = editing.published(connection, topic, language)
        source = editing.published(connection, topic, SOURCE_LANGUAGE)
        facts = read_facts(connection)
        shown = unsaved or opened or live
        words = {part: getattr(shown, part) if shown else "" for part in PARTS}
        found = editing.problems(connection, words, language) if shown else []
    filled = {part: fill(text, language, facts, today, "").text for part, text in words.items()}
    return render_staff(
        "studio/editor.html",
        words=words,
        source=source,
        source_filled=_filled(source, SOURCE_LANGUAGE, facts, today),
        live=live,
        opened=opened,
        is_locked=opened is not None and opened.state == IN_REVIEW,
        lock=(theirs or opened).lock if theirs or opened else 0,  # type: ignore[union-attr]
        theirs=theirs,
        note=shown.note if shown and (unsaved or opened) else "",
        is_minor=bool(shown and (unsaved or opened) and shown.is_minor),
        measures={part: measure(text) for part, text in filled.items()},
        limits=LIMITS,
        changes={part: difference(getattr(live, part), words[part]) for part in PARTS} if live and opened else {},
        facts=[(fact.key, show_value(fact, language), fact.is_said(today)) for fact in facts.values()],
        fact_values={
            match: show_value(fact, language, is_bare=is_bare)
            for fact in facts.values()
            for match, is_bare in ((fact.key, False), (f"{fact.key}|number", True))
        },
        source_version=source.version if source else 0,
        refused=refused,
        text_problems=found,
        is_mine=opened is not None and opened.author == current_staff().name,
        rows={"title": 1, "short": 4, "full": max(12, math.ceil(len(words["full"]) / 60))},
        **_about(topic, language),
    )


def _filled(source: Revision | None, language: str, facts: Mapping[str, Any], today: Any) -> dict[str, str]:
    if source is None:
        return {}
    return {part: fill(text, language, facts, today, "").text for part, text in source.texts.items()}
