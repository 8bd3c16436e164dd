"""Files of labelled texts are read as they are written; a broken line is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.samples import BrokenSamples, read_samples


def _file(folder: Path, content: str) -> Path:
    path = folder / "de.tsv"
    path.write_text(content, encoding="utf-8", newline="")
    return path


def test_label_and_text_of_every_line_are_read(tmp_path: Path) -> None:
    path = _file(tmp_path, "near\tWas passiert?\nselfharm\tلا أريد\n")
    assert read_samples(path) == [("near", "Was passiert?"), ("selfharm", "لا أريد")]


@pytest.mark.parametrize("text", ['"quoted', 'he said "no"', "it's", "a, b", "#x", "  leading"])
def test_text_stays_as_it_is(tmp_path: Path, text: str) -> None:
    assert read_samples(_file(tmp_path, f"none\t{text}\nnear\tnext\n")) == [("none", text), ("near", "next")]


def test_line_ends_of_windows_and_a_missing_last_one_do_not_matter(tmp_path: Path) -> None:
    assert read_samples(_file(tmp_path, "a\tb\r\nc\td")) == [("a", "b"), ("c", "d")]


def test_empty_file_holds_nothing(tmp_path: Path) -> None:
    assert read_samples(_file(tmp_path, "")) == []


@pytest.mark.parametrize("line", ["no tab", "label\t", "label\t   ", "label\ttext\tmore", ""])
def test_broken_line_is_named_by_file_and_number(tmp_path: Path, line: str) -> None:
    with pytest.raises(BrokenSamples, match=r"de\.tsv, line 2: must be a label, a tab and a text\."):
        read_samples(_file(tmp_path, f"near\tfine\n{line}\nnear\tfine\n"))
