"""What understanding is made of, as editors and reviewers change it in the studio."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from hotline.staff.roles import ROLES
from hotline.store.tables import trainings
from hotline.training.danger_check import Figures
from tests.conftest import BASE_URL, Hotline
from tests.web.staff import sign_in
from tests.web.test_studio import Person

HOME = "/studio/understanding"
PHRASES, DANGER, QUESTIONS = f"{HOME}/phrases", f"{HOME}/danger", f"{HOME}/questions"
NEW = "Darf meine Nähmaschine mit in den Flieger?"
COLUMNS = (
    "top-1", "top-3", "hard top-1", "hard top-3", "language", "danger found", "false alarms, near", "wrong though sure",
)  # fmt: skip
CHANGE = {
    "language": "ar", "text": "كم المال", "topic": "money_reag_garp", "verdict": "better",
    "before": {"topic": "luggage", "decision": "confirm", "danger": None},
    "after": {"topic": "money_reag_garp", "decision": "answer", "danger": None},
}  # fmt: skip
REPORT = {
    "figures": {"de": dict.fromkeys(COLUMNS, 95.0)},
    "broken": [],
    "compared_with": "starter",
    "questions": 144,
    "right": {"before": 140, "after": 141},
    "changes": [CHANGE],
}


@pytest.fixture
def someone(quick_hotline: Hotline) -> Callable[..., Person]:
    """Signs people in by their roles; the check of danger rules counts nothing, which takes seconds."""
    vars(quick_hotline.services)["danger_check"] = _NoCheck()
    vars(quick_hotline.services)["training_bell"] = _Bell()
    return lambda *roles, name="anna": Person(sign_in(quick_hotline, name, roles))


class _NoCheck:
    def count(self, _holding: object, _change: object) -> Figures:
        return Figures(6000, 4000, 4001, 3000, 100, 100)


class _Bell:
    rung = 0

    def ring(self) -> None:
        self.rung += 1


def _training(hotline: Hotline, state: str = "ready", **values: object) -> None:
    row = {"state": state, "phase": "done", "problem": "", "author": "anna", "added": 3, "muted": 1, "report": REPORT}
    now = datetime.now(UTC)
    with hotline.services.database.begin() as connection:
        connection.execute(trainings.insert().values(**{**row, "asked_at": now, "started_at": now, "finished_at": now, **values}))


def test_phrase_is_added_found_changed_and_removed(quick_hotline: Hotline, someone: Callable[..., Person]) -> None:
    anna = someone("editor")
    address = f"{PHRASES}?language=de&topic=luggage"
    assert anna.send(address, action="add", language="de", topic="luggage", text=NEW).status_code == 302
    page = anna.open(f"{address}&state=added")
    assert NEW in page
    (row,) = quick_hotline.rows("phrases")
    anna.send(address, action="change", id=str(row["id"]), topic="documents_travel", text=NEW)
    assert quick_hotline.rows("phrases")[0]["topic"] == "documents_travel"
    anna.send(address, action="remove", id=str(row["id"]))
    assert quick_hotline.rows("phrases") == []


def test_refused_phrase_stands_in_the_form_again(someone: Callable[..., Person]) -> None:
    anna = someone("editor")
    known = "Was bedeutet freiwillige Rückkehr eigentlich genau?"
    answer = anna.send(PHRASES, action="add", language="de", topic="luggage", text=known)
    assert answer.status_code == 422
    assert "Diesen Satz gibt es schon" in answer.get_data(as_text=True)
    assert f'value="{known}"' in answer.get_data(as_text=True)


def test_phrase_of_the_files_is_switched_off(quick_hotline: Hotline, someone: Callable[..., Person]) -> None:
    anna = someone("editor")
    form = {"language": "de", "topic": "vr_basics", "text": "Was bedeutet freiwillige Rückkehr eigentlich genau?"}
    anna.send(PHRASES, action="mute", **form)
    assert "<del>Was bedeutet" in anna.open(f"{PHRASES}?state=muted")
    anna.send(PHRASES, action="unmute", **form)
    assert quick_hotline.rows("muted_phrases") == []


def test_danger_rule_needs_two_people(quick_hotline: Hotline, someone: Callable[..., Person]) -> None:
    both, ben = someone("editor", "reviewer"), someone("reviewer", name="ben")
    both.send(DANGER, language="de", category="selfharm", rule="verbarrikadiert + kerzen", kind="add")
    page = both.open(DANGER)
    assert "vorher 4000, nachher 4001 von 6000" in page
    assert "/approve" not in page
    approve = re.search(r'action="([^"]*/approve)"', ben.open(DANGER))
    assert approve is not None
    refused = both.send(approve[1], DANGER)
    assert (refused.status_code, "zwei Menschen" in refused.get_data(as_text=True)) == (422, True)
    assert ben.send(approve[1], DANGER).status_code == 302
    assert quick_hotline.rows("danger_changes")[0]["approver"] == "ben"
    assert "im Studio ergänzt" in ben.open(f"{DANGER}?q=verbarrikadiert")


def test_author_takes_a_danger_rule_back_and_another_editor_may_not(someone: Callable[..., Person]) -> None:
    anna, carl = someone("editor"), someone("editor", name="carl")
    anna.send(DANGER, language="de", category="selfharm", rule="verbarrikadiert + kerzen", kind="add")
    reject = re.search(r'action="([^"]*/reject)"', anna.open(DANGER))
    assert reject is not None
    assert carl.send(reject[1], DANGER).status_code == 404
    assert anna.send(reject[1], DANGER).status_code == 302


def test_harmful_danger_rule_is_refused_with_its_numbers(quick_hotline: Hotline, someone: Callable[..., Person]) -> None:
    anna = someone("editor")

    def refuse(*_: object) -> Figures:
        return Figures(6000, 4000, 3999, 3000, 100, 102, ("hilfe",), ("wie viel geld",))

    vars(quick_hotline.services)["danger_check"].count = refuse
    page = anna.send(DANGER, language="de", category="selfharm", rule="eins + zwei", kind="add").get_data(as_text=True)
    for words in ("3999 statt 4000 von 6000", "102 statt 100 von 3000", "Nicht mehr gefunden: hilfe", "Alarm auslösen: wie viel"):
        assert words in page
    assert quick_hotline.rows("danger_changes") == []


def test_training_is_asked_for_once_and_followed(quick_hotline: Hotline, someone: Callable[..., Person]) -> None:
    ben = someone("reviewer", name="ben")
    quick_hotline.services.__dict__["rasa_project"] = _SetUp()
    answer = ben.send(f"{HOME}/trainings", HOME)
    assert answer.status_code == 302
    assert vars(quick_hotline.services)["training_bell"].rung == 1
    assert 'data-open="yes"' in ben.open(answer.location)
    quick_hotline.services.trainings.take(1)
    quick_hotline.services.trainings.tell(1, "evaluate", 40)
    fragment = ben.open(f"{answer.location}/progress")
    assert "Schritt 3 von 4" in fragment
    assert "40 %" in fragment
    assert "<html" not in fragment
    again = ben.client.post(f"{HOME}/trainings", data=_token(ben), base_url=BASE_URL, headers={"Origin": BASE_URL})
    assert again.status_code == 422


class _SetUp:
    is_set_up = True


def _token(person: Person) -> dict[str, str]:
    return dict(re.findall(r'name="(csrf_token)" value="([^"]*)"', person.open("/staff/account")))


def test_machine_without_rasa_says_so(quick_hotline: Hotline, someone: Callable[..., Person]) -> None:
    quick_hotline.services.__dict__["rasa_project"] = type("Project", (), {"is_set_up": False})()
    page = someone("reviewer").open(HOME)
    assert "nicht eingerichtet" in page
    assert '/trainings"' not in page


def test_report_shows_what_changed_and_a_floor_that_is_broken(quick_hotline: Hotline, someone: Callable[..., Person]) -> None:
    broken = {**REPORT, "broken": [{"language": "de", "name": "top-1", "value": 80.0, "floor": 93.0}]}
    _training(quick_hotline)
    _training(quick_hotline, "below_floor", report=broken)
    ben = someone("reviewer", name="ben")
    page = ben.open(f"{HOME}/trainings/1")
    assert "vorher 140, nachher 141" in page
    assert 'dir="rtl">كم المال' in page
    assert "besser" in page
    assert "&lt; 93.0" in ben.open(f"{HOME}/trainings/2")


def test_model_goes_live_and_back_from_the_page(
    quick_hotline: Hotline, someone: Callable[..., Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    _training(quick_hotline)
    shelf = quick_hotline.services.models
    for folder in (shelf.folder / "1",):
        folder.mkdir(parents=True)
        (folder / "hotline.tar.gz").touch()
    ben = someone("reviewer", name="ben")
    # Where no starter was trained on this machine, there is nothing to go back to.
    monkeypatch.setattr(shelf, "has", lambda name: name in ("1", "starter"))
    assert ben.send(f"{HOME}/live/1", HOME).status_code == 302
    page = ben.open(HOME)
    assert "beim nächsten Start" in page
    assert shelf.live() == "1"
    assert ben.send(f"{HOME}/back", HOME).status_code == 302
    assert shelf.live() == "starter"


def test_model_that_is_not_there_is_refused_in_words(someone: Callable[..., Person]) -> None:
    answer = someone("reviewer").send(f"{HOME}/live/77", HOME)
    assert answer.status_code == 422
    assert "Modell 77 kann nicht live gehen" in answer.get_data(as_text=True)


def test_regression_question_is_added_and_removed(quick_hotline: Hotline, someone: Callable[..., Person]) -> None:
    anna = someone("editor")
    anna.send(QUESTIONS, action="add", language="de", topic="luggage", text=NEW)
    (row,) = quick_hotline.rows("regressions")
    assert NEW in anna.open(f"{QUESTIONS}?language=de")
    anna.send(QUESTIONS, action="remove", id=str(row["id"]))
    assert quick_hotline.rows("regressions") == []


WRITES = {
    PHRASES: ("content.edit", {"action": "add", "language": "de", "topic": "luggage", "text": NEW}),
    QUESTIONS: ("content.edit", {"action": "add", "language": "de", "topic": "luggage", "text": NEW}),
    DANGER: ("content.edit", {"language": "de", "category": "selfharm", "rule": "eins + zwei", "kind": "add"}),
    f"{DANGER}/changes/1/approve": ("languages.train", {}),
    f"{HOME}/trainings": ("languages.train", {}),
    f"{HOME}/live/1": ("languages.train", {}),
    f"{HOME}/back": ("languages.train", {}),
}


@pytest.mark.parametrize("role", sorted(ROLES))
def test_only_those_who_may_change_and_publish(quick_hotline: Hotline, someone: Callable[..., Person], role: str) -> None:
    person = someone(role)
    token = _token(person)
    sees = person.client.get(HOME, base_url=BASE_URL).status_code == 200
    assert sees == ("content.see" in ROLES[role])
    for path, (permission, form) in WRITES.items():
        answer = person.client.post(path, data={**token, **form}, base_url=BASE_URL, headers={"Origin": BASE_URL})
        assert (answer.status_code == 403) == (permission not in ROLES[role]), path


@pytest.mark.parametrize(
    ("path", "form"),
    [
        (PHRASES, {"action": "drop", "text": "x"}),
        (PHRASES, {"action": "add", "language": "xx", "topic": "luggage", "text": "x"}),
        (PHRASES, {"action": "add", "language": "de", "topic": "nothing", "text": "x"}),
        (PHRASES, {"action": "remove", "id": "1 OR 1"}),
        (QUESTIONS, {"action": "remove", "id": ""}),
        (DANGER, {"language": "../de", "category": "selfharm", "rule": "a", "kind": "add"}),
    ],
)
def test_form_that_no_page_of_ours_sends_is_refused(someone: Callable[..., Person], path: str, form: dict[str, str]) -> None:
    assert someone("editor").send(path, **form).status_code == 400
