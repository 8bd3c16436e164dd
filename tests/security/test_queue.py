"""The job queue: who can write into it still runs nothing here, for unpacking a foreign job could run anything."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest

from hotline.delivery.jobs import open_queue
from hotline.settings import ROOT
from hotline.understanding.local_server import bare_environment


class _Bomb:
    """What runs a command when it is unpacked."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (self._path,)


def test_job_that_was_not_signed_by_us_is_not_even_unpacked(tmp_path: Path) -> None:
    ours, trace = open_queue(None, tmp_path, "our secret"), tmp_path / "it-ran"
    others = open_queue(None, tmp_path, "another secret")
    for payload in (pickle.dumps(_Bomb(trace)), others.serializer.serialize(_Bomb(trace))):
        ours.storage.enqueue(payload)
        with pytest.raises(ValueError, match=r"[Ss]eparator|[Ss]ignature"):
            ours.dequeue()
    assert not trace.exists()


def test_own_job_arrives(tmp_path: Path) -> None:
    done = list[int]()
    sender = open_queue(None, tmp_path, "our secret")
    job = sender.task(name="note")(done.append)
    job(7)
    task = sender.dequeue()
    assert task is not None
    sender.execute(task)
    assert done == [7]
    sender.storage.close()


def test_processes_with_old_libraries_are_handed_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = ("DATA_KEYS", "PSEUDONYM_KEY", "TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN_PREVIOUS", "DATABASE_URL", "REDIS_URL")
    for name in (*secrets, "LC_ALL"):
        monkeypatch.setenv(name, "marked")
    assert {name for name, value in bare_environment().items() if value == "marked"} == {"LC_ALL"}
    starters = [path for path in (ROOT / "hotline").rglob("*.py") if "project.python" in path.read_text(encoding="utf-8")]
    assert len(starters) == 2
    for path in starters:
        assert "bare_environment()" in path.read_text(encoding="utf-8"), path
