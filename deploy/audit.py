"""Looks for known weaknesses: bandit in our own code, pip-audit in the libraries we use. Part of ``make check``.

Fails on what is found and not listed. A database that cannot be reached is told and no failure, for ``make check`` must work on a
train; with AUDIT_REQUIRED=1 (where the network is part of the machine) it is one.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
OURS = ("hotline", "deploy", "app.py", "gunicorn.conf.py")
# The second one brings the first one along.
LISTS = ("requirements-dev.txt", "nlu_data/requirements.txt")
ACCEPTED = ROOT / "deploy" / "accepted_vulnerabilities.csv"
STAMP = ROOT / ".venv" / "audited"
SECONDS = 120
Run = Callable[[Sequence[str]], str]


@dataclass(frozen=True)
class Weakness:
    """A known weakness of a library: the list it stands in, name, version, what the weakness is called, what mends it."""

    file: str
    package: str
    version: str
    id: str
    fixed_in: str


@dataclass(frozen=True)
class Accepted:
    """A weakness that is known and borne until a day, and why; ``*`` stands for all of them."""

    file: str
    package: str
    id: str
    until: date
    reason: str

    def covers(self, found: Weakness, today: date) -> bool:
        """Whether this weakness is still borne."""
        return (
            self.file == found.file
            and self.package in ("*", found.package)
            and self.id in ("*", found.id)
            and today <= self.until
        )


class NotReached(Exception):
    """The database of weaknesses did not answer."""


def run(command: Sequence[str]) -> str:
    """Run a program; gives what it printed, whatever it thinks of what it found."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout


def find_in_code(run: Run = run) -> list[str]:
    """What bandit finds in our own code and no line excuses.

    A line excuses it for ruff and for bandit at once, by ``noqa: S506`` and a reason: S506 and B506 are the same rule.
    """
    answer = run([str(BIN / "bandit"), "-q", "-ll", "-f", "json", "-r", *OURS])
    found = json.loads(answer)
    problems = [f"{error['filename']}: {error['reason']}" for error in found["errors"]]
    return problems + [
        f"{one['filename']}:{one['line_number']}: {one['test_id']} {one['issue_text']}"
        for one in found["results"]
        if not re.search(rf"noqa:[\w, ]*\bS{one['test_id'][1:]}\b", one["code"])
    ]


def find_in_libraries(file: str, run: Run = run) -> tuple[list[Weakness], list[str]]:
    """Known weaknesses of the libraries of a list, and the names of those the database does not know.

    Raises:
        NotReached: it did not answer.
    """
    pins = list(_pins(file))
    # One question first: without a network the others would all wait for nothing.
    if all("skip_reason" in one for one in _ask(pins[:1], run)):
        raise NotReached
    answers = [one for asked in _once_each(pins) for one in _ask(asked, run)]
    weak = [
        Weakness(file, one["name"], one["version"], each["id"], ", ".join(each["fix_versions"]) or "none yet")
        for one in answers
        for each in one.get("vulns", ())
    ]
    return weak, [one["name"] for one in answers if "skip_reason" in one]


def _pins(file: str) -> Iterator[str]:
    for line in (ROOT / file).read_text(encoding="utf-8").splitlines():
        # Also what is pinned for another kind of machine than this one.
        pinned = line.partition("#")[0].partition(";")[0].strip()
        if pinned.startswith("-r "):
            yield from _pins(str(Path(file).parent / pinned[3:].strip()))
        elif pinned:
            yield pinned


def _once_each(pins: Sequence[str]) -> list[list[str]]:
    """The pins in lists in which no library comes twice, as it may that has another version for some machines."""
    versions: dict[str, list[str]] = {}
    for pin in pins:
        versions.setdefault(pin.partition("==")[0], []).append(pin)
    most = max(map(len, versions.values()), default=0)
    return [[found[place] for found in versions.values() if place < len(found)] for place in range(most)]


def _ask(pins: Sequence[str], run: Run) -> list[dict[str, Any]]:
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as asked:
        asked.write("\n".join(pins) + "\n")
        asked.flush()
        options = ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--timeout", "5", "-f", "json"]
        answer = run([str(BIN / "pip-audit"), "-r", asked.name, *options])
    try:
        found: list[dict[str, Any]] = json.loads(answer)["dependencies"]
    except (ValueError, KeyError):
        raise NotReached from None
    return found


def read_accepted(path: Path = ACCEPTED) -> list[Accepted]:
    """The weaknesses that are borne."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Accepted(row["file"], row["package"], row["id"], date.fromisoformat(row["until"]), row["reason"])
            for row in csv.DictReader(file)
        ]


def judge(found: Sequence[Weakness], accepted: Sequence[Accepted], today: date) -> list[str]:
    """What of it is not borne, or not any more, one sentence each."""
    return [
        f"{one.file}: {one.package} {one.version} has {one.id} (mended in {one.fixed_in}). Raise the version, or list it with a "
        f"reason and a day in deploy/{ACCEPTED.name}."
        for one in found
        if not any(known.covers(one, today) for known in accepted)
    ]


def audit_libraries(today: date, run: Run = run) -> tuple[list[str], list[str]]:
    """Problems, and notes on what could not be looked up."""
    problems, notes = list[str](), list[str]()
    for file in LISTS:
        try:
            found, unknown = find_in_libraries(file, run)
        except NotReached:
            notes.append(f"{file}: NOT CHECKED, the database of known weaknesses cannot be reached from here.")
            continue
        problems += judge(found, read_accepted(), today)
        if unknown:
            notes.append(f"{file}: not checked, unknown to the database: {', '.join(unknown)}.")
    return problems, notes


def main() -> int:
    """Check both; libraries once a day, and whenever a list changes."""
    today = date.today()  # noqa: DTZ011 - the machine's own day will do
    problems = find_in_code()
    print(f"Our own code (bandit): {len(problems)} problem(s).")
    state = hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in ("requirements.txt", *LISTS)) + ACCEPTED.read_bytes())
    stamp = f"{today} {state.hexdigest()}"
    if STAMP.exists() and STAMP.read_text(encoding="utf-8") == stamp:
        print("Libraries (pip-audit): checked today, nothing has changed.")
    else:
        weak, notes = audit_libraries(today)
        problems += weak
        print(f"Libraries (pip-audit): {len(weak)} problem(s).", *notes, sep="\n  ")
        if notes and os.environ.get("AUDIT_REQUIRED") == "1":
            problems.append("AUDIT_REQUIRED is set, and not every library could be checked.")
        if not weak and not notes:
            STAMP.write_text(stamp, encoding="utf-8")
    print(*problems, sep="\n", end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
