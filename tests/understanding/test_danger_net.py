"""The danger net leaves idioms, jokes and old stories alone and hears the cry that stands beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotline.dialogue.safety import HARMLESS, BrokenDangerRule, DangerNet

FOLDER = Path(__file__).resolve().parents[2] / "content" / "danger"
LINES = Path(__file__).with_name("danger_texts.tsv").read_text(encoding="utf-8").splitlines()
TEXTS = [tuple(line.split("\t")) for line in LINES if not line.startswith("#")]
LANGUAGES = sorted(path.stem for path in FOLDER.glob("*.yml"))
JOKES = DangerNet(
    [
        (
            "en",
            {
                "violence": ["kill me", "knife"],
                "child_alone": ["i am # + alone", "without parents"],
                HARMLESS: ["kill me + lol - scared"],
            },
        )
    ]
)


@pytest.fixture(scope="module")
def net() -> DangerNet:
    return DangerNet.load(FOLDER)


@pytest.mark.parametrize("language", LANGUAGES)
def test_idioms_jokes_and_old_stories_are_no_alarm(net: DangerNet, language: str) -> None:
    texts = [text for lang, kind, text in TEXTS if (lang, kind) == (language, "calm")]
    assert len(texts) >= 20
    assert {text: net.find(text) for text in texts if net.find(text)} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_cries_are_heard_also_beside_an_idiom(net: DangerNet, language: str) -> None:
    texts = [text for lang, kind, text in TEXTS if (lang, kind) == (language, "cry")]
    assert len(texts) >= 12
    assert [text for text in texts if net.find(text) is None] == []


@pytest.mark.parametrize("text", ["mum will kill me lol", "LOL, she'll kill me"])
def test_harmless_words_are_read_over(text: str) -> None:
    assert JOKES.find(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "mum will kill me",
        "mum will kill me lol, he has a knife",
        "he will kill me, I am scared lol",
        "he will kill me. " + "I have been waiting here for a long time now and nobody comes to help me. " * 2 + "lol",
    ],
)
def test_danger_beside_far_from_or_excluded_from_a_harmless_rule_stays_danger(text: str) -> None:
    assert JOKES.find(text) == "violence"


@pytest.mark.parametrize(
    ("text", "danger"),
    [
        ("i am 15 and alone", "child_alone"),
        ("i am 18 and alone", "child_alone"),
        ("i am 34 and alone", None),
        ("they wrote that i am 21, i am 16 and alone", "child_alone"),
        ("born in 2010, i am 2010 and alone", "child_alone"),
        ("20 days without parents", "child_alone"),
    ],
)
def test_only_ages_of_grown_ups_make_no_child(text: str, danger: str | None) -> None:
    assert JOKES.find(text) == danger


def test_a_broken_harmless_rule_is_named() -> None:
    with pytest.raises(BrokenDangerRule, match="harmless"):
        DangerNet([("en", {HARMLESS: ["kill me + "]})])
