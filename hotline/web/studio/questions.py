"""Unanswered questions: what people asked in vain, grouped, to be taught to the hotline, made a topic of, or dismissed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from hotline.dialogue.meaning import WISH_OF_INTENT
from hotline.dialogue.turn import today_in_germany
from hotline.knowledge.editing import CannotEdit
from hotline.knowledge.library import Library
from hotline.knowledge.question_groups import QuestionGroup, group_questions
from hotline.knowledge.questions import REASONS
from hotline.knowledge.starter import LIMITS, SOURCE_LANGUAGE
from hotline.knowledge.teaching import POLICIES, NewTopic, usable_phrase
from hotline.privacy.stripping import LONGEST
from hotline.understanding.port import Score
from hotline.web.access import access, services
from hotline.web.staff_pages import notify, render_staff
from hotline.web.staff_session import current_staff
from hotline.web.staff_texts import screen_key

questions = Blueprint("studio_questions", __name__, url_prefix="/studio/questions")

UNUSABLE = 422
PAGE_SIZE = 15
NEAREST = 3
# A new topic's article has to be written; until then its dates do not matter to anybody.
FIRST_YEAR = timedelta(days=365)
ASSIGNED = screen_key("studio.questions_assigned")
DISMISSED = screen_key("studio.questions_dismissed")
STARTED = screen_key("studio.questions_topic_started")
REASON_NAMES = {
    "not_understood": screen_key("studio.reason_not_understood"),
    "gave_up": screen_key("studio.reason_gave_up"),
    "none_of_these": screen_key("studio.reason_none_of_these"),
    "unhelpful": screen_key("studio.reason_unhelpful"),
}


@dataclass(frozen=True)
class Shown:
    """One group on the page: what the model thinks of it, and what the form holds."""

    group: QuestionGroup
    nearest: tuple[Score, ...]
    form: Mapping[str, str] = field(default_factory=dict)


@questions.get("")
@access("staff", permission="content.edit")
def show() -> str:
    """The groups, the largest first."""
    return _page(request.args)


@questions.post("/assign")
@access("staff", permission="content.edit")
def assign() -> AnyResponse | tuple[str, int]:
    """Teach that these questions ask for a topic."""
    form = request.form
    # One of the nearest topics is a button of its own; the button beside the list leaves its value to the list.
    topic = form.get("topic") or form.get("other_topic", "")
    try:
        services().teaching.assign(_ids(), _language(), topic, form.get("wording", ""), current_staff().name)
    except CannotEdit as refused:
        return _page(form, refused), UNUSABLE
    notify(ASSIGNED, topic=topic)
    return _back()


@questions.post("/dismiss")
@access("staff", permission="content.edit")
def dismiss() -> AnyResponse | tuple[str, int]:
    """Close questions that teach nothing."""
    try:
        services().teaching.dismiss(_ids(), current_staff().name)
    except CannotEdit as refused:
        return _page(request.form, refused), UNUSABLE
    notify(DISMISSED)
    return _back()


@questions.post("/topic")
@access("staff", permission="content.edit")
def start_topic() -> AnyResponse | tuple[str, int]:
    """Start a topic with these questions."""
    form, teaching, author = request.form, services().teaching, current_staff().name
    new = NewTopic(form.get("slug", "").strip(), form.get("title", ""), form.get("policy", ""))
    try:
        ids, language = _ids(), _language()
        if not ids:
            raise CannotEdit("no_questions")
        usable_phrase(form.get("wording", ""))
        teaching.start_topic(new, today_in_germany() + FIRST_YEAR, author)
        teaching.assign(ids, language, new.slug, form.get("wording", ""), author)
    except CannotEdit as refused:
        return _page(form, refused), UNUSABLE
    notify(STARTED, topic=new.slug)
    return redirect(url_for("studio_texts.edit", topic=new.slug, language=SOURCE_LANGUAGE))


def _ids() -> list[str]:
    """The ids of the wordings that are ticked; each box holds those of all questions worded so."""
    return [one for ticked in request.form.getlist("ids") for one in ticked.split() if one]


def _language() -> str:
    language = request.form.get("phrase_language", "")
    if language not in services().live_languages:
        raise CannotEdit("unknown", name=language or "?")
    return language


def _back() -> AnyResponse:
    language, reason, page = (request.form.get(name) or None for name in ("language", "reason", "page"))
    return redirect(url_for("studio_questions.show", language=language, reason=reason, page=page))


def _page(given: Mapping[str, str], refused: CannotEdit | None = None) -> str:
    hotline = services()
    language = given.get("language", "") if given.get("language") in hotline.live_languages else ""
    reason = given.get("reason", "") if given.get("reason") in REASONS else ""
    with hotline.database.read() as connection:
        found = hotline.questions.find_open(connection, language, reason)
        library = hotline.library.current(connection, today_in_germany())
    groups = group_questions(found)
    pages = max(1, -(-len(groups) // PAGE_SIZE))
    number = given.get("page", "1")
    page = min(int(number), pages) if number.isascii() and number.isdigit() and int(number) else 1
    return render_staff(
        "studio/questions.html",
        shown=[_shown(group, library, given) for group in groups[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]],
        total=len(found),
        group_total=len(groups),
        page=page,
        pages=pages,
        language_wanted=language,
        reason_wanted=reason,
        reason_names=REASON_NAMES,
        languages_shown=hotline.live_languages,
        names=hotline.languages,
        titles={topic: library.title(topic, SOURCE_LANGUAGE) or topic for topic in library.topics},
        policies=POLICIES,
        longest=LONGEST,
        longest_title=LIMITS["title"],
        days=hotline.settings.retention["questions"],
        refused=refused,
    )


def _shown(group: QuestionGroup, library: Library, given: Mapping[str, Any]) -> Shown:
    """A group with the nearest topics; what an editor typed into its form before a refusal is kept."""
    scores = services().understander.parse(group.example, group.language).topics
    topics = (score for score in scores if score.name not in WISH_OF_INTENT and score.name in library.policies)
    typed = {name: given[name] for name in given} if given.get("group") == group.wordings[0].ids[0] else {}
    return Shown(group, tuple(topics)[:NEAREST], typed)
