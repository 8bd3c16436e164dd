"""A linear SVM whose distances become probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sparse
from sklearn.svm import LinearSVC

from components.tfidf import Row

SEED = 7


class LinearModel:
    """Gives every label a score; all add up to 1."""

    def __init__(self) -> None:
        # Half precision: the scores differ in the fourth digit, and the model takes half the memory.
        self._weights = np.zeros((0, 0), dtype=np.float16)
        self._bias = np.zeros(0, dtype=np.float32)
        self.labels: list[str] = []

    def train(
        self, features: sparse.csr_matrix, labels: Sequence[str], regularisation: float, weights: Sequence[float] | None = None
    ) -> None:
        """Learn from labelled rows.

        Args:
            features: one row a text.
            labels: one a row.
            regularisation: C of the SVM; the higher, the closer it keeps to the training texts.
            weights: how much each row counts; all the same without them.
        """
        svm = LinearSVC(C=regularisation, random_state=SEED).fit(features, labels, sample_weight=weights)
        self.labels = [str(label) for label in svm.classes_]
        self._weights = np.ascontiguousarray(svm.coef_.T, dtype=np.float16)
        self._bias = svm.intercept_.astype(np.float32)

    def scores(self, row: Row, sharpness: float) -> np.ndarray:
        """The score of every label for one text.

        Args:
            row: its features.
            sharpness: turns distances from the SVM's borders into probabilities: the higher, the surer.
        """
        weights = self._weights[row.columns].astype(np.float32)
        distances = sharpness * (np.asarray(row.values, dtype=np.float32) @ weights + self._bias)
        powers = np.exp(distances - distances.max())
        return powers / powers.sum()
