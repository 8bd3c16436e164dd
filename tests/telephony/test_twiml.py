"""TwiML against the tables of the fact sheet: elements, attributes, lengths, and XML that always parses."""

import re
from collections.abc import Callable
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.telephony.languages import GATHER_CODES, SAY_CODES
from hotline.telephony.twiml import MAX_DOCUMENT_BYTES, Gather, Pause, Play, Say, message_reply, voice_reply

# Element: attributes and children Twilio knows (npm twilio 6.2.0, as in twilio.md). The SDK checks none of this.
KNOWN: dict[str, tuple[set[str], set[str]]] = {
    "Response": (set(), {"Say", "Play", "Pause", "Gather", "Hangup", "Message"}),
    "Gather": (
        {"input", "action", "method", "timeout", "speechTimeout", "numDigits", "finishOnKey", "actionOnEmptyResult", "bargeIn"}
        | {"language", "hints"},
        {"Say", "Play", "Pause"},
    ),
    "Say": ({"voice", "language", "loop"}, set()),
    "Play": ({"loop", "digits"}, set()),
    "Pause": ({"length"}, set()),
    "Hangup": (set(), set()),
    "Message": ({"to", "from", "action", "method", "statusCallback"}, set()),
}
GERMAN = Say("Guten Tag.", "de-DE", "Polly.Vicki-Neural")
SENTENCES = {
    "am": "ወደ አገርዎ ለመመለስ የሚያስቡ ከሆነ እዚህ ምክር ማግኘት ይችላሉ። ",
    "ar": "يمكنك الحصول على المشورة هنا إذا كنت تفكر في العودة إلى بلدك؟ ",
}
QUESTION = Gather(parts=(GERMAN,), action="/voice/step/7", speech_language="de-DE")

any_text = st.text(st.characters())  # with control characters and lone surrogates


def parse(document: str) -> ElementTree.Element:
    """Parse a document and hold every element against the table."""
    root = ElementTree.fromstring(document.encode())  # our own document
    for element in root.iter():
        attributes, children = KNOWN[element.tag]
        assert set(element.attrib) <= attributes
        assert {child.tag for child in element} <= children
    assert root.tag == "Response"
    return root


def without_blanks(text: str) -> str:
    return "".join(text.split())


def test_every_part_is_written_in_order() -> None:
    root = parse(voice_reply([GERMAN, Pause(2), Play("https://hotline.example/audio/fa/1.wav?a=1&b=2")], None, hang_up=True))
    assert [element.tag for element in root] == ["Say", "Pause", "Play", "Hangup"]
    say, pause, play, _ = root
    assert (say.text, say.attrib) == ("Guten Tag.", {"language": "de-DE", "voice": "Polly.Vicki-Neural"})
    assert pause.attrib == {"length": "2"}
    assert play.text == "https://hotline.example/audio/fa/1.wav?a=1&b=2"


def test_a_question_takes_keys_and_speech_and_reports_silence() -> None:
    root = parse(voice_reply([Pause(1)], Gather((GERMAN, Play("/a.wav")), "/step", "de-DE", ("Asyl", "Rückkehr")), hang_up=False))
    assert [element.tag for element in root] == ["Pause", "Gather"]
    assert [element.tag for element in root[1]] == ["Say", "Play"]
    assert root[1].attrib == {
        "input": "dtmf speech",
        "action": "/step",
        "method": "POST",
        "language": "de-DE",
        "speechTimeout": "auto",
        "hints": "Asyl,Rückkehr",
        "timeout": "6",
        "numDigits": "1",
        "finishOnKey": "",
        "actionOnEmptyResult": "true",
        "bargeIn": "true",
    }


def test_a_question_in_a_language_without_recognition_takes_keys_only() -> None:
    gather = parse(voice_reply([], Gather((Play("/a.wav"),), "/step", None, ("Asyl",), 9, 2), hang_up=False))[0]
    assert gather.attrib["input"] == "dtmf"
    assert not {"language", "speechTimeout", "hints"} & set(gather.attrib)
    assert (gather.attrib["timeout"], gather.attrib["numDigits"]) == ("9", "2")


def test_several_keys_are_one_answer_that_ends_with_the_hash_key() -> None:
    gather = parse(voice_reply([], Gather((GERMAN,), "/step", "de-DE", max_digits=5), hang_up=False))[0]
    assert (gather.attrib["numDigits"], gather.attrib["finishOnKey"]) == ("5", "#")


def test_hints_stay_within_500_phrases_of_100_characters_and_a_comma_splits_none() -> None:
    hints = ("a" * 101, "", "zurück, bald", *(f"wort {number}" for number in range(600)))
    written = parse(voice_reply([], Gather((), "/step", "de-DE", hints), hang_up=False))[0].attrib["hints"].split(",")
    assert written[0] == "zurück  bald"
    assert len(written) == 500


