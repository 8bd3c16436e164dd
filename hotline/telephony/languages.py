"""The language catalogue: what Twilio and espeak-ng can do in each language, and which languages are live."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

COLUMNS = (
    "code",
    "name_en",
    "autonym",
    "script",
    "direction",
    "tier",
    "twilio_say",
    "twilio_say_voice",
    "twilio_gather",
    "espeak_voice",
    "live",
)

# Twilio answers an unknown code with a broken call (errors 13331, 13512), so a typing error must stop the start-up.
# <Say> and <Gather> do not share their codes: see Arabic and Chinese.
# fmt: off
SAY_CODES = (
    "am-ET", "ar-AE", "ar-XA", "arb", "bn-IN", "cmn-CN", "cmn-TW", "de-AT", "de-DE", "en-GB", "en-IE", "en-IN", "en-US", "es-ES",
    "es-MX", "es-US", "fr-FR", "hi-IN", "ro-RO", "ru-RU", "sr-RS", "tr-TR", "uk-UA", "vi-VN", "yue-HK",
)
GATHER_CODES = (
    "am-ET", "ar-EG", "ar-IQ", "ar-LB", "ar-MA", "az-AZ", "bn-BD", "bn-IN", "cmn-Hans-CN", "cmn-Hant-TW", "de-DE", "en-GB",
    "en-US", "es-ES", "fa-IR", "fr-CA", "fr-FR", "hi-IN", "hy-AM", "ka-GE", "mk-MK", "ro-RO", "ru-RU", "sq-AL", "sr-RS", "tr-TR",
    "uk-UA", "ur-IN", "ur-PK", "vi-VN", "yue-Hant-HK",
)
# fmt: on


@dataclass(frozen=True)
class Language:
    """One language of the hotline; None means that the service has nothing for it.

    ``phone_code`` is the two figures that choose it on the phone, always the same ones.

    Source: the language table in Twilio's SDK (npm twilio 6.2.0) and `espeak-ng --voices`.
    """

    code: str
    name_en: str
    autonym: str
    script: str
    direction: str
    tier: int
    say_code: str | None
    say_voice: str | None
    gather_code: str | None
    espeak_voice: str | None
    is_live: bool
    phone_code: str = ""


def load_languages(path: Path) -> dict[str, Language]:
    """Read the catalogue.

    Args:
        path: a CSV file with the columns in COLUMNS; more columns are allowed and ignored.
    Returns:
        The languages by code, in the order of the file (which is the order of the spoken menu).
    Raises:
        ValueError: a column is missing or a row is wrong; names the file and the line.
        OSError: the file cannot be read.
    """
    languages: dict[str, Language] = {}
    # utf-8-sig: spreadsheet programs put a byte order mark in front.
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, restval="")
        missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
        if missing:
            raise ValueError(f"{path.name}: column {', '.join(missing)} is missing")
        for row in reader:
            try:
                language = _language(row)
                if language.code in languages:
                    raise ValueError(f"code {language.code} occurs twice")
                if language.phone_code in {other.phone_code for other in languages.values() if other.phone_code}:
                    raise ValueError(f"phone_code {language.phone_code} occurs twice")
            except ValueError as error:
                raise ValueError(f"{path.name}, row {reader.line_num}: {error}") from None
            languages[language.code] = language
    return languages


def _language(row: Mapping[str | None, str]) -> Language:
    if None in row:
        raise ValueError("more fields than columns: is a comma not quoted?")
    field = {column: row[column].strip() for column in COLUMNS}
    phone_code = (row.get("phone_code") or "").strip()
    # A key pressed twice is that key, and 8, 9 and 0 have a meaning of their own.
    _check("phone_code", phone_code, not phone_code or re.fullmatch(r"([1-7])(?!\1)[1-9]", phone_code) is not None)
    for column in ("name_en", "autonym", "script"):
        if not field[column]:
            raise ValueError(f"{column} is empty")
    # The code names folders and stands in URLs.
    _check("code", field["code"], re.fullmatch("[a-z]{2,3}", field["code"]) is not None)
    _check("direction", field["direction"], field["direction"] in ("ltr", "rtl"))
    _check("tier", field["tier"], field["tier"] in ("1", "2", "3"))
    _check("live", field["live"], field["live"] in ("yes", "no"))
    _check("twilio_say", field["twilio_say"], field["twilio_say"] in ("", *SAY_CODES))
    _check("twilio_gather", field["twilio_gather"], field["twilio_gather"] in ("", *GATHER_CODES))
    if bool(field["twilio_say"]) != bool(field["twilio_say_voice"]):
        raise ValueError("twilio_say and twilio_say_voice go together")
    return Language(
        code=field["code"],
        name_en=field["name_en"],
        autonym=field["autonym"],
        script=field["script"],
        direction=field["direction"],
        tier=int(field["tier"]),
        say_code=field["twilio_say"] or None,
        say_voice=field["twilio_say_voice"] or None,
        gather_code=field["twilio_gather"] or None,
        espeak_voice=field["espeak_voice"] or None,
        is_live=field["live"] == "yes",
        phone_code=phone_code,
    )


def _check(column: str, value: str, is_good: bool) -> None:
    if not is_good:
        raise ValueError(f"{column} {value!r} is not allowed")
