"""How a word roughly sounds, in Latin letters: the same word in Cyrillic, in chat transliteration and misspelt looks alike.

Not a transliteration for reading: letters that people write one for the other become one, whatever the language.
"""

from __future__ import annotations

import re
from functools import lru_cache

_CYRILLIC = str.maketrans(
    {
        **dict(zip("абвгдезийклмнопрстуфхцыэ", "abvgdeziiklmnoprstufhcie", strict=True)),
        "ж": "z", "ч": "c", "ш": "s", "щ": "s", "ъ": "", "ь": "", "ю": "u", "я": "a", "і": "i", "є": "e", "ґ": "g",
        "ђ": "d", "ј": "i", "љ": "l", "њ": "n", "ћ": "c", "џ": "z",
    }
)  # fmt: skip
_GEORGIAN = str.maketrans("აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ", "abgdevztiklmnopzrstufkgiscczvchih")
# In this order: what people write with two letters where others write one.
_PAIRS = (
    ("sh", "s"), ("ch", "c"), ("zh", "z"), ("kh", "h"), ("gh", "g"), ("ts", "c"), ("dz", "z"), ("dj", "d"), ("ye", "e"),
    ("yu", "u"), ("ya", "a"), ("lj", "l"), ("nj", "n"), ("ia", "a"), ("iu", "u"), ("ja", "a"), ("ju", "u"),
)  # fmt: skip
_SINGLE = str.maketrans({"y": "i", "j": "i", "w": "v", "x": "h", "q": "k"})
_REPEATED = re.compile(r"(.)\1+")


@lru_cache(maxsize=50_000)
def sound(word: str) -> str:
    """The rough sound of a folded word; Arabic letters stay as they are."""
    word = word.translate(_CYRILLIC).translate(_GEORGIAN)
    for pair, letter in _PAIRS:
        word = word.replace(pair, letter)
    return _REPEATED.sub(r"\1", word.translate(_SINGLE).replace("ck", "k"))
