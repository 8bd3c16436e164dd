"""The table of protections names tests that exist: a promise without a test would be none."""

from __future__ import annotations

import re

from hotline.settings import ROOT

DOCUMENT = ROOT / "docs" / "security.md"


def test_every_protection_names_a_test_there_is() -> None:
    there = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    text = DOCUMENT.read_text(encoding="utf-8")
    rows = text.partition("## What protects")[2].partition("\n## ")[0].splitlines()
    rows = [row for row in rows if row.startswith("| ") and not row.startswith("| against")]
    assert len(rows) > 25
    for row in rows:
        named = re.findall(r"`(test_\w+)`", row.rsplit("|", 2)[1])
        assert named, row
        assert set(named) <= there, f"{set(named) - there}: mend docs/security.md, or bring the test back"
