"""The drill: a backup of a lived-in hotline is put back on an empty database and holds the same, on SQLite and on PostgreSQL."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from cryptography.fernet import Fernet
from sqlalchemy import text, update

from hotline.cli import register_commands
from hotline.privacy.sealed import PIECE_BYTES, SealedReader, SealedWriter, Unsealable
from hotline.services import Services
from hotline.store.tables import metadata, outbox
from hotline.upkeep.heartbeat import Heartbeat
from tests.conftest import Hotline
from tests.web import twilio

KEY, OTHER_KEY = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def _live_a_little(hotline: Hotline) -> None:
    hotline.understander.knows("Wie viel Geld", "money_reag_garp")
    for number in range(5):
        twilio.text(hotline, f"SM{number}", "Wie viel Geld", From=f"+49151000000{number}")
    twilio.text(hotline, "SM-p", "Mensch")
    twilio.call(hotline, "CA1")
    with hotline.services.database.begin() as connection:
        connection.execute(update(outbox).where(outbox.c.id == hotline.rung[0]).values(status="sent", provider_sid="SM-x"))
    twilio.text(hotline, "SM-q", "Mensch", From="+4915100000009")
    recordings = hotline.services.settings.data_dir / "recordings" / "de"
    recordings.mkdir(parents=True)
    (recordings / "welcome.wav").write_bytes(os.urandom(3 * PIECE_BYTES // 2))


def _content(hotline: Hotline) -> dict[str, Any]:
    """All rows; of a message on its way only what does not change by being restored."""
    found = {table: hotline.rows(table) for table in metadata.tables if table not in ("job_runs", "counters")}
    for row in found["outbox"]:
        if row["status"] in ("queued", "checking"):
            for name in ("status", "tried_at", "due_at"):
                row.pop(name)
    return found


def _run(hotline: Hotline, *arguments: str) -> Result:
    register_commands(hotline.app, hotline.services)
    return hotline.app.test_cli_runner().invoke(args=arguments)


def _empty(hotline: Hotline) -> None:
    """As on a new machine: no tables, no files."""
    database = hotline.services.database
    if database.is_sqlite:
        database.close()
        for path in hotline.services.settings.data_dir.glob("hotline.db*"):
            path.unlink()
    else:
        with database.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
    for path in hotline.services.settings.data_dir.rglob("*.wav"):
        path.unlink()


def test_drill_what_is_restored_on_an_empty_database_is_what_was_backed_up(hotline: Hotline, tmp_path: Path) -> None:
    _live_a_little(hotline)
    before = _content(hotline)
    sound = (hotline.services.settings.data_dir / "recordings" / "de" / "welcome.wav").read_bytes()
    file = tmp_path / "kept.backup"
    made = _run(hotline, "backup", str(file))
    assert made.exit_code == 0, made.output
    assert file.stat().st_mode & 0o077 == 0
    stored = file.read_bytes()
    assert not any(mark in stored for mark in (b"CREATE TABLE", b"money_reag_garp", b"SQLite format", b"RIFF"))
    assert [path.name for path in tmp_path.iterdir() if path.is_dir() and path.name.startswith("tmp")] == []
    _empty(hotline)
    restored = _run(hotline, "restore", str(file))
    assert restored.exit_code == 0, restored.output
    assert "1 message(s) were not sent yet then" in restored.output
    assert _content(hotline) == before
    assert (hotline.services.settings.data_dir / "recordings" / "de" / "welcome.wav").read_bytes() == sound
    hotline.services.check_ground()
    assert [row["status"] for row in hotline.rows("outbox")] == ["sent", "checking"], "what may have been sent is looked for"
    assert twilio.text(hotline, "SM-p", "Mensch").status_code == 200
    assert _content(hotline) == before, "an event from before the backup still takes effect once"


def test_nothing_that_is_there_is_lost_unless_asked_for_and_nobody_works_meanwhile(hotline: Hotline, tmp_path: Path) -> None:
    file = tmp_path / "kept.backup"
    assert _run(hotline, "backup", str(file)).exit_code == 0
    _live_a_little(hotline)
    before = _content(hotline)
    for arguments, wanted in (
        (("backup", str(file)), "is there already"),
        (("restore", str(file)), "The database is not empty"),
        (("restore", str(tmp_path / "none"), "--replace"), "cannot be read"),
    ):
        refused = _run(hotline, *arguments)
        assert (refused.exit_code, wanted in refused.output) == (1, True), refused.output
    beat = Heartbeat(hotline.services.database, hotline.clock)
    beat.start()
    assert "Stop the worker" in _run(hotline, "restore", str(file), "--replace").output
    beat.stop()
    assert _content(hotline) == before
    done = _run(hotline, "restore", str(file), "--replace")
    assert done.exit_code == 0, done.output
    assert hotline.rows("messages") == []


@pytest.fixture
def change(quick_hotline: Hotline, tmp_path: Path) -> Callable[..., Result]:
    """Tries to restore a backup whose description was changed."""
    services: Services = quick_hotline.services

    def restore(**changed: object) -> Result:
        file = tmp_path / f"{len(list(tmp_path.glob('*.backup')))}.backup"
        dumps = json.dumps
        try:
            json.dumps = lambda value, **rest: dumps({**value, **changed}, **rest)  # type: ignore[assignment]
            services.backups.make(file, services.clock())
        finally:
            json.dumps = dumps
        return _run(quick_hotline, "restore", str(file), "--replace")

    return restore


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({"format": 2}, "made by another version"),
        ({"database": "postgresql"}, "is of postgresql, and DATABASE_URL names sqlite"),
        ({"revision": "9999"}, "newer version"),
    ],
)
def test_backup_that_does_not_fit_is_refused(
    change: Callable[..., Result], quick_hotline: Hotline, changed: dict[str, object], wanted: str
) -> None:
    twilio.text(quick_hotline, "SM1", "Guten Tag")
    before = _content(quick_hotline)
    refused = change(**changed)
    assert (refused.exit_code, wanted in refused.output) == (1, True), refused.output
    assert _content(quick_hotline) == before


# -- the sealed file -------------------------------------------------------------------------------------------------------


def _seal(data: bytes, key: str = KEY) -> bytes:
    file = io.BytesIO()
    sealed = SealedWriter(file, key)
    for start in range(0, len(data), 700_001):
        sealed.write(data[start : start + 700_001])
    sealed.close()
    return file.getvalue()


def _open(stored: bytes, *keys: str) -> bytes:
    return SealedReader(io.BytesIO(stored), keys or (KEY,)).read()


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES + 5])
def test_sealed_file_opens_with_its_key_among_others(size: int) -> None:
    data = os.urandom(size)
    assert _open(_seal(data), OTHER_KEY, KEY) == data


def test_sealed_file_is_refused_when_anything_about_it_was_changed() -> None:
    whole = _seal(os.urandom(2 * PIECE_BYTES + 5))
    head, piece = 31, PIECE_BYTES + 16
    cases = {
        "cut at a piece": whole[: head + piece],
        "cut inside": whole[:-3],
        "first left out": whole[:head] + whole[head + piece :],
        "swapped": whole[:head] + whole[head + piece : head + 2 * piece] + whole[head : head + piece] + whole[head + 2 * piece :],
        "one bit": whole[:-20] + bytes([whole[-20] ^ 1]) + whole[-19:],
        "more behind": whole + b"x",
        "another file": b"PK" + whole,
        "nothing": b"",
    }
    for name, stored in cases.items():
        try:
            _open(stored)
        except Unsealable:
            continue
        pytest.fail(f"{name} was not seen")
    with pytest.raises(Unsealable, match="BACKUP_KEY"):
        _open(whole, OTHER_KEY)
