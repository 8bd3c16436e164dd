"""While the hotline is down: calls and messages in every language, from a file nobody else can have written."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlencode
from xml.etree.ElementTree import Element

import pytest
from twilio.request_validator import RequestValidator
from werkzeug.test import Client

from hotline.errors import CannotStart
from hotline.fallback.book import FILE, read_book, write_book
from hotline.fallback.server import FallbackServer
from hotline.fallback.settings import FallbackSettings
from hotline.knowledge.measures import count_segments
from tests.calls.player import CALLER, OURS, SILENCE, Numbers, Player, nobody, wsgi
from tests.calls.test_calls import CATALOGUE, LANGUAGES
from tests.calls.valid import read_messaging, read_voice
from tests.conftest import BASE_URL, NOW, PREVIOUS_TOKEN, TOKEN, Hotline
from tests.fallback.conftest import BASE, KEY, TURKISH_LINE

GERMAN_TROUBLE = "Bei uns ist eine Störung"


def lead(server: FallbackServer, *inputs: str | None, to: str = OURS) -> Player:
    """A call whose webhook nobody answers."""
    numbers = Numbers(f"{BASE_URL}/webhooks/twilio/calls", f"{BASE}/voice")
    return Player({BASE_URL: nobody, BASE: wsgi(server)}, numbers, TOKEN, inputs, to=to).run()


def write(server: FallbackServer, body: str, **changed: str) -> list[str]:
    """The answers to a message."""
    form = {"MessageSid": "SM1", "From": CALLER, "To": OURS, "Body": body, "ErrorCode": "11200", **changed}
    status, content = post(server, "/messages", form)
    assert status == 200
    return [message.text or "" for message in read_messaging(content)]


def post(server: FallbackServer, path: str, form: Mapping[str, str], token: str = TOKEN) -> tuple[int, bytes]:
    """A signed webhook."""
    signature = RequestValidator(token).compute_signature(BASE + path, dict(form))
    response = Client(server).post(
        path,
        data=urlencode(form),
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": signature},
    )
    return response.status_code, response.get_data()


def parts(question: Element) -> list[str]:
    """What a question says."""
    return [part.text or "" for part in question]


# -- calls ---------------------------------------------------------------------------------------------------------------


def choose(language: str) -> list[str]:
    """The keys that choose a language in the menu of the fallback program: eight to a page."""
    page, place = divmod(LANGUAGES.index(language), 8)
    return ["9"] * page + [str(place + 1)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_caller_chooses_a_language_hears_answers_and_that_nobody_can_be_reached(
    server: FallbackServer, built: Hotline, language: str
) -> None:
    keys = choose(language)
    player = lead(server, *keys, "1", "1", "2", "9", "5", "0", "*")
    # Figure by figure, as people know them, is how most languages say them.
    said = player.said.replace(" ", "")
    assert "110" in said
    assert "112" in said
    # Greeted in all languages, each in its own voice or by its own sound.
    first = player.questions[0]
    voices = {part.get("language") for part in first}
    assert voices >= {CATALOGUE[code].say_code for code in LANGUAGES if CATALOGUE[code].say_code}
    assert all(any(f"/audio/{code}/" in text for text in parts(first)) for code in LANGUAGES if not CATALOGUE[code].say_code)
    # Then in this language alone, until the caller goes back to the languages.
    for question in player.questions[len(keys) : -1]:
        own = [part.get("language") or (part.text or "").split("/")[-2] for part in question]
        assert set(own) == {CATALOGUE[language].say_code or language}
    if language == "de":
        spoken = "\n".join("\n".join(parts(question)) for question in player.questions)
        assert "kein Mensch erreichbar" in spoken
        assert "Reisegeld" in spoken
        assert spoken.count("Stand ") == 3
    assert parts(player.questions[-1]) == parts(first)
    book = read_book(built.services.settings.data_dir / "fallback" / FILE, KEY)
    answers = [name for name in book.pages if name.startswith(f"{language}.") and name.endswith(".full")]
    assert len(answers) == 10


def test_silence_and_wrong_keys_repeat_and_the_third_one_ends_with_a_good_bye(server: FallbackServer) -> None:
    player = lead(server, "1", SILENCE, "7", SILENCE)
    assert parts(player.questions[1]) == parts(player.questions[2]) == parts(player.questions[3])
    assert player.ended == "hotline"
    assert "Alles Gute" in player.heard[-1][1]
    # One right key in between, and the count begins anew.
    assert lead(server, "1", SILENCE, SILENCE, "#", SILENCE, SILENCE, "1").ended == "caller"
    assert lead(server, SILENCE, SILENCE, SILENCE).ended == "hotline"


def test_line_of_one_language_is_answered_in_it(server: FallbackServer) -> None:
    assert lead(server, "1", to=TURKISH_LINE).heard[0] == (
        "tr-TR",
        "Bizde teknik bir sorun var. Tehlike varsa: polis 1 1 0, ambulans 1 1 2.",
    )


def test_every_page_is_a_document_twilio_takes(built: Hotline) -> None:
    book = read_book(built.services.settings.data_dir / "fallback" / FILE, KEY)
    for page in book.pages.values():
        read_voice(page.document.replace("{action}", f"{BASE}/voice/x?silent=0").encode())
        assert {*page.keys.values(), page.ended, page.silence, page.instead} - {None} <= set(book.pages)


def test_answer_whose_day_is_over_is_not_said_however_old_the_file(folder: Path) -> None:
    def later() -> object:
        return NOW.date() + timedelta(days=4000)

    old = FallbackServer(FallbackSettings(folder, KEY, (TOKEN,)), today=later)  # type: ignore[arg-type]
    said = lead(old, "1", "1").said
    assert "keine geprüfte, aktuelle Antwort" in said
    assert "Reisegeld" not in said


# -- messages ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "language"),
    [
        ("Ich brauche Hilfe", "de"), ("I need help please", "en"), ("أحتاج مساعدة من فضلك", "ar"), ("Ne kadar para alırım", "tr"),
        ("мне нужна помощь", "ru"), ("je veux rentrer chez moi", "fr"), ("می خواهم برگردم", "fa"), ("Më duhet ndihmë", "sq"),
        ("Treba mi pomoć", "sr"), ("დახმარება მჭირდება", "ka"), ("Ez dixwazim vegerim", "ku"), ("мені потрібна допомога", "uk"),
    ],
)  # fmt: skip
def test_message_is_answered_in_the_language_of_its_words(
    server: FallbackServer, built: Hotline, body: str, language: str
) -> None:
    (answer,) = write(server, body)
    expected = built.services.texts.get(language, "fallback.message", (".text",), hours="§").split("§")[0]
    assert answer.startswith(expected)
    assert "110" in answer
    assert "112" in answer
    assert "09:00-15:00" in answer
    assert count_segments(answer) <= 3


def test_message_that_tells_no_language_is_answered_in_three_or_in_that_of_the_line(server: FallbackServer) -> None:
    answers = write(server, "0")
    assert len(answers) == 3
    assert answers[0].startswith(GERMAN_TROUBLE)
    assert write(server, "👍", To=TURKISH_LINE)[0].startswith("Bizde")
    assert write(server, "👍", To=f"whatsapp:{TURKISH_LINE}", From=f"whatsapp:{CALLER}")[0].startswith("Bizde")


@pytest.mark.parametrize("changed", [{"OptOutType": "STOP"}, {"From": "12345"}, {"From": "BANK"}, {"From": ""}])
def test_opt_outs_and_machines_get_no_answer(server: FallbackServer, changed: dict[str, str]) -> None:
    assert write(server, "STOP", **changed) == []


# -- who may ask ---------------------------------------------------------------------------------------------------------


def test_signature_is_checked_as_the_hotline_does(server: FallbackServer) -> None:
    form = {"CallSid": "CA1", "From": CALLER, "To": OURS, "Blank": "", "Umlaut": " ü "}
    for path in ("/voice", "/voice/de?silent=1", "/messages"):
        assert post(server, path, form)[0] == 200
        assert post(server, path, form, PREVIOUS_TOKEN)[0] == 200
        assert post(server, path, form, "nobody's")[0] == 403
        assert Client(server).post(path, data=form).status_code == 403
    signature = RequestValidator(TOKEN).compute_signature(f"{BASE}/voice?CallSid=CA1", {})
    assert Client(server).get("/voice?CallSid=CA1", headers={"X-Twilio-Signature": signature}).status_code == 200


def test_strangers_find_nothing_else(server: FallbackServer) -> None:
    client = Client(server)
    for path in ("/", "/audio/fa/../../book.json", "/audio/xx/none.wav", "/book.json", "/voices", "//voice"):
        assert client.get(path).status_code in (403, 404), path
    assert client.post("/voice", data="x" * 200_000, content_type="text/plain").status_code == 413
    assert client.get("/health/live").get_data(as_text=True).startswith("20")


def test_whatever_is_asked_there_is_a_document(server: FallbackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in ("/voice/nowhere", "/voice/de?silent=many", "/voice/de?silent=99999999999999999999", "/voice/%C3%BC"):
        status, content = post(server, path, {"CallSid": "CA1", "Digits": "ü"})
        assert (status, read_voice(content).tag) == (200, "Response")
    monkeypatch.setattr(FallbackServer, "answer_call", None)
    monkeypatch.setattr(FallbackServer, "answer_message", None)
    assert "1 1 2" in post(server, "/voice", {"CallSid": "CA1"})[1].decode()
    assert "112" in post(server, "/messages", {"MessageSid": "SM1", "From": CALLER})[1].decode()


# -- the file ------------------------------------------------------------------------------------------------------------


def test_program_does_not_start_on_a_missing_broken_or_foreign_file(folder: Path) -> None:
    def start(key: str = KEY) -> None:
        FallbackServer(FallbackSettings(folder, key, (TOKEN,)))

    with pytest.raises(CannotStart, match="another FALLBACK_KEY"):
        start("x" * 40)
    path = folder / FILE
    good = path.read_bytes()
    for bad in (good[:-1], good.replace(b"112", b"113", 1), b"", b"\n" + good.split(b"\n", 1)[1]):
        path.write_bytes(bad)
        with pytest.raises(CannotStart, match="damaged"):
            start()
    path.write_bytes(good)
    with pytest.raises(CannotStart, match="another address"):
        FallbackServer(FallbackSettings(folder, KEY, (TOKEN,), "https://other.test"))
    content = json.dumps({"format": 2, "chapters": []}).encode()
    path.write_bytes(hmac.new(KEY.encode(), content, sha256).hexdigest().encode() + b"\n" + content)
    with pytest.raises(CannotStart, match="another version"):
        start()
    path.unlink()
    with pytest.raises(CannotStart, match="flask fallback build"):
        start()


def test_running_program_takes_a_newer_file_and_keeps_the_good_one_when_that_is_broken(folder: Path) -> None:
    seconds = [0.0]
    server = FallbackServer(FallbackSettings(folder, KEY, (TOKEN,)), today=NOW.date, clock=lambda: seconds[0])
    path = folder / FILE
    good, book = path.read_bytes(), read_book(path, KEY)
    for broken in (b"cut", good[: len(good) // 2], None):
        path.unlink() if broken is None else path.write_bytes(broken)
        seconds[0] += 60
        assert GERMAN_TROUBLE in write(server, "0")[0]
    write_book(type(book)(**{**vars(book), "messages": {**book.messages, "de": "Neu"}}), path, KEY)
    assert GERMAN_TROUBLE in write(server, "0")[0], "not looked at with every request"
    seconds[0] += 60
    assert write(server, "0")[0] == "Neu"


def test_file_holds_no_key_and_no_persons_number(folder: Path) -> None:
    content = json.loads((folder / FILE).read_bytes().partition(b"\n")[2])
    assert set(content) == {"format", "base_url", "made_at", "pages", "messages", "words", "opening", "line_languages"}
    assert KEY not in json.dumps(content)


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"TWILIO_AUTH_TOKEN": "t"}, "FALLBACK_KEY"),
        ({"FALLBACK_KEY": "short"}, "FALLBACK_KEY"),
        ({"FALLBACK_KEY": KEY}, "TWILIO_AUTH_TOKEN"),
    ],
)
def test_missing_setting_is_named(environ: dict[str, str], named: str, tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match=named):
        FallbackSettings.from_env({"HOTLINE_ENV": "production", **environ}, tmp_path)
