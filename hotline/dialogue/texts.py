"""The texts in every language: gettext catalogues with keys such as ``menu.ask``, and what is checked about them.

Two domains: ``prompts`` is said to people on the phone and in messages, ``screens`` is what the pages show. Pages for staff are
in German and English only; the keys of their texts begin with the name of the area.
"""

from __future__ import annotations

import gettext
import os
import re
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

from hotline.errors import CannotStart

PROMPTS, SCREENS = "prompts", "screens"
DOMAINS = (PROMPTS, SCREENS)
SOURCE_LANGUAGE = "de"
STAFF_LANGUAGES = ("de", "en")
STAFF_PREFIXES = ("staff.", "studio.", "console.", "reports.")
VARIANTS = (".voice", ".text", ".keys")
# screen("studio.part_" ~ part) needs every text that begins so.
FAMILY = "_"
_PLACEHOLDER = re.compile(r"\{(\w*)\}")
# In a template: screen("simulator.title"), or screen_in(code, "simulator.example"); in the code: screen_key("staff.saved").
_SCREEN_KEY = re.compile(r"""\bscreen(?:_in\([^"'(),]*,|(?:_key)?\()\s*["']([\w.]+)["']""")


class TextMissing(CannotStart):
    """No text for this key in this language."""


class Texts:
    """Looks prompts up. A key may have variants: ``menu.ask.voice`` is said on the phone, ``menu.ask.text`` is written."""

    def __init__(self, by_language: Mapping[str, Mapping[str, str]]) -> None:
        self._by_language = by_language

    @classmethod
    def load(cls, folder: Path, languages: Iterable[str], domain: str = PROMPTS) -> Texts:
        """Read the compiled catalogues.

        Args:
            folder: holds ``<lang>/LC_MESSAGES/<domain>.mo``.
            languages: codes to load.
            domain: prompts or screens.

        Raises:
            TextMissing: a catalogue is not there or not compiled.
        """
        loaded = {}
        for language in languages:
            path = folder / language / "LC_MESSAGES" / f"{domain}.mo"
            try:
                with path.open("rb") as file:
                    catalog: dict[str, str] = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
            except OSError:
                raise TextMissing(f"{path} is missing. Run `flask texts compile`.") from None
            except (struct.error, ValueError):
                raise TextMissing(f"{path} is no compiled catalogue. Run `flask texts compile`.") from None
            loaded[language] = {key: text for key, text in catalog.items() if key}
        return cls(loaded)

    def with_figures(self, figures: Mapping[str, object]) -> Texts:
        """The same texts with figures of the settings in them, in writing and aloud.

        Args:
            figures: placeholder -> what it stands for, such as ``days_messages`` -> 30; all other placeholders stay.
        """
        marks = {f"{{{name}}}": str(value) for name, value in figures.items()}
        filled = {
            language: {key: _fill(text, marks) for key, text in catalogue.items()}
            for language, catalogue in self._by_language.items()
        }
        return Texts(filled)

    def get(self, language: str, key: str, variants: tuple[str, ...] = (), /, **values: object) -> str:
        """The text of a key.

        Args:
            language: code of a loaded language.
            key: text key.
            variants: endings tried first, in order.
            values: what the placeholders stand for.

        Raises:
            TextMissing: neither the key nor a variant is there. Never another language's text.
        """
        catalogue = self._by_language.get(language, {})
        for name in (*(key + variant for variant in variants), key):
            if name in catalogue:
                return catalogue[name].format(**values) if values else catalogue[name]
        raise TextMissing(f"The text {key!r} is missing in {language!r}. Run `flask texts check`.")

    def find(self, language: str, key: str, variants: tuple[str, ...] = ()) -> str | None:
        """The text of a key, or None."""
        try:
            return self.get(language, key, variants)
        except TextMissing:
            return None

    def all_of(self, language: str) -> Mapping[str, str]:
        """Every text of a language, by key."""
        return self._by_language[language]


def _fill(text: str, marks: Mapping[str, str]) -> str:
    for mark, value in marks.items():
        text = text.replace(mark, value)
    return text


def _po_path(folder: Path, language: str, domain: str) -> Path:
    return folder / language / "LC_MESSAGES" / f"{domain}.po"


