"""Files for translators: what they see, what comes back, and which German text it was made from."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pytest

from hotline.knowledge.exchange import Upload, Wanted
from hotline.knowledge.translation_files import read_translations_po, read_translations_xliff
from tests.conftest import Hotline
from tests.knowledge.test_exchange import ANNA, TODAY, TOPIC, Desk, desk_of

MONEY = "money_reag_garp"
ARABIC_TITLE = "أمتعة السفر"
FORMS = pytest.mark.parametrize("form", ["po", "xliff"])


@pytest.fixture
def desk(quick_hotline: Hotline) -> Desk:
    """The hotline without a recogniser of languages."""
    return desk_of(quick_hotline)


def translate(upload: Upload, topic: str, part: str, words: str, *, is_checked: bool = True) -> Upload:
    """A translator writes another text, and takes the mark away that says it is old."""
    text = upload.data.decode()
    if upload.name.endswith(".po"):
        entry = re.compile(rf'((?:#[.,][^\n]*\n)*)(msgctxt "{topic}/{part}"\nmsgid .*?)\nmsgstr [^\n]*(?:\n"[^\n]*)*', re.DOTALL)
        flags = "" if is_checked else "#, fuzzy\n"

        def write(found: re.Match[str]) -> str:
            return found[1].replace("#, fuzzy\n", flags) + found[2] + f'\nmsgstr "{words}"'

    else:
        entry = re.compile(rf'(<trans-unit id="{topic}/{part}".*?)<target state="([^"]*)">.*?</target>', re.DOTALL)

        def write(found: re.Match[str]) -> str:
            state = "translated" if is_checked else found[2]
            return f'{found[1]}<target state="{state}">{words}</target>'

    changed, times = entry.subn(write, text, count=1)
    assert times == 1
    return Upload(upload.name, changed.encode(), upload.language, upload.is_for_review)


@FORMS
def test_translators_see_the_german_text_the_version_and_what_each_fact_shows(desk: Desk, form: str) -> None:
    upload = desk.export(form, "ar")
    file = (read_translations_po if form == "po" else read_translations_xliff)(upload.data)
    german = desk.shown(MONEY)
    unit = next(unit for unit in file.units if (unit.topic, unit.part) == (MONEY, "short"))
    assert file.language == "ar"
    assert german is not None
    assert (unit.source, unit.version) == (german.short, german.version)
    assert "{reag.startup_adult} = " in unit.note
    assert "يورو" in unit.note, "the fact as Arabic shows it"


@FORMS
def test_a_translation_becomes_a_draft_made_from_the_version_the_translator_saw(desk: Desk, form: str) -> None:
    plan = desk.exchange.store(translate(desk.export(form, "ar"), TOPIC, "title", ARABIC_TITLE), ANNA)
    shown, german = desk.shown(language="ar"), desk.shown()
    assert shown is not None
    assert german is not None
    assert (shown.title, shown.state, shown.source_version) == (ARABIC_TITLE, "draft", german.version)
    assert plan.outdated == []


@FORMS
def test_a_german_text_that_changed_meanwhile_leaves_the_draft_outdated_and_is_reported(desk: Desk, form: str) -> None:
    upload = translate(desk.export(form, "ar"), TOPIC, "title", ARABIC_TITLE)
    seen = desk.shown()
    desk.publish(short="Was erlaubt ist, sagt die Airline.")
    plan = desk.exchange.store(upload, ANNA)
    shown = desk.shown(language="ar")
    assert seen is not None
    assert shown is not None
    assert shown.source_version == seen.version
    assert plan.outdated == [f"{TOPIC}/ar"]


@FORMS
def test_what_was_made_from_an_older_text_is_marked_until_somebody_has_looked(desk: Desk, form: str) -> None:
    desk.publish(short="Was erlaubt ist, sagt die Airline.")
    upload = desk.export(form, "ar")
    before, german = desk.shown(language="ar"), desk.shown()
    assert before is not None
    assert german is not None
    assert upload.data.count(b"#, fuzzy" if form == "po" else b"needs-review-translation") == 3
    assert desk.exchange.store(upload, ANNA).is_empty, "still marked, so nobody has looked"
    for part, words in before.texts.items():
        upload = translate(upload, TOPIC, part, words.replace("\n", "\\n" if form == "po" else "\n").replace('"', '\\"'))
    (planned,) = desk.exchange.store(upload, ANNA).texts
    assert planned.edit.source_version == german.version, "the same words, found right for the new German text"


@FORMS
def test_half_a_text_is_left_out_and_reported(desk: Desk, form: str) -> None:
    plan = desk.exchange.store(translate(desk.export(form, "ar"), TOPIC, "full", ""), ANNA)
    assert (plan.is_empty, plan.unfinished) == (True, [f"{TOPIC}/ar"])


@FORMS
def test_placeholders_are_those_of_the_german_text(desk: Desk, form: str) -> None:
    found = desk.refused(translate(desk.export(form, "ar"), MONEY, "short", "{ban.usual_max_years} مرحبا"))
    assert {(column, code) for _, _, column, code in found} == {
        (f"{MONEY}/short", "placeholder_missing"),
        (f"{MONEY}/short", "placeholder_foreign"),
    }


@FORMS
def test_a_changed_german_side_and_a_lost_note_are_errors(desk: Desk, form: str) -> None:
    upload = translate(desk.export(form, "ar"), TOPIC, "title", ARABIC_TITLE)
    german = desk.shown()
    assert german is not None
    changed = upload.data.decode().replace(german.title, "Etwas anderes")
    assert desk.refused(Upload(upload.name, changed.encode()))[0][3] == "source_unknown"
    without = re.sub(r"; revision r[\w-]*", "", upload.data.decode())
    assert desk.refused(Upload(upload.name, without.encode()))[0][3] == "mark_missing"


@FORMS
def test_a_file_of_another_language_than_the_chosen_one_is_refused(desk: Desk, form: str) -> None:
    upload = desk.export(form, "ar")
    assert desk.refused(Upload(upload.name, upload.data, "tr"))[0][3] == "file_language"
    unnamed = upload.data.replace(b"Language: ar", b"Language: de").replace(b'target-language="ar"', b'target-language="de"')
    assert desk.refused(Upload(upload.name, unnamed))[0][3] == "no_file_language"


def _turkish_for(desk: Desk, header: str) -> Upload:
    """The Turkish texts in a file that says it is for another language, with the marks of that one."""
    texts = [desk.shown(topic, "tr") for topic in ("luggage", "entry_ban", "departure_deadline")]
    upload = desk.export("xliff", header)
    for text in texts:
        assert text is not None
        for part, words in text.texts.items():
            upload = translate(upload, text.topic, part, words)
    return upload


@pytest.mark.parametrize(("language", "code"), [("ar", "wrong_script"), ("sq", "wrong_language")])
def test_texts_in_another_language_than_the_file_says_are_refused(quick_hotline: Hotline, language: str, code: str) -> None:
    desk = desk_of(quick_hotline, lambda _text: [("tr", 0.97)])
    (problem,) = desk.exchange.check(_turkish_for(desk, language), ANNA).problems
    assert problem.problem.code == code
    assert f"This file is for {language}" in str(problem)


@pytest.mark.parametrize("recognise", [lambda _text: [], lambda _text: [("tr", 0.6)]])
def test_without_a_sure_recogniser_only_the_script_tells(
    quick_hotline: Hotline, recognise: Callable[[str], list[tuple[str, float]]]
) -> None:
    desk = desk_of(quick_hotline, recognise)
    assert desk.exchange.check(_turkish_for(desk, "sq"), ANNA).problems == []
    assert desk.exchange.check(_turkish_for(desk, "ar"), ANNA).problems != []


def test_a_translators_program_may_add_marks_of_its_own(desk: Desk) -> None:
    upload = translate(desk.export("xliff", "ar"), TOPIC, "title", f'<mrk mtype="seg" mid="0">{ARABIC_TITLE}</mrk>')
    (planned,) = desk.exchange.store(upload, ANNA).texts
    assert planned.edit.title == ARABIC_TITLE


def test_a_fact_that_is_not_said_any_more_is_marked_in_the_note(desk: Desk) -> None:
    _, later = desk.exchange.export(Wanted("po", "ar"), date(2099, 1, 1))
    _, now = desk.exchange.export(Wanted("po", "ar"), TODAY)
    assert b"not said now" in later
    assert later.count(b"not said now") > now.count(b"not said now")
