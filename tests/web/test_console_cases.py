"""Cases, wrap-ups and lists over HTTP: who may see and change which, and what comes of it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from hotline.dialogue.turn import today_in_germany
from tests.conftest import Hotline
from tests.web import twilio
from tests.web.counsellors import Colleague, take

NOTE = "Die Papiere kommen im Januar"


@pytest.fixture
def case(anna: Colleague, own: int) -> str:
    """The path of a case of anna's, with a note and a task that is due."""
    anna.open(f"/console/handoffs/{own}")
    anna.post(f"/console/cases/of-handoff/{own}")
    path = "/console/cases/1"
    anna.post(f"{path}/notes", note=NOTE)
    anna.post(f"{path}/tasks", task="Botschaft anrufen", due_on=today_in_germany().isoformat(), assignee=str(anna.id))
    return path


def test_case_holds_the_matter_together_and_reminds(quick_hotline: Hotline, anna: Colleague, case: str, own: int) -> None:
    page = anna.open(case)
    assert NOTE in page
    assert "Botschaft anrufen" in page
    assert re.search(r'list=due".*?badge warn">1<', anna.open("/console"), re.DOTALL)
    assert "Botschaft" not in anna.page, "the reminder is a number, no words"
    other = take(quick_hotline, anna, "+4915100000009")
    assert 'name="case"' in anna.open(f"/console/handoffs/{other}")
    anna.post(f"/console/cases/of-handoff/{other}", case="1")
    assert anna.open(case).count("/console/cases/1/conversations/") == 4
    # Into one case at most.
    assert anna.post(f"/console/cases/of-handoff/{other}").status_code == 302
    assert "gehört schon zu einem anderen Fall" in anna.open(f"/console/handoffs/{other}")
    anna.open(case)
    anna.post(f"{case}/conversations/2/detach")
    anna.post(f"{case}/tasks/1", done="yes")
    anna.post(f"{case}/alias", alias="Blume")
    anna.post(f"{case}/state", state="closed")
    assert anna.post(f"{case}/tasks", task="x", due_on="2026-12-01", assignee=str(anna.id)).status_code == 302
    assert len(quick_hotline.rows("case_tasks")) == 1
    assert "Blume" in anna.open("/console/cases?list=closed")
    assert 'badge warn">1<' not in anna.open("/console")
    anna.post(f"{case}/state", state="open")
    assert [row["state"] for row in quick_hotline.rows("cases")] == ["open"]
    deeds = {"open_case", "attach_to_case", "detach_from_case", "note_case", "add_task", "finish_task", "set_case_alias"}
    noted = {str(row["action"]) for row in quick_hotline.rows("audit")}
    assert deeds | {"set_case_closed", "set_case_open", "read_case"} <= noted


POSTS = ("state", "alias", "owner", "notes", "tasks", "tasks/1", "conversations/1/detach")


def test_strangers_case_is_not_there_and_a_supervisor_only_looks_on(
    quick_hotline: Hotline, bert: Colleague, carla: Colleague, case: str, own: int
) -> None:
    form = {
        "state": "closed",
        "alias": "x",
        "note": "x",
        "task": "x",
        "due_on": "2026-12-01",
        "done": "yes",
        "owner": str(bert.id),
    }
    before = [quick_hotline.rows(table) for table in ("cases", "case_notes", "case_tasks", "case_conversations")]
    for path in (case, f"{case}/conversations/1", "/console/cases?list=all", "/console/cases/99"):
        assert bert.get(path).status_code == 404
    assert [bert.post(f"{case}/{deed}", **form).status_code for deed in POSTS] == [404] * len(POSTS)
    assert bert.post(f"/console/cases/of-handoff/{own}").status_code == 404
    assert NOTE in carla.open(case)
    assert twilio.PERSON not in carla.open(f"{case}/conversations/1")
    assert [carla.post(f"{case}/{deed}", **form).status_code for deed in POSTS if deed != "owner"] == [403] * (len(POSTS) - 1)
    assert [quick_hotline.rows(table) for table in ("cases", "case_notes", "case_tasks", "case_conversations")] == before
    # Of another conversation than the case's nothing is shown.
    assert carla.get(f"{case}/conversations/2").status_code == 404
    carla.post(f"{case}/owner", owner=str(bert.id))
    assert bert.get(case).status_code == 200


