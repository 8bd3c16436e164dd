"""While the understanding process is known to be down, callers are asked for keys alone, and danger is still understood."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from tests.conftest import Hotline
from tests.web.twilio import call, xml

WARNING = "question.keys_only"


def _heard(document: Element) -> str:
    return " ".join("".join(say.itertext()) for say in document.iter("Say"))


def _gather(document: Element) -> Element:
    (gather,) = document.iter("Gather")
    return gather


def test_keys_alone_are_asked_for_while_understanding_is_down_and_speech_again_when_it_is_back(quick_hotline: Hotline) -> None:
    texts, understander = quick_hotline.services.texts, quick_hotline.understander
    call(quick_hotline, "CA1")
    first = xml(call(quick_hotline, "CA1", 1, Digits="14"))
    assert _gather(first).get("input") == "dtmf speech"
    assert texts.get("ar", "menu.ask", (".voice",)) in _heard(first)
    understander.is_deaf = True
    down = xml(call(quick_hotline, "CA1", 2, Digits="#"))
    assert (_gather(down).get("input"), _gather(down).get("hints"), _gather(down).get("language")) == ("dtmf", None, None)
    assert _heard(down).startswith(f"{texts.get('ar', WARNING)} {texts.get('ar', 'menu.ask', ('.keys',))}")
    still = xml(call(quick_hotline, "CA1", 3, Digits="1"))
    assert _gather(still).get("input") == "dtmf"
    assert texts.get("ar", WARNING) not in _heard(still), "it is said once"
    # The question before was open for words when understanding went down; no model is needed for this one.
    danger = xml(call(quick_hotline, "CA1", 4, SpeechResult="أريد أن أنتحر", Confidence="0.9"))
    assert "1 1 2" in _heard(danger)
    assert [row["reason"] for row in quick_hotline.rows("handoffs")] == ["danger"]
    understander.is_deaf = False
    back = xml(call(quick_hotline, "CA1", 5, Digits="#"))
    assert _gather(back).get("input") == "dtmf speech"
    understander.is_deaf = True
    assert texts.get("ar", WARNING) in _heard(xml(call(quick_hotline, "CA1", 6, Digits="#"))), "said again when it is down again"


def test_keys_for_danger_and_a_person_work_while_understanding_is_down(quick_hotline: Hotline) -> None:
    quick_hotline.understander.is_deaf = True
    call(quick_hotline, "CA1")
    call(quick_hotline, "CA1", 1, Digits="1")
    assert "1 1 0" in _heard(xml(call(quick_hotline, "CA1", 2, Digits="9")))
    call(quick_hotline, "CA1", 3, Digits="0")
    assert [row["reason"] for row in quick_hotline.rows("handoffs")] == ["danger"]


def test_every_question_that_listens_has_words_that_ask_for_keys_alone(quick_hotline: Hotline) -> None:
    services = quick_hotline.services
    asked = {step.say[0] for step in services.definition.steps.values() if step.kind == "ask" and step.listens}
    speaking = {"de": ("Sprechen", "Sagen", "sagen", "Stellen"), "en": ("Speak", "Say ", "Ask ")}
    for language, verbs in speaking.items():
        for key in asked:
            # What is asked in writing alone has no such words.
            said = services.texts.find(language, key, (".keys", ".voice")) or ""
            assert not any(verb in said for verb in verbs), said
