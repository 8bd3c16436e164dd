"""Both services as their protocols are, whole and broken, and what leaves the house."""

from __future__ import annotations

import io
import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from hotline.breaker import CircuitBreaker
from hotline.privacy.masking import mask, unmask
from hotline.settings import WrongSetting
from hotline.translation.careful import LONGEST, CarefulTranslator
from hotline.translation.deepl_service import DeepLService
from hotline.translation.libretranslate_service import LibreTranslateService
from hotline.translation.port import CannotTranslate, Translator
from tests.conftest import make_settings
from tests.translation.servers import Service, deepl_server, libretranslate_server

TEXT = "Meine Nummer ist +49 151 98765432, E-Mail leyla@example.org, ich habe 2 Kinder und 1000 Euro."
KEY = "geheimer-schluessel"
SECONDS = 0.4


def _deepl(url: str) -> Translator:
    return DeepLService(KEY, url, SECONDS)


def _libretranslate(url: str) -> Translator:
    return LibreTranslateService(KEY, url, SECONDS)


@pytest.fixture(params=[(deepl_server, _deepl), (libretranslate_server, _libretranslate)], ids=["deepl", "libretranslate"])
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[Service, CarefulTranslator]]:
    """A server and who asks it."""
    serve: Callable[[], AbstractContextManager[Service]] = request.param[0]
    with serve() as service:
        yield service, CarefulTranslator(request.param[1](service.url), CircuitBreaker(2, 60))


def test_text_is_translated_and_its_numbers_never_leave_the_house(pair: tuple[Service, CarefulTranslator]) -> None:
    service, translator = pair
    made = translator.translate(TEXT, "de", "ar")
    assert (made.text, made.engine, made.is_whole) == (f"«{TEXT}»", translator.engine, True)
    (sent,) = service.texts
    assert "98765432" not in sent
    assert "example.org" not in sent
    # What the sentence needs stays.
    assert "2 Kinder und 1000 Euro" in sent


def test_lost_or_doubled_number_is_told(pair: tuple[Service, CarefulTranslator]) -> None:
    service, translator = pair
    service.answers = lambda text: text.replace("[1]", "")
    assert not translator.translate(TEXT, "de", "ar").is_whole
    service.answers = lambda text: text.replace("[2]", "[2] [2]")
    assert not translator.translate(TEXT, "de", "ar").is_whole


@pytest.mark.parametrize(
    ("status", "reason"),
    [(403, "refused"), (429, "busy"), (456, "used_up"), (500, "unreachable"), (503, "unreachable")],
)
def test_error_becomes_its_reason_and_no_word_of_the_text(
    pair: tuple[Service, CarefulTranslator], status: int, reason: str
) -> None:
    service, translator = pair
    assert translator.knows("ar", "de")
    service.status = status
    with pytest.raises(CannotTranslate) as caught:
        translator.translate(TEXT, "ar", "de")
    assert (caught.value.reason, str(caught.value)) == (reason, reason)
    # What would be written down of it: the server's own words quote the text.
    assert "1000 Euro" not in "".join(traceback.format_exception(caught.value))


def test_slow_service_is_given_up_and_then_left_alone(pair: tuple[Service, CarefulTranslator]) -> None:
    service, translator = pair
    assert translator.knows("ar", "de")
    # DeepL's library waits a second at least.
    service.slow_seconds = 1.2
    for _ in range(4):
        with pytest.raises(CannotTranslate, match="unreachable"):
            translator.translate(TEXT, "ar", "de")
    assert len(service.texts) == 2


def test_language_a_service_does_not_know_is_not_sent(pair: tuple[Service, CarefulTranslator]) -> None:
    service, translator = pair
    for source, target in (("ku", "de"), ("de", "ku"), ("de", "de"), (None, "ku")):
        with pytest.raises(CannotTranslate, match="unknown_language"):
            translator.translate(TEXT, source, target)
    with pytest.raises(CannotTranslate, match="too_long"):
        translator.translate("a" * (LONGEST + 1), "de", "en")
    assert service.texts == []
    assert translator.translate("Guten Tag", None, "en").text == "«Guten Tag»"


def test_both_speak_their_protocol() -> None:
    with deepl_server() as service:
        DeepLService(KEY, service.url, SECONDS, extra=["ku"]).translate("Roj baş", "ku", "en")
        (wanted,) = service.wanted
        assert str(wanted["source_lang"]).upper() == "KMR"
        assert str(wanted["target_lang"]).upper() == "EN-GB"
        assert wanted["enable_beta_languages"]
    with libretranslate_server() as service:
        LibreTranslateService("", f"{service.url}", SECONDS).translate("Merhaba", None, "de")
        assert service.wanted == [{"source": "auto", "target": "de", "format": "text"}]


def test_no_log_of_any_level_has_a_text_or_the_key(pair: tuple[Service, CarefulTranslator]) -> None:
    service, translator = pair
    written = io.StringIO()
    handler, root = logging.StreamHandler(written), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        translator.translate("zwiebelturm", "de", "ar")
        service.status = 500
        with pytest.raises(CannotTranslate):
            translator.translate("zwiebelturm", "de", "ar")
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    assert "no translation" in written.getvalue()
    assert "zwiebelturm" not in written.getvalue()
    assert KEY not in written.getvalue()


@pytest.mark.parametrize(
    "text",
    ["[1] und [2]", "Ruf @leyla_93 an: 0151-23456789", "رقمي ٠١٥١٢٣٤٥٦٧٨٩", "https://example.org/a?b=1 am 12.03.1990", "ohne"],
)
def test_marks_come_back_as_they_were(text: str) -> None:
    masked = mask(text)
    assert unmask(masked.text, masked.kept) == (text, True)
    # Between letters from right to left the groups of a number would change places.
    assert unmask("رقمي [1]", ("0151 2345678",)) == ("رقمي \u200e0151 2345678", True)
    # A service may put blanks into them.
    assert unmask(masked.text.replace("[", "[ "), masked.kept) == (text, True)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"TRANSLATION": "google"}, "deepl, libretranslate or off"),
        ({"TRANSLATION": "deepl"}, "TRANSLATION_KEY"),
        ({"TRANSLATION": "deepl", "TRANSLATION_KEY": "x:fx"}, "Pro API"),
        ({"TRANSLATION": "libretranslate"}, "TRANSLATION_URL"),
        ({"TRANSLATION": "libretranslate", "TRANSLATION_URL": "translate.example.org"}, "https://"),
        ({"TRANSLATION": "libretranslate", "TRANSLATION_URL": "http://translate.example.org"}, "https://"),
    ],
)
def test_wrong_setting_stops_the_start_with_one_sentence(tmp_path: object, changed: dict[str, str], named: str) -> None:
    with pytest.raises(WrongSetting, match=named):
        make_settings(tmp_path, **changed)  # type: ignore[arg-type]


def test_key_stays_out_of_repr_and_nothing_is_on_by_default(tmp_path: object) -> None:
    settings = make_settings(tmp_path, TRANSLATION="deepl", TRANSLATION_KEY=KEY)  # type: ignore[arg-type]
    assert KEY not in repr(settings)
    assert make_settings(tmp_path).translation == "off"  # type: ignore[arg-type]
