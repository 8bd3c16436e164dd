"""Several processes write into one SQLite file: all wait their turn, none fails, nothing is lost, and the dead hold nobody up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotline.settings import ROOT
from hotline.store import migrate
from hotline.store.counters import count, read_counter
from hotline.store.database import Database

PROCESSES, THREADS, UNITS = 3, 4, 50
WAIT_SECONDS = 30

COUNTING = f"""
import sys
from concurrent.futures import ThreadPoolExecutor
from hotline.store.counters import count, read_counter
from hotline.store.database import Database

database = Database(sys.argv[1])

def work(_):
    for _ in range({UNITS}):
        with database.begin() as connection:
            seen = read_counter(connection, "seen")
            count(database, connection, "seen")
            assert read_counter(connection, "seen") == seen + 1

print("ready", flush=True)
sys.stdin.readline()
with ThreadPoolExecutor({THREADS}) as pool:
    list(pool.map(work, range({THREADS})))
"""
HOLDING = """
import sys, time
from hotline.store.counters import count
from hotline.store.database import Database

database = Database(sys.argv[1])
with database.begin() as connection:
    count(database, connection, "seen")
    print("ready", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A migrated SQLite file."""
    url = f"sqlite:///{tmp_path / 'hotline.db'}"
    made = Database(url)
    migrate.upgrade(made)
    made.close()
    return url


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """Our own way into it."""
    made = Database(url)
    yield made
    made.close()


def _start(program: str, url: str) -> subprocess.Popen[str]:
    """Run a program up to its "ready"."""
    command = [sys.executable, "-c", program, url]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def _seen(database: Database) -> int:
    with database.read() as connection:
        return read_counter(connection, "seen")


def test_processes_that_write_at_once_lose_nothing_and_none_fails(url: str, database: Database) -> None:
    processes = [_start(COUNTING, url) for _ in range(PROCESSES)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=WAIT_SECONDS)
        assert process.returncode == 0
    assert _seen(database) == PROCESSES * THREADS * UNITS


def test_killed_process_leaves_nothing_behind_and_holds_nobody_up(url: str, database: Database) -> None:
    process = _start(HOLDING, url)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=WAIT_SECONDS)
    started = time.monotonic()
    with database.begin() as connection:
        count(database, connection, "seen")
    assert time.monotonic() - started < 1
    assert _seen(database) == 1


def test_waiting_process_goes_on_when_the_other_is_killed(url: str, database: Database) -> None:
    holder, waiter = _start(HOLDING, url), _start(COUNTING, url)
    assert waiter.stdin is not None
    waiter.stdin.write("go\n")
    waiter.stdin.flush()
    time.sleep(0.3)
    assert waiter.poll() is None
    assert _seen(database) == 0
    holder.kill()
    holder.communicate(timeout=WAIT_SECONDS)
    waiter.communicate(timeout=WAIT_SECONDS)
    assert waiter.returncode == 0
    assert _seen(database) == THREADS * UNITS


def test_forked_process_waits_for_its_parent(url: str, database: Database, tmp_path: Path) -> None:
    with database.begin() as connection:
        count(database, connection, "seen")
    done = tmp_path / "done"
    ready, go = os.pipe()
    child = os.fork()
    if child == 0:
        os.read(ready, 1)
        own = Database(url)
        with own.begin() as connection:
            count(own, connection, "seen")
        done.touch()
        os._exit(0)
    with database.begin() as connection:
        count(database, connection, "seen")
        os.write(go, b"x")
        time.sleep(0.3)
        assert not done.exists()
    os.waitpid(child, 0)
    assert done.exists()
    assert _seen(database) == 3


def test_failed_unit_of_work_lets_the_next_one_in(database: Database) -> None:
    with pytest.raises(RuntimeError), database.begin():
        raise RuntimeError
    with database.begin() as connection:
        count(database, connection, "seen")
    assert _seen(database) == 1
