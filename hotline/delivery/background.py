"""Commands of our own that run beside the worker and outlive it: what takes minutes must not hold up a send, or a stop."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def start_command(arguments: Sequence[str], root: Path, log_path: Path) -> subprocess.Popen[bytes]:
    """Begin one of the ``flask`` commands in a process of its own.

    Args:
        arguments: of the command, such as prompts and build.
        root: folder of the project.
        log_path: file for what it prints.
    """
    command = [sys.executable, "-m", "flask", "--app", "app", *arguments]
    with log_path.open("ab") as kept:
        return subprocess.Popen(  # noqa: S603 - our own program with words of our own
            command, cwd=root, stdin=subprocess.DEVNULL, stdout=kept, stderr=kept, start_new_session=True
        )
