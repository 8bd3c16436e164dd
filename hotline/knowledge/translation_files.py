"""The texts of one language as files for translators: PO (gettext) and XLIFF 1.2, the German text beside the translation.

The German text itself tells later which version the translator saw; a note carries the mark of the translation.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from xml.etree import ElementTree as ET

from babel.core import UnknownLocaleError
from babel.messages.catalog import Catalog
from babel.messages.pofile import PoFileError, read_po, write_po
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from hotline.knowledge.editing import PARTS
from hotline.knowledge.exchange_files import CONTROL
from hotline.knowledge.exchange_rows import Snapshot, mark_of_text
from hotline.knowledge.facts import show_value
from hotline.knowledge.problems import Refused
from hotline.knowledge.starter import LIMITS, SOURCE_LANGUAGE
from hotline.knowledge.wording import facts_named

XLIFF = "urn:oasis:names:tc:xliff:document:1.2"
NO_MARK = "new"
# A program for translators may break the line of a note.
_MARK = re.compile(r"\brevision\s+(r\d+-\d+-[0-9a-f]+|new)\b")
_VERSION = re.compile(r"\bversion\s+(\d+)\b")
# States of XLIFF 1.2 that say a person still has to look.
_UNCHECKED = ("new", "needs-")


class UnusableTranslations(Refused):
    """A file is no PO or XLIFF file one can read. The message says how to save it."""


@dataclass(frozen=True)
class Unit:
    """One part of a text, beside its German one.

    ``is_unchecked`` (fuzzy) says that the translation was made from an older German text; ``note`` holds version and mark.
    """

    topic: str
    part: str
    source: str
    target: str
    is_unchecked: bool
    note: str
    row: int

    @property
    def mark(self) -> str | None:
        """The mark of the text it was exported from; empty for one that was not there, None when the note is gone."""
        found = _MARK.search(self.note)
        return None if found is None else found[1].replace(NO_MARK, "")

    @property
    def version(self) -> int:
        """The version of the German text, by the note; 0 when it is gone."""
        found = _VERSION.search(self.note)
        return int(found[1]) if found else 0


@dataclass(frozen=True)
class TranslationFile:
    """What was read: the language the file says it is for, and its units."""

    language: str
    units: tuple[Unit, ...]


def units_of(snapshot: Snapshot, language: str, today: date) -> Iterator[Unit]:
    """Every part of every topic that has a German text, for one language.

    Args:
        snapshot: what to write.
        language: code of the translation.
        today: the day in Germany; the notes show each fact as it is said then.
    """
    for topic in snapshot.topics:
        german, shown = snapshot.german(topic), snapshot.shown.get((topic, language))
        if german is None:
            continue
        is_older = shown is not None and shown.source_version < german.version
        head = f"version {german.version} of the German text; revision {mark_of_text(shown) or NO_MARK}"
        for part in PARTS:
            source = german.texts[part]
            facts = [
                f"{{{key}}} = {show_value(fact, language)}{'' if fact.is_said(today) else ' (not said now)'}"
                for key in facts_named(source)
                if (fact := snapshot.facts.get(key))
            ]
            note = "\n".join([head, f"at most {LIMITS[part]} characters with the facts filled in", *facts])
            yield Unit(topic, part, source, shown.texts[part] if shown else "", is_older, CONTROL.sub("", note), 0)


# -- PO ------------------------------------------------------------------------------------------------------------------------


def write_translations_po(snapshot: Snapshot, language: str, today: date) -> bytes:
    """The texts of a language as PO."""
    day = datetime.combine(today, time(), UTC)
    catalog = Catalog(
        locale=language, project="return hotline", header_comment="# Texts of the return hotline", msgid_bugs_address="none",
        creation_date=day, revision_date=day, last_translator="none", language_team=language, charset="utf-8", fuzzy=False,
    )  # fmt: skip
    for unit in units_of(snapshot, language, today):
        message = catalog.add(
            CONTROL.sub("", unit.source),
            CONTROL.sub("", unit.target),
            context=f"{unit.topic}/{unit.part}",
            auto_comments=unit.note.split("\n"),
            flags=["fuzzy"] if unit.is_unchecked else [],
        )
        # Babel takes "100 % der" for a format of Python.
        message.flags -= {"python-format", "python-brace-format"}
    file = io.BytesIO()
    write_po(file, catalog, width=0, no_location=True)
    return file.getvalue()


def read_translations_po(data: bytes) -> TranslationFile:
    """Read a PO file.

    Raises:
        UnusableTranslations: it is none.
    """
    try:
        catalog = read_po(io.BytesIO(data), abort_invalid=True)
    except (PoFileError, UnknownLocaleError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise UnusableTranslations("po_file", error=str(error).splitlines()[0] if str(error) else "") from None
    units = []
    for message in catalog:
        if not message.id:
            continue
        if not isinstance(message.id, str) or not isinstance(message.string or "", str):
            raise UnusableTranslations("po_plural", row=message.lineno or 0)
        topic, _, part = (message.context or "").partition("/")
        note = "\n".join([*message.auto_comments, *message.user_comments])
        units.append(Unit(topic, part, message.id, str(message.string or ""), message.fuzzy, note, message.lineno or 0))
    return TranslationFile(_language_code(catalog.locale_identifier or ""), tuple(units))


# -- XLIFF ---------------------------------------------------------------------------------------------------------------------


def write_translations_xliff(snapshot: Snapshot, language: str, today: date) -> bytes:
    """The texts of a language as XLIFF 1.2, which every program for translators reads."""
    root = ET.Element("xliff", {"version": "1.2", "xmlns": XLIFF})
    about = {"original": "return hotline", "datatype": "plaintext"}
    file = ET.SubElement(root, "file", {**about, "source-language": SOURCE_LANGUAGE, "target-language": language})
    body = ET.SubElement(file, "body")
    for unit in units_of(snapshot, language, today):
        entry = ET.SubElement(body, "trans-unit", {"id": f"{unit.topic}/{unit.part}", "xml:space": "preserve"})
        ET.SubElement(entry, "source").text = CONTROL.sub("", unit.source)
        state = "needs-review-translation" if unit.is_unchecked else "translated"
        target = ET.SubElement(entry, "target", {"state": state if unit.target else "needs-translation"})
        target.text = CONTROL.sub("", unit.target)
        ET.SubElement(entry, "note", {"from": "developer"}).text = unit.note
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def read_translations_xliff(data: bytes) -> TranslationFile:
    """Read an XLIFF 1.2 file. Entities and document types are refused: a few lines of them can fill a machine.

    Raises:
        UnusableTranslations: it is none.
    """
    try:
        root = fromstring(data, forbid_dtd=True)
    except (ET.ParseError, DefusedXmlException, ValueError, LookupError):
        raise UnusableTranslations("xliff_file") from None
    if root.tag != f"{{{XLIFF}}}xliff":
        raise UnusableTranslations("xliff_file")
    files = root.findall("{*}file")
    language = _language_code(files[0].get("target-language", "")) if files else ""
    units = []
    for number, entry in enumerate(root.iterfind(".//{*}trans-unit"), start=1):
        topic, _, part = entry.get("id", "").partition("/")
        target = entry.find("{*}target")
        is_approved = entry.get("approved") == "yes"
        is_unchecked = target is not None and target.get("state", "").startswith(_UNCHECKED) and not is_approved
        note = "\n".join(_words(one) for one in entry.findall("{*}note"))
        units.append(Unit(topic, part, _words(entry.find("{*}source")), _words(target), is_unchecked, note, number))
    return TranslationFile(language, tuple(units))


def _words(element: Any) -> str:
    """The text of an element, with that of the marks a program may have put into it."""
    return "" if element is None else "".join(element.itertext())


def _language_code(written: str) -> str:
    """``ar`` of ``ar_EG`` or ``ar-EG``."""
    return re.split(r"[-_]", written.strip(), maxsplit=1)[0].lower()
