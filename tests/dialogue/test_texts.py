"""The catalogues: a language is whole or it is not live, and no text is ever borrowed from another language."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotline.dialogue.flow_files import text_keys
from hotline.dialogue.person import PERSON_TEXT_KEYS
from hotline.dialogue.rendering import CODE_TEXT_KEYS
from hotline.dialogue.texts import SCREENS, TextMissing, Texts, compile_texts, find_text_problems, screen_keys
from hotline.fallback.pages import FALLBACK_TEXT_KEYS
from hotline.services import Services
from hotline.settings import ROOT
from hotline.translation.desk import TRANSLATION_TEXT_KEYS
from tests.conftest import make_settings
from tests.dialogue.worlds import REAL

HEADER = 'msgid ""\nmsgstr ""\n"Language: {language}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n{plurals}\n'
PLURALS = {
    "en": '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n',
    "de": '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n',
    "ru": '"Plural-Forms: nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 ? 1 : 2);\\n"\n',
}
SOURCE = {"menu.ask.text": "Wählen Sie:", "menu.ask.voice": "Sagen Sie:", "bye": "Tschüs, {name}."}
RUSSIAN = {"menu.ask.text": "Выберите:", "menu.ask.voice": "Скажите:", "bye": "Пока, {name}."}
USED = {"menu.ask", "bye"}


def _entry(key: str, text: str, mark: str = "") -> str:
    return f'{mark}msgid "{key}"\nmsgstr "{text}"\n\n'


def _write(folder: Path, language: str, texts: dict[str, str], more: str = "", domain: str = "prompts") -> None:
    path = folder / language / "LC_MESSAGES" / f"{domain}.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    header = HEADER.format(language=language, plurals=PLURALS[language])
    path.write_text(header + "".join(_entry(key, text) for key, text in texts.items()) + more, encoding="utf-8")


def _problems(folder: Path, texts: dict[str, str], more: str = "") -> list[str]:
    _write(folder, "de", SOURCE)
    _write(folder, "ru", texts, more)
    return find_text_problems(folder, ["de", "ru"], USED)


def test_whole_catalogues_have_no_problem(tmp_path: Path) -> None:
    assert _problems(tmp_path, RUSSIAN) == []


def test_missing_text_is_found(tmp_path: Path) -> None:
    assert _problems(tmp_path, {k: v for k, v in RUSSIAN.items() if k != "bye"}) == ["ru: the text 'bye' is missing."]


def test_missing_variant_is_found(tmp_path: Path) -> None:
    found = _problems(tmp_path, {k: v for k, v in RUSSIAN.items() if k != "menu.ask.voice"})
    assert found == ["ru: the text 'menu.ask.voice' is missing."]


@pytest.mark.parametrize("text", ["", " ", "   "])
def test_empty_text_is_found(tmp_path: Path, text: str) -> None:
    assert _problems(tmp_path, {**RUSSIAN, "menu.ask.text": text}) == ["ru: the text 'menu.ask.text' is empty."]


def test_fuzzy_text_is_found(tmp_path: Path) -> None:
    rest = {k: v for k, v in RUSSIAN.items() if k != "bye"}
    found = _problems(tmp_path, rest, _entry("bye", "Пока, {name}.", "#, fuzzy\n"))
    assert found == ["ru: the text 'bye' is marked fuzzy; check it and remove the mark."]


@pytest.mark.parametrize("text", ["Пока.", "Пока, {nаme}.", "Пока, {имя}.", "Пока, {name} {name2}.", "Пока, {}."])
def test_wrong_missing_and_additional_placeholders_are_found(tmp_path: Path, text: str) -> None:
    assert _problems(tmp_path, {**RUSSIAN, "bye": text}) == ["ru: the text 'bye' must have the placeholders ['name']."]


def test_text_nobody_says_is_found(tmp_path: Path) -> None:
    _write(tmp_path, "de", {**SOURCE, "old.text": "Alt"})
    assert find_text_problems(tmp_path, ["de"], USED) == ["de: the text 'old.text' is used nowhere."]


def test_text_the_source_does_not_know_is_found(tmp_path: Path) -> None:
    assert _problems(tmp_path, {**RUSSIAN, "more": "Ещё"}) == ["ru: the text 'more' is not in the source catalogue."]


def test_text_the_flows_say_and_the_source_lacks_is_found(tmp_path: Path) -> None:
    _write(tmp_path, "de", SOURCE)
    assert find_text_problems(tmp_path, ["de"], {*USED, "new.key"}) == ["de: the text 'new.key' is missing."]


def _plural(*forms: str) -> str:
    return 'msgid "left"\nmsgid_plural "left.many"\n' + "".join(f'msgstr[{n}] "{form}"\n' for n, form in enumerate(forms))


@pytest.mark.parametrize(
    ("forms", "problem"),
    [
        (("{n} день", "{n} дня", "{n} дней"), None),
        (("{n} день", "{n} дня"), "ru: the text 'left' is empty."),
        (("{n} день", "", "{n} дней"), "ru: the text 'left' is empty."),
        (("{n} день", "{n} дня", "дней"), "ru: the text 'left' must have the placeholders ['n']."),
    ],
)
def test_plural_forms_are_all_there_and_whole(tmp_path: Path, forms: tuple[str, ...], problem: str | None) -> None:
    _write(tmp_path, "de", SOURCE, _plural("{n} Tag", "{n} Tage"))
    _write(tmp_path, "ru", RUSSIAN, _plural(*forms))
    found = find_text_problems(tmp_path, ["de", "ru"], {*USED, "left"})
    assert problem is None or problem in found
    assert (found == []) == (problem is None)


def test_missing_and_unreadable_catalogues_are_named(tmp_path: Path) -> None:
    assert "prompts.po is missing." in find_text_problems(tmp_path, ["de"], USED)[0]
    _write(tmp_path, "de", SOURCE)
    (found,) = find_text_problems(tmp_path, ["ru"], USED)
    assert found.startswith("ru: ")
    assert found.endswith("prompts.po is missing.")
    _write(tmp_path, "ru", RUSSIAN, 'msgid "broken\n')
    (found,) = find_text_problems(tmp_path, ["ru"], USED)
    assert "prompts.po cannot be read" in found


def test_our_own_catalogues_are_whole_in_every_live_language(tmp_path: Path) -> None:
    services = Services(make_settings(tmp_path))
    folder, live = services.translations_folder, services.live_languages
    assert (
        find_text_problems(
            folder, live, text_keys(REAL) | CODE_TEXT_KEYS | PERSON_TEXT_KEYS | TRANSLATION_TEXT_KEYS | FALLBACK_TEXT_KEYS
        )
        == []
    )
    assert find_text_problems(folder, live, screen_keys(ROOT / "hotline" / "web"), SCREENS) == []


@pytest.mark.parametrize("key", ["staff.go_on", "studio.save", "console.reply"])
def test_text_for_staff_is_needed_in_german_and_english_only(tmp_path: Path, key: str) -> None:
    for language in ("de", "en", "ru"):
        _write(tmp_path, language, {"simulator.title": "x", **({key: "x"} if language == "de" else {})}, domain=SCREENS)
    found = find_text_problems(tmp_path, ["de", "en", "ru"], ["simulator.title", key], SCREENS)
    assert found == [f"en: the text {key!r} is missing."]


def test_keys_are_found_in_templates_and_in_code(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("""{{ screen("a.b") }} {{ screen_in(language.code, 'c.d') }} {{ screen(row["key"]) }}""")
    (tmp_path / "view.py").write_text("""notify(screen_key("e.f")); url_for("staff.home")""")
    assert screen_keys(tmp_path) == {"a.b", "c.d", "e.f"}


# -- looking up -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def texts(tmp_path: Path) -> Texts:
    """Compiled and loaded."""
    _write(tmp_path, "de", SOURCE)
    _write(tmp_path, "ru", {"bye": "Пока, {name}."})
    assert compile_texts(tmp_path) == ["de", "ru"]
    return Texts.load(tmp_path, ["de", "ru"])


def test_variant_of_the_channel_comes_first_and_the_plain_text_else(texts: Texts) -> None:
    assert texts.get("de", "menu.ask", (".text",)) == "Wählen Sie:"
    assert texts.get("de", "menu.ask", (".keys", ".voice")) == "Sagen Sie:"
    assert texts.get("de", "bye", (".text",), name="Amal") == "Tschüs, Amal."


def test_text_missing_in_a_language_is_never_taken_from_another(texts: Texts) -> None:
    with pytest.raises(TextMissing, match=r"'menu\.ask' is missing in 'ru'"):
        texts.get("ru", "menu.ask", (".text",))
    assert texts.find("ru", "menu.ask", (".text",)) is None
    with pytest.raises(TextMissing):
        texts.get("xx", "bye")


def test_language_without_a_compiled_catalogue_is_refused_with_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(TextMissing, match="flask texts compile"):
        Texts.load(tmp_path, ["de"])


def test_words_of_a_person_that_look_like_placeholders_stay_as_they_are(texts: Texts) -> None:
    assert texts.get("de", "bye", name="{0} {name} %s") == "Tschüs, {0} {name} %s."
