"""Cases in the console: lists, one case, and what is done with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, get_args

from flask import Blueprint, abort, redirect, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from hotline.counselling.case_views import (
    Case,
    ListName,
    case_of,
    conversations_of,
    count_due,
    list_cases,
    read_bundled,
    read_case,
)
from hotline.counselling.cases import LONGEST_ALIAS, LONGEST_TEXT, STATES, CannotChangeCase, Worker
from hotline.counselling.counsellors import read_counsellors
from hotline.counselling.wrap_ups import count_owed
from hotline.dialogue.turn import today_in_germany
from hotline.privacy.audit import note_action
from hotline.services import Services
from hotline.staff.sessions import StaffSession
from hotline.web.access import access, services
from hotline.web.console.doors import expect_sight
from hotline.web.console.owners import CASE, CASE_CONVERSATION, CASE_TASK, COLLEAGUE, HELD, OWN_CASE, SUPERVISE
from hotline.web.console.words import words_of_page
from hotline.web.staff_pages import notify, render_staff
from hotline.web.staff_session import current_staff
from hotline.web.staff_texts import screen_key

cases = Blueprint("console_cases", __name__, url_prefix="/console/cases")

# Lists of everybody's cases are for supervisors.
OWN_LISTS: tuple[ListName, ...] = ("mine", "due", "closed")
ALL_LISTS: tuple[ListName, ...] = get_args(ListName)
SAVED = screen_key("console.case_saved")
OPENED = screen_key("console.case_opened")
PROBLEMS = {
    "not_yours": screen_key("console.case_not_yours"),
    "bundled_elsewhere": screen_key("console.case_bundled_elsewhere"),
    "no_text": screen_key("console.case_no_text"),
    "too_long": screen_key("console.case_too_long"),
    "closed": screen_key("console.case_is_closed"),
    "no_counsellor": screen_key("console.case_no_counsellor"),
}
Work = Callable[[Connection, Worker], object]


@cases.app_context_processor
def remind() -> dict[str, Any]:
    """What the head of the console counts; asked for only where it is shown."""
    return {"count_reminders": _count_reminders}


@cases.get("")
@access("staff", permission="console.use")
def show_all() -> str:
    """Lists: one's own, what is due, what is closed; for supervisors all."""
    hotline, staff = services(), current_staff()
    lists = ALL_LISTS if staff.may(SUPERVISE) else OWN_LISTS
    wanted = request.args.get("list", OWN_LISTS[0])
    which = next((name for name in lists if name == wanted), None) or abort(404)
    with hotline.database.read() as connection:
        found = list_cases(connection, hotline.cipher, which, staff.account_id, today_in_germany())
    return render_staff("console/cases.html", found=found, which=which, lists=lists, today=today_in_germany())


@cases.get("/<int:case_id>")
@access("staff", permission="console.use", owns=CASE)
def show(case_id: int) -> str:
    """One case; opening it leaves an audit row."""
    hotline, staff = services(), current_staff()
    with hotline.database.begin() as connection:
        case = _expect_case(connection, case_id)
        note_action(connection, staff.name, "read_case", f"case {case_id}", hotline.clock())
        people = read_counsellors(connection)
    return render_staff(
        "console/case.html",
        case=case,
        people=[(known.counsellor.id, known.name) for known in people],
        states=STATES,
        today=today_in_germany(),
        longest=LONGEST_TEXT,
        longest_alias=LONGEST_ALIAS,
        **words_of_page(),
    )


@cases.get("/<int:case_id>/conversations/<int:conversation_id>")
@access("staff", permission="console.use", owns=CASE, names={"conversation_id": CASE_CONVERSATION})
def read(case_id: int, conversation_id: int) -> str:
    """What was said in one of its conversations; reading it leaves an audit row."""
    hotline, staff = services(), current_staff()
    with hotline.database.begin() as connection:
        case = _expect_case(connection, case_id)
        said = read_bundled(connection, hotline.cipher, case_id, conversation_id)
        if said is None:
            abort(404)
        note_action(connection, staff.name, "read_conversation", f"conversation {conversation_id}", hotline.clock())
    return render_staff("console/case_conversation.html", case=case, said=said, **words_of_page())


@cases.post("/<int:case_id>/state")
@access("staff", permission="console.use", owns=CASE)
def set_state(case_id: int) -> AnyResponse:
    """Let it wait, close it, open it again."""
    state = request.form.get("state", "")
    if state not in STATES:
        abort(400)
    return _do(case_id, lambda c, worker: services().cases.set_state(c, case_id, state, worker, services().clock()))


@cases.post("/<int:case_id>/alias")
@access("staff", permission="console.use", owns=CASE)
def set_alias(case_id: int) -> AnyResponse:
    """What the person wants to be called."""
    alias = request.form.get("alias", "")
    return _do(case_id, lambda c, worker: services().cases.set_alias(c, case_id, alias, worker, services().clock()))


@cases.post("/<int:case_id>/owner")
@access("staff", permission="console.use", owns=CASE, names={"owner": COLLEAGUE})
def give(case_id: int) -> AnyResponse:
    """Give it to a colleague, or take one that nobody has."""
    owner_id = request.form.get("owner", 0, type=int)
    return _do(case_id, lambda c, worker: services().cases.give(c, case_id, owner_id, worker, services().clock()))


