"""The studio as editors use it: write, be reviewed, publish; and what each role may not do."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hotline.staff.roles import ROLES
from tests.conftest import BASE_URL, Hotline
from tests.web import twilio
from tests.web.staff import sign_in

EDITOR = "/studio/texts/luggage/de"
FACT = "/studio/facts/reag.startup_adult"
QUESTION = "Was bekomme ich?"
_HIDDEN = re.compile(r'name="(\w+)" value="([^"]*)"')


@dataclass
class Person:
    """Somebody signed in, with the pages they get."""

    client: FlaskClient

    def open(self, path: str) -> str:
        """A page that must be there."""
        answer = self.client.get(path, base_url=BASE_URL)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.get_data(as_text=True)

    def send(self, path: str, page: str | None = None, /, **form: str) -> TestResponse:
        """Send a form of a page (else of the path's own) with its hidden fields."""
        hidden = dict(_HIDDEN.findall(self.open(page or path)))
        sent = {name: unescape(value) for name, value in hidden.items()} | form
        return self.client.post(path, data=sent, base_url=BASE_URL, headers={"Origin": BASE_URL})


@pytest.fixture
def someone(quick_hotline: Hotline) -> Callable[..., Person]:
    """Signs people in by their roles."""
    return lambda *roles, name="anna": Person(sign_in(quick_hotline, name, roles))


WORDS = {"title": "Gepäck", "short": "Wie viel Gepäck erlaubt ist, steht im Ticket.", "full": "Fragen Sie vor der Reise."}


def test_a_text_goes_from_editor_to_reviewer_to_the_people(quick_hotline: Hotline, someone: Callable[..., Person]) -> None:
    anna, ben = someone("editor"), someone("reviewer", name="ben")
    assert anna.send(EDITOR, **WORDS, action="submit").status_code == 302
    assert "Gepäck" in ben.open("/studio"), "the reviewer is told"
    page = ben.open(EDITOR)
    revision = re.search(r'name="revision" value="(\d+)"', page)
    assert revision is not None
    assert ben.send(f"{EDITOR}/approve", EDITOR, revision=revision[1], is_native="yes").status_code == 302
    quick_hotline.understander.knows(QUESTION, "luggage")
    assert WORDS["short"] in twilio.said(twilio.text(quick_hotline, "SM1", QUESTION))


def test_an_author_is_offered_no_approval_of_their_own_text(someone: Callable[..., Person]) -> None:
    both = someone("editor", "reviewer")
    both.send(EDITOR, **WORDS, action="submit")
    page = both.open(EDITOR)
    assert f"{EDITOR}/approve" not in page
    revision = re.search(r'name="revision" value="(\d+)"', page)
    assert revision is not None
    refused = both.send(f"{EDITOR}/approve", EDITOR, revision=revision[1])
    assert refused.status_code == 409
    assert "zwei Menschen" in refused.get_data(as_text=True)


def test_words_are_not_lost_when_somebody_else_was_faster(someone: Callable[..., Person]) -> None:
    anna, ben = someone("editor"), someone("editor", name="ben")
    form = dict(_HIDDEN.findall(ben.open(EDITOR)))
    anna.send(EDITOR, **WORDS, action="save")
    late = ben.client.post(
        EDITOR, data={**form, **WORDS, "short": "Bens Worte.", "action": "save"}, base_url=BASE_URL, headers={"Origin": BASE_URL}
    )
    page = late.get_data(as_text=True)
    assert late.status_code == 409
    assert "Bens Worte." in page, "what Ben wrote stands in the form"
    assert WORDS["short"] in page, "and what Anna saved beside it"
    assert ben.send(EDITOR, **WORDS, action="save").status_code == 302, "after looking, he may save"


def test_an_unfinished_draft_is_kept_and_its_faults_are_named(someone: Callable[..., Person]) -> None:
    anna = someone("editor")
    refused = anna.send(EDITOR, title="", short="Sie sollten zurückkehren.", full="x" * 901, action="submit")
    page = refused.get_data(as_text=True)
    assert refused.status_code == 422
    for fault in ("title fehlt", "901 Zeichen", "Das rät zum Gehen"):
        assert fault in page
    assert "Sie sollten zurückkehren." in anna.open(EDITOR), "the draft is saved all the same"


def test_the_preview_is_what_the_sms_will_be(quick_hotline: Hotline, someone: Callable[..., Person]) -> None:
    quick_hotline.understander.knows(QUESTION, "money_reag_garp")
    sms = twilio.said(twilio.text(quick_hotline, "SM1", QUESTION))
    page = unescape(someone("editor").open("/studio/texts/money_reag_garp/de/preview"))
    assert sms in page
    assert "{reag" not in page


def test_history_shows_the_difference_and_gives_old_words_back(someone: Callable[..., Person]) -> None:
    anna, ben = someone("editor"), someone("reviewer", name="ben")
    anna.send(EDITOR, **WORDS, action="submit")
    revision = re.search(r'name="revision" value="(\d+)"', ben.open(EDITOR))
    assert revision is not None
    ben.send(f"{EDITOR}/approve", EDITOR, revision=revision[1])
    page = anna.open(f"{EDITOR}/history")
    assert "<ins>" in page
    assert "<del>" in page
    old = re.search(r'name="revision" value="(\d+)"', page)
    assert old is not None
    assert anna.send(f"{EDITOR}/restore", f"{EDITOR}/history", revision=old[1]).status_code == 302
    assert "Entwurf" in anna.open(EDITOR)


def test_a_sum_changes_after_a_second_person_agreed(quick_hotline: Hotline, someone: Callable[..., Person]) -> None:
    anna, ben = someone("editor"), someone("reviewer", name="ben")
    values = dict(re.findall(r'id="\w+" name="(\w+)" value="([^"]*)"', anna.open(FACT)))
    form = {**{name: unescape(value) for name, value in values.items()}, "value": "1250", "unit": "EUR", "confidence": "H"}
    assert anna.send(FACT, **form).status_code == 302
    decide = re.search(r'action="(/studio/facts/changes/\d+/approve)"', ben.open(FACT))
    assert decide is not None
    assert "approve" not in re.findall(r'action="([^"]*)"', anna.open(FACT))
    assert ben.send(decide[1], FACT).status_code == 302
    quick_hotline.understander.knows(QUESTION, "money_reag_garp")
    assert "1250 Euro" in twilio.said(twilio.text(quick_hotline, "SM1", QUESTION))


def test_the_matrix_finds_by_state_language_and_words(someone: Callable[..., Person]) -> None:
    anna = someone("editor")
    anna.send(EDITOR, **WORDS, action="save")
    assert anna.open("/studio/texts?work=draft").count('href="/studio/topics/') == 1
    assert anna.open("/studio/texts?q=luggage&language=de").count('href="/studio/topics/') == 1
    assert "Nichts gefunden" in anna.open("/studio/texts?q=nirgendwo")


@pytest.mark.parametrize("role", sorted(ROLES))
def test_only_those_who_may_change_texts(someone: Callable[..., Person], role: str) -> None:
    person = someone(role)
    token = dict(_HIDDEN.findall(person.open("/staff/account")))
    may_see, may_edit = "content.see" in ROLES[role], "content.edit" in ROLES[role]
    assert (person.client.get(EDITOR, base_url=BASE_URL).status_code == 200) == may_see
    answer = person.client.post(EDITOR, data={**token, **WORDS}, base_url=BASE_URL, headers={"Origin": BASE_URL})
    assert (answer.status_code == 403) == (not may_edit)


@pytest.mark.parametrize(
    "path", ["/studio/texts/nothing/de", "/studio/texts/luggage/xx", "/studio/facts/no.fact", "/studio/topics/no"]
)
def test_what_is_not_there_is_a_page_that_says_so(someone: Callable[..., Person], path: str) -> None:
    answer = someone("editor").client.get(path, base_url=BASE_URL)
    assert answer.status_code == 404
    assert "<h1>" in answer.get_data(as_text=True)
