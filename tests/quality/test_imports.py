"""Who may import whom (shared design), read from the sources: a room that grows into another one is seen at once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotline.settings import ROOT

LONGEST_FILE = 400
ROOMS = (
    "dialogue",
    "understanding",
    "knowledge",
    "counselling",
    "telephony",
    "delivery",
    "reporting",
    "privacy",
    "staff",
    "training",
    "translation",
    "upkeep",
    "fallback",
)
OURS = ("hotline", "tests", "deploy", "bench", "nlu_data")
DATABASES = {"sqlalchemy", "alembic", "sqlite3", "psycopg"}
WEB_SERVERS = {"flask", "werkzeug", "gunicorn"}


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(path: Path) -> set[str]:
    """Dotted names a file imports; of ``from a import b`` both ``a`` and ``a.b``, for ``b`` may be a module."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write the whole name, not a relative one"
            found |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def _python_files(folder: str) -> Iterator[Path]:
    hidden = (".venv", "__pycache__", "models")
    return (path for path in sorted((ROOT / folder).rglob("*.py")) if not set(hidden) & set(path.parts))


HOTLINE = {_module(path): _imports(path) for path in _python_files("hotline")} | {"app": _imports(ROOT / "app.py")}


def _reaches(module: str) -> set[str]:
    """Everything a module imports, directly or through others of ours."""
    waiting, reached = [module], set[str]()
    while waiting:
        for name in HOTLINE.get(waiting.pop(), ()):
            if name not in reached:
                reached.add(name)
                waiting.append(name)
    return reached


def _is_in(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


def _importers(package: str) -> set[str]:
    return {
        module
        for module, names in HOTLINE.items()
        if not _is_in(module, package) and any(_is_in(name, package) for name in names)
    }


def test_flow_danger_net_understanding_and_telephony_know_no_database_and_no_web_server() -> None:
    pure = [m for m in HOTLINE if _is_in(m, "hotline.understanding", "hotline.telephony")]
    pure += ["hotline.dialogue.flow", "hotline.dialogue.safety", "hotline.dialogue.events", "hotline.dialogue.meaning"]
    for module in pure:
        reached = {name.split(".")[0] for name in _reaches(module)}
        assert not reached & (DATABASES | WEB_SERVERS), f"{module} reaches {reached & (DATABASES | WEB_SERVERS)}"
        assert not [name for name in _reaches(module) if _is_in(name, "hotline.store", "hotline.web")], module


def test_fallback_program_runs_where_there_is_no_database_and_no_hotline() -> None:
    reached = _reaches("hotline.fallback.server") | _imports(ROOT / "fallback.py")
    assert not {name.split(".")[0] for name in reached} & (DATABASES | WEB_SERVERS)
    assert not [name for name in reached if _is_in(name, "hotline.store", "hotline.web", "hotline.services", "hotline.dialogue")]


@pytest.mark.parametrize("room", ROOMS)
def test_capability_room_knows_no_web_server_no_settings_and_nobody_above_it(room: str) -> None:
    above = (
        "hotline.web",
        "hotline.cli",
        "hotline.services",
        "hotline.settings",
        "app",
        *WEB_SERVERS,
        "click",
    )
    for module, names in HOTLINE.items():
        if _is_in(module, f"hotline.{room}"):
            assert not [name for name in names if _is_in(name, *above)], module


def test_store_stands_at_the_bottom() -> None:
    for module, names in HOTLINE.items():
        if _is_in(module, "hotline.store"):
            foreign = [name for name in names if _is_in(name, "hotline") and not _is_in(name, "hotline.store", "hotline.errors")]
            assert not [name for name in foreign if name != "hotline"], f"{module} imports {foreign}"


def test_nobody_but_the_entry_imports_the_web_room_and_the_commands() -> None:
    assert _importers("hotline.web") <= {"app"}
    assert _importers("hotline.cli") <= {"app"}


def test_settings_are_read_at_the_entry_and_handed_on_as_values() -> None:
    assert _importers("hotline.settings") <= {"app", "hotline.services.core", "hotline.services.upkeep", "hotline.web.factory"}
    readers = {path for path in _python_files("hotline") if "os.environ" in path.read_text(encoding="utf-8")}
    # The local server hands the whole environment on to a child process; it reads no setting from it.
    assert readers <= {ROOT / "hotline" / "understanding" / "local_server.py"}


def test_services_put_together_are_known_to_web_and_commands_only() -> None:
    outside = {m for m in _importers("hotline.services") if not _is_in(m, "hotline.web", "hotline.cli")}
    assert outside <= {"app"}


def test_hotline_and_rasa_project_never_import_each_other() -> None:
    assert _importers("nlu_data") == set()
    for path in _python_files("nlu_data"):
        assert not [name for name in _imports(path) if _is_in(name, "hotline")], path


def test_import_rule_sees_every_room_of_the_hotline() -> None:
    known = {*ROOMS, "store", "web", "services", "cli"}
    rooms = {path.name for path in (ROOT / "hotline").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert rooms <= known, f"{rooms - known}: say in this test who may import it"


def _our_files() -> Iterator[Path]:
    yield ROOT / "app.py"
    for folder in OURS:
        yield from _python_files(folder)
    for suffix in ("js", "css", "html"):
        yield from sorted((ROOT / "hotline" / "web").rglob(f"*.{suffix}"))


def test_no_file_of_ours_is_longer_than_one_can_keep_in_mind() -> None:
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in _our_files()}
    assert [f"{path.relative_to(ROOT)}: {count}" for path, count in lines.items() if count > LONGEST_FILE] == []


def test_no_module_is_a_drawer_for_everything() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert [path for path in _our_files() if drawers & {path.stem, path.parent.name}] == []
