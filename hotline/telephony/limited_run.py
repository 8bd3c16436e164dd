"""Runs a program with little memory, time and disk: ``python limited_run.py MEGABYTES SECONDS BYTES program …``.

A program of its own, for a limit set in the server itself would hold for the server; a child of a server with threads must not
run Python before it becomes the other program.
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys


def main(arguments: list[str]) -> None:
    """Set the limits and become the program."""
    memory, seconds, file_bytes = (int(value) for value in arguments[:3])
    for kind, most in (
        (resource.RLIMIT_AS, memory * 1_000_000),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        # macOS knows no limit of memory.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most))
    os.execvp(arguments[3], arguments[3:])  # noqa: S606 - a program of our own choice, without a shell


if __name__ == "__main__":
    main(sys.argv[1:])