def test_task_given_to_a_colleague_opens_the_case_for_them(anna: Colleague, bert: Colleague, case: str) -> None:
    late = (today_in_germany() - timedelta(days=1)).isoformat()
    anna.post(f"{case}/tasks", task="Zurückrufen", due_on=late, assignee=str(bert.id))
    assert "überfällig" in bert.open("/console/cases?list=due")
    assert bert.post(f"{case}/tasks/2", done="yes").status_code == 302
    assert bert.get(case).status_code == 404


def test_conversation_is_closed_and_written_up(
    quick_hotline: Hotline, anna: Colleague, bert: Colleague, carla: Colleague, own: int
) -> None:
    anna.open(f"/console/handoffs/{own}")
    path = anna.post(f"/console/handoffs/{own}/wrap-up", close="yes").location
    assert [row["state"] for row in quick_hotline.rows("handoffs")] == ["closed"]
    assert re.search(r'wrap-ups".*?badge warn">1<', anna.open("/console"), re.DOTALL)
    page = anna.open(path)
    assert "Papiere fehlen" in page
    refused = anna.post(path, disposition="", hint="Zu spät")
    assert refused.status_code == 422
    assert "Wählen Sie aus: Ergebnis." in refused.get_data(as_text=True)
    assert "Zu spät" in refused.get_data(as_text=True)
    assert bert.get(path).status_code == 404
    assert bert.post(path, disposition="answered").status_code == 404
    assert carla.get(path).status_code == 200
    assert carla.post(path, disposition="answered").status_code == 403
    anna.post(path, disposition="answered", obstacles=["debts", "fear"], country="SY", hint="Das Amt braucht vier Monate")  # type: ignore[arg-type]
    answers = {(row["field"], row["code"]) for row in quick_hotline.rows("wrap_up_answers")}
    assert answers == {("disposition", "answered"), ("obstacles", "debts"), ("obstacles", "fear"), ("country", "SY")}
    assert 'value="debts" checked' in anna.open(path)
    assert "vier Monate" not in anna.page


def test_supervisor_changes_the_obstacles(quick_hotline: Hotline, anna: Colleague, carla: Colleague) -> None:
    assert anna.get("/console/forms").status_code == 403
    carla.open("/console/forms")
    carla.post("/console/forms/obstacles/options", version="0", de="Haustier", en="A pet")
    assert "Haustier" in carla.open("/console/forms")
    carla.post("/console/forms/obstacles/options/a_pet", version="2", deed="retire")
    assert "nicht angeboten" in carla.open("/console/forms")
    carla.post("/console/forms/obstacles/options/a_pet", version="2", deed="restore")
    assert "gerade geändert" in carla.open("/console/forms")
    assert carla.post("/console/forms/obstacles/options/nothing", version="3", deed="retire").status_code == 404
    assert [row["version"] for row in quick_hotline.rows("form_versions")] == [1, 2, 3]


def test_counsellor_of_a_continued_matter_reads_what_was_said_before(quick_hotline: Hotline, anna: Colleague, own: int) -> None:
    twilio.text(quick_hotline, "SM-code", "code")
    with quick_hotline.services.database.begin() as connection:
        code = quick_hotline.services.continuation.give(connection, 1, quick_hotline.clock())
    twilio.text(quick_hotline, "SM-other", code, From="+4915100000077")
    page = anna.open(f"/console/handoffs/{own}")
    assert "Frühere Gespräche dieses Anliegens" in page
    earlier = re.search(r'href="(/console/cases/\d+/conversations/\d+)"', page)
    assert earlier
    assert "Guten Tag" in anna.open(earlier[1])
