"""Open questions in the studio: from the person who was not understood to the phrase, and who may do that."""

from __future__ import annotations

import re
from html import unescape

import pytest

from hotline.staff.roles import ROLES
from tests.conftest import BASE_URL, Hotline
from tests.web import twilio
from tests.web.staff import sign_in
from tests.web.test_studio import Person

PAGE = "/studio/questions"
DOG = "Darf mein Hund mit ins Flugzeug"


@pytest.fixture
def anna(quick_hotline: Hotline) -> Person:
    """An editor."""
    return Person(sign_in(quick_hotline, "anna", ["editor"]))


def ask(hotline: Hotline, *bodies: str, topic: str = "luggage", score: float = 0.04) -> None:
    """People write what is not understood."""
    for number, body in enumerate(bodies):
        hotline.understander.knows(body, topic, score)
        twilio.text(hotline, f"SM{abs(hash(body))}{number}", body, From=f"+49151000{abs(hash(body)) % 10**6:06}")
    hotline.services.strip_questions()


def ids_of(page: str) -> list[str]:
    """The values of all boxes and hidden fields with ids."""
    return re.findall(r'name="ids" value="([^"]+)"', page)


def test_what_was_not_understood_becomes_a_phrase_with_one_click(quick_hotline: Hotline, anna: Person) -> None:
    ask(quick_hotline, "Ich bin Zerevan Testmann, darf mein Hund mit ins Flugzeug")
    page = unescape(anna.open(PAGE))
    assert "Testmann" not in page
    assert "nicht verstanden" in page
    form = {"ids": ids_of(page)[0], "phrase_language": "de", "wording": DOG, "topic": "luggage"}
    assert anna.send(f"{PAGE}/assign", PAGE, **form).status_code == 302
    assert [(row["language"], row["topic"], row["text"], row["author"]) for row in quick_hotline.rows("phrases")] == [
        ("de", "luggage", DOG, "anna")
    ]
    assert len(quick_hotline.rows("regressions")) == 1
    after = anna.open(PAGE)
    assert "beim nächsten Training" in after
    assert ids_of(after) == []


def test_the_nearest_topics_of_the_model_are_offered(quick_hotline: Hotline, anna: Person) -> None:
    ask(quick_hotline, DOG)
    buttons = re.findall(r'<button name="topic" value="(\w+)">', anna.open(PAGE))
    assert buttons == ["luggage"]


def test_a_topic_of_the_list_can_be_chosen(quick_hotline: Hotline, anna: Person) -> None:
    ask(quick_hotline, DOG)
    form = {
        "ids": ids_of(anna.open(PAGE))[0],
        "phrase_language": "de",
        "wording": DOG,
        "topic": "",
        "other_topic": "flight_airport",
    }
    assert anna.send(f"{PAGE}/assign", PAGE, **form).status_code == 302
    assert [row["topic"] for row in quick_hotline.rows("phrases")] == ["flight_airport"]


def test_a_refusal_keeps_what_the_editor_typed(quick_hotline: Hotline, anna: Person) -> None:
    ask(quick_hotline, DOG)
    ids = ids_of(anna.open(PAGE))[0]
    form = {"ids": ids, "group": ids.split()[0], "phrase_language": "de", "wording": "Hund <name>", "topic": "luggage"}
    refused = anna.send(f"{PAGE}/assign", PAGE, **form)
    page = unescape(refused.get_data(as_text=True))
    assert refused.status_code == 422
    assert "enthält eine Marke wie <name>" in page
    assert 'value="Hund <name>"' in page


def test_a_new_topic_stands_in_the_matrix_as_missing(quick_hotline: Hotline, anna: Person) -> None:
    ask(quick_hotline, DOG)
    form = {
        "ids": ids_of(anna.open(PAGE))[0], "phrase_language": "de", "wording": DOG,
        "slug": "pets", "title": "Haustiere", "policy": "B",
    }  # fmt: skip
    answer = anna.send(f"{PAGE}/topic", PAGE, **form)
    assert answer.status_code == 302
    assert answer.location.endswith("/studio/texts/pets/de")
    row = anna.open("/studio/texts?q=pets")
    assert "Haustiere" in row
    assert "fehlt" in row
    anna.open("/studio/topics/pets")
    quick_hotline.understander.knows("Haustiere?", "pets")
    assert "keine geprüfte" in twilio.said(twilio.text(quick_hotline, "SM9", "Haustiere?"))


def test_dismissed_questions_are_gone_and_nothing_is_learnt(quick_hotline: Hotline, anna: Person) -> None:
    ask(quick_hotline, "asdf jklö qwertz", DOG)
    page = anna.open(PAGE)
    assert len(ids_of(page)) == 2
    assert anna.send(f"{PAGE}/dismiss", PAGE, ids=ids_of(page)[0]).status_code == 302
    assert len(ids_of(anna.open(PAGE))) == 1
    assert quick_hotline.rows("phrases") == []
    assert anna.send(f"{PAGE}/dismiss", PAGE, ids=ids_of(page)[0]).status_code == 422, "somebody was faster"


def test_groups_are_filtered_by_language_and_reason(quick_hotline: Hotline, anna: Person) -> None:
    ask(quick_hotline, DOG)
    assert len(ids_of(anna.open(f"{PAGE}?language=de&reason=not_understood"))) == 1
    assert ids_of(anna.open(f"{PAGE}?language=tr")) == []
    assert ids_of(anna.open(f"{PAGE}?reason=unhelpful")) == []
    assert len(ids_of(anna.open(f"{PAGE}?language=nonsense&reason=x&page=-1"))) == 1


@pytest.mark.parametrize("action", ["assign", "dismiss", "topic"])
@pytest.mark.parametrize("role", sorted(ROLES))
def test_only_editors_deal_with_questions(quick_hotline: Hotline, role: str, action: str) -> None:
    person = Person(sign_in(quick_hotline, "somebody", [role]))
    token = dict(re.findall(r'name="(\w+)" value="([^"]*)"', person.open("/staff/account")))
    is_editor = "content.edit" in ROLES[role]
    assert (person.client.get(PAGE, base_url=BASE_URL).status_code == 200) == is_editor
    answer = person.client.post(f"{PAGE}/{action}", data=token, base_url=BASE_URL, headers={"Origin": BASE_URL})
    assert answer.status_code == (422 if is_editor else 403)
    if "content.see" in ROLES[role]:
        assert (PAGE in person.open("/studio")) == is_editor


def test_a_forged_form_changes_nothing(quick_hotline: Hotline, anna: Person) -> None:
    ask(quick_hotline, DOG)
    form = {"ids": ids_of(anna.open(PAGE))[0]}
    assert anna.client.post(f"{PAGE}/dismiss", data=form, base_url=BASE_URL, headers={"Origin": BASE_URL}).status_code == 403
    assert [row["state"] for row in quick_hotline.rows("questions")] == ["open"]
