"""TF-IDF as scikit-learn computes it, trained by scikit-learn and applied to one text at a time without its overhead.

A parse handles one short text; scikit-learn's transform of one text costs more than everything else in it together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from math import log, sqrt
from typing import NamedTuple

import numpy as np
import scipy.sparse as sparse
from sklearn.feature_extraction.text import TfidfVectorizer


class Row(NamedTuple):
    """One text: the columns it has a value in, and the values."""

    columns: list[int]
    values: list[float]


class Tfidf:
    """Weights of tokens: rare ones count more, repeated ones a little more, and every text has length 1."""

    def __init__(self) -> None:
        self._column_of: dict[str, int] = {}
        self._rarity: list[float] = []

    @property
    def width(self) -> int:
        """How many columns there are."""
        return len(self._rarity)

    def fit(self, texts: Sequence[Sequence[str]], min_texts: int) -> sparse.csr_matrix:
        """Learn the tokens of all texts.

        Args:
            texts: the tokens of each text.
            min_texts: a token in fewer texts is forgotten.

        Returns:
            One row a text, as ``row`` would give it.
        """
        vectorizer = TfidfVectorizer(analyzer=_as_it_is, sublinear_tf=True, min_df=min_texts, dtype=np.float32)
        matrix = vectorizer.fit_transform(texts)
        self._column_of = {token: int(column) for token, column in vectorizer.vocabulary_.items()}
        self._rarity = [float(value) for value in vectorizer.idf_]
        return matrix

    def row(self, tokens: Iterable[str]) -> Row:
        """The weights of one text."""
        counts = Counter(map(self._column_of.get, tokens))
        counts.pop(None, None)  # tokens nobody has learnt
        values = [(1 + log(count)) * self._rarity[column] for column, count in counts.items()]
        length = sqrt(sum(value * value for value in values)) or 1.0
        return Row(list(counts), [value / length for value in values])


def _as_it_is(tokens: Sequence[str]) -> Sequence[str]:
    return tokens
