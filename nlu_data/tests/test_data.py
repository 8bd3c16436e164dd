"""The phrases an editor may change: enough of each, each in one place, and none of a development set among them."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from ruamel.yaml import YAML

from components.samples import read_samples
from components.words import words

HERE = Path(__file__).resolve().parents[1]
LANGUAGES = sorted(path.name for path in (HERE / "nlu").iterdir() if path.is_dir())
TOPIC_PHRASES, CONTROL_PHRASES = 40, 15
CONTROL = (
    "greet", "thank", "goodbye", "who_are_you", "person", "change_language", "repeat", "menu", "yes", "no", "stop", "start",
    "erase_my_data", "callback",
)  # fmt: skip
DANGERS = {"selfharm", "violence", "trafficking", "child_alone", "detention", "medical", "pressure"}
CALM = {"near", "none"}


class Phrase(NamedTuple):
    """One phrase of training, and where it stands."""

    place: str
    language: str
    intent: str
    text: str


def _key(text: str) -> str:
    """What makes two phrases one: case, diacritics and marks do not."""
    return " ".join(words(text)) or text.strip()


def _read_yaml(path: Path) -> dict[str, list]:
    # As Rasa reads it: in YAML 1.2 "yes" and "no" are words.
    found: dict[str, list] = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    return found


@cache
def _topics() -> list[str]:
    with (HERE.parent / "content" / "topics.csv").open(encoding="utf-8", newline="") as file:
        return [row["slug"] for row in csv.DictReader(file)]


@cache
def _phrases() -> list[Phrase]:
    return [phrase for path in sorted((HERE / "nlu").glob("*/*.yml")) for phrase in _read_phrases(path)]


def _read_phrases(path: Path) -> Iterator[Phrase]:
    for block in _read_yaml(path)["nlu"]:
        for line in block["examples"].splitlines():
            assert line.startswith("- "), f"{path}: {line!r} must start with '- '."
            yield Phrase(str(path.relative_to(HERE)), block["metadata"]["language"], block["intent"], line[2:].strip())


@cache
def _danger_examples() -> list[Phrase]:
    return _read_samples("danger")


@cache
def _dev_texts() -> list[Phrase]:
    return _read_samples("dev")


def _read_samples(folder: str) -> list[Phrase]:
    return [
        Phrase(f"{folder}/{path.name}", path.stem.removeprefix("danger_").split("_")[0], label, text)
        for path in sorted((HERE / folder).glob("*.tsv"))
        for label, text in read_samples(path)
    ]


def _assert_none(violations: list[str]) -> None:
    assert not violations, f"{len(violations)} to mend:\n" + "\n".join(violations)


# -- intents -------------------------------------------------------------------------------------------------------------


def test_domain_lists_exactly_the_topics_and_then_the_control_intents() -> None:
    assert _read_yaml(HERE / "domain.yml")["intents"] == [*_topics(), *CONTROL]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_intent_has_phrases_enough(language: str) -> None:
    found: dict[str, set[str]] = defaultdict(set)
    for phrase in _phrases():
        if phrase.language == language:
            found[phrase.intent].add(_key(phrase.text))
    wanted = {**dict.fromkeys(_topics(), TOPIC_PHRASES), **dict.fromkeys(CONTROL, CONTROL_PHRASES)}
    _assert_none([f"{name}: {len(found[name])} phrases of {count}" for name, count in wanted.items() if len(found[name]) < count])


def test_every_phrase_has_an_intent_of_the_domain_and_the_language_of_its_folder() -> None:
    known = {*_topics(), *CONTROL}
    _assert_none(
        [
            f"{phrase.place}: {phrase.intent}, {phrase.language}: {phrase.text}"
            for phrase in _phrases()
            if phrase.intent not in known or phrase.language != Path(phrase.place).parent.name
        ]
    )


# -- phrases ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_phrase_belongs_to_one_intent_within_its_language(language: str) -> None:
    places: dict[str, set[str]] = defaultdict(set)
    for phrase in _phrases():
        if phrase.language == language:
            places[_key(phrase.text)].add(f"{phrase.intent} ({phrase.place})")
    intents = {text: {place.split(" ")[0] for place in found} for text, found in places.items()}
    _assert_none([f"{text!r}: {', '.join(sorted(places[text]))}" for text, found in intents.items() if len(found) > 1])


def test_danger_example_has_one_label() -> None:
    labels: dict[str, set[str]] = defaultdict(set)
    for example in _danger_examples():
        labels[_key(example.text)].add(f"{example.intent} ({example.place})")
    names = {text: {place.split(" ")[0] for place in found} for text, found in labels.items()}
    _assert_none([f"{text!r}: {', '.join(sorted(labels[text]))}" for text, found in names.items() if len(found) > 1])


def test_no_text_of_a_development_set_is_in_training() -> None:
    trained: dict[str, list[str]] = defaultdict(list)
    for phrase in [*_phrases(), *_danger_examples()]:
        trained[_key(phrase.text)].append(f"{phrase.place} ({phrase.intent})")
    _assert_none(
        [
            f"{text.place}: {text.text!r} is in {', '.join(trained[_key(text.text)])}"
            for text in _dev_texts()
            if _key(text.text) in trained
        ]
    )


def test_phrases_hold_none_of_the_marks_rasa_reads_as_entities() -> None:
    _assert_none(
        [
            f"{phrase.place}: {phrase.text}"
            for phrase in _phrases()
            if "[" in phrase.text or "{{" in phrase.text or not phrase.text
        ]
    )


# -- development sets ------------------------------------------------------------------------------------------------------


def test_every_language_has_its_three_development_sets_and_there_are_no_others() -> None:
    names = sorted(path.stem for path in (HERE / "dev").glob("*.tsv"))
    assert names == sorted(name for language in LANGUAGES for name in (language, f"{language}_plain", f"danger_{language}"))


def test_labels_of_development_sets_and_danger_examples_are_known() -> None:
    known = {*_topics(), *CONTROL}
    _assert_none(
        [
            f"{text.place}: {text.intent}"
            for text in [*_dev_texts(), *_danger_examples()]
            if text.intent not in (DANGERS | CALM if "danger" in text.place else known)
        ]
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_label_is_in_the_development_sets_of_its_language(language: str) -> None:
    found = {(text.place, text.intent) for text in _dev_texts() if text.language == language}
    wanted = [(f"dev/{language}.tsv", intent) for intent in (*_topics(), *CONTROL)]
    wanted += [(f"dev/danger_{language}.tsv", label) for label in DANGERS | CALM]
    _assert_none([f"{place}: {label} is missing" for place, label in wanted if (place, label) not in found])
