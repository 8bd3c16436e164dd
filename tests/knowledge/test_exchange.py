"""Export and import: a round trip loses nothing, nobody's work is overwritten, and nothing goes around the review."""

from __future__ import annotations

import io
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from hotline.knowledge.editing import Edit, Revision
from hotline.knowledge.exchange import Exchange, Upload, Wanted
from hotline.knowledge.exchange_files import BrokenImport, SheetRow, read_sheets
from hotline.knowledge.exchange_rows import SHEETS
from hotline.knowledge.fact_editing import written
from hotline.knowledge.fact_rows import read_facts
from hotline.knowledge.import_plan import Importer
from hotline.knowledge.import_texts import rows_of_sheet
from hotline.knowledge.tables import Rows, read_xlsx, write_xlsx
from hotline.staff.roles import permissions_of
from tests.conftest import NOW, Hotline, make_hotline, make_settings

TODAY = NOW.date()
ANNA = Importer("anna", permissions_of(["editor"]))
BEN = Importer("ben", permissions_of(["reviewer"]))
BOTH = Importer("clara", permissions_of(["editor", "reviewer"]))
TOPIC = "luggage"
# What spreadsheets, gettext and XML each treat in a way of their own.
PIECES = (
    "=1+1", "+49", "-", "@x", "'", "''", '"', '""', ",", ";", "\n", "\n\n", "\t", "\u200f", "\u202b", "\u2028", "\\n", "\\",
    "%s", "100 % der", "{reag.startup_adult}", "{reag.startup_adult|number}", "{", "}", "<b>", "&amp;", "]]>", "_x000D_",
    "مرحبا", "Größe", "0012", "1e5", "2026-01-01", "TRUE", "#N/A", " ", "  ",
)  # fmt: skip


@dataclass
class Desk:
    """Exports, changes and imports as people do."""

    hotline: Hotline
    exchange: Exchange

    def export(self, form: str = "xlsx", language: str = "", sheet: str = "") -> Upload:
        """A file as it is exported, ready to be imported."""
        return Upload(*self.exchange.export(Wanted(form, language, sheet), TODAY))

    def workbook(self, change: Callable[[str, dict[str, str]], None], **wanted: str) -> Upload:
        """An exported workbook in which somebody changed cells: ``change`` gets the sheet and the row."""
        return changed_workbook(read_xlsx(self.export("xlsx", **wanted).data), change)

    def shown(self, topic: str = TOPIC, language: str = "de") -> Revision | None:
        """The open draft, else what people get."""
        editing = self.hotline.services.editing
        with self.hotline.services.database.read() as connection:
            return editing.opened(connection, topic, language) or editing.published(connection, topic, language)

    def draft(self, author: str, language: str = "de", **words: str) -> Revision:
        """Somebody begins a draft in the studio."""
        live = self.shown(language=language)
        assert live is not None
        made = Edit(TOPIC, language, **{**live.texts, **words}, lock=0, source_version=live.source_version)  # type: ignore[arg-type]
        return self.hotline.services.editing.save(made, author)

    def publish(self, language: str = "de", **words: str) -> Revision:
        """A text goes all the way."""
        editing, draft = self.hotline.services.editing, self.draft("dora", language, **words)
        sent = editing.submit(draft.id, draft.lock, "dora")
        return editing.approve(sent.id, sent.lock, "emil", is_native=True)

    def refused(self, upload: Upload, importer: Importer = ANNA) -> list[tuple[str, int, str, str]]:
        """Sheet, row, column and code of everything wrong, and that nothing was stored."""
        before = [self.hotline.rows(table) for table in ("revisions", "fact_changes", "articles")]
        with pytest.raises(BrokenImport) as caught:
            self.exchange.store(upload, importer)
        assert [self.hotline.rows(table) for table in ("revisions", "fact_changes", "articles")] == before
        return [(one.sheet, one.row, one.column, one.problem.code) for one in caught.value.problems]


def changed_workbook(exported: dict[str, Rows], change: Callable[[str, dict[str, str]], None]) -> Upload:
    """See ``Desk.workbook``."""
    sheets = {}
    for title, rows in exported.items():
        header = rows[0][1]
        made = [dict(zip(header, [*cells, *[""] * len(header)], strict=False)) for _, cells in rows[1:]]
        for row in made:
            change(title, row)
        sheets[title] = [header, *(list(row.values()) for row in made)]
    return Upload("content.xlsx", write_xlsx(sheets))


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upload]:
    """What every desk exports before somebody has changed anything."""
    made = make_hotline(make_settings(tmp_path_factory.mktemp("starter")))
    yield desk_of(made).export()
    made.services.database.close()


