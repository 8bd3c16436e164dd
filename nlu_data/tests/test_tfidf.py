"""One text weighed alone gets exactly what scikit-learn gives it."""

from __future__ import annotations

import random

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from components.tfidf import Row, Tfidf

TEXTS = [text.split() for text in ("a b c", "a a b", "b c c c d", "d e a", "e e e e a b", "f", "a", "g g")]


def _dense(row: Row, width: int) -> np.ndarray:
    found = np.zeros(width)
    found[row.columns] = row.values
    return found


def _texts_at_random(count: int) -> list[list[str]]:
    chance = random.Random(7)
    return [[f"t{chance.randrange(60)}" for _ in range(chance.randrange(0, 30))] for _ in range(count)]


@pytest.mark.parametrize("min_texts", [1, 2, 3])
@pytest.mark.parametrize("texts", [TEXTS, _texts_at_random(80)], ids=["small", "random"])
def test_row_equals_the_transform_of_scikit_learn(texts: list[list[str]], min_texts: int) -> None:
    theirs = TfidfVectorizer(analyzer=list, sublinear_tf=True, min_df=min_texts)
    theirs.fit(texts)
    ours = Tfidf()
    ours.fit(texts, min_texts)
    for text in [*texts, *_texts_at_random(40), ["unknown"], []]:
        expected = theirs.transform([text]).toarray()[0]
        np.testing.assert_allclose(_dense(ours.row(text), ours.width), expected, atol=1e-6)


def test_rows_of_training_are_those_of_use() -> None:
    tfidf = Tfidf()
    matrix = tfidf.fit(TEXTS, 1).toarray()
    assert matrix.shape == (len(TEXTS), tfidf.width)
    for text, row in zip(TEXTS, matrix, strict=True):
        np.testing.assert_allclose(_dense(tfidf.row(text), tfidf.width), row, atol=1e-6)


def test_text_has_length_one_however_long_it_is_and_an_unknown_one_is_empty() -> None:
    tfidf = Tfidf()
    tfidf.fit(TEXTS, 1)
    for text in (["a"], ["a"] * 500, ["a", "b", "unknown"]):
        assert sum(value * value for value in tfidf.row(text).values) == pytest.approx(1)
    assert tfidf.row(["unknown"]) == tfidf.row([]) == Row([], [])


def test_rare_token_counts_more_and_a_repeated_one_a_little_more() -> None:
    tfidf = Tfidf()
    tfidf.fit(TEXTS, 1)
    common, rare = tfidf.row(["a", "f"]).values
    assert rare > common
    repeated, once = tfidf.row(["c"] * 10 + ["d"]).values
    assert 1 < repeated / once < 10


def test_token_of_too_few_texts_is_forgotten() -> None:
    tfidf = Tfidf()
    tfidf.fit(TEXTS, 2)
    assert tfidf.row(["f", "g"]).columns == []
    assert tfidf.row(["a"]).values == [1.0]


def test_tokens_may_come_one_by_one() -> None:
    tfidf = Tfidf()
    tfidf.fit(TEXTS, 1)
    assert tfidf.row(iter("ab")) == tfidf.row(["a", "b"])
