"""What is wrong stops the start with one sentence that names the thing and the remedy, and never shows a secret."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from hotline.dialogue.texts import compile_texts
from hotline.errors import CannotStart
from hotline.settings import ROOT, Settings
from hotline.store import migrate
from hotline.store.database import Database
from hotline.web.factory import create_app
from tests.conftest import make_settings

SECRET = "s3cr3t-value"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of what the start reads; of the long rule files only one line."""
    for folder in ("ivr_flows", "translations"):
        shutil.copytree(ROOT / folder, tmp_path / "root" / folder)
    content = tmp_path / "root" / "content"
    shutil.copytree(ROOT / "content" / "places", content / "places")
    shutil.copy(ROOT / "content" / "personal.yml", content)
    for folder, text in (
        ("danger", "language: de\ncategories: {medical: [notruf]}\n"),
        ("words", "language: de\nmenu: [menü]\n"),
    ):
        (content / folder).mkdir()
        (content / folder / "de.yml").write_text(text, encoding="utf-8")
    return tmp_path / "root"


def _start(folder: Path, root: Path, **changed: str) -> None:
    settings = replace(make_settings(folder, **changed), root=root)
    if "DATABASE_URL" not in changed:
        database = Database(settings.database_url)
        migrate.upgrade(database)
        database.close()
    services = create_app(settings).extensions["services"]
    services.database.close()


def _sentence(folder: Path, root: Path, **changed: str) -> str:
    with pytest.raises(CannotStart) as stopped:
        _start(folder, root, **changed)
    message = str(stopped.value)
    assert message.strip()
    assert "\n" not in message, "one line for the operator"
    assert SECRET not in message
    return message


def test_copy_of_the_real_files_starts(tmp_path: Path, root: Path) -> None:
    _start(tmp_path, root)


