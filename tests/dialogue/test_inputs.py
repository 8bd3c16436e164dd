"""What a written message is before anybody reads its words: a key, a postcode, or neither."""

from __future__ import annotations

import pytest

from hotline.dialogue.inputs import read_key, read_postcode


@pytest.mark.parametrize("body", ["80331", " 80331. ", "80 331", "80.331", "D-80331", "d 80331", "٨٠٣٣١", "۸۰۳۳۱", "８０３３１"])
def test_five_figures_alone_are_a_postcode_in_any_script(body: str) -> None:
    assert read_postcode(body) == "80331"
    assert read_key(body) is None


@pytest.mark.parametrize("body", ["", "8033", "803311", "80331 München", "8033a", "+80331", "80331?", "1"])
def test_anything_else_is_none(body: str) -> None:
    assert read_postcode(body) is None
