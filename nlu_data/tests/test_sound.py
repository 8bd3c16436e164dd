"""The same word sounds alike in Cyrillic, Georgian, chat letters and with typing errors; Arabic letters stay."""

from __future__ import annotations

import pytest

from components.sound import sound
from components.words import words


def _sound(text: str) -> str:
    return " ".join(sound(word) for word in words(text))


@pytest.mark.parametrize(
    "spellings",
    [
        ("паспорт", "pasport", "passport", "პასპორტ"),
        ("хочу", "hochu", "khochu", "xochu"),
        ("жизнь", "zhizn", "zizn"),
        ("деньги", "dengi"),
        ("щит", "shit", "sit"),
        ("юрист", "yurist", "iurist"),
        ("яблоко", "yabloko", "iabloko"),
        ("већ", "već", "vec"),
        ("кућа", "kuća", "kuca"),
        ("живот", "život", "zivot"),
        ("љубав", "ljubav"),
        ("њега", "njega"),
        ("џеп", "džep", "dzep"),
        ("виїзд", "viizd"),
        ("გამარჯობა", "gamarjoba"),
        ("ხვალ", "xval", "khval", "hval"),
        ("შვილი", "shvili", "svili"),
        ("ღამე", "game", "ghame"),
        ("ძმა", "dzma", "zma"),
        ("rückkehr", "rukkehr", "ruckkehr", "RÜCKKEHR"),
        ("şimdi", "simdi", "shimdi"),
        ("çok", "cok", "chok"),
        ("xwe", "khwe", "hve"),
    ],
    ids=lambda spellings: spellings[0],
)
def test_spellings_of_one_word_sound_alike(spellings: tuple[str, ...]) -> None:
    assert {_sound(spelling) for spelling in spellings} == {_sound(spellings[0])}


@pytest.mark.parametrize(
    "spellings",
    [
        ("ја", "ja"),
        ("моја", "moja"),
        ("јуче", "juče", "juce"),
        ("Србија", "srbija"),
        ("ჯანმრთელობა", "janmrteloba"),
        ("семья", "semya", "semja"),
    ],
    ids=lambda spellings: spellings[0],
)
def test_word_with_a_j_sounds_alike_in_every_script(spellings: tuple[str, ...]) -> None:
    assert {_sound(spelling) for spelling in spellings} == {_sound(spellings[0])}


@pytest.mark.parametrize(
    ("word", "heard"),
    [("паспорт", "pasport"), ("დღე", "dge"), ("приезжайте", "priezaite"), ("vocko", "voko"), ("yazyk", "azik"), ("", "")],
)
def test_sound_is_written_in_latin_letters(word: str, heard: str) -> None:
    assert sound(word) == heard


@pytest.mark.parametrize("word", ["جواز", "پاسپورت", "عوده", "می", "ژوئن"])
def test_arabic_letters_stay_as_they_are(word: str) -> None:
    assert sound(word) == word


@pytest.mark.parametrize(("one", "other"), [("паспорт", "виза"), ("деньги", "билет"), ("დღე", "თვე"), ("дом", "дим")])
def test_different_words_sound_different(one: str, other: str) -> None:
    assert _sound(one) != _sound(other)


def test_every_cyrillic_and_georgian_letter_of_our_languages_becomes_latin() -> None:
    letters = "абвгґдђеєжзиіїйјклљмнњопрстћуфхцчџшщъыьэюяё" + "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ"
    assert [letter for letter in letters if not _sound(letter).isascii()] == []


@pytest.mark.parametrize("length", [1, 2, 3, 10])
def test_letters_a_person_drags_out_count_once(length: int) -> None:
    assert sound("pa" + "s" * length + "port") == "pasport"
