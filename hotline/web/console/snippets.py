"""Answers of the hotline as they are said today, to be put into a reply: found by words, in the person's language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, request

from hotline.dialogue.turn import today_in_germany
from hotline.knowledge.library import Article, Library
from hotline.services import Services
from hotline.understanding.folding import words
from hotline.web.access import access, services
from hotline.web.console.doors import expect_sight
from hotline.web.console.owners import CONVERSATION
from hotline.web.console.words import words_of_page
from hotline.web.staff_pages import render_fragment
from hotline.web.staff_session import current_staff
from hotline.web.staff_texts import language_of_request

snippets = Blueprint("console_snippets", __name__, url_prefix="/console/handoffs/<int:handoff_id>/snippets")

MOST = 6
LONGEST_SEARCH = 80


@dataclass(frozen=True)
class Snippet:
    """One answer in the person's language. ``title`` is in the language of whoever works here."""

    topic: str
    title: str
    version: int
    language: str
    short: str
    full: str
    is_policy_c: bool


@snippets.get("")
@access("staff", permission="console.use", owns=CONVERSATION)
def find(handoff_id: int) -> str:
    """The answers that fit some words."""
    hotline, staff = services(), current_staff()
    with hotline.database.read() as connection:
        seen = expect_sight(connection, handoff_id)
    wanted = request.args.get("q", "")[:LONGEST_SEARCH]
    found = find_snippets(hotline, wanted, seen.language, language_of_request(staff), ())
    return render_fragment("console/snippets.html", snippets=found, seen=seen, **words_of_page())


def find_snippets(hotline: Services, wanted: str, language: str | None, shown_in: str, asked: Sequence[str]) -> list[Snippet]:
    """Answers that hold today.

    Args:
        hotline: the services.
        wanted: words of the title in either language, or of the text; empty for the topics asked.
        language: of the person; without one there is no answer.
        shown_in: of whoever works here.
        asked: topics the person asked about.
    """
    with hotline.database.read() as connection:
        library = hotline.library.current(connection, today_in_germany())
    sought = words(wanted)
    topics = [topic for topic in library.topics if _fits(library, topic, language, shown_in, sought)] if sought else list(asked)
    answerable = library.answerable(today_in_germany())
    return [
        _snippet(hotline, library.articles[topic, language], library, shown_in)
        for topic in topics
        if language is not None and (topic, language) in answerable
    ][:MOST]


def _fits(library: Library, topic: str, language: str | None, shown_in: str, sought: Sequence[str]) -> bool:
    articles = (library.articles.get((topic, code)) for code in (language, shown_in) if code)
    said = " ".join(f"{article.title} {article.short}" for article in articles if article)
    known = words(f"{topic.replace('_', ' ')} {said}")
    return all(any(piece in word for word in known) for piece in sought)


def _snippet(hotline: Services, article: Article, library: Library, shown_in: str) -> Snippet:
    return Snippet(
        topic=article.topic,
        title=library.title(article.topic, shown_in) or article.topic,
        version=article.version,
        language=article.language,
        short=hotline.renderer.dated(article, "short"),
        full=hotline.renderer.dated(article, "full"),
        is_policy_c=library.policies.get(article.topic) == "C",
    )
