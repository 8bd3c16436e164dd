"""Where editors begin: what to do next, and every text in every language with its state."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask import Blueprint, request

from hotline.dialogue.turn import today_in_germany
from hotline.knowledge.editing import IN_REVIEW
from hotline.knowledge.states import STATES, Cell, Matrix, State, read_matrix
from hotline.web.access import access, services
from hotline.web.staff_pages import render_staff
from hotline.web.staff_session import current_staff
from hotline.web.staff_texts import screen_key

matrix = Blueprint("studio", __name__, url_prefix="/studio")

NEXT_SHOWN = 12
STATE_NAMES = {
    "missing": screen_key("studio.state_missing"),
    "expired": screen_key("studio.state_expired"),
    "outdated": screen_key("studio.state_outdated"),
    "expiring": screen_key("studio.state_expiring"),
    "machine": screen_key("studio.state_machine"),
    "reviewed": screen_key("studio.state_reviewed"),
}
WORK_NAMES = {"draft": screen_key("studio.work_draft"), "in_review": screen_key("studio.work_in_review")}
# What needs somebody's hand, the worst first.
URGENT: tuple[State, ...] = ("expired", "missing", "outdated", "expiring")


@dataclass(frozen=True)
class Filter:
    """What of the matrix is shown; empty means all."""

    state: str
    language: str
    work: str
    wanted: str

    def takes(self, cell: Cell) -> bool:
        """Whether a text is among those looked for."""
        found = f"{cell.topic} {cell.title}".casefold()
        return (
            self.state in ("", cell.state)
            and self.language in ("", cell.language)
            and self.work in ("", cell.work)
            and self.wanted.casefold() in found
        )


def load_matrix() -> Matrix:
    """The matrix of today."""
    with services().database.read() as connection:
        return read_matrix(connection, services().live_languages, today_in_germany())


@matrix.get("")
@access("staff", permission="content.see")
def overview() -> str:
    """What to do next."""
    hotline = services()
    found = load_matrix()
    with hotline.database.read() as connection:
        proposals = hotline.fact_editing.waiting(connection)
        mine = hotline.editing.in_review(connection)
    urgent = sorted((cell for cell in found.cells.values() if cell.state in URGENT), key=lambda cell: URGENT.index(cell.state))
    return render_staff(
        "studio/overview.html",
        counts={state: found.count(state) for state in STATES},
        total=len(found.cells),
        state_names=STATE_NAMES,
        urgent=urgent[:NEXT_SHOWN],
        urgent_total=len(urgent),
        reviews=[revision for revision in mine if revision.author != current_staff().name],
        proposals=[change for change in proposals if change.author != current_staff().name],
        names=hotline.languages,
    )


@matrix.get("/texts")
@access("staff", permission="content.see")
def texts() -> str:
    """The matrix, filtered by state, work, language or words."""
    wanted = Filter(
        state=_one_of(request.args.get("state", ""), STATES),
        language=_one_of(request.args.get("language", ""), services().live_languages),
        work=_one_of(request.args.get("work", ""), ("draft", IN_REVIEW)),
        wanted=request.args.get("q", "").strip(),
    )
    found = load_matrix()
    # Who looks for words in any language sees the whole line of the topic.
    rows = [
        (topic, [found.cells[topic, code] for code in found.languages])
        for topic in found.topics
        if any(wanted.takes(found.cells[topic, code]) for code in found.languages)
    ]
    return render_staff(
        "studio/matrix.html",
        rows=rows,
        languages_shown=found.languages,
        wanted=wanted,
        states=STATES,
        state_names=STATE_NAMES,
        work_names=WORK_NAMES,
        names=services().languages,
        hits=sum(wanted.takes(cell) for _, cells in rows for cell in cells),
    )


def _one_of(value: str, known: Iterable[str]) -> str:
    return value if value in known else ""