@pytest.fixture(scope="module")
def starter_sheets(starter: Upload) -> dict[str, Rows]:
    """The rows of its sheets."""
    return read_xlsx(starter.data)


@pytest.fixture(scope="module")
def starter_rows(starter: Upload) -> list[SheetRow]:
    """Its rows as an import reads them."""
    return read_sheets(starter.name, starter.data)


@pytest.fixture
def desk(quick_hotline: Hotline) -> Desk:
    """The hotline without a recogniser of languages."""
    return desk_of(quick_hotline)


def desk_of(hotline: Hotline, recognise: Callable[[str], list[tuple[str, float]]] = lambda _text: []) -> Desk:
    """The hotline with a recogniser."""
    services = hotline.services
    scripts = {code: services.languages[code].script for code in services.live_languages}
    made = Exchange(services.database, services.editing, services.fact_editing, services.neutrality, scripts, recognise)
    return Desk(hotline, made)


def set_cell(sheet: str, key: dict[str, str], **cells: str) -> Callable[[str, dict[str, str]], None]:
    """Change the rows that have these cells."""

    def change(title: str, row: dict[str, str]) -> None:
        if title == sheet and all(row[name] == value for name, value in key.items()):
            row.update(cells)

    return change


GERMAN = {"topic": TOPIC, "language": "de"}
NEW_SHORT = "Wie viel Gepäck erlaubt ist, steht im Ticket."

# -- round trip ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("form", "language"), [("xlsx", ""), ("csv", ""), ("po", "ar"), ("xliff", "fa"), ("po", "sr")])
def test_what_was_exported_changes_nothing_when_it_is_imported(desk: Desk, form: str, language: str) -> None:
    plan = desk.exchange.store(desk.export(form, language), BOTH)
    assert plan.is_empty
    assert plan.unchanged >= 40


@pytest.mark.parametrize("sheet", SHEETS)
@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_one_sheet_can_be_exported_alone(desk: Desk, form: str, sheet: str) -> None:
    upload = desk.export(form, sheet=sheet)
    assert upload.name == f"content-{sheet}.{form}"
    assert {row.sheet for row in read_sheets(upload.name, upload.data)} == {sheet}
    assert desk.exchange.store(upload, BOTH).is_empty


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), min_size=3, max_size=14))
def test_no_sign_of_a_text_is_lost_in_any_format(quick_hotline: Hotline, words: list[str]) -> None:
    """Texts with anything in them, written straight into the database, come back from every format as they were."""
    desk = desk_of(quick_hotline)
    text = "".join(sign for sign in "".join(words) if sign in "\n\t" or unicodedata.category(sign) not in ("Cc", "Cs", "Cn"))
    text = text.strip() or "x"
    live = desk.shown(language="ar")
    assert live is not None
    lock = live.lock if live.state == "draft" else 0
    edit = Edit(TOPIC, "ar", text[:40].strip() or "x", text, f"{text}\n\n- {text}", lock, live.source_version)
    draft = quick_hotline.services.editing.save(edit, "anna")
    for form in ("xlsx", "csv"):
        upload = desk.export(form, "ar", "texts")
        row = next(row for row in rows_of_sheet(read_sheets(upload.name, upload.data)) if row.topic == TOPIC)
        assert row.words == draft.texts, form
    for form in ("po", "xliff", "xlsx", "csv"):
        plan = desk.exchange.check(desk.export(form, "ar", "texts" if form in ("xlsx", "csv") else ""), ANNA)
        assert plan.is_empty, form
        assert not plan.problems, form


def test_no_cell_is_run_as_a_formula(desk: Desk) -> None:
    desk.draft("anna", short="=HYPERLINK(1)", full="+1", title="-x")
    csv = desk.export("csv", "de", "texts").data.decode()
    assert "'=HYPERLINK(1)" in csv
    book = load_workbook(io.BytesIO(desk.export("xlsx", "de").data))
    assert {cell.data_type for row in book["texts"].iter_rows() for cell in row if cell.value is not None} == {"s"}


# -- what is stored ------------------------------------------------------------------------------------------------------------


def test_a_changed_text_becomes_a_draft_of_the_importer_and_people_get_the_old_one(desk: Desk) -> None:
    plan = desk.exchange.store(desk.workbook(set_cell("texts", GERMAN, short=NEW_SHORT)), ANNA)
    shown = desk.shown()
    assert shown is not None
    assert (len(plan.texts), shown.state, shown.author, shown.short) == (1, "draft", "anna", NEW_SHORT)
    with desk.hotline.services.database.read() as connection:
        live = desk.hotline.services.library.current(connection, TODAY).articles[TOPIC, "de"]
    assert live.short != NEW_SHORT


