"""docs/voice.md shows the call as the flows have it."""

from __future__ import annotations

from pathlib import Path

from hotline.services import Services
from hotline.settings import ROOT
from tests.conftest import make_settings
from tests.dialogue.worlds import REAL


def test_generated_part_of_the_page_is_up_to_date(tmp_path: Path) -> None:
    made = Services(make_settings(tmp_path)).voice_picture()
    page = (ROOT / "docs" / "voice.md").read_text(encoding="utf-8")
    assert page.endswith(f"{made}\n"), "run `flask flows diagram` and put what it prints below the mark of docs/voice.md"


def test_every_step_is_in_a_diagram_and_no_key_for_writing_alone() -> None:
    page = (ROOT / "docs" / "voice.md").read_text(encoding="utf-8")
    for name in REAL.steps:
        assert f'"{name}<br>' in page, name
    assert "key 1: I wait" not in page
