"""What a short text looks like to the model: its words and word pairs, pieces of their sound, and the concepts it speaks of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain, combinations, pairwise

import numpy as np
import scipy.sparse as sparse

from components.lexicon import Lexicon
from components.sound import sound
from components.tfidf import Row, Tfidf

SHORTEST_PIECE, LONGEST_PIECE = 2, 5
# A text of more concepts is a story; all their pairs would say little and cost much.
MOST_PAIRED = 14


class TextFeatures:
    """Three views of a text side by side, each of a length of its own."""

    def __init__(self, piece_weight: float, concept_weight: float) -> None:
        """Set the lengths.

        Args:
            piece_weight: of the pieces, against 1 of the words.
            concept_weight: of the concepts.
        """
        self._weights = (1.0, piece_weight, concept_weight)
        self._views = (Tfidf(), Tfidf(), Tfidf())

    def fit(self, texts: Sequence[Sequence[str]], lexicon: Lexicon, min_texts: int) -> sparse.csr_matrix:
        """Learn from texts given as their words; see ``Tfidf.fit``."""
        blocks = [
            view.fit([list(look(words)) for words in texts], min_texts) * np.float32(weight)
            for view, look, weight in zip(self._views, _looks(lexicon), self._weights, strict=True)
        ]
        return sparse.hstack(blocks, format="csr")

    def row(self, words: Sequence[str], lexicon: Lexicon) -> Row:
        """The features of one text."""
        columns: list[int] = []
        values: list[float] = []
        offset = 0
        for view, look, weight in zip(self._views, _looks(lexicon), self._weights, strict=True):
            row = view.row(look(words))
            columns += [offset + column for column in row.columns]
            values += [weight * value for value in row.values]
            offset += view.width
        return Row(columns, values)


def _looks(lexicon: Lexicon) -> tuple[Callable[[Sequence[str]], Iterable[str]], ...]:
    return _words_and_pairs, _pieces, lambda words: _concepts_and_pairs(lexicon.find(words))


def _words_and_pairs(words: Sequence[str]) -> Iterable[str]:
    return chain(words, (f"{first} {second}" for first, second in pairwise(words)))


def _pieces(words: Sequence[str]) -> Iterable[str]:
    """Every run of 2 to 5 letters of how a word sounds, its edges marked: what survives typing errors, endings and scripts."""
    for word in words:
        edged = f" {sound(word)} "
        for size in range(SHORTEST_PIECE, LONGEST_PIECE + 1):
            if size >= len(edged):
                yield edged
                break
            for start in range(len(edged) - size + 1):
                yield edged[start : start + size]


def _concepts_and_pairs(concepts: Sequence[str]) -> Iterable[str]:
    # "Refuse" and "appeal" together tell more than each alone; it is what carries a topic from one language to another.
    return chain(concepts, (f"{first}+{second}" for first, second in combinations(concepts[:MOST_PAIRED], 2)))
