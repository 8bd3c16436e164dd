"""Whole conversations as transcripts: who says what, what comes back, in which state. Reloaded from the database at each turn.

A transcript (``tests/transcripts/*.yml``) has ``name``, ``channel``, maybe ``number`` and ``turns``. A turn has one input
(``text``, ``key``, ``speech``, ``silence`` or ``call``), maybe ``understood`` (what the model says of it), and what must hold
afterwards: ``says`` and ``not_says`` (``text:<key>``, ``answer:<topic>``, ``more:<topic>``, ``title:<topic>`` or plain words),
``step``, ``language``, ``handoffs`` (reasons open), ``urgent``, ``hours_later`` (before the input), ``nothing`` (no reply at
all), ``over``, ``ratings`` (topic, language, channel, helpful, unhelpful) and ``questions`` (reason, channel, language, topic and
text of what is kept as unanswered).
"""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
import yaml

from hotline.dialogue.by_ear import DANGER, emergency_aloud, sentences_aloud
from hotline.dialogue.inputs import InboundCallStep, InboundText
from hotline.dialogue.spoken import Spoken
from hotline.services import Services
from hotline.settings import ROOT
from hotline.understanding.port import Parse, Score
from tests.conftest import Hotline

TRANSCRIPTS = sorted((ROOT / "tests" / "transcripts").glob("*.yml"))
NUMBER, OURS = "+4915100000042", "+4930555000"


def _transcripts() -> list[Any]:
    return [
        pytest.param(content, id=f"{path.stem}: {content['name']}")
        for path in TRANSCRIPTS
        for content in yaml.safe_load_all(path.read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize("transcript", _transcripts())
def test_transcript(transcript: dict[str, Any], hotline: Hotline) -> None:
    ids = count(1)
    for number, turn in enumerate(transcript["turns"], 1):
        hotline.clock.move(hours=turn.get("hours_later", 0), seconds=5)
        # Nothing of the conversation may live in memory: every turn is taken by a new object.
        vars(hotline.services).pop("turns", None)
        vars(hotline.services.turns)["_clock"] = hotline.clock
        _script(hotline, turn)
        said = _take(hotline.services, transcript, turn, next(ids))
        _check(hotline, transcript, turn, said, f"turn {number}")


def _script(hotline: Hotline, turn: dict[str, Any]) -> None:
    understood = turn.get("understood")
    body = turn.get("text") or turn.get("speech")
    if understood and body:
        languages = (Score(understood.get("language", "de"), understood.get("sure", 0.99)),)
        topics = tuple(Score(name, score) for name, score in understood.get("topics", {}).items())
        hotline.understander.answers[body] = Parse(languages, topics, "rasa")


def _take(services: Services, transcript: dict[str, Any], turn: dict[str, Any], event: int) -> str:
    if transcript["channel"] == "voice":
        step = InboundCallStep(
            event_key=f"CA1:{event}",
            call_sid="CA1",
            caller=transcript.get("number", NUMBER),
            called=OURS,
            digits=turn.get("key"),
            speech=turn.get("speech"),
            is_clear=turn.get("is_clear", True),
        )
        return services.turns.take_call_step(step, _heard)
    text = InboundText(
        event_key=f"SM{event}",
        channel=transcript["channel"],
        sender=NUMBER,
        recipient=OURS,
        body=turn.get("text", turn.get("key", "")),
        has_media=turn.get("media", False),
        opt_out=turn.get("opt_out"),
    )
    return services.turns.take_text(text, lambda reply: "NOTHING" if reply is None else reply)


def _heard(spoken: Spoken, _next_step: int) -> str:
    return " ".join(utterance.text for utterance in spoken.utterances)


def _check(hotline: Hotline, transcript: dict[str, Any], turn: dict[str, Any], said: str, where: str) -> None:
    conversation = hotline.rows("conversations")[-1]
    session: Any = conversation["session"]
    language = turn.get("language", session["language"])
    is_call = transcript["channel"] == "voice"
    for wanted in turn.get("says", []):
        assert _words(hotline, wanted, language, is_call) in said, f"{where}: {wanted} is not said in: {said}"
    for unwanted in turn.get("not_says", []):
        assert _words(hotline, unwanted, language, is_call) not in said, f"{where}: {unwanted} is said in: {said}"
    assert (said == "NOTHING") == turn.get("nothing", False), where
    if "step" in turn:
        assert session["step"] == turn["step"], where
    if "language" in turn:
        assert session["language"] == turn["language"], where
    if "handoffs" in turn:
        assert [row["reason"] for row in hotline.rows("handoffs")] == turn["handoffs"], where
    if "urgent" in turn:
        assert [row["is_urgent"] for row in hotline.rows("handoffs")] == [turn["urgent"]], where
    if "ratings" in turn:
        columns = ("topic", "language", "channel", "helpful", "unhelpful")
        assert [[row[name] for name in columns] for row in hotline.rows("ratings")] == turn["ratings"], where
    if "questions" in turn:
        assert sorted(_questions(hotline)) == turn["questions"], where
    assert (conversation["status"] == "closed") == turn.get("over", False), where


def _questions(hotline: Hotline) -> list[list[Any]]:
    hotline.services.strip_questions()
    with hotline.services.database.read() as connection:
        found = hotline.services.questions.find_open(connection)
    return [[question.reason, question.channel, question.language, question.topic, question.text] for question in found]


def _words(hotline: Hotline, wanted: str, language: str | None, is_call: bool) -> str:
    kind, _, name = wanted.partition(":")
    if kind == "text":
        variants = ((".voice",) if language != "ku" else (".keys",)) if is_call else (".text",)
        text = hotline.services.texts.get(language or "de", name, variants)
        return " ".join(emergency_aloud(text)) if is_call and name.startswith(DANGER) else text
    if kind in ("answer", "more", "title"):
        with hotline.services.database.read() as connection:
            article = hotline.services.library.current(connection, hotline.clock().date()).articles[name, language or "de"]
        # By ear there are sentences, with sums in words.
        parts = {"answer": article.short, "more": article.full.split("\n\n")[0], "title": article.title}
        return " ".join(sentences_aloud(parts[kind], article.language)) if is_call else parts[kind]
    return wanted
