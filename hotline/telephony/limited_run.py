"""Runs a program walled in, with little memory, time and disk: ``limited_run.py MEGABYTES SECONDS BYTES FOLDER program …``.

A program of its own, for a limit set in the server itself would hold for the server; a child of a server with threads must not
run Python before it becomes the other program.

Walled in, where the system can (Linux; elsewhere, and where a container forbids it, the limits alone hold): no network, and no
files but those of FOLDER, its own, and the system's libraries to read. So a file that takes the program over finds neither the
database nor the keys, nor a way to send them.
"""

from __future__ import annotations

import contextlib
import ctypes
import glob
import os
import resource
import shutil
import stat
import struct
import sys

# unshare(2): namespaces of its own for users and for the network; in a new one there is no network at all.
_NO_NETWORK = 0x10000000 | 0x40000000
_NO_NEW_PRIVILEGES = 38
# landlock(7), with the same numbers on every processor.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_EXECUTE, _WRITE, _READ, _LIST, _TRUNCATE = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 14
# Everything the first version knows: the four above, removing and making.
_EVERYTHING = (1 << 13) - 1
_CONNECT_OR_LISTEN = 3
_KNOWS_TRUNCATE, _KNOWS_NETWORK = 3, 4
# Where programs and what they are linked with lie. Not /proc: there the settings of other processes can be read.
_LIBRARIES = ("/usr", "/lib*", "/bin", "/etc/ld*", "/nix/store", "/gnu/store", "/home/linuxbrew", "/snap", "/dev/urandom")


def main(arguments: list[str]) -> None:
    """Set the limits and become the program."""
    memory, seconds, file_bytes = (int(value) for value in arguments[:3])
    folder, program = arguments[3], arguments[4]
    for kind, most in (
        (resource.RLIMIT_AS, memory * 1_000_000),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        # macOS knows no limit of memory.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most))
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        # What the system refuses it refuses: the other wall stands all the same.
        libc.unshare(_NO_NETWORK)
        _wall_in(libc, folder, program)
    os.execvp(program, arguments[4:])  # noqa: S606 - a program of our own choice, without a shell


def _wall_in(libc: ctypes.CDLL, folder: str, program: str) -> None:
    """Take every right on files from this process but those it needs; Linux 5.13 or newer."""
    version = libc.syscall(_CREATE_RULESET, None, 0, 1)
    if version < 1:
        return
    rights = _EVERYTHING | (_TRUNCATE if version >= _KNOWS_TRUNCATE else 0)
    handled = struct.pack("=QQ", rights, _CONNECT_OR_LISTEN) if version >= _KNOWS_NETWORK else struct.pack("=Q", rights)
    rules = libc.syscall(_CREATE_RULESET, handled, len(handled), 0)
    place = os.path.dirname(os.path.realpath(shutil.which(program) or program))
    readable = [path for pattern in _LIBRARIES for path in glob.glob(pattern)]
    for path in (*readable, place, sys.base_prefix):
        _allow(libc, rules, path, _EXECUTE | _READ | _LIST)
    _allow(libc, rules, folder, rights & ~_EXECUTE)
    _allow(libc, rules, os.devnull, _READ | _WRITE)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    libc.syscall(_RESTRICT_SELF, rules, 0)


def _allow(libc: ctypes.CDLL, rules: int, path: str, rights: int) -> None:
    try:
        beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if not stat.S_ISDIR(os.fstat(beneath).st_mode):
        rights &= _EXECUTE | _READ | _WRITE
    libc.syscall(_ADD_RULE, rules, 1, struct.pack("=Qi", rights, beneath), 0)
    os.close(beneath)


if __name__ == "__main__":
    main(sys.argv[1:])
