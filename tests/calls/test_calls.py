"""Whole calls in every language, led as Twilio leads them; every document on the way is checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from xml.etree.ElementTree import Element

import pytest

from hotline.dialogue.by_ear import emergency_aloud, month_name, sentences_aloud
from hotline.dialogue.call_guide import countries_of
from hotline.dialogue.country_words import country_name
from hotline.dialogue.session import Session
from hotline.knowledge.library import Article
from hotline.services import MENU
from hotline.settings import ROOT
from hotline.telephony.languages import load_languages
from hotline.telephony.twiml import voice_reply
from tests.calls.player import OURS, SILENCE, ApplicationError, Input, Leaves, Numbers, Player, Speech, failing, nobody, wsgi
from tests.calls.sounds import make_speakable
from tests.calls.valid import read_voice
from tests.conftest import BASE_URL, NOW, TOKEN, Hotline, make_hotline, make_settings

CATALOGUE = load_languages(ROOT / "translations" / "languages.csv")
LANGUAGES = tuple(code for code, language in CATALOGUE.items() if language.is_live)
LISTENING = tuple(code for code in LANGUAGES if CATALOGUE[code].gather_code)
# The same cry in every language whose speech is recognised.
DANGER = {
    "de": "ich will mich umbringen",
    "en": "i want to kill myself",
    "ar": "أريد أن أنتحر",
    "tr": "kendimi öldürmek istiyorum",
    "ru": "я хочу покончить с собой",
    "fr": "je veux me suicider",
    "fa": "می خواهم خودکشی کنم",
    "sq": "dua të vras veten",
    "sr": "hoću da se ubijem",
    "ka": "თავის მოკვლა მინდა",
    "uk": "я хочу вбити себе",
}
_callers = count(1)
NUMBERS = Numbers(f"{BASE_URL}/webhooks/twilio/calls", status_url=f"{BASE_URL}/webhooks/twilio/status")


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    """One hotline that speaks all languages, for all calls."""
    made = make_hotline(make_settings(tmp_path_factory.mktemp("line")))
    make_speakable(made.services)
    yield made
    made.services.database.close()


def choose(language: str) -> list[str]:
    """What chooses a language wherever it stands in the menu: its two figures."""
    return [CATALOGUE[language].phone_code]


def lead(line: Hotline, inputs: Sequence[Input], sid: str, sounds: dict[str, int] | None = None) -> Player:
    """One call to the end, from a telephone that never called before: nothing is known of its language.

    ``sounds`` are those fetched in calls before, as Twilio keeps them.
    """
    caller, kept = f"+49151{next(_callers):08}", {} if sounds is None else sounds
    return Player({BASE_URL: wsgi(line.app)}, NUMBERS, TOKEN, inputs, sid=sid, caller=caller, sounds=kept).run()


def last(line: Hotline) -> dict[str, object]:
    """The newest conversation."""
    return line.rows("conversations")[-1]


def reason(line: Hotline) -> object:
    """Why a person was asked for in the newest conversation; None when nobody was."""
    found = [row["reason"] for row in line.rows("handoffs") if row["conversation_id"] == last(line)["id"]]
    return found[-1] if found else None


def is_heard(line: Hotline, player: Player, language: str, key: str) -> bool:
    """Whether a text was said or played."""
    variants = (".voice",) if language in LISTENING else (".keys", ".voice")
    text = line.services.texts.get(language, key, variants)
    # Emergency numbers are said figure by figure.
    first = emergency_aloud(text)[0] if key.startswith("danger.") else text
    part = line.services.prompts.speak(language, first)[0]
    return str(vars(part).get("text") or vars(part)["url"]) in player.said


def _article(line: Hotline, language: str) -> Article:
    """The answer behind the first key of the menu."""
    with line.services.database.read() as connection:
        return line.services.library.current(connection, NOW.date()).articles[MENU[0], language]


def _spoken(line: Hotline, language: str, text: str) -> list[str]:
    """What stands in a document for a text."""
    parts = [part for sentence in sentences_aloud(text, language) for part in line.services.prompts.speak(language, sentence)]
    return [_words(part) for part in read_voice(voice_reply(parts, None, hang_up=False).encode())]


def _words(part: Element) -> str:
    """What is said, or the address of the sound."""
    return "".join(part.itertext())


@pytest.mark.parametrize("language", LANGUAGES)
def test_whole_call_in_every_language(line: Hotline, language: str) -> None:
    keys = choose(language)
    # The first topic of the first group, more of it, repeat, back, to another topic, a person.
    player = lead(line, [*keys, "1", "1", "1", "#", "*", "5", "0"], f"CA-whole-{language}")
    assert player.ended == "caller"
    assert last(line)["language"] == language
    assert last(line)["status"] in ("callback", "waiting")
    assert reason(line) == "asked"
    assert is_heard(line, player, language, "person.go_on")
    short, full, again, back, menu = ([_words(part) for part in question] for question in player.questions[len(keys) + 2 :][:5])
    article = _article(line, language)
    assert set(_spoken(line, language, article.short)) <= set(short)
    assert set(_spoken(line, language, article.full.split("\n\n")[0])) <= set(full)
    assert again[-1] == full[-1]
    # Where there are sounds they are all the same second of silence.
    assert back != again or not CATALOGUE[language].say_voice
    assert menu[-1] == [_words(part) for part in player.questions[len(keys)]][-1]
    # After the choice nobody hears another language: its own voice, or its own sounds.
    code, start = CATALOGUE[language].say_code, len(keys)
    for question in player.questions[start:]:
        for part in question:
            own = part.get("language") == code if part.tag == "Say" else f"/audio/{language}/" in _words(part)
            assert own, f"{part.tag} {part.attrib}"
        # What can be said can be pressed, and what cannot be recognised is not asked for.
        assert question.get("input") in ("dtmf", "dtmf speech")
        assert language in LISTENING or question.get("input") == "dtmf"


@pytest.mark.parametrize("language", LANGUAGES)
def test_silence_three_times_and_nonsense_keys_end_with_a_person(line: Hotline, language: str) -> None:
    silent = lead(line, [*choose(language), SILENCE, SILENCE, SILENCE], f"CA-silent-{language}")
    assert reason(line) == "not_understood"
    assert is_heard(line, silent, language, "question.nothing_heard")
    wrong = lead(line, [*choose(language), "1", "1", "9", "9", "9"], f"CA-wrong-{language}")
    assert is_heard(line, wrong, language, "question.wrong_key")
    assert reason(line) == "not_understood"


@pytest.mark.parametrize("language", LANGUAGES)
def test_country_and_day_by_keys_are_read_back_in_every_language(line: Hotline, language: str) -> None:
    # The first country of the list, "right", another topic; the deadline in six days, "right".
    keys = [*choose(language), "4", "1", "1", "1", "5", "5", "1", "30112026", "1"]
    player = lead(line, keys, f"CA-named-{language}")
    assert is_heard(line, player, language, "country.heard")
    assert is_heard(line, player, language, "deadline.heard")
    assert reason(line) == "deadline"
    read_back = [[_words(part) for part in question] for question in player.questions if question.get("input")]
    with line.services.database.read() as connection:
        book = line.services.library.current(connection, NOW.date()).countries
    first = countries_of(Session(), book.outside_eu(NOW.date()), language)[0]
    assert _spoken(line, language, f"{country_name(first, language)}.")[0] in read_back[len(keys) - 6]
    day = [word for text in ("30", month_name(11, language), *"2026") for word in _spoken(line, language, text)]
    heard = read_back[len(keys) - 1]
    assert any(heard[place : place + len(day)] == day for place in range(len(heard)))


@pytest.mark.parametrize("language", LISTENING)
def test_danger_by_speech_is_answered_at_once_even_if_it_was_hardly_heard(line: Hotline, language: str) -> None:
    player = lead(line, [*choose(language), Speech(DANGER[language], 0.2)], f"CA-danger-{language}")
    assert is_heard(line, player, language, "danger.selfharm")
    assert reason(line) == "danger"


@pytest.mark.parametrize("language", LANGUAGES)
def test_caller_may_hang_up_at_any_point_and_no_conversation_stays_open(line: Hotline, language: str) -> None:
    # A group, a topic, more of it, a person, the menu, silence, back, a word, a person.
    steps: list[Input] = [*choose(language), "1", "1", "1", "0", "2", SILENCE, "*", Speech("Geld"), "0"]
    sounds: dict[str, int] = {}
    for length in range(len(steps) + 1):
        player = lead(line, [*steps[:length], Leaves()], f"CA-leaves-{language}-{length}", sounds)
        assert player.ended == "caller"
        assert len(player.questions) == length + 1
        # The machine owns none any more: it is over, or somebody owes a call.
        assert last(line)["status"] in ("closed", "callback", "waiting")
        assert last(line)["closed_at"] is not None


def test_understanding_is_down_and_the_keys_lead_to_the_answer(line: Hotline) -> None:
    player = lead(line, ["1", Speech("xqzv wrrk"), "2", "1", "1"], "CA-keys")
    assert is_heard(line, player, "de", "question.not_understood")
    assert all("dtmf" in str(question.get("input")) for question in player.questions)
    assert "Stand" in player.said


@pytest.mark.parametrize("server", [nobody, failing(500), failing(503)])
def test_webhook_that_fails_leads_to_the_fallback_and_without_one_to_twilios_own_words(line: Hotline, server: object) -> None:
    other = "https://fallback.test"
    servers = {BASE_URL: server, other: wsgi(_static_document)}
    numbers = Numbers(NUMBERS.voice_url + "#rc=2&rp=all", f"{other}/voice.xml", fallback_method="GET")
    player = Player(servers, numbers, TOKEN).run()  # type: ignore[arg-type]
    assert len(player.errors) == 3
    assert "1 1 2" in player.said
    assert player.ended == "hotline"
    with pytest.raises(ApplicationError):
        Player(servers, Numbers(NUMBERS.voice_url), TOKEN, to=OURS).run()  # type: ignore[arg-type]


def _static_document(environ: object, start_response: object) -> list[bytes]:
    """What Twilio or another host serves when every program of ours is down."""
    content = (ROOT / "deploy" / "fallback" / "voice.xml").read_bytes()
    start_response("200 OK", [("Content-Type", "text/xml")])  # type: ignore[operator]
    return [content]