def _read(path: Path, language: str) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def compile_texts(folder: Path) -> list[str]:
    """Compile every catalogue.

    Args:
        folder: the ``translations`` folder.

    Returns:
        The languages compiled.
    """
    compiled = set()
    for domain in DOMAINS:
        for path in folder.glob(f"*/LC_MESSAGES/{domain}.po"):
            language = path.parent.parent.name
            # Whoever reads meanwhile finds the old texts, never half of the new ones.
            unfinished = path.with_suffix(f".{os.getpid()}")
            with unfinished.open("wb") as file:
                write_mo(file, _read(path, language))
            unfinished.replace(path.with_suffix(".mo"))
            compiled.add(language)
    return sorted(compiled)


def screen_keys(folder: Path) -> frozenset[str]:
    """The keys of every text the templates and the code of a folder show."""
    paths = (path for pattern in ("*.html", "*.py") for path in folder.rglob(pattern))
    files = (path.read_text(encoding="utf-8") for path in paths)
    return frozenset(key for file in files for key in _SCREEN_KEY.findall(file))


def find_text_problems(folder: Path, languages: Iterable[str], used_keys: Iterable[str], domain: str = PROMPTS) -> list[str]:
    """Missing, empty, fuzzy and unused texts, broken placeholders and missing plural forms, one sentence each.

    Args:
        folder: the ``translations`` folder.
        languages: codes that must be complete.
        used_keys: keys the flows and the code say, or the templates show.
        domain: prompts or screens.
    """
    needed = set(used_keys)
    source = _load(folder, SOURCE_LANGUAGE, domain)
    if isinstance(source, str):
        return [source]
    problems = [f"{SOURCE_LANGUAGE}: the text {key!r} is missing." for key in sorted(needed) if not _has(source, key)]
    families = tuple(key for key in needed if key.endswith(FAMILY))
    problems += [
        f"{SOURCE_LANGUAGE}: the text {message.id!r} is used nowhere."
        for message in source
        if isinstance(message.id, str)
        and message.id
        and not {_base(message.id), message.id} & needed
        and not message.id.startswith(families)
    ]
    for language in languages:
        catalogue = _load(folder, language, domain)
        problems += [catalogue] if isinstance(catalogue, str) else _catalogue_problems(language, catalogue, source)
    return problems


def _load(folder: Path, language: str, domain: str) -> Catalog | str:
    path = _po_path(folder, language, domain)
    try:
        return _read(path, language)
    except FileNotFoundError:
        return f"{language}: {path} is missing."
    except (PoFileError, UnicodeDecodeError) as error:
        return f"{language}: {path} cannot be read ({error})."


def _base(key: str) -> str:
    return next((key.removesuffix(variant) for variant in VARIANTS if key.endswith(variant)), key)


def _has(catalogue: Catalog, key: str) -> bool:
    if key.endswith(FAMILY):
        return any(isinstance(message.id, str) and message.id.startswith(key) for message in catalogue)
    return any(name in catalogue for name in (key, *(key + variant for variant in VARIANTS)))


def _forms(message: Message) -> tuple[str, ...]:
    """The text of a message, or its plural forms."""
    return (message.string or "",) if not isinstance(message.string, list | tuple) else tuple(message.string)


def _catalogue_problems(language: str, catalogue: Catalog, source: Catalog) -> list[str]:
    problems = []
    for message in source:
        key = message.id if isinstance(message.id, str) else message.id[0]
        if not key or (key.startswith(STAFF_PREFIXES) and language not in STAFF_LANGUAGES):
            continue
        translated = catalogue.get(key)
        if translated is None:
            problems.append(f"{language}: the text {key!r} is missing.")
            continue
        if translated.fuzzy:
            problems.append(f"{language}: the text {key!r} is marked fuzzy; check it and remove the mark.")
        forms = _forms(translated)
        if isinstance(message.id, tuple) and len(forms) != catalogue.num_plurals:
            problems.append(f"{language}: the text {key!r} needs {catalogue.num_plurals} plural forms.")
        if not all(form.strip() for form in forms):
            problems.append(f"{language}: the text {key!r} is empty.")
            continue
        wanted = set(_PLACEHOLDER.findall(_forms(message)[-1]))
        if any(set(_PLACEHOLDER.findall(form)) != wanted for form in forms):
            problems.append(f"{language}: the text {key!r} must have the placeholders {sorted(wanted)}.")
    problems += [
        f"{language}: the text {message.id!r} is not in the source catalogue."
        for message in catalogue
        if message.id and message.id not in source
    ]
    return problems
