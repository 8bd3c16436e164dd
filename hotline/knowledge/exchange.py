"""Export and import of everything the hotline knows: all of a file or nothing of it, and never around the review."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import PurePath

from sqlalchemy import Connection

from hotline.knowledge.editing import Editing, lock_topics
from hotline.knowledge.exchange_files import BrokenImport, ImportProblem, SheetRow, read_sheets, write_tables, write_workbook
from hotline.knowledge.exchange_rows import SHEETS, read_snapshot
from hotline.knowledge.fact_editing import FactEditing
from hotline.knowledge.import_facts import plan_articles, plan_facts
from hotline.knowledge.import_plan import Importer, Place, Plan
from hotline.knowledge.import_texts import TextPlanner, TextRow, rows_of_sheet, rows_of_units
from hotline.knowledge.neutrality import Neutrality
from hotline.knowledge.problems import Refused
from hotline.knowledge.starter import SOURCE_LANGUAGE
from hotline.knowledge.translation_files import (
    TranslationFile,
    UnusableTranslations,
    read_translations_po,
    read_translations_xliff,
    write_translations_po,
    write_translations_xliff,
)
from hotline.knowledge.wrong_language import Recogniser, find_wrong_language
from hotline.store.database import Database

# Format -> ending of its file, and whether it holds one language for translators.
FORMATS = {"xlsx": ".xlsx", "csv": ".csv", "po": ".po", "xliff": ".xlf"}
FOR_TRANSLATORS = ("po", "xliff")
_TABLES = (".xlsx", ".csv", ".zip")
_TRANSLATIONS = {".po": read_translations_po, ".xlf": read_translations_xliff, ".xliff": read_translations_xliff}
_LONGEST_NOTE = 100


@dataclass(frozen=True)
class Wanted:
    """What to export; no language means all, no sheet all of them."""

    format: str
    language: str = ""
    sheet: str = ""

    @property
    def is_usable(self) -> bool:
        """Whether there is such an export: translators translate one language, and never the source."""
        return self.format in FORMATS and (self.format not in FOR_TRANSLATORS or self.language not in ("", SOURCE_LANGUAGE))


@dataclass(frozen=True)
class Upload:
    """A file to import: its name, its bytes, the language it is said to be for (any when empty), and what to do with drafts."""

    name: str
    data: bytes
    language: str = ""
    is_for_review: bool = False


class Exchange:
    """Writes what the hotline knows to files, and takes files back."""

    def __init__(
        self,
        database: Database,
        editing: Editing,
        fact_editing: FactEditing,
        neutrality: Neutrality,
        scripts: Mapping[str, str],
        recognise: Recogniser,
    ) -> None:
        """Hold what is needed.

        Args:
            database: where texts and facts are.
            editing: keeps texts, as the studio does.
            fact_editing: the same for facts.
            neutrality: what no text may say.
            scripts: language on offer -> ISO 15924 code of its script.
            recognise: tells the language of a text.
        """
        self._database = database
        self._editing = editing
        self._fact_editing = fact_editing
        self._neutrality = neutrality
        self._scripts = scripts
        self._recognise = recognise

    # -- out -----------------------------------------------------------------------------------------------------------

    def export(self, wanted: Wanted, today: date) -> tuple[str, bytes]:
        """Write a file.

        Args:
            wanted: a usable wish.
            today: the day in Germany.

        Returns:
            A name for the file, and its content.
        """
        with self._database.read() as connection:
            snapshot = read_snapshot(connection)
        languages = [wanted.language] if wanted.language else list(self._scripts)
        name = "-".join(filter(None, ("content", wanted.sheet, wanted.language)))
        if wanted.format == "po":
            return f"{name}.po", write_translations_po(snapshot, wanted.language, today)
        if wanted.format == "xliff":
            return f"{name}.xlf", write_translations_xliff(snapshot, wanted.language, today)
        sheets = [wanted.sheet] if wanted.sheet else list(SHEETS)
        if wanted.format == "xlsx":
            return f"{name}.xlsx", write_workbook(snapshot, sheets, languages)
        return f"{name}{'.csv' if wanted.sheet else '.zip'}", write_tables(snapshot, sheets, languages)

    # -- in ------------------------------------------------------------------------------------------------------------

    def check(self, upload: Upload, importer: Importer) -> Plan:
        """What an import would do; ``problems`` of the plan says what stands against it."""
        with self._database.read() as connection:
            plan = self._plan(connection, upload, importer)
        for language, texts in plan.words_by_language().items():
            wrong = find_wrong_language(texts, language, self._scripts[language], self._recognise)
            if wrong is not None:
                plan.problems.append(ImportProblem(upload.name, 0, "", wrong))
        return plan

    def store(self, upload: Upload, importer: Importer) -> Plan:
        """Import all of a file in one unit of work: texts as drafts, facts as proposals, articles and sources at once.

        Returns:
            What was done.

        Raises:
            BrokenImport: something is wrong, also what changed since ``check``; nothing was stored.
        """
        # The recogniser may be a call over the network, which has no place within a unit of work.
        checked = self.check(upload, importer)
        if checked.problems:
            raise BrokenImport(checked.problems)
        with self._database.begin() as connection:
            # In one order, so that two imports do not wait for each other; and before looking, so that nothing moves afterwards.
            lock_topics(connection, {text.edit.topic for text in checked.texts})
            plan = self._plan(connection, upload, importer)
            if not plan.problems:
                self._apply(connection, plan, upload, importer)
            if plan.problems:
                raise BrokenImport(plan.problems)
        return plan

    def _plan(self, connection: Connection, upload: Upload, importer: Importer) -> Plan:
        plan, snapshot = Plan(), read_snapshot(connection)
        planner = TextPlanner(snapshot, self._scripts, self._neutrality, importer)
        note = f"Import: {upload.name}"[:_LONGEST_NOTE]
        suffix = PurePath(upload.name).suffix.lower()
        try:
            if suffix in _TABLES:
                rows = read_sheets(upload.name, upload.data)
                planner.add(self._texts_of_sheet(rows, upload, plan), plan, note)
                plan_facts([row for row in rows if row.sheet == "facts"], snapshot, importer, plan)
                articles = [row for row in rows if row.sheet == "articles"]
                plan_articles(articles, [row for row in rows if row.sheet == "sources"], snapshot, importer, plan)
            elif suffix in _TRANSLATIONS:
                file = _TRANSLATIONS[suffix](upload.data)
                language = _expect_language(file, upload.language, self._scripts)
                planner.add(rows_of_units(file.units, upload.name, language, snapshot, plan), plan, note)
            else:
                raise UnusableTranslations("file_kind")
        except BrokenImport as error:
            plan.problems += error.problems
        except Refused as error:
            plan.problems.append(ImportProblem(upload.name, 0, "", error.problem))
        return plan

    @staticmethod
    def _texts_of_sheet(rows: Sequence[SheetRow], upload: Upload, plan: Plan) -> list[TextRow]:
        found = rows_of_sheet([row for row in rows if row.sheet == "texts"])
        for row in found:
            if upload.language and row.language != upload.language:
                plan.refuse(row.place, "language", "file_language", found=row.language, chosen=upload.language)
        return found

    def _apply(self, connection: Connection, plan: Plan, upload: Upload, importer: Importer) -> None:
        for article in plan.articles:
            with _noting(plan, article.place):
                self._editing.change_article_in(connection, article.topic, article.values, importer.name)
        for text in plan.texts:
            with _noting(plan, text.place):
                draft = self._editing.save_in(connection, text.edit, importer.name)
                if upload.is_for_review:
                    self._editing.submit_in(connection, draft.id, draft.lock, importer.name)
        for fact in plan.facts:
            with _noting(plan, fact.place):
                self._fact_editing.propose_in(connection, fact.raw, importer.name)


@contextmanager
def _noting(plan: Plan, place: Place) -> Iterator[None]:
    """Turn a refusal into a problem of the row it is about."""
    try:
        yield
    except Refused as error:
        found = error.problems or (error.problem,)
        plan.problems += [place.problem(str(problem.values.get("part", "")), problem) for problem in found]


def _expect_language(file: TranslationFile, chosen: str, languages: Collection[str]) -> str:
    if chosen and file.language != chosen:
        raise UnusableTranslations("file_language", found=file.language, chosen=chosen)
    if file.language not in languages or file.language == SOURCE_LANGUAGE:
        known = ", ".join(code for code in languages if code != SOURCE_LANGUAGE)
        raise UnusableTranslations("no_file_language", found=file.language, known=known)
    return file.language
