"""What belongs to a model follows it: thresholds and the phrases of the fallback."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from hotline.understanding.models import FollowingFallback, ModelShelf
from hotline.understanding.rasa import read_parse
from tests.servers import rasa_answer


@pytest.fixture
def shelf(tmp_path: Path) -> ModelShelf:
    """A starter and a model 7, which know one phrase each."""
    for folder, answer, phrase in ((tmp_path / "starter", 0.5, "eins"), (tmp_path / "shelf" / "7", 0.8, "sieben")):
        folder.mkdir(parents=True)
        (folder / "hotline.tar.gz").touch()
        (folder / "thresholds.json").write_text(json.dumps({"de": {"answer": answer, "confirm": 0.2, "danger": 0.3}}))
        (folder / "phrases.tsv").write_text(f"de\tmoney_reag_garp\t{phrase}\n")
    return ModelShelf(tmp_path / "starter", tmp_path / "shelf")


def test_thresholds_are_those_of_the_model_that_answered(shelf: ModelShelf) -> None:
    parse = read_parse(rasa_answer() | {"model": "7"})
    assert shelf.thresholds(parse.model).of("de", "rasa").answer == 0.8
    assert shelf.thresholds(read_parse(rasa_answer()).model).of("de", "rasa").answer == 0.5


def test_starter_trained_anew_brings_its_new_thresholds(shelf: ModelShelf, tmp_path: Path) -> None:
    assert shelf.thresholds("starter").of("de", "rasa").answer == 0.5
    time.sleep(0.01)
    (tmp_path / "starter" / "thresholds.json").write_text(json.dumps({"de": {"answer": 0.6, "confirm": 0.2, "danger": 0.3}}))
    assert shelf.thresholds("starter").of("de", "rasa").answer == 0.6


def test_fallback_follows_the_model_that_answers(shelf: ModelShelf) -> None:
    fallback = FollowingFallback(shelf)
    assert fallback.parse("eins", "de").topics
    fallback.follow("7")
    deadline = time.monotonic() + 5
    while not fallback.parse("sieben", "de").topics:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert not fallback.parse("eins", "de").topics


def test_live_model_is_remembered_and_a_lost_one_is_not_used(shelf: ModelShelf, tmp_path: Path) -> None:
    shelf.set_live("7")
    assert ModelShelf(tmp_path / "starter", shelf.folder).live() == "7"
    shelf.remove("7")
    assert shelf.live() == "starter"


@pytest.mark.parametrize("name", ["..", "7/../7", "", "x", "-1", "99999999999"])
def test_name_from_elsewhere_leads_nowhere(shelf: ModelShelf, tmp_path: Path, name: str) -> None:
    assert shelf.folder_of(name) == tmp_path / "starter"
    assert not shelf.has(name)