@cases.post("/<int:case_id>/notes")
@access("staff", permission="console.use", owns=CASE)
def add_note(case_id: int) -> AnyResponse:
    """Write something down."""
    text = request.form.get("note", "")
    return _do(case_id, lambda c, worker: services().cases.add_note(c, case_id, text, worker, services().clock()))


@cases.post("/<int:case_id>/tasks")
@access("staff", permission="console.use", owns=CASE, names={"assignee": COLLEAGUE})
def add_task(case_id: int) -> AnyResponse:
    """Write down what is to be done by a day."""
    form, hotline = request.form, services()
    try:
        due_on = date.fromisoformat(form.get("due_on", ""))
    except ValueError:
        abort(400)
    text, assignee_id = form.get("task", ""), form.get("assignee", current_staff().account_id, type=int)
    return _do(case_id, lambda c, worker: hotline.cases.add_task(c, case_id, text, due_on, assignee_id, worker, hotline.clock()))


@cases.post("/<int:case_id>/tasks/<int:task_id>")
@access("staff", permission="console.use", owns=CASE, names={"task_id": CASE_TASK})
def set_done(case_id: int, task_id: int) -> AnyResponse:
    """Tick a task off, or take the tick back."""
    hotline, is_done = services(), request.form.get("done") == "yes"
    return _do(case_id, lambda c, worker: hotline.cases.set_done(c, case_id, task_id, worker, hotline.clock(), is_done=is_done))


@cases.post("/<int:case_id>/conversations/<int:conversation_id>/detach")
@access("staff", permission="console.use", owns=CASE, names={"conversation_id": CASE_CONVERSATION})
def detach(case_id: int, conversation_id: int) -> AnyResponse:
    """Take a conversation out that was put in by mistake."""
    hotline = services()
    return _do(case_id, lambda c, worker: hotline.cases.detach(c, case_id, conversation_id, worker, hotline.clock()))


@cases.post("/of-handoff/<int:handoff_id>")
@access("staff", permission="console.use", owns=HELD, names={"case": OWN_CASE})
def bundle(handoff_id: int) -> AnyResponse:
    """Put the conversation one has into a case: a new one, or one of one's own."""
    hotline, worker = services(), _worker()
    case_id = request.form.get("case", 0, type=int)
    try:
        with hotline.database.begin() as connection:
            seen = expect_sight(connection, handoff_id, "own")
            if case_id:
                hotline.cases.attach(connection, case_id, seen.conversation_id, worker, hotline.clock())
            else:
                hotline.cases.open(connection, seen.conversation_id, worker, hotline.clock())
    except CannotChangeCase as refused:
        _refuse(refused)
    else:
        notify(SAVED if case_id else OPENED)
    return redirect(url_for("console_conversation.show", handoff_id=handoff_id))


def case_panel(hotline: Services, handoff_id: int, session: StaffSession) -> Mapping[str, Any]:
    """The case of a conversation, or what it can be put into: see ``panels.Panel``."""
    with hotline.database.read() as connection:
        seen = expect_sight(connection, handoff_id)
        case_id = case_of(connection, seen.conversation_id)
        case = None
        if case_id is not None:
            case = read_case(connection, hotline.cipher, case_id, session.account_id, may_watch=session.may(SUPERVISE))
        mine = list_cases(connection, hotline.cipher, "mine", session.account_id, today_in_germany())
        bundled = () if case_id is None or case is None else conversations_of(connection, case_id)
    earlier = [row for row in bundled if row["id"] != seen.conversation_id]
    return {"case": case, "is_bundled": case_id is not None, "mine": mine, "earlier": earlier}


def _count_reminders() -> dict[str, int]:
    hotline, staff = services(), current_staff()
    with hotline.database.read() as connection:
        due = count_due(connection, staff.account_id, today_in_germany())
        return {"due": due, "owed": count_owed(connection, staff.account_id)}


def _worker() -> Worker:
    staff = current_staff()
    return Worker(staff.account_id, staff.name, may_watch=staff.may(SUPERVISE))


def _expect_case(connection: Connection, case_id: int) -> Case:
    staff = current_staff()
    found = read_case(connection, services().cipher, case_id, staff.account_id, may_watch=staff.may(SUPERVISE))
    if found is None:
        abort(404)
    return found


def _do(case_id: int, work: Work) -> AnyResponse:
    hotline = services()
    try:
        with hotline.database.begin() as connection:
            work(connection, _worker())
    except CannotChangeCase as refused:
        _refuse(refused)
    else:
        notify(SAVED)
    # Who has just given a case away sees it no more.
    with hotline.database.read() as connection:
        is_there = read_case(
            connection, hotline.cipher, case_id, current_staff().account_id, may_watch=current_staff().may(SUPERVISE)
        )
    return redirect(url_for("console_cases.show", case_id=case_id) if is_there else url_for("console_cases.show_all"))


def _refuse(refused: CannotChangeCase) -> None:
    """What is not there for somebody answers as if it were nowhere; the rest is said in words."""
    if refused.problem == "unknown":
        abort(404)
    if refused.problem == "not_yours":
        abort(403)
    notify(PROBLEMS[refused.problem], "problem")
