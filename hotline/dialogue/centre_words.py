"""What centres and places read and sound like."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hotline.dialogue.by_ear import say_as_of
from hotline.dialogue.events import CentresShown
from hotline.dialogue.texts import Texts
from hotline.knowledge.centres import Centre
from hotline.knowledge.library import format_as_of
from hotline.knowledge.places import LANDS, Place

# Texts said by this module, beside those the flows name.
CENTRE_TEXT_KEYS = frozenset(
    {"centres.none", "centres.state", "centres.independent", "centres.directory", *(f"land.{land}" for land in LANDS)}
)
COMMAS = {"ar": "، ", "fa": "، "}


def joined(parts: list[str], language: str) -> str:
    """Parts of a line as a language lists them."""
    return COMMAS.get(language, ", ").join(parts)


class CentreWords:
    """Says centres and places in the person's language."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def land(self, code: str, language: str) -> str:
        """The name of a Land."""
        return self._texts.get(language, f"land.{code}")

    def write(self, shown: CentresShown, language: str, *, is_tight: bool = False) -> Iterator[str]:
        """One line a centre, the shortest that still helps where it is tight, and what serves every place."""
        if not shown.centres:
            yield self._texts.get(language, "centres.none")
        yield from (self.line(centre, language, is_tight=is_tight) for centre in shown.centres)
        yield from (self._directory(centre, language, short_address(centre.url)) for centre in shown.nationwide)

    def line(self, centre: Centre, language: str, *, is_tight: bool = False) -> str:
        """A centre in writing: who, where, how to reach it, and the date of the source."""
        town = f"{centre.postcode} {centre.city}".strip() if centre.address or centre.city not in centre.name else ""
        url = "" if is_tight and (centre.phone or centre.address) else short_address(centre.url)
        known = [self._named(centre, language), centre.address, town, centre.phone, url]
        as_of = format_as_of(centre.source_date, language) if is_tight else self._as_of(centre, language)
        return f"{joined(list(filter(None, known)), language)} ({as_of})"

    def speak(self, shown: CentresShown, language: str) -> Iterator[str]:
        """The same as sentences."""
        if not shown.centres:
            yield self._texts.get(language, "centres.none")
        yield from (self.spoken_line(centre, language) for centre in shown.centres)
        yield from (self.spoken_directory(centre, language) for centre in shown.nationwide)

    def spoken_line(self, centre: Centre, language: str) -> str:
        """A centre as one sentence, without an address on the web, which nobody can follow by ear."""
        known = filter(None, (centre.address, f"{centre.postcode} {centre.city}".strip(), centre.phone))
        return (
            f"{joined([self._named(centre, language), *known, self._as_of(centre, language, say_as_of)], language).rstrip('.')}."
        )

    def spoken_directory(self, centre: Centre, language: str) -> str:
        """Where all centres stand, by the name of the site alone."""
        return self._directory(centre, language, short_address(centre.url).partition("/")[0])

    def read_back(self, place: Place, language: str) -> list[str]:
        """A place as it is read back: figure by figure, then the Laender. A city is named by its Land, too."""
        figures = list(place.postcode or "")
        return [*figures, *(self.land(land, language) for land in place.lands)]

    def _named(self, centre: Centre, language: str) -> str:
        return f"{centre.name} ({self._texts.get(language, f'centres.{centre.body}')})" if centre.body else centre.name

    def _directory(self, centre: Centre, language: str, address: str) -> str:
        return self._texts.get(language, "centres.directory", address=address)

    def _as_of(self, centre: Centre, language: str, show: Callable[[str, str], str] = format_as_of) -> str:
        return self._texts.get(language, "answer.as_of", date=show(centre.source_date, language)).rstrip(".")


def short_address(url: str) -> str:
    """An address on the web without what every browser adds by itself."""
    return url.removeprefix("https://").removeprefix("http://").removeprefix("www.").rstrip("/")
