"""A text's features are the same in training and in use, survive typing errors and scripts, and weigh what they are told to."""

from __future__ import annotations

import time

import numpy as np
import pytest

from components.lexicon import Lexicon
from components.text_features import MOST_PAIRED, TextFeatures
from components.words import words

LEXICON = Lexicon(
    [("passport", {"de": "pass*|reisepass*", "ru": "паспорт*", "tr": "pasaport*"}), ("lost", {"de": "verlor*|weg"})]
)
TEXTS = [
    words(text)
    for text in (
        "Ich habe meinen Pass verloren",
        "Mein Reisepass ist weg",
        "Я потерял паспорт",
        "pasaport yok",
        "Wie viel Geld bekomme ich",
        "wie lange dauert es",
    )
]


def _fitted(piece_weight: float = 1.4, concept_weight: float = 0.7) -> tuple[TextFeatures, np.ndarray]:
    features = TextFeatures(piece_weight, concept_weight)
    return features, features.fit(TEXTS, LEXICON, 1).toarray()


def _dense(features: TextFeatures, text: str, width: int) -> np.ndarray:
    row, found = features.row(words(text), LEXICON), np.zeros(width)
    assert len(row.columns) == len(set(row.columns)) == len(row.values)
    found[row.columns] = row.values
    return found


def _likeness(first: str, second: str) -> float:
    features, matrix = _fitted()
    one, other = (_dense(features, text, matrix.shape[1]) for text in (first, second))
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))


def test_rows_of_training_are_those_of_use() -> None:
    features, matrix = _fitted()
    for text, row in zip(TEXTS, matrix, strict=True):
        np.testing.assert_allclose(_dense(features, " ".join(text), matrix.shape[1]), row, atol=1e-6)


def test_views_have_the_lengths_they_were_given() -> None:
    for piece_weight, concept_weight in ((1.4, 0.7), (2.0, 0.0)):
        _, matrix = _fitted(piece_weight, concept_weight)
        length = float(np.linalg.norm(matrix[0]))
        assert length == pytest.approx((1 + piece_weight**2 + concept_weight**2) ** 0.5, abs=1e-5)


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        ("Reisepas verlohren", "Reisepass verloren", "Geld bekomme"),
        ("паспорт", "pasport", "wie lange dauert"),
        ("Pass", "pasaport", "Geld"),
    ],
)
def test_misspelt_text_and_the_same_word_of_another_script_are_near(text: str, near: str, far: str) -> None:
    assert _likeness(text, near) > _likeness(text, far) + 0.2


def test_order_of_words_counts() -> None:
    features, matrix = _fitted()
    one, other = (_dense(features, text, matrix.shape[1]) for text in ("wie lange dauert es", "es dauert lange wie"))
    assert not np.allclose(one, other)


@pytest.mark.parametrize("text", ["", "…", "x", "ΩΩΩ 漢字", "unknownword"])
def test_text_of_nothing_known_is_a_row_too(text: str) -> None:
    features, matrix = _fitted()
    assert np.isfinite(_dense(features, text, matrix.shape[1])).all()


def test_story_of_many_concepts_costs_no_more_than_its_length() -> None:
    names = [f"w{chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(200)]
    lexicon = Lexicon([(name, {"de": name}) for name in names])
    features = TextFeatures(1.4, 0.7)
    features.fit([names, names[: MOST_PAIRED + 1]], lexicon, 1)
    started = time.perf_counter()
    row = features.row(names, lexicon)
    assert time.perf_counter() - started < 0.5
    assert len(row.columns) == len(set(row.columns))
