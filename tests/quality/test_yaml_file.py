"""A file saved in another encoding is told by its name, whatever it holds."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hotline.counselling.canned import read_reply_files
from hotline.counselling.forms import read_form_file
from hotline.counselling.interpreters import load_interpreters
from hotline.counselling.queues import load_queue_file
from hotline.counselling.writing import load_templates
from hotline.dialogue.safety import read_categories
from hotline.errors import CannotStart
from hotline.knowledge.neutrality import Neutrality
from hotline.knowledge.starter import BrokenContent, read_content

CONTENT = Path(__file__).parents[2] / "content"
READERS: dict[str, Callable[[Path], object]] = {
    "canned replies": lambda path: read_reply_files(path.parent),
    "form": read_form_file,
    "interpreters": lambda path: load_interpreters(path, {"de"}),
    "queues": load_queue_file,
    "templates": load_templates,
    "danger": read_categories,
    "neutrality": lambda path: Neutrality.load(path.parent),
}


@pytest.mark.parametrize("reader", READERS)
def test_file_in_another_encoding_is_told_by_its_name(tmp_path: Path, reader: str) -> None:
    path = tmp_path / "de.yml"
    path.write_bytes("language: Türkçe\n".encode("latin-1"))
    with pytest.raises(CannotStart, match=r"de\.yml"):
        READERS[reader](path)


def test_answer_in_another_encoding_is_told_with_what_to_do(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(CONTENT, tmp_path / "content"))
    (folder / "topics" / "luggage" / "de.yml").write_bytes("title: Gepäck\n".encode("latin-1"))
    with pytest.raises(BrokenContent, match=r"luggage/de\.yml: .*this is not UTF-8\. Save the file in that encoding"):
        read_content(folder, ["de"])
