"""The operator's directory of centres: imported whole or not at all, exported without loss, and never lost to the shipped one."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result

from hotline.cli import register_commands
from hotline.settings import ROOT
from tests.conftest import Hotline, make_hotline, make_settings
from tests.web import twilio

SHIPPED = ROOT / "content" / "centres.csv"


@pytest.fixture
def hotline(tmp_path: Path) -> Iterator[Hotline]:
    """A hotline with its commands."""
    made = make_hotline(make_settings(tmp_path))
    register_commands(made.app, made.services)
    yield made
    made.services.database.close()


def _run(hotline: Hotline, *words: object) -> Result:
    return hotline.app.test_cli_runner().invoke(args=[str(word) for word in words])


def _own_directory(folder: Path, **changed: str) -> Path:
    with SHIPPED.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    own = {**rows[1], "name": "Beratung Dresden", "city": "Dresden", "land": "DE-SN", "phone": "0351 123456", **changed}
    path = folder / "own.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(own))
        writer.writeheader()
        writer.writerows([rows[0], own])
    return path


def test_imported_directory_is_told_at_the_next_turn(hotline: Hotline, tmp_path: Path) -> None:
    twilio.text(hotline, "SM1", "Guten Tag")
    assert "Beratung Dresden" not in twilio.text(hotline, "SM2", "01067").get_data(as_text=True)
    assert _run(hotline, "centres", "import", _own_directory(tmp_path)).output.startswith("Imported 2 centres.")
    told = twilio.text(hotline, "SM3", "01067").get_data(as_text=True)
    assert "Beratung Dresden (unabhängig), 0351 123456" in told


def test_one_wrong_row_imports_nothing_and_names_row_column_and_remedy(hotline: Hotline, tmp_path: Path) -> None:
    before = hotline.rows("centres")
    result = _run(hotline, "centres", "import", _own_directory(tmp_path, land="Saxony"))
    assert result.exit_code == 1
    assert "own.csv, row 3, column land: write DE" in result.stderr
    assert hotline.rows("centres") == before


@pytest.mark.parametrize("name", ["out.csv", "out.xlsx"])
def test_export_comes_back_without_loss(hotline: Hotline, tmp_path: Path, name: str) -> None:
    before = hotline.rows("centres")
    assert _run(hotline, "centres", "export", tmp_path / name).output == f"Exported {len(before)} centres.\n"
    assert _run(hotline, "centres", "import", tmp_path / name).exit_code == 0
    after = hotline.rows("centres")
    for row in (*before, *after):
        del row["id"], row["is_imported"]
    assert after == before


def test_exported_csv_of_the_shipped_directory_is_the_shipped_file(hotline: Hotline, tmp_path: Path) -> None:
    _run(hotline, "centres", "export", tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == SHIPPED.read_text(encoding="utf-8")


def test_loading_the_content_leaves_an_imported_directory_alone(hotline: Hotline, tmp_path: Path) -> None:
    _run(hotline, "centres", "import", _own_directory(tmp_path))
    assert "stays as it was imported" in _run(hotline, "content", "load").output
    assert [row["name"] for row in hotline.rows("centres")][1:] == ["Beratung Dresden"]


def test_broken_centres_or_countries_leave_everything_as_it_was(hotline: Hotline, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(ROOT / "content", tmp_path / "root" / "content")).parent
    (folder / "content" / "centres.csv").write_text("name\n", encoding="utf-8")
    status = folder / "content" / "countries" / "status.csv"
    status.write_text(status.read_text(encoding="utf-8").replace("SY,supported", "SY,safe"), encoding="utf-8")
    before = {table: hotline.rows(table) for table in ("centres", "country_facts", "translations")}
    object.__setattr__(hotline.services.settings, "root", folder)
    (folder / "translations").symlink_to(ROOT / "translations")
    result = _run(hotline, "content", "load")
    assert "centres.csv, row 1: the column 'body' is missing." in result.stderr
    assert "status.csv, row 2, column status" in result.stderr
    assert {table: hotline.rows(table) for table in before} == before


def test_rows_that_are_never_shown_are_counted_at_the_import(hotline: Hotline, tmp_path: Path) -> None:
    assert "1 of them are not shown" in _run(hotline, "centres", "import", _own_directory(tmp_path, confidence="L")).stderr


def test_operator_sees_what_a_person_is_told(hotline: Hotline) -> None:
    shown = _run(hotline, "centres", "find", "80331", "--independent").output.splitlines()
    assert [line.split("  ")[:2] for line in shown] == [["DE-BY", "independent"], ["DE", "state"]]
    assert "Berlin" in _run(hotline, "centres", "find", "Berlin").output
    assert _run(hotline, "centres", "find", "DE-SN", "--language", "ar").output.startswith("DE  state")
    refused = _run(hotline, "centres", "find", "Atlantis")
    assert refused.exit_code == 1
    assert "'Atlantis' is no postcode in use" in refused.stderr
