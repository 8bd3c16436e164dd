"""What of the content needs somebody's hand: counted, filtered, sorted, as a table file, and links checked on demand."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, Response, abort, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from hotline.dialogue.turn import today_in_germany
from hotline.dialogue.unspoken import find_unspoken
from hotline.knowledge.health import ALL_WELL, KINDS, Finding, Place, count_kinds, read_health
from hotline.knowledge.links import read_last_run
from hotline.knowledge.tables import guard
from hotline.web.access import access, services
from hotline.web.staff_pages import notify, render_staff
from hotline.web.staff_session import current_staff
from hotline.web.staff_texts import language_of_request, screen_key, staff_texts

health = Blueprint("studio_health", __name__, url_prefix="/studio/health")

ON_A_PAGE = 100
ASKED = screen_key("studio.health_asked")
KIND_NAMES = {
    "fact_expired": screen_key("studio.health_fact_expired"),
    "fact_expiring": screen_key("studio.health_fact_expiring"),
    "article_expired": screen_key("studio.health_article_expired"),
    "article_expiring": screen_key("studio.health_article_expiring"),
    "link_dead": screen_key("studio.health_link_dead"),
    "link_refused": screen_key("studio.health_link_refused"),
    "link_unclear": screen_key("studio.health_link_unclear"),
    "link_unchecked": screen_key("studio.health_link_unchecked"),
    "missing": screen_key("studio.health_missing"),
    "unspoken": screen_key("studio.health_unspoken"),
    "outdated": screen_key("studio.health_outdated"),
    "machine": screen_key("studio.health_machine"),
    "hard": screen_key("studio.health_hard"),
    "middle": screen_key("studio.health_middle"),
    "easy": screen_key("studio.health_easy"),
}
FORMULAS = {"wiener": screen_key("studio.health_wiener"), "flesch": screen_key("studio.health_flesch")}
# Colour of the badge; the word says it.
TONES = {
    "bad": ("fact_expired", "article_expired", "link_dead", "link_refused", "missing", "unspoken", "hard"),
    "warn": ("outdated", "fact_expiring", "article_expiring", "link_unclear", "middle"),
    "good": ("easy",),
}
COLUMNS = {
    "kind": screen_key("studio.health_kind"),
    "title": screen_key("studio.health_what"),
    "language": screen_key("studio.language"),
    "owner": screen_key("studio.fact_owner"),
    "day": screen_key("studio.health_day"),
}
_SORTED_BY: dict[str, Callable[[Finding], Any]] = {
    "kind": lambda finding: KINDS.index(finding.kind),
    "title": lambda finding: finding.title.casefold(),
    "language": lambda finding: finding.language,
    "owner": lambda finding: finding.owner.casefold(),
    # What has no date stands last either way round of use: a day far off.
    "day": lambda finding: finding.day or date.max,
}
FIGURES = ("words_a_sentence", "longest_sentence", "long_words_percent", "formula", "score")
FILE_COLUMNS = (*COLUMNS, "place", "http_status", "checked_at", *FIGURES, "hardest")
# A spreadsheet takes these for the beginning of a formula.


@dataclass(frozen=True)
class View:
    """What of the findings is shown, and how: empty filters take all; ``sort`` is a column, ``-`` before it turns it round."""

    kind: str
    owner: str
    language: str
    sort: str

    def takes(self, finding: Finding) -> bool:
        """Whether a finding is among those looked for; what is well only when asked for."""
        is_kind = finding.kind == self.kind if self.kind else finding.kind != ALL_WELL
        return is_kind and self.owner in ("", finding.owner) and self.language in ("", finding.language)

    def sorted(self, findings: Iterable[Finding]) -> list[Finding]:
        """Those looked for, in order; equal ones stay as they were, the worst first."""
        column = self.sort.removeprefix("-")
        return sorted(filter(self.takes, findings), key=_SORTED_BY[column], reverse=self.sort.startswith("-"))

    def values(self, **changed: object) -> dict[str, Any]:
        """The values of an address that shows this, changed in some."""
        return {name: value for name, value in {**vars(self), **changed}.items() if value}


def _view() -> View:
    wanted, sort = request.args, request.args.get("sort", "kind")
    kind = wanted.get("kind", "")
    return View(
        kind=kind if kind in KINDS else "",
        owner=wanted.get("owner", ""),
        language=wanted.get("language", ""),
        sort=sort if sort.removeprefix("-") in _SORTED_BY else "kind",
    )


def _findings() -> list[Finding]:
    hotline, today = services(), today_in_germany()
    with hotline.database.read() as connection:
        library = hotline.library.current(connection, today)
        unspoken = find_unspoken(library, hotline.live_languages, hotline.renderer, hotline.prompts.can_speak)
        return read_health(connection, hotline.live_languages, today, unspoken)


def address_of(place: Place) -> str:
    """Where something is mended."""
    if place.kind == "fact":
        return url_for("studio_facts.show", key=place.name)
    if place.kind == "topic":
        return url_for("studio_topics.show", topic=place.name)
    return url_for("studio_texts.edit", topic=place.name, language=place.language)


@health.get("")
@access("staff", permission="content.see")
def show() -> str:
    """Counts at the top, then the findings."""
    view, found = _view(), _findings()
    rows = view.sorted(found)
    pages = max(1, math.ceil(len(rows) / ON_A_PAGE))
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    with services().database.read() as connection:
        last_run = read_last_run(connection)
    return render_staff(
        "studio/health.html",
        view=view,
        rows=rows[(page - 1) * ON_A_PAGE : page * ON_A_PAGE],
        hits=len(rows),
        page=page,
        pages=pages,
        counts=count_kinds(found),
        kind_names=KIND_NAMES,
        tones={kind: tone for tone, kinds in TONES.items() for kind in kinds},
        columns=COLUMNS,
        formulas=FORMULAS,
        owners=sorted({finding.owner for finding in found}),
        last_run=last_run,
        address_of=address_of,
        languages_shown=services().live_languages,
        names=services().languages,
        may_ask=current_staff().may("facts.edit"),
    )


@health.post("/links")
@access("staff", permission="facts.edit")
def ask() -> AnyResponse:
    """Ask the worker to check one link of our content; it does so while the editor goes on."""
    if not services().link_checks.ask(request.form.get("url", "")):
        abort(404)
    services().link_bell.ring()
    notify(ASKED)
    return redirect(url_for("studio_health.show", **_view().values()))


@health.get("/findings.csv")
@access("staff", permission="content.see")
def export() -> Response:
    """The findings looked for, as a table for a spreadsheet."""
    language = language_of_request(current_staff())
    texts = staff_texts(services().translations_folder)
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(FILE_COLUMNS)
    for finding in _view().sorted(_findings()):
        row = _row(finding, texts.get(language, KIND_NAMES[finding.kind]))
        writer.writerow([guard(value) if isinstance(value, str) else value for value in row])
    # The mark tells spreadsheets that the letters are UTF-8.
    return Response(
        "\ufeff" + file.getvalue(),
        mimetype="text/csv",
        headers={"Content-Disposition": "attachment; filename=content-health.csv"},
    )


def _row(finding: Finding, kind: str) -> Sequence[object]:
    link, reading = finding.link, finding.reading
    return (
        kind,
        finding.title,
        finding.language,
        finding.owner,
        finding.day or "",
        " ".join(address_of(place) for place in finding.places),
        link.code if link else "",
        link.checked_at.isoformat(timespec="minutes") if link and link.checked_at else "",
        *(getattr(reading, name) if reading else "" for name in FIGURES),
        "\n".join(reading.hardest) if reading else "",
    )
