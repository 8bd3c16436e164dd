"""The difference of two wordings loses nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hotline.knowledge.differences import Piece, difference
from hotline.knowledge.measures import measure


@given(st.text(max_size=80), st.text(max_size=80))
def test_both_wordings_can_be_read_from_the_difference(before: str, after: str) -> None:
    pieces = difference(before, after)
    assert "".join(piece.text for piece in pieces if piece.kind != "added") == before
    assert "".join(piece.text for piece in pieces if piece.kind != "removed") == after


def test_only_the_changed_word_is_marked() -> None:
    assert difference("bis zu 200 Euro", "bis zu 250 Euro") == [
        Piece("same", "bis zu "), Piece("removed", "200"), Piece("added", "250"), Piece("same", " Euro"),
    ]  # fmt: skip


def test_segments_follow_the_alphabet_the_text_needs() -> None:
    assert (measure("a" * 160).segments, measure("a" * 161).segments, measure("a" * 307).segments) == (1, 2, 3)
    assert (measure("я" * 70).segments, measure("я" * 71).segments, measure("я" * 201).segments) == (1, 2, 3)
    assert measure("€" * 80).segments == 1
    assert measure("🙂" * 36).segments == 2
    assert (measure("Größe").alphabet, measure("„Größe“").alphabet, measure("„Größe“").foreign) == ("GSM-7", "UCS-2", "„“")
