"""The audit of ``make check``: what is found fails it unless it is listed with a day; without a network it says so."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from deploy import audit
from deploy.audit import Accepted, NotReached, Weakness, audit_libraries, find_in_code, find_in_libraries, judge, read_accepted

TODAY = date(2026, 11, 25)
FOUND = Weakness("requirements-dev.txt", "flask", "3.1.3", "PYSEC-1", "3.1.4")


def _database(*weak: str, unknown: tuple[str, ...] = ()) -> audit.Run:
    """What pip-audit prints where these libraries have a weakness and those are not known."""

    def run(command: Sequence[str]) -> str:
        with open(command[command.index("-r") + 1], encoding="utf-8") as asked:
            pins = [line.strip().split("==") for line in asked if line.strip()]
        return json.dumps({"dependencies": [_answer(name.lower(), version, weak, unknown) for name, version in pins]})

    return run


def _answer(name: str, version: str, weak: Sequence[str], unknown: Sequence[str]) -> dict[str, object]:
    if name in unknown:
        return {"name": name, "skip_reason": "not found"}
    vulns = [{"id": "PYSEC-1", "fix_versions": ["9.9"]}] if name in weak else []
    return {"name": name, "version": version, "vulns": vulns}


def test_weak_library_is_a_problem_that_names_the_remedy() -> None:
    problems, notes = audit_libraries(TODAY, _database("flask", "rasa"))
    assert [problem.split(" (")[0] for problem in problems] == ["requirements-dev.txt: flask 3.1.3 has PYSEC-1"]
    assert "Raise the version" in problems[0]
    assert notes == [], "what Rasa needs is listed with a reason"


def test_versions_of_other_kinds_of_machines_are_looked_at_and_no_question_names_a_library_twice() -> None:
    database = _database("cryptography")

    def run(command: Sequence[str]) -> str:
        answer = database(command)
        names = [one["name"] for one in json.loads(answer)["dependencies"]]
        assert len(names) == len(set(names)), "pip-audit would refuse the list"
        return answer

    weak, _ = find_in_libraries("requirements.txt", run)
    assert len({one.version for one in weak}) == 2, "Macs with Intel's processor have another one"


def test_accepted_weakness_is_one_again_after_its_day() -> None:
    known = Accepted("requirements-dev.txt", "flask", "PYSEC-1", TODAY, "not reachable from outside")
    assert judge([FOUND], [known], TODAY) == []
    assert len(judge([FOUND], [known], TODAY + timedelta(days=1))) == 1
    for other in (
        Accepted("nlu_data/requirements.txt", "*", "*", TODAY, ""),
        Accepted(FOUND.file, "flask", "PYSEC-2", TODAY, ""),
    ):
        assert len(judge([FOUND], [other], TODAY)) == 1


def test_every_accepted_weakness_has_a_reason_and_ends() -> None:
    for known in read_accepted():
        assert len(known.reason) > 40, known
        assert known.until < date(2028, 1, 1), known


@pytest.mark.parametrize("answer", ["", "Traceback", "{}"])
def test_database_that_does_not_answer_is_a_note_and_no_verdict(answer: str) -> None:
    with pytest.raises(NotReached):
        find_in_libraries("requirements.txt", lambda _: answer)
    problems, notes = audit_libraries(TODAY, lambda _: answer)
    assert problems == []
    assert len(notes) == 2
    assert all("NOT CHECKED" in note for note in notes)


def test_database_that_knows_nothing_is_asked_one_question_only() -> None:
    asked = list[int]()

    def run(command: Sequence[str]) -> str:
        asked.append(1)
        return json.dumps({"dependencies": [{"name": "alembic", "skip_reason": "not found"}]})

    with pytest.raises(NotReached):
        find_in_libraries("requirements.txt", run)
    assert len(asked) == 1


def test_library_the_database_does_not_know_is_named() -> None:
    _, notes = audit_libraries(TODAY, _database(unknown=("segno",)))
    assert notes == ["requirements-dev.txt: not checked, unknown to the database: segno."]


def test_finding_in_code_is_excused_by_the_line_that_says_why_and_by_no_other() -> None:
    line = {"filename": "a.py", "line_number": 1, "test_id": "B506", "issue_text": "unsafe", "code": "1 yaml.load(x)"}
    lines = [line, {**line, "code": "1 yaml.load(x)  # noqa: S506 - safe"}, {**line, "code": "1 yaml.load(x)  # noqa: S603"}]
    found = find_in_code(lambda _: json.dumps({"errors": [], "results": lines}))
    assert found == ["a.py:1: B506 unsafe"] * 2
