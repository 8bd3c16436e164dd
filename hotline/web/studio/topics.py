"""What stands behind an answer in all languages: its sources, dates, owner and follow-up topics."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from flask import Blueprint, abort, redirect, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from hotline.dialogue.turn import today_in_germany
from hotline.knowledge.editing import CannotEdit
from hotline.knowledge.starter import CONFIDENCES, OWNER, SOURCE_LANGUAGE
from hotline.store.tables import articles
from hotline.web.access import access, services
from hotline.web.staff_pages import notify, render_staff
from hotline.web.staff_session import current_staff
from hotline.web.staff_texts import screen_key

topics = Blueprint("studio_topics", __name__, url_prefix="/studio/topics/<topic>")

UNUSABLE = 422
# One more empty line of sources than there are, and never more than this.
MOST_SOURCES = 12
SOURCE_FIELDS = ("title", "url", "date", "checked_on", "confidence")
SAVED = screen_key("studio.topic_saved")
_AS_OF = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")


@topics.get("")
@access("staff", permission="content.see")
def show(topic: str) -> str:
    """The form."""
    return _page(topic)


@topics.post("")
@access("staff", permission="content.approve")
def save(topic: str) -> AnyResponse | tuple[str, int]:
    """Change sources, dates, owner and follow-up topics; holds for every language at the next turn."""
    form = request.form
    sources = [
        {name: form.get(f"source_{name}_{number}", "").strip() or None for name in SOURCE_FIELDS}
        for number in range(MOST_SOURCES)
    ]
    values: dict[str, Any] = {
        "as_of": form.get("as_of", "").strip(),
        "valid_until": form.get("valid_until", "").strip(),
        "owner": form.get("owner", "").strip() or OWNER,
        "follow_ups": [name for name in form.getlist("follow_ups") if name],
        "sources": [source for source in sources if source["title"] or source["url"]],
    }
    try:
        if not _AS_OF.fullmatch(values["as_of"]):
            raise CannotEdit("as_of")
        checked = {**values, "valid_until": _day(values["valid_until"])}
        services().editing.change_article(topic, checked, current_staff().name)
    except CannotEdit as refused:
        return _page(topic, values, refused), UNUSABLE
    notify(SAVED)
    return redirect(url_for("studio_topics.show", topic=topic))


def _day(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise CannotEdit("day", name="valid_until") from None


def _page(topic: str, values: dict[str, Any] | None = None, refused: CannotEdit | None = None) -> str:
    hotline = services()
    with hotline.database.read() as connection:
        library = hotline.library.current(connection, today_in_germany())
        row = connection.execute(select(articles).where(articles.c.topic == topic)).first()
    if topic not in library.policies:
        abort(404)
    shown = values or (
        dict(row._mapping) if row else {"as_of": "", "valid_until": "", "owner": OWNER, "follow_ups": [], "sources": []}
    )
    lines = [*shown["sources"], {}][:MOST_SOURCES]
    return render_staff(
        "studio/topic.html",
        topic=topic,
        policy=library.policies[topic],
        values=shown,
        sources=lines,
        confidences=CONFIDENCES,
        topics=[(name, library.title(name, SOURCE_LANGUAGE) or name) for name in library.topics if name != topic],
        languages_shown=hotline.live_languages,
        names=hotline.languages,
        title_text=library.title(topic, SOURCE_LANGUAGE) or topic,
        refused=refused,
    )
