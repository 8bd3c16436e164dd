"""Texts of an import, from a sheet or from a translator: each compared with what the hotline has, and checked."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from hotline.knowledge.editing import IN_REVIEW, OPEN, PARTS, Edit, Revision
from hotline.knowledge.exchange_files import CONTROL, SheetRow
from hotline.knowledge.exchange_rows import Snapshot, mark_of_text, mark_of_words
from hotline.knowledge.import_plan import Importer, Place, Plan, PlannedText, twice
from hotline.knowledge.neutrality import Neutrality
from hotline.knowledge.problems import Problem
from hotline.knowledge.starter import SOURCE_LANGUAGE, text_problems
from hotline.knowledge.translation_files import Unit
from hotline.knowledge.wording import facts_named

FIXED, VERSION = ("version", "review"), "source_version"
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True)
class TextRow:
    """A text of a file.

    ``mark`` is None where a translator's program lost it. ``fixed`` holds the columns a sheet shows but nobody may change.
    ``is_unchecked`` (fuzzy) says that the translation still is that of an older German text. ``prefix`` stands in front of the
    part in the name of the column.
    """

    place: Place
    topic: str
    language: str
    words: Mapping[str, str]
    source_version: str
    mark: str | None
    fixed: Mapping[str, str]
    is_unchecked: bool = False
    is_translation: bool = False

    def column(self, part: str) -> str:
        """What a part is called where the file shows it."""
        return f"{self.topic}/{part}" if self.is_translation else part


def rows_of_sheet(rows: Iterable[SheetRow]) -> list[TextRow]:
    """The texts of a sheet."""
    return [
        TextRow(
            place=Place(row.place, row.row),
            topic=row.cells["topic"],
            language=row.cells["language"],
            words={part: _plain(row.cells[part]) for part in PARTS},
            source_version=row.cells[VERSION],
            mark=row.cells["revision"],
            fixed={name: row.cells[name] for name in (*FIXED, *([VERSION] if row.cells["language"] == SOURCE_LANGUAGE else []))},
        )
        for row in rows
    ]


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


# -- translators -----------------------------------------------------------------------------------------------------------------


def rows_of_units(units: Iterable[Unit], name: str, language: str, snapshot: Snapshot, plan: Plan) -> list[TextRow]:
    """The texts of a translator's file; its German texts tell which version each was made from.

    Args:
        units: of the file.
        name: of the file.
        language: they are for.
        snapshot: what the hotline has.
        plan: notes what is wrong, and which texts are not finished.
    """
    by_topic: dict[str, dict[str, Unit]] = {}
    for unit in units:
        place = Place(name, unit.row)
        if unit.topic not in snapshot.topics or unit.part not in PARTS:
            plan.refuse(place, "", "unit_unknown", name=f"{unit.topic}/{unit.part}")
        elif unit.part in by_topic.setdefault(unit.topic, {}):
            plan.refuse(place, f"{unit.topic}/{unit.part}", "row_twice", row=by_topic[unit.topic][unit.part].row)
        else:
            by_topic[unit.topic][unit.part] = unit
    made = (_row_of_units(topic, parts, name, language, snapshot, plan) for topic, parts in by_topic.items() if parts)
    return [row for row in made if row is not None]


def _row_of_units(
    topic: str, parts: Mapping[str, Unit], name: str, language: str, snapshot: Snapshot, plan: Plan
) -> TextRow | None:
    first = next(iter(parts.values()))
    place = Place(name, first.row)
    shown = snapshot.shown.get((topic, language))
    words = {part: _plain(parts[part].target) if part in parts else shown.texts[part] if shown else "" for part in PARTS}
    if not any(words[part] for part in parts):
        return None
    if not all(words.values()):
        plan.unfinished.append(f"{topic}/{language}")
        return None
    german = _german_seen(topic, parts, snapshot)
    if german is None:
        plan.refuse(place, f"{topic}/{first.part}", "source_unknown")
        return None
    return TextRow(
        place=place,
        topic=topic,
        language=language,
        words=words,
        source_version=str(german.version),
        mark=first.mark,
        fixed={},
        is_unchecked=any(unit.is_unchecked for unit in parts.values()),
        is_translation=True,
    )


def _german_seen(topic: str, parts: Mapping[str, Unit], snapshot: Snapshot) -> Revision | None:
    """The German text that stands in the file, in the version its note names where several fit."""

    def fits(german: Revision) -> bool:
        # Programs for translators break and trim lines as they like.
        return all(_SPACES.sub(" ", unit.source).strip() == _SPACES.sub(" ", german.texts[part]) for part, unit in parts.items())

    fitting = [german for german in snapshot.sources_seen.get(topic, ()) if fits(german)]
    noted = {unit.version for unit in parts.values()}
    return next((german for german in fitting if german.version in noted), fitting[0] if fitting else None)


# -- checks ----------------------------------------------------------------------------------------------------------------------


class TextPlanner:
    """Says of each text whether it changes, and what stands against that."""

    def __init__(self, snapshot: Snapshot, languages: Collection[str], neutrality: Neutrality, importer: Importer) -> None:
        self._snapshot = snapshot
        self._languages = languages
        self._neutrality = neutrality
        self._importer = importer

    def add(self, rows: list[TextRow], plan: Plan, note: str) -> None:
        """Add texts to a plan.

        Args:
            rows: of the file.
            plan: gets what would change, and what is wrong.
            note: of the drafts.
        """
        twice(plan, (((row.topic, row.language), row.place) for row in rows), "topic")
        for row in rows:
            if row.topic not in self._snapshot.topics:
                plan.refuse(row.place, "topic", "unknown", name=row.topic)
            elif row.language not in self._languages:
                plan.refuse(row.place, "language", "language_unknown", name=row.language, known=", ".join(self._languages))
            else:
                self._add(row, plan, note)

    def _add(self, row: TextRow, plan: Plan, note: str) -> None:
        shown = self._snapshot.shown.get((row.topic, row.language))
        if shown is None and not any(row.words.values()):
            return
        version = self._version(row, shown)
        if isinstance(version, Problem):
            plan.problems.append(row.place.problem(VERSION, version))
        elif self._is_untouched(row, shown, version):
            plan.unchanged += 1
        elif found := [*self._refusals(row, shown), *self._faults(row, shown, version)]:
            plan.problems += [row.place.problem(column, problem) for column, problem in found]
        elif shown is not None and dict(row.words) == shown.texts and version == shown.source_version:
            plan.unchanged += 1
        else:
            lock = shown.lock if shown is not None and shown.state in OPEN else 0
            german = self._snapshot.german(row.topic)
            is_outdated = row.language != SOURCE_LANGUAGE and german is not None and version < german.version
            title, short, full = (row.words[part] for part in PARTS)
            edit = Edit(row.topic, row.language, title, short, full, lock=lock, source_version=version, note=note)
            plan.texts.append(PlannedText(row.place, edit, is_outdated))

    def _version(self, row: TextRow, shown: Revision | None) -> int | Problem:
        """The version of the German text the words were made from."""
        if row.language == SOURCE_LANGUAGE:
            return shown.source_version if shown else 0
        german = self._snapshot.german(row.topic)
        if german is None:
            return Problem("no_german")
        if not row.source_version.isdecimal() or not 1 <= int(row.source_version) <= german.version:
            return Problem("source_version", {"now": german.version})
        version = int(row.source_version)
        if not row.is_translation or shown is None:
            return version
        # What is still marked as unchecked stays outdated; and the file never takes back a newer version.
        return shown.source_version if row.is_unchecked and version > shown.source_version else version

    def _is_untouched(self, row: TextRow, shown: Revision | None, version: int) -> bool:
        """Whether nobody changed the row, even if somebody changed the text in the studio meanwhile."""
        has_same_words = shown is not None and dict(row.words) == shown.texts
        if has_same_words and shown is not None and row.is_translation and version <= shown.source_version:
            return True
        mark = row.mark or ""
        if mark == mark_of_text(shown):
            # A column nobody may change is looked at by the checks.
            return has_same_words and shown is not None and version == shown.source_version and not _moved_columns(row, shown)
        versions: Iterable[object] = range(version + 1) if row.is_unchecked else (version,)
        if row.language == SOURCE_LANGUAGE:
            versions = ("",)
        return mark.rpartition("-")[2] in {mark_of_words(row.words, one) for one in versions}

    def _refusals(self, row: TextRow, shown: Revision | None) -> Iterator[tuple[str, Problem]]:
        if "content.edit" not in self._importer.permissions:
            yield "", Problem("not_permitted_texts")
        is_open = shown is not None and shown.state in OPEN
        if shown is not None and is_open and shown.author != self._importer.name:
            yield "revision", Problem("open_by_another", {"author": shown.author})
        elif row.mark is None:
            yield "", Problem("mark_missing")
        elif row.mark != mark_of_text(shown):
            yield "revision", Problem("moved", {"author": shown.author}) if shown else Problem("moved_away")
        elif shown is not None and shown.state == IN_REVIEW:
            yield "revision", Problem("in_review")
        elif shown is not None:
            yield from (
                (name, Problem("read_only", {"name": name, "value": value})) for name, value in _moved_columns(row, shown)
            )

    def _faults(self, row: TextRow, shown: Revision | None, version: int) -> Iterator[tuple[str, Problem]]:
        if shown is not None and dict(row.words) == shown.texts:
            return
        found = text_problems(row.words, row.language, self._snapshot.facts)
        found += self._neutrality.find(row.words, row.language)
        found += [Problem("control", {"part": part}) for part, text in row.words.items() if CONTROL.search(text)]
        if row.language != SOURCE_LANGUAGE:
            found += self._placeholder_problems(row, version)
        yield from ((row.column(str(problem.values["part"])), problem) for problem in found)

    def _placeholder_problems(self, row: TextRow, version: int) -> Iterator[Problem]:
        seen = row.source_version if row.is_translation else str(version)
        german = self._snapshot.german_of(row.topic, int(seen))
        for part in PARTS if german else ():
            wanted, named = facts_named(german.texts[part]) if german else (), facts_named(row.words[part])
            missing, foreign = [key for key in wanted if key not in named], [key for key in named if key not in wanted]
            if missing:
                yield Problem("placeholder_missing", {"part": part, "keys": _in_braces(missing)})
            if foreign:
                yield Problem("placeholder_foreign", {"part": part, "keys": _in_braces(foreign)})


def _moved_columns(row: TextRow, shown: Revision) -> list[tuple[str, str]]:
    """The fixed columns somebody changed, with what stood there."""
    was = {"version": str(shown.version), VERSION: str(shown.source_version), "review": shown.review}
    return [(name, was[name]) for name, value in row.fixed.items() if value != was[name]]


def _in_braces(keys: Iterable[str]) -> str:
    return ", ".join(f"{{{key}}}" for key in keys)
