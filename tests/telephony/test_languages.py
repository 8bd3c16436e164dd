"""The catalogue as it is shipped, and what a wrong row says."""

from pathlib import Path

import pytest

from hotline.telephony.languages import COLUMNS, load_languages

SHIPPED = Path(__file__).parents[2] / "translations" / "languages.csv"
GOOD_ROW = {
    "code": "fa",
    "name_en": "Persian / Dari",
    "autonym": "فارسی / دری",
    "script": "Arab",
    "direction": "rtl",
    "tier": "1",
    "twilio_say": "",
    "twilio_say_voice": "",
    "twilio_gather": "fa-IR",
    "espeak_voice": "fa",
    "live": "yes",
}


def catalogue(folder: Path, *rows: dict[str, str], columns: tuple[str, ...] = COLUMNS) -> Path:
    lines = [",".join(columns), *(",".join(row[column] for column in columns) for row in rows)]
    path = folder / "languages.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_the_live_languages_come_first_in_the_order_of_the_menu() -> None:
    languages = load_languages(SHIPPED)
    first = ["de", "en", "ar", "tr", "ru", "fr", "fa", "sq", "sr", "ka", "ku", "uk"]
    assert list(languages)[:12] == first
    assert [code for code, language in languages.items() if language.is_live] == first
    assert len(languages) == 26


def test_the_catalogue_agrees_with_the_fact_sheet_on_what_twilio_cannot_do() -> None:
    languages = load_languages(SHIPPED)
    mute = {code for code, language in languages.items() if not language.say_code}
    assert mute == {"fa", "sq", "ka", "ku", "ur", "ps", "ti", "so", "hy", "az", "mk"}
    assert {code for code, language in languages.items() if not language.gather_code} == {"ku", "ps", "ti", "so"}
    assert {code for code, language in languages.items() if language.direction == "rtl"} == {"ar", "fa", "ur", "ps"}


def test_an_empty_field_is_none_and_a_missing_service_is_not_guessed(tmp_path: Path) -> None:
    language = load_languages(catalogue(tmp_path, GOOD_ROW))["fa"]
    assert (language.say_code, language.say_voice, language.gather_code, language.espeak_voice) == (None, None, "fa-IR", "fa")
    assert language.is_live


def test_a_byte_order_mark_of_a_spreadsheet_program_does_no_harm(tmp_path: Path) -> None:
    path = catalogue(tmp_path, GOOD_ROW)
    path.write_text(path.read_text(encoding="utf-8"), encoding="utf-8-sig")
    assert list(load_languages(path)) == ["fa"]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("code", "FA"),
        ("code", "../fa"),
        ("name_en", " "),
        ("autonym", ""),
        ("direction", "left"),
        ("tier", "4"),
        ("live", "true"),
        ("twilio_say", "fa-IR"),
        ("twilio_gather", "en"),
        ("twilio_say_voice", "Polly.Hala-Neural"),
    ],
)
def test_a_wrong_field_names_the_file_the_row_and_the_column(tmp_path: Path, column: str, value: str) -> None:
    path = catalogue(tmp_path, {**GOOD_ROW, "code": "sq"}, {**GOOD_ROW, column: value})
    with pytest.raises(ValueError, match=rf"languages\.csv, row 3: .*{column}"):
        load_languages(path)


def test_a_language_that_occurs_twice_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="row 3: code fa occurs twice"):
        load_languages(catalogue(tmp_path, GOOD_ROW, GOOD_ROW))


def test_an_unquoted_comma_is_an_error_and_shifts_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"row 2: .*comma"):
        load_languages(catalogue(tmp_path, {**GOOD_ROW, "live": "yes,surplus"}))


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    columns = tuple(column for column in COLUMNS if column != "live")
    with pytest.raises(ValueError, match="column live is missing"):
        load_languages(catalogue(tmp_path, GOOD_ROW, columns=columns))


def test_an_empty_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "languages.csv").touch()
    with pytest.raises(ValueError, match="is missing"):
        load_languages(tmp_path / "languages.csv")