@pytest.mark.parametrize(
    "name", ["DATA_KEYS", "PSEUDONYM_KEY", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "PUBLIC_BASE_URL", "RASA_TOKEN"]
)
@pytest.mark.parametrize("value", ["", "  "])
def test_production_refuses_a_missing_setting_by_its_name(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(CannotStart, match=f"^{name} is not set; .+\\.$"):
        make_settings(tmp_path, **{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HOTLINE_ENV", "prod"),
        ("SIMULATOR", "yes"),
        ("SIMULATOR", "on"),
        ("SIMULATOR", "perhaps"),
        ("PUBLIC_BASE_URL", "http://hotline.test"),
        ("PUBLIC_BASE_URL", "hotline.test"),
        ("PUBLIC_BASE_URL", "ftp://hotline.test"),
        ("PUBLIC_BASE_URL", "https://"),
        ("PUBLIC_BASE_URL", f"https://hotline.test?key={SECRET}"),
        ("RASA_TIMEOUT_SECONDS", "soon"),
        ("RASA_TIMEOUT_SECONDS", "0"),
        ("RASA_TIMEOUT_SECONDS", "-1"),
        ("HANDOFF_NOTIFY", "0151 1234567"),
        ("HANDOFF_NOTIFY", f"+4915112345678,{SECRET}"),
        ("HANDOFF_NOTIFY_FROM", "Hotline"),
        ("HANDOFF_NOTIFY_FROM", ""),
        ("DATA_KEYS", SECRET),
        ("DATA_KEYS", f"{SECRET},{SECRET}"),
        ("PSEUDONYM_KEY", SECRET),
        ("DATABASE_URL", f"mysql://root:{SECRET}@localhost/x"),
        ("DATABASE_URL", SECRET),
        ("REDIS_URL", f"http://:{SECRET}@localhost"),
        ("REDIS_URL", SECRET),
        ("TWILIO_SECOND_ACCOUNT_SID", SECRET),
        ("TWILIO_SECOND_NUMBER", SECRET),
        ("BACKUP_KEY", SECRET),
        ("TRUST_CLOCK", "perhaps"),
        ("TWILIO_AUTH_TOKEN", " , "),
        ("PUBLIC_BASE_URL", "https://[hotline.test"),
        ("PUBLIC_BASE_URL", "https://hotline.test:port"),
        ("PUBLIC_BASE_URL", "https://hotline test"),
        ("TWILIO_API_BASE_URL", SECRET),
        ("RASA_URL", SECRET),
        ("RASA_URL", ","),
        ("RASA_URL", "http://127.0.0.1:5005,http://"),
        ("RASA_TIMEOUT_SECONDS", "nan"),
        ("DATABASE_URL", f"postgresql://hotline:{SECRET}@localhost:port/x"),
    ],
)
def test_production_refuses_an_unusable_setting_by_its_name(tmp_path: Path, root: Path, name: str, value: str) -> None:
    assert name in _sentence(tmp_path, root, **{name: value})


def test_a_new_laptop_needs_no_setting_and_keeps_its_secrets_to_itself(tmp_path: Path) -> None:
    first = Settings.from_env({"HOTLINE_DATA_DIR": str(tmp_path)})
    assert first == Settings.from_env({"HOTLINE_DATA_DIR": str(tmp_path)}), "keys are made once and kept"
    assert first.has_simulator
    assert (tmp_path / "local.env").stat().st_mode & 0o077 == 0
    assert first.pseudonym_key not in repr(first)


def test_unmigrated_database_stops_the_start_with_the_command_that_mends_it(tmp_path: Path, root: Path) -> None:
    assert "flask db upgrade" in _sentence(tmp_path, root, DATABASE_URL=f"sqlite:///{tmp_path / 'new.db'}")


def _change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_broken_flow_file_stops_the_start_with_file_and_line(tmp_path: Path, root: Path) -> None:
    (root / "ivr_flows" / "menu.yml").write_text('flow: menu\nsteps:\n  main: {ask: "\n', encoding="utf-8")
    assert "menu.yml, line" in _sentence(tmp_path, root)


@pytest.mark.parametrize(
    "name",
    [
        "ivr_flows/menu.yml",
        "content/danger/de.yml",
        "content/words/de.yml",
        "content/places/cities.tsv",
        "translations/languages.csv",
        "translations/fr/LC_MESSAGES/prompts.mo",
        "translations/de/LC_MESSAGES/screens.mo",
    ],
)
def test_file_in_another_encoding_stops_the_start_with_its_name(tmp_path: Path, root: Path, name: str) -> None:
    (root / name).write_bytes("flow: Menü\n".encode("latin-1"))
    assert Path(name).name in _sentence(tmp_path, root)


def test_flow_that_leads_nowhere_stops_the_start(tmp_path: Path, root: Path) -> None:
    _change(root / "ivr_flows" / "welcome.yml", "next: menu.main", "next: menu.mian")
    sentence = _sentence(tmp_path, root)
    assert "'menu.mian', which is no step" in sentence
    assert "flask flows check" in sentence


def test_missing_flow_file_stops_the_start(tmp_path: Path, root: Path) -> None:
    (root / "ivr_flows" / "hotline.yml").unlink()
    assert "hotline.yml is missing" in _sentence(tmp_path, root)


def test_live_language_without_a_catalogue_stops_the_start(tmp_path: Path, root: Path) -> None:
    shutil.rmtree(root / "translations" / "fa")
    assert "fa/LC_MESSAGES/prompts.mo is missing. Run `flask texts compile`." in _sentence(tmp_path, root)


def test_text_missing_in_a_language_with_a_voice_stops_the_start(tmp_path: Path, root: Path) -> None:
    _change(root / "translations" / "ar" / "LC_MESSAGES" / "prompts.po", 'msgid "language.option"', 'msgid "language.optoin"')
    compile_texts(root / "translations")
    sentence = _sentence(tmp_path, root)
    assert "'language.option' is missing in 'ar'" in sentence
    assert "flask texts check" in sentence


@pytest.mark.parametrize(
    ("old", "new"), [("fr,French", "fr,French,x"), ("fr,French", ",French"), (",ltr,", ",up,"), (",yes", ",oui")]
)
def test_broken_language_list_stops_the_start_with_its_name(tmp_path: Path, root: Path, old: str, new: str) -> None:
    _change(root / "translations" / "languages.csv", old, new)
    assert "languages.csv cannot be used" in _sentence(tmp_path, root)


def test_unknown_language_in_the_list_cannot_go_live_without_its_texts(tmp_path: Path, root: Path) -> None:
    with (root / "translations" / "languages.csv").open("a", encoding="utf-8") as file:
        file.write("xx,Nowhere,Nirgends,Latn,ltr,1,,,,,UCS-2,,yes\n")
    assert "xx" in _sentence(tmp_path, root)


def test_line_in_a_language_nobody_knows_stops_the_start(tmp_path: Path, root: Path) -> None:
    sentence = _sentence(tmp_path, root, LINE_LANGUAGES="+4930123456=tr,+4930123457=xx")
    assert sentence.startswith("LINE_LANGUAGES names 'xx'")
    assert "4930" not in sentence


@pytest.mark.parametrize("folder", ["danger", "words"])
def test_start_without_danger_rules_or_word_lists_is_refused(tmp_path: Path, root: Path, folder: str) -> None:
    (root / "content" / folder / "de.yml").unlink()
    assert f"content/{folder} holds no" in _sentence(tmp_path, root)


def test_unknown_danger_category_stops_the_start(tmp_path: Path, root: Path) -> None:
    (root / "content" / "danger" / "de.yml").write_text("language: de\ncategories: {sadness: [traurig]}\n", encoding="utf-8")
    assert "danger/de.yml: unknown category 'sadness'" in _sentence(tmp_path, root)


def test_server_that_cannot_start_says_so_in_one_line_and_ends(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "import app"],
        cwd=ROOT,
        env={**os.environ, "HOTLINE_ENV": "production", "HOTLINE_DATA_DIR": str(tmp_path), "PUBLIC_BASE_URL": "http://x.test"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 1
    assert ended.stderr.strip() == "The hotline cannot start. PUBLIC_BASE_URL must start with https:// in production."


def test_environment_that_is_a_link_is_not_emptied(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("environments", ROOT / "deploy" / "environments.py")
    assert spec is not None
    assert spec.loader is not None
    environments = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(environments)
    shared, link = tmp_path / "shared", tmp_path / "link"
    shared.mkdir()
    (shared / "library").touch()
    link.symlink_to(shared)
    with pytest.raises(SystemExit, match="is a link"):
        environments._make(link, [sys.executable, "-m", "venv", "--clear", str(link)], [])
    assert (shared / "library").exists()
