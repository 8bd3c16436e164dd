"""Unanswered questions: kept, grouped, dealt with, forgotten; ratings are counts."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from hotline.dialogue.inputs import read_thumb
from hotline.knowledge.editing import CannotEdit
from hotline.knowledge.question_groups import group_questions
from hotline.knowledge.questions import NewQuestion, Question
from hotline.knowledge.ratings import RatedAnswer, count_rating, read_ratings
from hotline.knowledge.teaching import NewTopic
from tests.conftest import Hotline

TODAY = date(2026, 11, 24)
DOG = "Darf mein Hund mit ins Flugzeug"


def keep(
    hotline: Hotline, *texts: str, language: str | None = "de", day: date = TODAY, reason: str = "not_understood"
) -> list[str]:
    """Keep questions; gives the ids of all that are open."""
    with hotline.services.database.begin() as connection:
        for text in texts:
            hotline.services.questions.keep(connection, NewQuestion(reason, "sms", language, "luggage", 37, text=text), day)
    hotline.services.strip_questions()
    with hotline.services.database.read() as connection:
        return [question.id for question in hotline.services.questions.find_open(connection)]


def test_ratings_are_counted_by_answer_and_day(hotline: Hotline) -> None:
    database, rated = hotline.services.database, RatedAnswer("luggage", "de", 3, "voice")
    for day, is_helpful in ((TODAY, True), (TODAY, True), (TODAY, False), (TODAY + timedelta(days=1), False)):
        with database.begin() as connection:
            count_rating(database, connection, rated, day, is_helpful=is_helpful)
    with database.read() as connection:
        rows = [tuple(row) for row in read_ratings(connection)]
    assert rows == [
        ("luggage", "de", 3, "voice", TODAY + timedelta(days=1), 0, 1),
        ("luggage", "de", 3, "voice", TODAY, 2, 1),
    ]


def test_text_is_encrypted_and_tells_no_exact_score(hotline: Hotline) -> None:
    keep(hotline, DOG)
    (row,) = hotline.rows("questions")
    assert b"Hund" not in bytes(row["text_encrypted"])  # type: ignore[call-overload]
    assert row["score"] == 40


def test_questions_are_forgotten_after_their_days_dealt_with_or_not(hotline: Hotline) -> None:
    days = hotline.services.settings.retention["questions"]
    old = hotline.clock().date() - timedelta(days=days + 1)
    hotline.services.teaching.dismiss(keep(hotline, "alt und verworfen", day=old), "anna")
    keep(hotline, "alt", day=old)
    keep(hotline, "neu genug", day=old + timedelta(days=1))
    assert hotline.services.retention.run() == {"questions": 2}
    with hotline.services.database.read() as connection:
        assert [question.text for question in hotline.services.questions.find_open(connection)] == ["neu genug"]


def question(text: str, language: str | None = "de", reason: str = "not_understood") -> Question:
    """A question that was kept."""
    return Question(reason, "sms", language, None, None, text=text, id=text, day=TODAY)


def test_the_same_in_other_words_is_one_group_and_languages_stay_apart() -> None:
    groups = group_questions(
        [
            question("darf mein hund mit ins flugzeug"),
            question("Darf mein Hund mit ins Flugzeug?"),
            question("darf ein hund ins flugzeug mit", reason="unhelpful"),
            question("bekomme ich kindergeld"),
            question("bekomme ich kindergeld", language="tr"),
            question("Darf <name> mit ins Flugzeug", language=None),
        ]
    )
    assert [(group.language, group.size) for group in groups][:1] == [("de", 3)]
    assert dict(groups[0].reasons) == {"not_understood": 2, "unhelpful": 1}
    assert len(groups[0].wordings) == 2, "the same words are one line"
    assert sorted(str(group.language) for group in groups[1:]) == ["None", "de", "tr"]
    assert [group.example for group in groups if group.language is None] == ["Darf mit ins Flugzeug"]


def test_many_questions_are_grouped_in_a_moment() -> None:
    texts = [f"frage nummer {'abcdefghij'[n % 10]} {'klmnopqrst'[n // 10 % 10]} {'uvwxyz'[n % 6] * 5}" for n in range(2000)]
    assert sum(group.size for group in group_questions(question(text) for text in texts)) == 2000


def test_a_phrase_is_taught_once_and_each_action_is_in_the_audit(hotline: Hotline) -> None:
    teaching = hotline.services.teaching
    first = keep(hotline, DOG, DOG)
    teaching.assign(first, "de", "luggage", f" {DOG}\n", "anna")
    second = keep(hotline, DOG)
    teaching.assign(second, "de", "luggage", DOG, "anna")
    (phrase,) = hotline.rows("phrases")
    assert {name: phrase[name] for name in ("language", "topic", "text", "author", "origin")} == {
        "language": "de", "topic": "luggage", "text": DOG, "author": "anna", "origin": "question",
    }  # fmt: skip
    assert [(row["text"], row["topic"]) for row in hotline.rows("regressions")] == [(DOG, "luggage")]
    assert [row["state"] for row in hotline.rows("questions")] == ["assigned"] * 3
    assert [row["action"] for row in hotline.rows("audit")] == ["questions.assign"] * 2


@pytest.mark.parametrize(
    ("topic", "wording", "problem"),
    [
        ("luggage", "", "phrase_missing"),
        ("luggage", "<name> will fliegen", "phrase_mark_left"),
        ("luggage", "x" * 301, "too_long"),
        ("no_topic", "darf der hund mit", "unknown"),
    ],
)
def test_what_cannot_be_taught_is_refused_and_changes_nothing(
    quick_hotline: Hotline, topic: str, wording: str, problem: str
) -> None:
    ids = keep(quick_hotline, DOG)
    with pytest.raises(CannotEdit) as refused:
        quick_hotline.services.teaching.assign(ids, "de", topic, wording, "anna")
    assert refused.value.problem.code == problem
    assert quick_hotline.rows("phrases") == quick_hotline.rows("audit") == []
    assert [row["state"] for row in quick_hotline.rows("questions")] == ["open"]


def test_two_editors_do_not_deal_with_the_same_question(quick_hotline: Hotline) -> None:
    ids = keep(quick_hotline, DOG)
    quick_hotline.services.teaching.dismiss(ids, "anna")
    with pytest.raises(CannotEdit) as refused:
        quick_hotline.services.teaching.assign(ids, "de", "luggage", DOG, "ben")
    assert refused.value.problem.code == "dealt_with"
    assert quick_hotline.rows("phrases") == []


def test_a_new_topic_is_in_the_library_and_has_no_answer_yet(hotline: Hotline) -> None:
    hotline.services.teaching.start_topic(NewTopic("pets", "Haustiere", "B"), TODAY + timedelta(days=365), "anna")
    with hotline.services.database.read() as connection:
        library = hotline.services.library.current(connection, TODAY)
    assert library.policies["pets"] == "B"
    assert ("pets", "de") not in library.articles
    assert [(row["topic"], row["title"], row["state"]) for row in hotline.rows("revisions")][-1] == ("pets", "Haustiere", "draft")


@pytest.mark.parametrize(
    ("new", "problem"),
    [
        (NewTopic("Pets!", "Haustiere", "B"), "slug"),
        (NewTopic("luggage", "Gepäck", "A"), "topic_exists"),
        (NewTopic("pets", " ", "A"), "title"),
        (NewTopic("pets", "Haustiere", "D"), "policy"),
    ],
)
def test_a_topic_that_cannot_be_is_refused(quick_hotline: Hotline, new: NewTopic, problem: str) -> None:
    with pytest.raises(CannotEdit) as refused:
        quick_hotline.services.teaching.start_topic(new, TODAY, "anna")
    assert refused.value.problem.code == problem


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("👍", "helpful"),
        ("👎🏿", "unhelpful"),
        (" 👍🏼👍🏼 ", "helpful"),
        ("👍\ufe0f", "helpful"),
        ("👍👎", None),
        ("👍 danke", None),
        ("", None),
    ],
)
def test_thumbs(body: str, said: str | None) -> None:
    assert read_thumb(body) == said
