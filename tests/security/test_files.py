"""Files of strangers: none fills the machine, none reads its files, none breaks a page, and none of ours is run as a formula."""

from __future__ import annotations

import csv
import io
import random
import struct
import zipfile
from collections.abc import Callable

import pytest
from defusedxml.ElementTree import fromstring
from openpyxl import load_workbook

from hotline.knowledge.exchange_files import BrokenImport, read_sheets
from hotline.knowledge.problems import Refused
from hotline.knowledge.tables import UnusableTable, guard, read_csv, read_xlsx, write_csv, write_xlsx
from hotline.knowledge.translation_files import UnusableTranslations, read_translations_po, read_translations_xliff
from hotline.settings import ROOT
from hotline.telephony.twiml import Gather, Play, Say, message_reply, voice_reply
from tests.conftest import Hotline
from tests.web import twilio

FORMULA_STARTS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\n=1")


def _archive(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def _workbook(**changed: str) -> bytes:
    """A workbook of ours with the XML of some of its parts replaced."""
    with zipfile.ZipFile(io.BytesIO(write_xlsx({"facts": [["key"], ["x"]]}))) as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    names = {"sheet": "xl/worksheets/sheet1.xml", "strings": "xl/sharedStrings.xml", "book": "xl/workbook.xml"}
    return _archive(parts | {names[part]: xml.encode() for part, xml in changed.items()})


# -- bombs -----------------------------------------------------------------------------------------------------------------


def test_many_small_files_that_are_large_together_are_refused_before_they_are_unpacked() -> None:
    bomb = _archive({f"{number}.csv": b"0" * 1_500_000 for number in range(20)})
    assert len(bomb) < 100_000
    with pytest.raises(BrokenImport) as refused:
        read_sheets("content.zip", bomb)
    assert refused.value.problems[0].problem.code == "table_large"


def test_archive_that_lies_about_its_size_gives_no_more_than_it_says() -> None:
    bomb = _archive({"texts.csv": b"0" * 30_000_000})
    lie = bomb.replace(struct.pack("<L", 30_000_000), struct.pack("<L", 1000))
    with pytest.raises(BrokenImport) as refused:
        read_sheets("content.zip", lie)
    assert refused.value.problems[0].problem.code == "table_zip"


LAUGHS = '<!DOCTYPE a [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
STOLEN = '<!DOCTYPE a [<!ENTITY c SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("doctype", [LAUGHS, STOLEN, '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd">'])
def test_entities_of_a_file_are_neither_unfolded_nor_fetched(doctype: str) -> None:
    xliff = f'{doctype}<xliff xmlns="urn:oasis:names:tc:xliff:document:1.2" version="1.2"><file>&c;</file></xliff>'
    with pytest.raises(UnusableTranslations):
        read_translations_xliff(xliff.encode())
    sheet = f'{doctype}<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">'
    cell = '<c r="A1" t="inlineStr"><is><t>&c;</t></is></c></row></sheetData></worksheet>'
    try:
        rows = read_xlsx(_workbook(sheet=sheet + cell))["facts"]
    except UnusableTable:
        return
    assert "root:" not in str(rows)
    assert "lol" not in str(rows)


# -- files made to break ---------------------------------------------------------------------------------------------------


def _damaged(data: bytes, chance: random.Random) -> bytes:
    """A file with some bytes changed, taken out or put in."""
    made = bytearray(data)
    for _ in range(chance.choice((1, 3, 12))):
        at = chance.randrange(len(made))
        match chance.randrange(3):
            case 0:
                made[at] = chance.randrange(256)
            case 1:
                del made[at : at + chance.randrange(1, 30)]
            case _:
                made[at:at] = chance.randbytes(4)
    return bytes(made)


PO = b'msgid ""\nmsgstr ""\n"Language: ar\\n"\n\nmsgctxt "luggage/title"\nmsgid "Gep"\nmsgstr "x"\n' + b"# note\n" * 60
XLIFF = (
    b'<xliff xmlns="urn:oasis:names:tc:xliff:document:1.2" version="1.2"><file target-language="ar"><body><trans-unit id="a/b">'
    b"<source>x</source><target>y</target></trans-unit></body></file></xliff>"
)
READERS: dict[str, tuple[bytes, Callable[[bytes], object]]] = {
    "xlsx": (_workbook(), lambda data: read_sheets("c.xlsx", data)),
    "zip": (_archive({"facts.csv": b"key,value\n" * 50}), lambda data: read_sheets("c.zip", data)),
    "csv": (b'key,value\n"a",1\n' * 20, lambda data: read_sheets("c.csv", data)),
    "po": (PO, read_translations_po),
    "xliff": (XLIFF, read_translations_xliff),
}


@pytest.mark.parametrize("kind", READERS)
def test_damaged_file_is_refused_with_a_sentence_and_never_a_crash(kind: str) -> None:
    data, read = READERS[kind]
    chance = random.Random(20261125)
    for _ in range(150):
        damaged = _damaged(data, chance)
        try:
            read(damaged)
        except (Refused, BrokenImport):
            continue


SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
ROWS = (
    '<row r="x"><c r="A1"><v>1e999</v></c></row>',
    '<row r="1"><c r="A1" t="s"><v>99</v></c></row>',
    '<row r="1"><c r="ZZZZZ9"/></row>',
)


@pytest.mark.parametrize("sheet", ["<worksheet", "<a/>", *(SHEET.format(row) for row in ROWS)])
def test_workbook_with_broken_parts_is_refused_with_a_sentence(sheet: str) -> None:
    for part in ("sheet", "strings", "book"):
        try:
            read_sheets("c.xlsx", _workbook(**{part: sheet}))
        except (Refused, BrokenImport):
            continue


# -- what we write ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", FORMULA_STARTS)
def test_cell_of_no_file_of_ours_is_run_by_a_spreadsheet(text: str) -> None:
    sheet = load_workbook(io.BytesIO(write_xlsx({"one": [["a"], [text]]}))).worksheets[0]
    assert sheet.cell(2, 1).data_type in ("s", "inlineStr")
    written = write_csv(["a"], [[f"{text} b"]])
    assert list(csv.reader(io.StringIO(written.decode(), newline="")))[1] == [f"'{text} b"]
    assert guard(text) == f"'{text}"
    assert read_csv(written)[1] == (2, [f"{text} b"])


def test_every_csv_goes_out_by_the_writer_that_guards() -> None:
    writers = {path.name for path in (ROOT / "hotline").rglob("*.py") if "csv.writer(" in path.read_text(encoding="utf-8")}
    assert writers == {"tables.py", "health.py"}
    assert "guard(" in (ROOT / "hotline" / "web" / "studio" / "health.py").read_text(encoding="utf-8")


EVIL_TEXTS = (
    "<Hangup/>",
    "]]><Hangup/>",
    "&amp;&lt;&#0;",
    "a\x00\x0b\x1b\ufffe\ud800b",
    '"><Dial>+4915</Dial>',
    "<!-- -- --><!DOCTYPE a>",
)


@pytest.mark.parametrize("text", EVIL_TEXTS)
def test_text_never_becomes_a_verb_of_an_answer_to_twilio(text: str) -> None:
    gather = Gather((Say(text, text, text), Play(text)), text, text, (text,))
    for document in (message_reply(text), voice_reply([Say(text, "de-DE", "v"), Play(text)], gather, hang_up=False)):
        verbs = {element.tag for element in fromstring(document).iter()}
        assert verbs <= {"Response", "Message", "Say", "Play", "Gather"}


def test_text_of_a_person_comes_back_as_nothing_but_text(quick_hotline: Hotline) -> None:
    for number, text in enumerate(EVIL_TEXTS):
        answer = twilio.text(quick_hotline, f"SM{number}", text.encode("utf-8", "replace").decode())
        assert answer.status_code == 200
        assert {element.tag for element in fromstring(answer.get_data(as_text=True)).iter()} <= {"Response", "Message"}