def test_with_the_tick_the_review_is_asked_for_at_once(desk: Desk) -> None:
    made = desk.workbook(set_cell("texts", GERMAN, short=NEW_SHORT))
    desk.exchange.store(Upload(made.name, made.data, is_for_review=True), ANNA)
    shown = desk.shown()
    assert shown is not None
    assert shown.state == "in_review"


def test_a_changed_fact_becomes_a_proposal(desk: Desk) -> None:
    changed = desk.workbook(set_cell("facts", {"key": "reag.startup_adult"}, value="1234"))
    assert len(desk.exchange.store(changed, BEN).facts) == 1
    (waiting,) = desk.hotline.rows("fact_changes")
    assert (waiting["key"], waiting["state"], waiting["author"]) == ("reag.startup_adult", "proposed", "ben")
    assert desk.exchange.store(changed, BEN).is_empty, "the same file again proposes nothing twice"


def test_articles_and_sources_are_changed_by_those_who_approve(desk: Desk) -> None:
    def change(sheet: str, row: dict[str, str]) -> None:
        set_cell("articles", {"topic": TOPIC}, as_of="2026-11", follow_ups="documents_travel entry_ban")(sheet, row)
        set_cell("sources", {"topic": TOPIC}, title="A new title")(sheet, row)

    changed = desk.workbook(change)
    assert desk.refused(changed, ANNA)[0][3] == "not_permitted_articles"
    only_source = desk.workbook(set_cell("sources", {"topic": TOPIC}, title="A new title"))
    assert desk.refused(only_source, ANNA)[0][0] == "sources", "the sheet somebody changed, not the one beside it"
    desk.exchange.store(changed, BEN)
    article = next(row for row in desk.hotline.rows("articles") if row["topic"] == TOPIC)
    assert (article["as_of"], article["follow_ups"]) == ("2026-11", ["documents_travel", "entry_ban"])
    assert {source["title"] for source in article["sources"]} == {"A new title"}  # type: ignore[attr-defined]


# -- what is refused -----------------------------------------------------------------------------------------------------------


def _row_of(rows: list[SheetRow], sheet: str, **key: str) -> int:
    return next(row.row for row in rows if row.sheet == sheet and all(row.cells[name] == value for name, value in key.items()))


@pytest.mark.parametrize(
    ("sheet", "key", "cells", "column", "code"),
    [
        ("texts", GERMAN, {"short": "x" * 202}, "short", "too_long"),
        ("texts", GERMAN, {"full": ""}, "full", "missing"),
        ("texts", GERMAN, {"short": "Es gibt {no.fact}."}, "short", "unknown_fact"),
        ("texts", GERMAN, {"short": "Sie sollten zurückkehren."}, "short", "advice"),
        ("texts", GERMAN, {"topic": "nothing"}, "topic", "unknown"),
        ("texts", GERMAN, {"language": "xx"}, "language", "language_unknown"),
        ("texts", GERMAN, {"version": "7"}, "revision", "read_only"),
        ("texts", {**GERMAN, "language": "en"}, {"source_version": "99"}, "source_version", "source_version"),
        ("texts", GERMAN, {"short": NEW_SHORT, "revision": ""}, "revision", "moved"),
        ("facts", {"key": "reag.startup_adult"}, {"value": "viel"}, "value", "number"),
        ("facts", {"key": "reag.startup_adult"}, {"valid_until": "morgen"}, "valid_until", "day"),
        ("articles", {"topic": TOPIC}, {"valid_until": "31.12.2026"}, "valid_until", "day"),
        ("articles", {"topic": TOPIC}, {"follow_ups": "nowhere"}, "follow_ups", "unknown"),
        ("sources", {"topic": TOPIC}, {"url": "bamf.de"}, "url", "url"),
        ("sources", {"topic": TOPIC}, {"confidence": "L"}, "confidence", "source_confidence"),
    ],
)
def test_every_error_names_sheet_row_column_and_remedy_and_nothing_is_stored(
    desk: Desk,
    starter_sheets: dict[str, Rows],
    starter_rows: list[SheetRow],
    sheet: str,
    key: dict[str, str],
    cells: dict[str, str],
    column: str,
    code: str,
) -> None:
    def change(title: str, row: dict[str, str]) -> None:
        set_cell(sheet, key, **cells)(title, row)
        # Something right beside it, which must not be stored either.
        set_cell("texts", {"topic": "entry_ban", "language": "de"}, title="Anders")(title, row)

    row = _row_of(starter_rows, sheet, **key)
    found = desk.refused(changed_workbook(starter_sheets, change), BOTH)
    assert (sheet, row, "version" if code == "read_only" else column, code) in found


