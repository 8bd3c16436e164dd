"""What is said of a person's stored data, in writing and aloud: kinds, counts and days, and the receipt of an erasure."""

from __future__ import annotations

from collections.abc import Iterator

from hotline.dialogue.centre_words import joined
from hotline.dialogue.events import DataErased, DataShown
from hotline.dialogue.texts import Texts
from hotline.knowledge.library import format_as_of

COUNTED = ("privacy.messages", "privacy.voicemails", "privacy.calls", "privacy.requests", "privacy.callbacks")
DATA_TEXT_KEYS = frozenset(
    {"privacy.stored", "privacy.until", "privacy.until_case", "privacy.erased", "privacy.receipt_again", *COUNTED}
)
# A receipt is read and written down in two halves.
HALF = 4


class DataWords:
    """Says it in the person's language. By ear numbers are read figure by figure, as there is a sound for each."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def write(self, event: DataShown | DataErased, language: str) -> str:
        """In writing."""
        say = self._texts.get
        if isinstance(event, DataErased):
            return say(language, "privacy.erased", (".text",), receipt=f"{event.receipt[:HALF]} {event.receipt[HALF:]}")
        counts = joined([f"{say(language, key)} {amount}" for key, amount in event.counts.items()], language)
        since = format_as_of(event.since.isoformat(), language)
        head = say(language, "privacy.stored", (".text",), since=since)
        return f"{head} {counts}. {self._until(event, language)}"

    def speak(self, event: DataShown | DataErased, language: str) -> Iterator[str]:
        """Aloud, as sentences."""
        say = self._texts.get
        if isinstance(event, DataErased):
            for key in ("privacy.erased", "privacy.receipt_again"):
                yield say(language, key, (".voice",))
                yield from event.receipt
            return
        yield say(language, "privacy.stored", (".voice",))
        for key, amount in event.counts.items():
            yield say(language, key)
            yield from str(amount)
        yield self._until(event, language)

    def _until(self, event: DataShown, language: str) -> str:
        """What counsellors note on a matter is kept longer, which only whom it concerns needs to hear."""
        return self._texts.get(language, "privacy.until_case" if event.has_case else "privacy.until")
