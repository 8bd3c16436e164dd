"""Whether texts are in the language their file says: by their script, and by a recogniser where there is one."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from hotline.knowledge.facts import PLACEHOLDER
from hotline.knowledge.problems import Problem

# The languages a text may be in, each with how sure that is (0 to 1), best first; nothing while no recogniser answers.
Recogniser = Callable[[str], Sequence[tuple[str, float]]]
WORDS_TO_JUDGE = 5
SURE = 0.9
# More texts make it slower, not surer.
MOST_JUDGED = 15
# ISO 15924 code of a language -> first word of the Unicode names of its letters.
SCRIPTS = {
    "Latn": "LATIN", "Arab": "ARABIC", "Cyrl": "CYRILLIC", "Geor": "GEORGIAN", "Armn": "ARMENIAN", "Ethi": "ETHIOPIC",
    "Deva": "DEVANAGARI", "Beng": "BENGALI", "Hans": "CJK",
}  # fmt: skip


def find_wrong_language(texts: Iterable[str], language: str, script: str, recognise: Recogniser) -> Problem | None:
    """What speaks against texts being in a language, or None.

    Args:
        texts: as they would be stored, with placeholders.
        language: code they should be in.
        script: ISO 15924 code of its script.
        recognise: tells the language of a text.
    """
    bare = (PLACEHOLDER.sub(" ", text) for text in texts)
    judged = [text for text in bare if len(text.split()) >= WORDS_TO_JUDGE]
    wanted = SCRIPTS.get(script)
    scripts = Counter(found for text in judged if (found := _script(text)) not in ("", wanted))
    if wanted and scripts.total() * 2 > len(judged):
        return Problem("wrong_script", {"language": language, "found": scripts.most_common(1)[0][0].title()})
    sample = judged[:: max(1, len(judged) // MOST_JUDGED)][:MOST_JUDGED]
    others = Counter[str]()
    for text in sample:
        guesses = recognise(text)
        if guesses and guesses[0][0] != language and guesses[0][1] >= SURE:
            others[guesses[0][0]] += 1
    if others.total() * 2 > len(sample):
        return Problem("wrong_language", {"language": language, "found": others.most_common(1)[0][0]})
    return None


def _script(text: str) -> str:
    found = Counter(unicodedata.name(letter, "UNKNOWN").split()[0] for letter in text if letter.isalpha())
    return found.most_common(1)[0][0] if found else ""