def test_a_text_somebody_changed_since_the_export_is_an_error_and_not_overwritten(desk: Desk) -> None:
    mine = desk.workbook(set_cell("texts", GERMAN, short=NEW_SHORT))
    untouched = desk.export()
    desk.publish(short="Was erlaubt ist, sagt die Airline.")
    assert [found[2:] for found in desk.refused(mine)] == [("revision", "moved")]
    assert desk.exchange.store(untouched, BOTH).is_empty, "who changed nothing overwrites nothing"


def test_a_draft_of_somebody_else_is_an_error_and_ones_own_goes_on(desk: Desk) -> None:
    desk.draft("ben", short="Bens Worte.")
    assert desk.refused(desk.workbook(set_cell("texts", GERMAN, short=NEW_SHORT)))[0][3] == "open_by_another"
    desk.exchange.store(desk.workbook(set_cell("texts", GERMAN, short=NEW_SHORT)), Importer("ben", ANNA.permissions))
    shown = desk.shown()
    assert shown is not None
    assert (shown.short, shown.lock) == (NEW_SHORT, 2)


def test_a_role_imports_only_what_it_may_change(desk: Desk) -> None:
    assert desk.refused(desk.workbook(set_cell("texts", GERMAN, short=NEW_SHORT)), BEN)[0][3] == "not_permitted_texts"
    nobody = Importer("emil", permissions_of(["supervisor"]))
    changed = desk.workbook(set_cell("facts", {"key": "reag.startup_adult"}, value="1234"))
    assert desk.refused(changed, nobody)[0][3] == "not_permitted_facts"


def test_a_topic_that_stands_twice_is_named_with_both_rows(desk: Desk) -> None:
    def change(sheet: str, row: dict[str, str]) -> None:
        set_cell("texts", {"topic": "entry_ban", "language": "de"}, topic=TOPIC)(sheet, row)

    with pytest.raises(BrokenImport, match="stands in row"):
        desk.exchange.store(desk.workbook(change), ANNA)


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("content.xlsx", b"no workbook", "table_xlsx"),
        ("content.zip", b"no archive", "table_zip"),
        ("texts.csv", "topic;größe".encode("latin-1"), "table_encoding"),
        ("texts.csv", b"topic,language\nluggage,de\n", "column_missing"),
        ("texts.csv", b"", "table_header"),
        ("texts.doc", b"", "file_kind"),
        ("ar.po", b"msgid broken", "po_file"),
        ("ar.po", b"\xff\xfe\x00", "po_file"),
        ("ar.xlf", b"<xliff>", "xliff_file"),
        ("ar.xlf", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "xliff_file"),
        ("ar.xlf", b'<xliff xmlns="urn:oasis:names:tc:xliff:document:2.0"/>', "xliff_file"),
    ],
)
def test_a_file_that_is_something_else_is_refused_with_a_sentence(desk: Desk, name: str, data: bytes, code: str) -> None:
    assert desk.refused(Upload(name, data))[0][3] == code


def test_a_small_file_that_unpacks_to_a_large_one_is_refused(desk: Desk) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("texts.csv", b"0" * 120_000_000)
    for name in ("content.zip", "content.xlsx"):
        assert desk.refused(Upload(name, packed.getvalue()))[0][3] == "table_large"


def test_each_database_takes_all_of_a_file_or_nothing(hotline: Hotline) -> None:
    desk = desk_of(hotline)

    def change(sheet: str, row: dict[str, str]) -> None:
        set_cell("texts", GERMAN, short=NEW_SHORT)(sheet, row)
        set_cell("facts", {"key": "reag.startup_adult"}, value="1234")(sheet, row)
        set_cell("articles", {"topic": TOPIC}, as_of="2026-11")(sheet, row)

    changed = desk.workbook(change)
    before = desk.export()
    waiting = hotline.services.fact_editing
    with hotline.services.database.read() as connection:
        row = written(read_facts(connection)["reag.startup_adult"])
    proposal = waiting.propose({**row, "value": "999"}, "ben")
    assert [found[3] for found in desk.refused(changed, BOTH)] == ["change_waits"]
    waiting.reject(proposal.id, "ben")
    done = desk.exchange.store(changed, BOTH)
    assert (len(done.texts), len(done.facts), len(done.articles)) == (1, 1, 1)
    assert desk.exchange.store(before, BOTH).is_empty, "the rows of the first export, which nobody touched, undo nothing"
