"""Every library we import is pinned as a direct one and has its line in docs/dependencies.md; nothing is pinned for nobody."""

from __future__ import annotations

import ast
import sys
from importlib.metadata import packages_distributions

import pytest

from hotline.settings import ROOT

LISTS = ("requirements.txt", "requirements-dev.txt", "nlu_data/requirements.txt")
DOCUMENT = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
# Started, loaded by name or read as data; no line of ours imports them.
NEVER_IMPORTED = {"psycopg", "tzdata"}
# Of the understanding's environment, which is not the one the tests run in.
NLU_MODULES = {"ahocorasick": "pyahocorasick", "ruamel": "ruamel.yaml", "sklearn": "scikit-learn", "yaml": "pyyaml"}


def _direct(name: str) -> set[str]:
    """The libraries above the first empty line, which parts them from what they bring along."""
    lines = (ROOT / name).read_text(encoding="utf-8").split("\n\n", 1)[0].splitlines()
    return {line.split("==")[0].split("[")[0].lower() for line in lines if "==" in line}


def _documented() -> set[str]:
    cells = [line.split("|")[1] for line in DOCUMENT.splitlines() if line.startswith("| ")]
    return {name.strip().split(" (")[0].lower() for cell in cells for name in cell.split(",")}


def _imported(*folders: str) -> set[str]:
    """Top modules that are neither Python's own nor ours."""
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    kept = [path for path in paths if not {".venv", "models"} & set(path.relative_to(ROOT).parts)]
    # The scripts of the Rasa project stand beside each other and import each other by their bare names.
    ours = {"hotline"} | {path.stem for path in kept if "nlu_data" in folders} | {"components"}
    found = set[str]()
    for path in kept:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add((node.module or "").split(".")[0])
    return found - set(sys.stdlib_module_names) - ours


@pytest.mark.parametrize("name", LISTS)
def test_every_direct_library_has_its_line(name: str) -> None:
    assert _direct(name) - _documented() == set()


def test_what_the_hotline_imports_is_what_is_pinned_for_it() -> None:
    known = packages_distributions()
    imported = {known[module][0].lower().replace("_", "-") for module in _imported("hotline")}
    assert _direct("requirements.txt") - NEVER_IMPORTED == imported


def test_what_understanding_imports_has_its_line() -> None:
    imported = {NLU_MODULES.get(module, module) for module in _imported("nlu_data")}
    assert imported - _documented() == set()
    assert _direct("nlu_data/requirements.txt") <= imported | {"pyyaml"}, "which writes plain Rasa's set-up for `make bench`"
