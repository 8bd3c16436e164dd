"""An operator who demands texts read by a native speaker: what the machine wrote is held back, and that is said."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select, update

from hotline.knowledge.library import CONTENT_REVISION
from hotline.store.counters import count
from hotline.store.tables import articles, translations
from tests.conftest import Hotline, make_hotline, make_settings
from tests.web import twilio

QUESTION = "Wie viel Gepäck?"


def test_machine_texts_are_held_back_and_another_language_is_offered_once_it_is_reviewed(tmp_path: Path) -> None:
    hotline = make_hotline(make_settings(tmp_path, REVIEWED_ONLY="yes"))
    hotline.understander.knows(QUESTION, "luggage")
    texts = hotline.services.texts
    assert texts.get("de", "answer.missing") in _reply(hotline, "SM1")
    _review(hotline, "en")
    assert texts.get("de", "answer.elsewhere") in _reply(hotline, "SM2")
    _review(hotline, "de")
    assert texts.get("de", "answer.elsewhere") not in _reply(hotline, "SM3")
    hotline.services.database.close()


def _reply(hotline: Hotline, sid: str) -> str:
    return twilio.said(twilio.text(hotline, sid, QUESTION))


def _review(hotline: Hotline, language: str) -> None:
    database = hotline.services.database
    with database.begin() as connection:
        luggage = select(articles.c.id).where(articles.c.topic == "luggage")
        of_topic = translations.c.article_id.in_(luggage)
        connection.execute(update(translations).where(of_topic, translations.c.language == language).values(review="reviewed"))
        count(database, connection, CONTENT_REVISION)
