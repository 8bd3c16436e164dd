"""The linear model learns what can be told apart, and its scores are probabilities whatever the text."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from components.linear import LinearModel
from components.tfidf import Row, Tfidf

TEXTS = [text.split() for text in ("passport lost", "passport stolen", "money travel", "money cash", "flight ticket", "flight")]
LABELS = ["documents", "documents", "money", "money", "travel", "travel"]


@pytest.fixture(scope="module")
def trained() -> tuple[Tfidf, LinearModel]:
    """A model of three topics."""
    tfidf, model = Tfidf(), LinearModel()
    model.train(tfidf.fit(TEXTS, 1), LABELS, 1.0)
    return tfidf, model


def test_every_text_of_training_gets_its_label(trained: tuple[Tfidf, LinearModel]) -> None:
    tfidf, model = trained
    for text, label in zip(TEXTS, LABELS, strict=True):
        assert model.labels[int(np.argmax(model.scores(tfidf.row(text), 4.0)))] == label


@pytest.mark.parametrize("sharpness", [0.1, 1.0, 4.0, 1000.0])
@pytest.mark.parametrize("text", [[], ["unknown"], ["passport"], ["money", "flight", "passport"]])
def test_scores_are_probabilities(trained: tuple[Tfidf, LinearModel], text: list[str], sharpness: float) -> None:
    tfidf, model = trained
    scores = model.scores(tfidf.row(text), sharpness)
    assert scores.shape == (len(model.labels),)
    assert np.isfinite(scores).all()
    assert ((scores >= 0) & (scores <= 1)).all()
    assert scores.sum() == pytest.approx(1, abs=1e-5)


def test_sharper_model_is_surer_of_the_same_label(trained: tuple[Tfidf, LinearModel]) -> None:
    tfidf, model = trained
    soft, sharp = (model.scores(tfidf.row(["passport"]), sharpness) for sharpness in (1.0, 8.0))
    assert int(np.argmax(soft)) == int(np.argmax(sharp))
    assert sharp.max() > soft.max()


def test_text_of_nothing_known_gets_no_sure_label(trained: tuple[Tfidf, LinearModel]) -> None:
    _, model = trained
    assert model.scores(Row([], []), 1.0).max() < 0.6


def test_training_twice_gives_the_same_model() -> None:
    made = []
    for _ in range(2):
        tfidf, model = Tfidf(), LinearModel()
        model.train(tfidf.fit(TEXTS, 1), LABELS, 0.7)
        made.append(model.scores(tfidf.row(["passport", "money"]), 4.0).tolist())
    assert made[0] == made[1]


def test_stored_model_scores_as_before(trained: tuple[Tfidf, LinearModel]) -> None:
    tfidf, model = trained
    again: LinearModel = pickle.loads(pickle.dumps(model))
    assert again.labels == model.labels
    row = tfidf.row(["money", "lost"])
    assert again.scores(row, 4.0).tolist() == model.scores(row, 4.0).tolist()
