"""The starter content: reads ``content/`` and finds everything that is wrong with it."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from hotline.errors import CannotStart
from hotline.knowledge.centre_tables import BrokenTable, read_centres
from hotline.knowledge.centres import Centre
from hotline.knowledge.country_files import CountryRows, read_countries
from hotline.knowledge.fact_rows import read_fact_file
from hotline.knowledge.facts import PLACEHOLDER, SAID, FactBook
from hotline.knowledge.neutrality import Neutrality
from hotline.knowledge.places import GermanPlaces
from hotline.knowledge.problems import Problem
from hotline.knowledge.wording import facts_named, fill
from hotline.yaml_file import read_yaml

TITLE_CHARACTERS = 40
SHORT_CHARACTERS = 201
FULL_CHARACTERS = 900
LIMITS = {"title": TITLE_CHARACTERS, "short": SHORT_CHARACTERS, "full": FULL_CHARACTERS}
SOURCE_LANGUAGE = "de"
REVIEWS = ("machine", "reviewed")
# Confidence L (single, old or contradicted) is never published.
CONFIDENCES = tuple(sorted(SAID))
OWNER = "content"
AS_OF = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")


class BrokenContent(CannotStart):
    """The content folder cannot be loaded. ``problems`` names each file and what to mend in it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass
class Content:
    """What a content folder holds."""

    policies: dict[str, str] = field(default_factory=dict)
    articles: dict[str, dict[str, Any]] = field(default_factory=dict)
    translations: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    facts: FactBook = field(default_factory=dict)
    centres: list[Centre] = field(default_factory=list)
    countries: CountryRows = field(default_factory=CountryRows)


def read_policies(folder: Path) -> dict[str, str]:
    """Topic -> its policy, as ``topics.csv`` of a content folder lists them."""
    with (folder / "topics.csv").open(encoding="utf-8", newline="") as file:
        return {row["slug"]: row["policy"] for row in csv.DictReader(file)}


def read_content(folder: Path, languages: Collection[str], neutrality: Neutrality | None = None) -> Content:
    """Read and check a content folder.

    Args:
        folder: holds ``topics.csv``, ``facts.csv``, ``topics/<slug>/``, ``centres.csv``, ``countries/`` and ``places/``.
        languages: codes a translation may have.
        neutrality: what no text may say; None where only what would break the hotline is looked for.

    Raises:
        BrokenContent: with every problem found.
    """
    content = Content(policies=read_policies(folder))
    content.facts, problems = read_fact_file(folder / "facts.csv")
    for path in sorted((folder / "topics").glob("*/*.yml")):
        topic = path.parent.name
        try:
            raw = read_yaml(path)
        except yaml.YAMLError as error:
            problems.append(f"{path}: this is not valid YAML ({str(error).splitlines()[0]}).")
            continue
        if topic not in content.policies:
            problems.append(f"{path}: {topic!r} is no topic of topics.csv.")
        elif not isinstance(raw, dict):
            problems.append(f"{path}: must be a mapping.")
        elif path.stem == "article":
            content.articles[topic] = raw
            problems += [f"{path}: {problem}" for problem in _article_problems(raw, topic, content.policies)]
        else:
            content.translations[topic, path.stem] = raw
            problems += [f"{path}: {problem}" for problem in _file_problems(raw, path.stem, languages, content.facts)]
            if neutrality is not None:
                texts = {name: str(raw.get(name, "")) for name in LIMITS}
                problems += [f"{path}: {problem}" for problem in neutrality.find(texts, path.stem)]
    problems += [f"{topic}: article.yml is missing." for topic in {t for t, _ in content.translations} - set(content.articles)]
    problems += [
        f"{topic}: de.yml, the source, is missing."
        for topic in content.articles
        if (topic, SOURCE_LANGUAGE) not in content.translations
    ]
    try:
        content.centres = read_centres(folder / "centres.csv", GermanPlaces.load(folder / "places"), languages)
    except BrokenTable as error:
        problems += error.problems
    content.countries = read_countries(folder / "countries", languages)
    problems += content.countries.problems
    if problems:
        raise BrokenContent(problems)
    return content


def _article_problems(raw: Mapping[str, Any], topic: str, policies: Mapping[str, str]) -> list[str]:
    problems = []
    if raw.get("topic") != topic:
        problems.append(f"topic must be {topic!r}, as the folder.")
    if not AS_OF.fullmatch(str(raw.get("as_of", ""))):
        problems.append("as_of must be YYYY, YYYY-MM or YYYY-MM-DD.")
    if not isinstance(raw.get("valid_until"), date):
        problems.append("valid_until must be a day, YYYY-MM-DD.")
    problems += [f"follow_ups: {name!r} is no topic." for name in raw.get("follow_ups", []) if name not in policies]
    sources = raw.get("sources")
    if not isinstance(sources, list) or not sources:
        return [*problems, "sources: at least one is needed."]
    for number, source in enumerate(sources, 1):
        problems += [str(problem) for problem in source_problems(number, source)]
    return problems


def source_problems(number: int, source: Mapping[str, Any]) -> list[Problem]:
    """What is missing or wrong in one source of an article; ``number`` counts from 1."""
    needed = ("title", "url", "checked_on", "confidence")
    problems = [Problem("source_field", {"number": number, "name": name}) for name in needed if not source.get(name)]
    if source.get("confidence") not in CONFIDENCES:
        problems.append(Problem("source_confidence", {"number": number}))
    return problems


def _file_problems(raw: Mapping[str, Any], language: str, languages: Collection[str], facts: FactBook) -> list[str]:
    problems = []
    if language not in languages or raw.get("language") != language:
        problems.append("language must be the file's name and stand in translations/languages.csv.")
    if raw.get("review") not in REVIEWS:
        problems.append("review must be machine or reviewed.")
    if not isinstance(raw.get("version"), int) or (
        language != SOURCE_LANGUAGE and not isinstance(raw.get("source_version"), int)
    ):
        problems.append("version (and source_version in translations) must be whole numbers.")
    return problems + [str(problem) for problem in text_problems(raw, language, facts)]


def text_problems(texts: Mapping[str, Any], language: str, facts: FactBook) -> list[Problem]:
    """What is wrong with title, short and full of one language: missing, too long, or naming no usable fact.

    Args:
        texts: title, short and full.
        language: code.
        facts: all facts; lengths are those of the texts with them filled in.
    """
    problems: list[Problem] = []
    for name, limit in LIMITS.items():
        text = texts.get(name)
        if not isinstance(text, str) or not text.strip():
            problems.append(Problem("missing", {"part": name}))
            continue
        filled = fill(text.strip(), language, facts, date.min, "").text
        if len(filled) > limit:
            problems.append(Problem("too_long", {"part": name, "characters": len(filled), "limit": limit}))
        problems += [Problem(code, {"part": name, "key": key}) for key in facts_named(text) if (code := _unsayable(key, facts))]
        if "{" in PLACEHOLDER.sub("", text) or "}" in PLACEHOLDER.sub("", text):
            problems.append(Problem("brace", {"part": name}))
    return problems


def _unsayable(key: str, facts: FactBook) -> str:
    if key not in facts:
        return "unknown_fact"
    return "" if facts[key].confidence in SAID else "unsure_fact"
