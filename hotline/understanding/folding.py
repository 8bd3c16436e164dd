"""Folds text so that spelling does not decide: case, diacritics, Arabic letter variants, digits and apostrophes become one form.

The Rasa project folds its own side the same way (``nlu_data/components/fold.py``); a test holds the two together, because the two
environments cannot import each other.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

MAX_CHARACTERS = 2000

_LETTERS = str.maketrans(
    {
        "ı": "i", "ß": "ss", "đ": "d", "ð": "d", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "ə": "e",
        "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ې": "ي", "ئ": "ي", "ؤ": "و", "ة": "ه", "ۀ": "ه", "ك": "ک",
        "\u0640": "", "\u200c": " ", "\u200d": "",
        **dict.fromkeys("'’‘`´ʼʹ′ʻ\"“”„«»", ""),
    }
)  # fmt: skip
_SPACES = re.compile(r"\s+")


# Keys, postcodes, the danger net, word lists and names all read the same text: it is folded once a turn. No more is kept than
# the texts being answered at one moment, because they are what people wrote.
@lru_cache(maxsize=16)
def fold(text: str, longest: int = MAX_CHARACTERS) -> str:
    """The folded form of a text.

    Args:
        text: anything a person may send, control and right-to-left marks included.
        longest: characters after which the text is cut.
    """
    text = unicodedata.normalize("NFKC", text[:longest]).casefold().translate(_LETTERS)
    decomposed = unicodedata.normalize("NFKD", text)
    # Most Latin text is done here; the rest is looked at letter by letter.
    is_plain = decomposed.isascii() and decomposed.isprintable()
    kept = decomposed if is_plain else decomposed.translate(_CHARACTERS)
    return _SPACES.sub(" ", unicodedata.normalize("NFC", kept).translate(_LETTERS)).strip()


class _Characters(dict[int, str]):
    """What becomes of each letter, found out when it is first met."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _fold_character(chr(code))
        return folded


_CHARACTERS = _Characters()


def _fold_character(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Mn" or category in ("Cf", "Cs", "Co"):
        return ""
    if category == "Cc":
        return " "
    if category == "Nd":
        return str(unicodedata.digit(character))
    return character


_WORD = re.compile(r"[^\W_]+")


def words(text: str, longest: int = MAX_CHARACTERS) -> list[str]:
    """The words and numbers of a text, folded; ``longest`` as for ``fold``."""
    return split_folded(fold(text, longest))


def split_folded(folded: str) -> list[str]:
    """The words and numbers of a text that is folded already."""
    return _WORD.findall(folded)
