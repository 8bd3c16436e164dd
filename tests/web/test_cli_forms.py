"""Commands for forms: what is printed can be changed and loaded again, and nothing that was answered is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result

from hotline.cli import register_commands
from tests.conftest import Hotline, make_hotline, make_settings


@pytest.fixture
def hotline(tmp_path: Path) -> Iterator[Hotline]:
    """A hotline with its commands."""
    made = make_hotline(make_settings(tmp_path))
    register_commands(made.app, made.services)
    yield made
    made.services.database.close()


def _run(hotline: Hotline, *words: str) -> Result:
    return hotline.app.test_cli_runner().invoke(args=["forms", *words])


def test_form_is_printed_changed_checked_and_loaded(hotline: Hotline, tmp_path: Path) -> None:
    path = tmp_path / "wrap_up.yml"
    path.write_text(_run(hotline, "show").output, encoding="utf-8")
    assert _run(hotline, "check", str(path)).output == "wrap_up: 7 fields, all is well.\n"
    assert _run(hotline, "load", str(path)).output == "wrap_up: nothing has changed.\n"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("de: Schulden", "de: Hohe Schulden"), encoding="utf-8")
    assert _run(hotline, "load", str(path)).output == "wrap_up: version 2 holds now.\n"
    assert "wrap_up 2: " in _run(hotline, "list").output
    path.write_text(text.replace("      debts:", "      owing:"), encoding="utf-8")
    refused = _run(hotline, "check", str(path))
    assert refused.exit_code == 1
    assert "'debts' was there before; keep it with `retired: true`" in refused.output
    assert "'debts' was there before" in _run(hotline, "load", str(path)).output
    assert "2 version(s)." in _run(hotline, "list").output
    assert "must hold `form`" in _run(hotline, "check", str(tmp_path / "none.yml")).output
