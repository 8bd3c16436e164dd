"""Phrases of the studio beside those of the files, as the training sees them."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from further import BrokenFurther, put_together

FILE = """\
version: "3.1"
nlu:
- intent: "yes"
  metadata: {language: de}
  examples: |
    - ja
    - jawohl: klar
- intent: luggage
  metadata: {language: de}
  examples: |
    - wie viel Gepäck
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One phrase file, a domain, and nothing of the studio."""
    (tmp_path / "nlu" / "de").mkdir(parents=True)
    (tmp_path / "nlu" / "de" / "control.yml").write_text(FILE, encoding="utf-8")
    (tmp_path / "domain.yml").write_text('version: "3.1"\nintents: [luggage, "yes"]\n')
    (tmp_path / "further").mkdir()
    (tmp_path / "target").mkdir()
    _write(tmp_path, "", "")
    return tmp_path


def _write(folder: Path, added: str, muted: str) -> None:
    (folder / "further" / "phrases.tsv").write_text(added, encoding="utf-8")
    (folder / "further" / "muted.tsv").write_text(muted, encoding="utf-8")


def _put_together(folder: Path) -> tuple[dict[tuple[str, str], list[str]], list[str]]:
    phrases, domain = put_together(folder / "nlu", folder / "domain.yml", folder / "further", folder / "target")
    yaml = YAML(typ="safe")
    found: dict[tuple[str, str], list[str]] = {}
    for path in sorted(phrases.rglob("*.yml")):
        for block in yaml.load(path.read_text(encoding="utf-8"))["nlu"]:
            lines = [line.removeprefix("- ") for line in block["examples"].splitlines()]
            found.setdefault((block["metadata"]["language"], block["intent"]), []).extend(lines)
    return found, yaml.load(domain.read_text(encoding="utf-8"))["intents"]


def test_without_anything_of_the_studio_all_stays(folder: Path) -> None:
    phrases, intents = _put_together(folder)
    assert phrases == {("de", "yes"): ["ja", "jawohl: klar"], ("de", "luggage"): ["wie viel Gepäck"]}
    assert intents == ["luggage", "yes"]


def test_phrases_are_added_and_left_out(folder: Path) -> None:
    _write(folder, "de\tyes\tno: doch!\nar\tluggage\tكم الأمتعة\n", "de\tyes\tjawohl: klar\nde\tluggage\twie viel Gepäck\n")
    phrases, _ = _put_together(folder)
    assert phrases == {("de", "yes"): ["ja", "no: doch!"], ("ar", "luggage"): ["كم الأمتعة"]}


def test_new_topic_is_told_to_the_model(folder: Path) -> None:
    _write(folder, "de\tbees\tdarf ich Bienen mitnehmen\n", "")
    assert _put_together(folder)[1] == ["luggage", "yes", "bees"]


def test_broken_line_is_named(folder: Path) -> None:
    _write(folder, "de\tyes\tja doch\nde\tyes\n", "")
    with pytest.raises(BrokenFurther, match=r"phrases\.tsv, line 2"):
        _put_together(folder)