def test_no_speech_model_is_named_so_that_twilio_may_change_providers() -> None:
    assert "speechModel" not in voice_reply([], QUESTION, hang_up=False)


@pytest.mark.parametrize("language", SENTENCES)
def test_3000_characters_are_split_by_sentence_without_losing_one(language: str) -> None:
    text = (SENTENCES[language] * 100)[:3000]
    says = [say.text or "" for say in parse(voice_reply([Say(text, "am-ET", "Google.am-ET-Wavenet-A")], None, hang_up=False))]
    assert "".join(says) == text
    assert len(says) > 6
    for say in says:
        assert len(say) <= 500
        assert len(quote(say, safe="")) <= 4500
    assert all(say.endswith(("። ", "؟ ")) for say in says[:-1])


@pytest.mark.parametrize("stop", [". ", "! ", "… ", "؟ ", "۔ ", "։ ", "। ", "። ", "。", "？", ".» ", '." ', "\n"])
def test_the_full_stop_of_every_script_ends_a_sentence(stop: str) -> None:
    sentence = "x" * 300 + stop
    says = parse(voice_reply([Say(sentence * 2, "de-DE", "v")], None, hang_up=False))
    assert [say.text for say in says] == [sentence, sentence]


def test_a_full_stop_inside_a_number_or_address_ends_no_sentence() -> None:
    sentence = "x" * 450 + " bis 1.12.2026 auf hotline.example"
    says = parse(voice_reply([Say(f"{sentence} {'y' * 100}", "de-DE", "v")], None, hang_up=False))
    assert [say.text for say in says] == [f"{sentence} ", "y" * 100]


def test_a_long_sentence_is_split_between_words_and_a_long_word_anywhere() -> None:
    words = [say.text or "" for say in parse(voice_reply([Say("Wort " * 200, "de-DE", "v")], None, hang_up=False))]
    assert all(part.endswith("Wort ") for part in words)
    letters = [say.text or "" for say in parse(voice_reply([Say("x" * 1201, "de-DE", "v")], None, hang_up=False))]
    assert [len(part) for part in letters] == [500, 500, 201]


def test_a_question_too_long_for_one_say_is_split_inside_the_gather() -> None:
    gather = parse(voice_reply([], Gather((Say("Wort " * 200, "de-DE", "v"),), "/step", None), hang_up=False))[0]
    assert len(gather) == 2


def test_a_silent_reply_to_a_message_is_an_empty_response() -> None:
    for text in (None, "", " \n", "\x00"):
        assert len(parse(message_reply(text))) == 0


def test_a_reply_of_1600_characters_is_one_message() -> None:
    text = "ب" * 1600
    assert [message.text for message in parse(message_reply(text))] == [text]


def test_a_longer_reply_is_split_at_word_borders_without_losing_a_character() -> None:
    text = "Zurückgehen will überlegt sein. " * 120
    messages = [message.text or "" for message in parse(message_reply(text))]
    assert "".join(messages) == text
    assert all(len(message) <= 1600 and message.endswith(" ") for message in messages)


@pytest.mark.parametrize("write", [message_reply, lambda text: voice_reply([Say(text, "de-DE", "v")], None, hang_up=False)])
def test_a_document_over_64_kb_is_refused_here_and_not_by_twilio(write: Callable[[str], str]) -> None:
    assert len(write("x" * 50_000).encode()) <= MAX_DOCUMENT_BYTES
    with pytest.raises(ValueError, match="64000"):
        write("ب" * 35_000)


@given(any_text, any_text, st.lists(any_text, max_size=3))
def test_any_text_gives_well_formed_xml_and_keeps_every_character_xml_allows(text: str, url: str, hints: list[str]) -> None:
    gather = Gather((Say(text, "de-DE", "v"), Play(url)), url, "de-DE", tuple(hints))
    root = parse(voice_reply([Say(text, "de-DE", "v")], gather, hang_up=False))
    allowed = re.sub("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)
    spoken = "".join(say.text or "" for say in root.findall("Say"))
    assert without_blanks(spoken) == without_blanks(allowed)
    sent = "".join(message.text or "" for message in parse(message_reply(text)))
    assert without_blanks(sent) == without_blanks(allowed)


@given(st.text(st.sampled_from("aስب🙂 .።\n"), min_size=400, max_size=3000))
def test_any_long_text_fits_the_limits_of_say_and_loses_nothing(text: str) -> None:
    says = [say.text or "" for say in parse(voice_reply([Say(text, "am-ET", "v")], None, hang_up=False))]
    assert without_blanks("".join(says)) == without_blanks(text)
    assert all(say.strip() and len(say) <= 500 and len(quote(say, safe="")) <= 4500 for say in says)


def test_the_codes_of_the_two_verbs_are_written_as_the_catalogue_has_them() -> None:
    assert "cmn-CN" in SAY_CODES
    assert "cmn-CN" not in GATHER_CODES
